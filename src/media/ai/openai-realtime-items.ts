/** What to tell the server about an item that was not heard to its end. */
export type TruncateDecision =
  | { readonly type: "nothing" }
  | { readonly type: "delete" }
  | { readonly type: "truncate"; readonly audioEndMs: number };

interface AgentItem {
  readonly responseId: string;
  receivedBytes: number;
  /** Nothing more comes for it, and that was reported. */
  done: boolean;
  /** The conversation told what became of it. */
  settled: boolean;
}

const maxItems = 64;
const nothing: TruncateDecision = { type: "nothing" };

/** The agent's spoken items of the present session: how much of each arrived, in the model's own format. Bounded. */
export class AgentItems {
  readonly #bytesPerMs: number;
  readonly #unheardItem: "truncate" | "delete";
  readonly #items = new Map<string, AgentItem>();
  #lastId = "";
  #last: AgentItem | undefined;

  constructor(bytesPerMs: number, unheardItem: "truncate" | "delete") {
    this.#bytesPerMs = bytesPerMs;
    this.#unheardItem = unheardItem;
  }

  /** Notes an item of a response; false when it is known. */
  add(responseId: string, itemId: string): boolean {
    if (this.#items.has(itemId)) return false;
    if (this.#items.size >= maxItems) {
      for (const oldest of this.#items.keys()) {
        this.#items.delete(oldest);
        break;
      }
    }
    this.#items.set(itemId, { responseId, receivedBytes: 0, done: false, settled: false });
    return true;
  }

  /** Counts audio of an item; true when the item was not known before. */
  received(responseId: string, itemId: string, sizeBytes: number): boolean {
    if (this.#lastId === itemId && this.#last) {
      this.#last.receivedBytes += sizeBytes;
      return false;
    }
    const added = this.add(responseId, itemId);
    this.#lastId = itemId;
    this.#last = this.#items.get(itemId);
    if (this.#last) this.#last.receivedBytes += sizeBytes;
    return added;
  }

  receivedMs(itemId: string): number {
    return Math.floor((this.#items.get(itemId)?.receivedBytes ?? 0) / this.#bytesPerMs);
  }

  /** Notes that nothing more comes for an item; false when that was known, or the item is not. */
  finish(itemId: string): boolean {
    const item = this.#items.get(itemId);
    if (!item || item.done) return false;
    item.done = true;
    return true;
  }

  /** Items of a response that nobody finished. */
  unfinished(responseId: string): readonly string[] {
    const ids: string[] = [];
    for (const [itemId, item] of this.#items) if (item.responseId === responseId && !item.done) ids.push(itemId);
    return ids;
  }

  /** Notes that the conversation told what was heard of an item. */
  settle(itemId: string): void {
    const item = this.#items.get(itemId);
    if (item) item.settled = true;
  }

  /** True while agent audio may still be playing: something arrived and its end was not told. */
  get playing(): boolean {
    for (const item of this.#items.values()) if (!item.settled && item.receivedBytes > 0) return true;
    return false;
  }

  /**
   * Decides what the server has to know, given how much was heard. Nothing arrived: nothing (a truncate would be refused).
   * Nothing heard: cut to 0 or delete. Part of it: cut there. All of it: nothing, since a truncate destroys the transcript.
   */
  truncation(itemId: string, heardMs: number): TruncateDecision {
    const item = this.#items.get(itemId);
    if (!item || item.receivedBytes === 0) return nothing;
    item.settled = true;
    const receivedMs = Math.floor(item.receivedBytes / this.#bytesPerMs);
    const audioEndMs = Math.max(0, Math.floor(heardMs));
    if (audioEndMs >= receivedMs) return nothing;
    // What remains is the item's new length: a second truncate must lie inside it.
    item.receivedBytes = audioEndMs * this.#bytesPerMs;
    if (audioEndMs === 0 && this.#unheardItem === "delete") {
      this.#items.delete(itemId);
      if (this.#lastId === itemId) this.#last = undefined;
      return { type: "delete" };
    }
    return { type: "truncate", audioEndMs };
  }

  /** The session is gone, and its items with it. */
  clear(): void {
    this.#items.clear();
    this.#last = undefined;
    this.#lastId = "";
  }
}
