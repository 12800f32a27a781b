import type { ConversationItem } from "openai/resources/realtime/realtime";

interface Entry {
  readonly kind: "agent" | "caller" | "system" | "tool";
  /** Item id or call id; "" for texts that never were an item of the server's own making. */
  readonly key: string;
  /** What was heard or said; "" while not known. For a tool: its output. */
  text: string;
  /** For a tool: what was called. */
  readonly name: string;
  readonly argumentsJson: string;
  answered: boolean;
  /** The last session (1, 2, …) that knows this entry. */
  session: number;
}

function messageItem(role: "agent" | "caller" | "system", text: string): ConversationItem {
  switch (role) {
    case "agent":
      return { type: "message", role: "assistant", content: [{ type: "output_text", text }] };
    case "caller":
      return { type: "message", role: "user", content: [{ type: "input_text", text }] };
    case "system":
      return { type: "message", role: "system", content: [{ type: "input_text", text }] };
  }
}

function entryItems(entry: Entry): ConversationItem[] {
  if (entry.kind !== "tool") return entry.text === "" ? [] : [messageItem(entry.kind, entry.text)];
  if (!entry.answered) return [];
  const callId = entry.key;
  return [
    { type: "function_call", call_id: callId, name: entry.name, arguments: entry.argumentsJson },
    { type: "function_call_output", call_id: callId, output: entry.text },
  ];
}

/**
 * What was said and heard, in the order it happened, bounded. A new session gets it as text: the agent's words as far as
 * they were *heard*, the caller's as they were transcribed, tool calls with their outputs.
 *
 * Each method that learns something late returns the items the present session lacks for it: none when the session made
 * the item itself, the restored text when it came after that session began.
 */
export class HeardHistory {
  readonly #maxEntries: number;
  readonly #maxCharacters: number;
  #entries: Entry[] = [];
  #characters = 0;
  #session = 0;

  constructor(maxEntries: number, maxCharacters: number) {
    this.#maxEntries = maxEntries;
    this.#maxCharacters = maxCharacters;
  }

  /** A new session begins: everything known so far, as items to send, oldest first. */
  restore(): ConversationItem[] {
    this.#session++;
    const items: ConversationItem[] = [];
    for (const entry of this.#entries) {
      const made = entryItems(entry);
      if (made.length > 0) entry.session = this.#session;
      items.push(...made);
    }
    return items;
  }

  /** An item of the server's own making takes its place; its words come later. */
  place(kind: "agent" | "caller", itemId: string): void {
    if (!this.#find(kind, itemId)) this.#push(this.#entry(kind, itemId, ""));
  }

  /** What of an item was heard or said. */
  fill(kind: "agent" | "caller", itemId: string, text: string): readonly ConversationItem[] {
    const entry = this.#find(kind, itemId);
    if (!entry) {
      this.#push(this.#entry(kind, itemId, text));
      return [];
    }
    this.#setText(entry, text);
    return this.#missing(entry);
  }

  /** A text of ours; to be sent now when a session is there. */
  addText(role: "agent" | "caller" | "system", text: string): readonly ConversationItem[] {
    const entry = this.#entry(role, "", text);
    entry.session = 0;
    this.#push(entry);
    return this.#missing(entry);
  }

  placeTool(callId: string, name: string, argumentsJson: string): void {
    this.#push({ ...this.#entry("tool", callId, ""), name, argumentsJson });
    this.#characters += argumentsJson.length;
  }

  /** The output of a call: alone when the present session made the call, with the call when an earlier one did. */
  fillTool(callId: string, output: string): readonly ConversationItem[] {
    const entry = this.#find("tool", callId);
    if (!entry) return [{ type: "function_call_output", call_id: callId, output }];
    this.#setText(entry, output);
    entry.answered = true;
    if (entry.session === this.#session) return [{ type: "function_call_output", call_id: callId, output }];
    return this.#missing(entry);
  }

  /** True when the words of this item are known. */
  knows(kind: "agent" | "caller", itemId: string): boolean {
    return (this.#find(kind, itemId)?.text ?? "") !== "";
  }

  #missing(entry: Entry): readonly ConversationItem[] {
    // No session began yet: the first restore takes it along.
    if (this.#session === 0 || entry.session === this.#session) return [];
    const items = entryItems(entry);
    if (items.length > 0) entry.session = this.#session;
    return items;
  }

  #entry(kind: Entry["kind"], key: string, text: string): Entry {
    return { kind, key, text, name: "", argumentsJson: "", answered: false, session: this.#session };
  }

  #find(kind: Entry["kind"], key: string): Entry | undefined {
    return this.#entries.findLast((entry) => entry.kind === kind && entry.key === key);
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#characters += entry.text.length;
    this.#trim();
  }

  #setText(entry: Entry, text: string): void {
    this.#characters += text.length - entry.text.length;
    entry.text = text;
    this.#trim();
  }

  #trim(): void {
    while (
      this.#entries.length > 1 &&
      (this.#entries.length > this.#maxEntries || this.#characters > this.#maxCharacters)
    ) {
      const oldest = this.#entries.shift();
      this.#characters -= (oldest?.text.length ?? 0) + (oldest?.argumentsJson.length ?? 0);
    }
  }
}
