import type { SimItem, SimTruncation } from "./realtime-server-options.ts";

/** Why a change to the conversation is refused. */
export interface ItemRefusal {
  readonly code: string;
  readonly message: string;
  readonly param: string;
}

type Fields = Readonly<Record<string, unknown>>;

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function contentText(content: unknown): string {
  if (!Array.isArray(content)) return "";
  return content.map((part: Fields) => text(part.text) || text(part.transcript)).join("");
}

/** The items of one simulated session, with the protocol's rules about what may be done to them. */
export class SimConversation {
  readonly items: SimItem[] = [];
  readonly truncations: SimTruncation[] = [];
  readonly #prefix: string;
  #count = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  nextId(): string {
    this.#count++;
    return `item_${this.#prefix}_${this.#count}`;
  }

  get lastId(): string | null {
    return this.items.at(-1)?.id ?? null;
  }

  find(itemId: unknown): SimItem | undefined {
    return this.items.find((item) => item.id === itemId);
  }

  add(item: Partial<SimItem> & Pick<SimItem, "type">): SimItem {
    const added: SimItem = {
      id: item.id ?? this.nextId(),
      type: item.type,
      role: item.role,
      text: item.text ?? "",
      audioMs: item.audioMs ?? 0,
      callId: item.callId ?? "",
      name: item.name ?? "",
      payload: item.payload ?? "",
      status: item.status ?? "completed",
    };
    this.items.push(added);
    return added;
  }

  /** `conversation.item.create`, its shape already checked. */
  create(item: Fields): SimItem | ItemRefusal {
    const id = text(item.id) || undefined;
    if (id && this.find(id)) return { code: "invalid_value", message: "An item has this id.", param: "item.id" };
    const callId = text(item.call_id);
    if (item.type === "function_call") {
      return this.add({ id, type: "function_call", callId, name: text(item.name), payload: text(item.arguments) });
    }
    if (item.type === "function_call_output") {
      const calls = this.items.filter((one) => one.callId === callId);
      const param = "item.call_id";
      if (calls.length === 0) return { code: "invalid_tool_call_id", message: "No such tool call.", param };
      if (calls.some((one) => one.type === "function_call_output")) {
        return { code: "duplicate_tool_output", message: "This tool call has its output.", param };
      }
      return this.add({ id, type: "function_call_output", callId, payload: text(item.output) });
    }
    const role = item.role === "user" || item.role === "system" ? item.role : "assistant";
    return this.add({ id, type: "message", role, text: contentText(item.content) });
  }

  /** `conversation.item.truncate`: cuts spoken assistant audio and removes its transcript. */
  truncate(itemId: string, audioEndMs: number): SimItem | ItemRefusal {
    const item = this.find(itemId);
    if (!item) {
      return { code: "item_truncate_invalid_item_id", message: "No such item.", param: "item_id" };
    }
    if (item.role !== "assistant" || item.audioMs === 0) {
      const message = "Only model output audio messages can be truncated.";
      return { code: "unsupported_content_type", message, param: "item_id" };
    }
    if (audioEndMs > item.audioMs) {
      const message = `Audio content of ${item.audioMs} ms is already shorter than ${audioEndMs} ms.`;
      return { code: "invalid_value", message, param: "audio_end_ms" };
    }
    this.truncations.push({ itemId, audioEndMs, audioMs: item.audioMs, text: item.text });
    item.audioMs = audioEndMs;
    item.text = "";
    return item;
  }

  delete(itemId: string): boolean {
    const index = this.items.findIndex((item) => item.id === itemId);
    if (index < 0) return false;
    this.items.splice(index, 1);
    return true;
  }
}

/** An item as the protocol writes it. */
export function renderItem(item: SimItem): Fields {
  const common = { id: item.id, object: "realtime.item", type: item.type, status: item.status };
  switch (item.type) {
    case "function_call":
      return { ...common, call_id: item.callId, name: item.name, arguments: item.payload };
    case "function_call_output":
      return { ...common, call_id: item.callId, output: item.payload };
    case "message": {
      if (item.role === "assistant") {
        const spoken = { type: "output_audio", transcript: item.text };
        const content =
          item.audioMs > 0 ? [spoken] : item.text === "" ? [] : [{ type: "output_text", text: item.text }];
        return { ...common, role: item.role, content };
      }
      const part =
        item.audioMs > 0 ? { type: "input_audio", transcript: null } : { type: "input_text", text: item.text };
      return { ...common, role: item.role, content: [part] };
    }
  }
}
