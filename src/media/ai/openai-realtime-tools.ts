interface OpenCall {
  readonly responseId: string;
}

interface Batch {
  /** Calls without an output yet. */
  open: number;
  responseOver: boolean;
  /** What the last output said about a follow-up reply; a cancel in between takes it back. */
  respond: boolean;
}

/** What came of a tool's output. `send`: new, goes to the model. */
export type ToolOutcome = "send" | "unknown" | "duplicate";

const maxRememberedCalls = 256;

/**
 * The books of function calls: each is handed out once and answered once, and the calls of one response bring one
 * follow-up reply, when the response is over and the last of them has its output.
 */
export class ToolBatches {
  readonly #open = new Map<string, OpenCall>();
  /** Calls ever seen, oldest first, so that no event hands one out twice. */
  readonly #seen = new Set<string>();
  readonly #batches = new Map<string, Batch>();

  /** Notes a call of a response; false when it was seen before. */
  add(responseId: string, callId: string): boolean {
    if (this.#seen.has(callId)) return false;
    this.#seen.add(callId);
    if (this.#seen.size > maxRememberedCalls) this.#forgetOldest();
    this.#open.set(callId, { responseId });
    const batch = this.#batches.get(responseId) ?? { open: 0, responseOver: false, respond: false };
    batch.open++;
    this.#batches.set(responseId, batch);
    return true;
  }

  /** Notes an output. */
  answer(callId: string, respond: boolean): ToolOutcome {
    const call = this.#open.get(callId);
    if (!call) return this.#seen.has(callId) ? "duplicate" : "unknown";
    this.#open.delete(callId);
    const batch = this.#batches.get(call.responseId);
    if (batch) {
      batch.open--;
      batch.respond = respond;
    }
    return "send";
  }

  /** The response is over; no more calls come from it. */
  responseOver(responseId: string): void {
    const batch = this.#batches.get(responseId);
    if (batch) batch.responseOver = true;
  }

  /** True while outputs of this response's calls may still bring a follow-up reply. */
  pending(responseId: string): boolean {
    const batch = this.#batches.get(responseId);
    return batch !== undefined && (batch.open > 0 || batch.respond);
  }

  /** True once for each batch that is complete and wants its follow-up reply. Ask after each answer and each response's end. */
  takeFollowUp(): boolean {
    let wanted = false;
    for (const [responseId, batch] of this.#batches) {
      if (!batch.responseOver || batch.open > 0) continue;
      this.#batches.delete(responseId);
      wanted ||= batch.respond;
    }
    return wanted;
  }

  /** The caller took the floor: outputs already in wait for the caller's next turn. */
  cancelFollowUps(): void {
    for (const batch of this.#batches.values()) batch.respond = false;
  }

  /** The session is gone: none of its responses will end by itself. */
  closeResponses(): void {
    for (const batch of this.#batches.values()) batch.responseOver = true;
  }

  /** True while a call has no output. */
  get busy(): boolean {
    return this.#open.size > 0;
  }

  #forgetOldest(): void {
    for (const callId of this.#seen) {
      if (this.#open.has(callId)) continue;
      this.#seen.delete(callId);
      return;
    }
  }
}
