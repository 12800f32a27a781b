/** How many tool calls of one conversation run or wait at once. */
export interface ToolBookOptions {
  readonly maxRunning: number;
  readonly maxWaiting: number;
}

export const defaultToolBookOptions = { maxRunning: 8, maxWaiting: 32 } as const satisfies ToolBookOptions;

/** The order in which one call's tools run: a few at once, the rest in a queue, each until it is finished once. */
export class ToolBook {
  readonly #options: ToolBookOptions;
  readonly #running = new Set<string>();
  readonly #waiting: string[] = [];
  #closed = false;

  constructor(options: ToolBookOptions = defaultToolBookOptions) {
    this.#options = options;
  }

  /** Admits a call: run it now, keep it until `finish` names it, or answer it with an error. `known`: it is being worked on. */
  admit(toolCallId: string): "run" | "wait" | "refuse" | "known" | "closed" {
    if (this.#closed) return "closed";
    if (this.#running.has(toolCallId) || this.#waiting.includes(toolCallId)) return "known";
    if (this.#running.size < this.#options.maxRunning) {
      this.#running.add(toolCallId);
      return "run";
    }
    if (this.#waiting.length >= this.#options.maxWaiting) return "refuse";
    this.#waiting.push(toolCallId);
    return "wait";
  }

  /** A call was answered; gives the one whose turn it is now. */
  finish(toolCallId: string): string | undefined {
    if (!this.#running.delete(toolCallId) || this.#closed) return undefined;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#running.add(next);
    return next;
  }

  /** The call is over: gives those that still waited. Nothing is admitted any more. */
  close(): string[] {
    this.#closed = true;
    return this.#waiting.splice(0);
  }
}
