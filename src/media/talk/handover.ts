/** What an agent wants done with its caller. */
export interface TransferWish {
  readonly toolCallId: string;
  /** Name of the target. */
  readonly target: string;
  /** What the other side is told; private, as words are. */
  readonly briefing: string | undefined;
}

export interface HandoverOptions {
  /** How long what the agent says may take to be played before the caller is put through all the same. */
  readonly graceMs: number;
  /** How long the gateway may take to answer. */
  readonly answerTimeoutMs: number;
}

export const defaultHandoverOptions = {
  graceMs: 30_000,
  answerTimeoutMs: 10_000,
} as const satisfies HandoverOptions;

/** `ask`: the gateway is to put the caller through now. `give-up`: it did not answer. */
export type HandoverOrder = { readonly type: "ask" | "give-up"; readonly wish: TransferWish };

/** A caller whom the agent puts through to somebody: not before what the agent was saying was played, and answered once. */
export class Handover {
  readonly #options: HandoverOptions;
  #wish: TransferWish | undefined;
  #asked = false;
  /** When it goes on without what it waits for. */
  #deadline = 0;

  constructor(options: HandoverOptions = defaultHandoverOptions) {
    this.#options = options;
  }

  /** False: another one is under way. */
  begin(wish: TransferWish, now: number): boolean {
    if (this.#wish) return false;
    this.#wish = wish;
    this.#asked = false;
    this.#deadline = now + this.#options.graceMs;
    return true;
  }

  /** The caller takes the floor: gives the wish that is off; undefined when there is none, or it is the gateway's already. */
  callOff(): TransferWish | undefined {
    if (this.#asked) return undefined;
    const wish = this.#wish;
    this.#wish = undefined;
    return wish;
  }

  /** The gateway answered; false when that is not awaited. */
  answered(toolCallId: string): boolean {
    if (!this.#asked || this.#wish?.toolCallId !== toolCallId) return false;
    this.#wish = undefined;
    return true;
  }

  /** Once a tick. `played`: nothing unheard waits in the playout and no reply is under way. */
  tick(played: boolean, now: number): HandoverOrder | undefined {
    const wish = this.#wish;
    if (!wish) return undefined;
    if (this.#asked) {
      if (now < this.#deadline) return undefined;
      this.#wish = undefined;
      return { type: "give-up", wish };
    }
    if (!played && now < this.#deadline) return undefined;
    this.#asked = true;
    this.#deadline = now + this.#options.answerTimeoutMs;
    return { type: "ask", wish };
  }
}
