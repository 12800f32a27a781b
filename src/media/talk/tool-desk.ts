interface RunningTool {
  readonly name: string;
  readonly startedAt: number;
}

/** A tool call without an answer when the telephone call ended. */
export interface UnansweredTool {
  readonly toolCallId: string;
  readonly name: string;
  readonly durationMs: number;
}

/** The tool calls of a conversation that wait for their answer: each is begun once and answered once. */
export class ToolDesk {
  readonly #running = new Map<string, RunningTool>();

  /** An answer is awaited. */
  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** Notes a call; false when it runs already. */
  begin(toolCallId: string, name: string, now: number): boolean {
    if (this.#running.has(toolCallId)) return false;
    this.#running.set(toolCallId, { name, startedAt: now });
    return true;
  }

  /** For how long a call has been waiting for its answer, in ms. */
  ageMs(toolCallId: string, now: number): number {
    return Math.round(now - (this.#running.get(toolCallId)?.startedAt ?? now));
  }

  /** Notes an answer; false when none is awaited any more. */
  answer(toolCallId: string): boolean {
    return this.#running.delete(toolCallId);
  }

  /** The telephone call is over: what will not be answered. */
  close(now: number): UnansweredTool[] {
    const unanswered = Array.from(this.#running, ([toolCallId, { name, startedAt }]) => ({
      toolCallId,
      name,
      durationMs: Math.round(now - startedAt),
    }));
    this.#running.clear();
    return unanswered;
  }
}
