import { isJsonObject, type JsonObject, parseJsonObject } from "../../../kit/json.ts";
import type { MindPiece } from "./parts.ts";

interface ToolSlot {
  /** The server's index; undefined when it gives none. */
  readonly index: number | undefined;
  id: string;
  name: string;
  argumentsJson: string;
}

/** Bounds of one answer's tool calls. */
export interface ToolFragmentLimits {
  readonly maxToolCalls: number;
  readonly maxArgumentsChars: number;
}

/** Puts the tool calls of a streamed answer together from their fragments. */
export class ToolFragments {
  readonly #limits: ToolFragmentLimits;
  readonly #slots: ToolSlot[] = [];

  constructor(limits: ToolFragmentLimits) {
    this.#limits = limits;
  }

  /** Adds an entry of `tool_calls`, or the legacy `function_call`; gives what is beyond the limits, if anything. */
  add(fragment: JsonObject): "too_many_tool_calls" | "arguments_too_long" | undefined {
    const about: JsonObject = isJsonObject(fragment.function) ? fragment.function : {};
    const id = typeof fragment.id === "string" ? fragment.id.slice(0, 256) : "";
    const name = typeof about.name === "string" ? about.name.slice(0, 256) : "";
    const slot = this.#slotFor(fragment.index, id, name);
    if (!slot) return "too_many_tool_calls";
    if (slot.id === "") slot.id = id;
    if (slot.name === "") slot.name = name;
    if (typeof about.arguments === "string") slot.argumentsJson += about.arguments;
    // Quirk (some compatible servers): the arguments come as an object instead of its text.
    else if (isJsonObject(about.arguments)) slot.argumentsJson = JSON.stringify(about.arguments);
    return slot.argumentsJson.length > this.#limits.maxArgumentsChars ? "arguments_too_long" : undefined;
  }

  /** The calls, in order of first sight. A call without a name is no call; one without arguments has `{}`. */
  finish(): MindPiece[] {
    const pieces: MindPiece[] = [];
    for (const [position, slot] of this.#slots.entries()) {
      if (slot.name === "") continue;
      pieces.push({
        type: "tool-call",
        toolCallId: slot.id === "" ? `call_${position + 1}` : slot.id,
        name: slot.name,
        argumentsJson: slot.argumentsJson.trim() === "" ? "{}" : slot.argumentsJson,
      });
    }
    return pieces;
  }

  /** The call a fragment belongs to; a new one when it begins one; undefined beyond the limit. */
  #slotFor(givenIndex: unknown, id: string, name: string): ToolSlot | undefined {
    const index = typeof givenIndex === "number" ? givenIndex : undefined;
    const known = this.#slots.findLast((slot) =>
      index === undefined ? id === "" || slot.id === id : slot.index === index,
    );
    if (known && !beginsAnother(known, id, name)) return known;
    if (this.#slots.length >= this.#limits.maxToolCalls) return undefined;
    const slot = { index, id: "", name: "", argumentsJson: "" };
    this.#slots.push(slot);
    return slot;
  }
}

/**
 * Whether a fragment with this id and name starts another call although the index is the same (quirk of servers that
 * number all parallel calls 0). Servers with a new id in every fragment repeat the name or leave it out while the
 * arguments are incomplete.
 */
function beginsAnother(slot: ToolSlot, id: string, name: string): boolean {
  if (id === "" || name === "" || slot.id === "" || id === slot.id) return false;
  return parseJsonObject(slot.argumentsJson) !== undefined || (slot.argumentsJson === "" && name !== slot.name);
}
