import type { HistoryEntry } from "./parts.ts";

/** Bounds of a history; the oldest entries go first. */
export interface HistoryOptions {
  readonly maxHistoryEntries: number;
  readonly maxHistoryChars: number;
}

type ToolEntry = Extract<HistoryEntry, { role: "tool" }>;

type Entry =
  | { readonly role: "caller" | "system"; text: string; utterance?: number | undefined }
  /** `open`: being spoken, `text` is what was sent; `withheld`: called off, nothing counts until told; `settled`: as heard. */
  | { readonly role: "agent"; text: string; itemId?: string; state: "open" | "withheld" | "settled" }
  | (Omit<ToolEntry, "output"> & { output: string | undefined });

/** What the model reads in place of a result that has not come. */
export const runningToolOutput = JSON.stringify({ status: "running", message: "The result has not arrived yet." });

/**
 * The conversation as text: what the caller said and what the caller heard. Entries take their place when they begin
 * (an utterance is committed, an item is begun) and get their words when these are known.
 */
export class History {
  readonly #options: HistoryOptions;
  #entries: Entry[] = [];
  #chars = 0;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Adds a text as it stands. */
  addText(role: "agent" | "caller" | "system", text: string): void {
    if (text.trim() === "") return;
    this.#add(role === "agent" ? { role, text, state: "settled" } : { role, text });
  }

  /** An utterance was committed; its words come later. */
  beginUtterance(utterance: number): void {
    this.#add({ role: "caller", text: "", utterance });
  }

  /** The words of an utterance; "" when nothing was understood. */
  settleUtterance(utterance: number, text: string): void {
    const entry = this.#entries.findLast((one) => one.role === "caller" && one.utterance === utterance);
    if (entry?.role !== "caller") return;
    entry.utterance = undefined;
    this.#setText(entry, text);
  }

  /** An item is begun; what is spoken of it counts until it is called off or told as heard. */
  beginItem(itemId: string): void {
    this.#add({ role: "agent", text: "", itemId, state: "open" });
  }

  /** A clause of an item went to the voice. */
  addSpoken(itemId: string, clause: string): void {
    const entry = this.#item(itemId);
    if (entry?.state === "open") this.#setText(entry, entry.text === "" ? clause : `${entry.text} ${clause}`);
  }

  /** The reply was called off: unheard clauses vanish; what was heard of them is told by `settleItem`. */
  withholdOpenItems(): void {
    for (const entry of this.#entries) {
      if (entry.role !== "agent" || entry.state !== "open") continue;
      entry.state = "withheld";
      this.#setText(entry, "");
    }
  }

  /** What was heard of an item, once; later reports about the same item are ignored. */
  settleItem(itemId: string, heardText: string): void {
    const entry = this.#item(itemId);
    if (!entry || entry.state === "settled") return;
    entry.state = "settled";
    this.#setText(entry, heardText.trim());
  }

  /** A tool was called; it counts as running until its result comes. */
  addToolCall(responseId: string, toolCallId: string, name: string, argumentsJson: string): void {
    this.#add({ role: "tool", responseId, toolCallId, name, argumentsJson, output: undefined });
  }

  /** The one result of a tool call; false when there is no such open call. */
  settleToolCall(toolCallId: string, output: string): boolean {
    const entry = this.#entries.findLast((one) => one.role === "tool" && one.toolCallId === toolCallId);
    if (entry?.role !== "tool" || entry.output !== undefined) return false;
    entry.output = output;
    this.#chars += output.length;
    this.#trim();
    return true;
  }

  /** The history for the mind: no empty texts, one result for every call. */
  snapshot(): HistoryEntry[] {
    const entries: HistoryEntry[] = [];
    for (const entry of this.#entries) {
      if (entry.role === "tool") {
        entries.push({ ...entry, output: entry.output ?? runningToolOutput });
      } else if (entry.text !== "") {
        entries.push({ role: entry.role, text: entry.text });
      }
    }
    return entries;
  }

  #item(itemId: string) {
    const entry = this.#entries.findLast((one) => one.role === "agent" && one.itemId === itemId);
    return entry?.role === "agent" ? entry : undefined;
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    this.#chars += weight(entry);
    this.#trim();
  }

  #setText(entry: { text: string }, text: string): void {
    this.#chars += text.length - entry.text.length;
    entry.text = text;
    this.#trim();
  }

  #trim(): void {
    const { maxHistoryEntries, maxHistoryChars } = this.#options;
    while (this.#entries.length > 1 && (this.#entries.length > maxHistoryEntries || this.#chars > maxHistoryChars)) {
      const oldest = this.#entries.shift();
      if (oldest) this.#chars -= weight(oldest);
    }
  }
}

function weight(entry: Entry): number {
  if (entry.role !== "tool") return entry.text.length;
  return entry.name.length + entry.argumentsJson.length + (entry.output?.length ?? 0);
}
