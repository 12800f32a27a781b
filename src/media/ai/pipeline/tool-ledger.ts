/** Ids remembered to keep new ones apart from. */
const maxKnownIds = 1_000;

/** Keeps the tool calls of the replies: every id once in a call, every call one result, and when a reply has all of its. */
export class ToolLedger {
  /** Calls without a result, with the reply they belong to. */
  readonly #open = new Map<string, string>();
  readonly #knownIds = new Set<string>();
  #copies = 0;

  /** True while a result is awaited. */
  get busy(): boolean {
    return this.#open.size > 0;
  }

  /** True while a result of this reply is awaited. */
  awaits(responseId: string): boolean {
    for (const owner of this.#open.values()) if (owner === responseId) return true;
    return false;
  }

  /** Notes a call; gives the id it goes by, another one when the model used its id before (some servers always say `call_0`). */
  add(responseId: string, givenId: string): string {
    const base = givenId === "" ? "call" : givenId;
    let toolCallId = base;
    while (this.#knownIds.has(toolCallId)) {
      this.#copies += 1;
      toolCallId = `${base}_${this.#copies}`;
    }
    this.#knownIds.add(toolCallId);
    const oldest = this.#knownIds.values().next();
    if (this.#knownIds.size > maxKnownIds && !oldest.done) this.#knownIds.delete(oldest.value);
    this.#open.set(toolCallId, responseId);
    return toolCallId;
  }

  /** Notes a result: `unknown` when none is awaited for this id, `last` when its reply has all results now. */
  settle(toolCallId: string): "unknown" | "more" | "last" {
    const responseId = this.#open.get(toolCallId);
    if (responseId === undefined) return "unknown";
    this.#open.delete(toolCallId);
    return this.awaits(responseId) ? "more" : "last";
  }
}
