import type { DurationCause, EndCause } from "../protocol.ts";

export type FarewellOrder =
  | { readonly type: "none" }
  | { readonly type: "warn" }
  | { readonly type: "end"; readonly cause: EndCause };

export interface FarewellOptions {
  readonly maxDurationMs: number;
  /** Why the call ends then. */
  readonly durationCause: DurationCause;
  /** How long before the end the caller is told. */
  readonly warningMs: number;
  /** How long a goodbye may take to be played before the call ends all the same. */
  readonly graceMs: number;
  /** Silence between the last word and the end of the call. */
  readonly tailMs: number;
}

export const defaultFarewellOptions = {
  maxDurationMs: 3_600_000,
  durationCause: "max-duration",
  warningMs: 20_000,
  graceMs: 15_000,
  tailMs: 200,
} as const satisfies FarewellOptions;

const none: FarewellOrder = { type: "none" };
const warn: FarewellOrder = { type: "warn" };

/** Ends a call politely: at its longest duration with a warning, or once asked, when the last word was played. */
export class Farewell {
  readonly #options: FarewellOptions;
  readonly #startedAt: number;
  #warned = false;
  #cause: EndCause | undefined;
  #latestEndAt = 0;
  #quietSince: number | undefined;
  #notBefore = 0;

  constructor(options: FarewellOptions, startedAt: number) {
    this.#options = options;
    this.#startedAt = startedAt;
  }

  /** True once the call is on its way out. */
  get leaving(): boolean {
    return this.#cause !== undefined;
  }

  /** The call shall end when what is being said was played; the first cause stays. */
  leave(cause: EndCause, now: number): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#latestEndAt = now + this.#options.graceMs;
    this.#quietSince = undefined;
  }

  /** The caller took the floor: a goodbye that was meant for a caller who is done, or gone, is off. */
  callerActive(): void {
    if (this.#cause !== "agent-hung-up" && this.#cause !== "caller-silent") return;
    this.#cause = undefined;
    this.#quietSince = undefined;
    this.#notBefore = 0;
  }

  /** A goodbye was asked for just now: give it until `now + ms` to begin. */
  expectSpeech(ms: number, now: number): void {
    this.#notBefore = now + ms;
  }

  /** The goodbye began to be heard: its end alone decides now. */
  speechBegan(): void {
    this.#notBefore = 0;
  }

  /** Once a tick. `quiet`: nothing unheard waits in the playout and no reply or tool is under way. */
  tick(quiet: boolean, now: number): FarewellOrder {
    const elapsedMs = now - this.#startedAt;
    if (this.#cause === undefined) {
      if (elapsedMs >= this.#options.maxDurationMs) this.leave(this.#options.durationCause, now);
      else if (!this.#warned && elapsedMs >= this.#options.maxDurationMs - this.#options.warningMs) {
        this.#warned = true;
        // A call shorter than its own warning is not announced.
        if (this.#options.maxDurationMs > this.#options.warningMs) return warn;
      }
      if (this.#cause === undefined) return none;
    }
    if (!quiet) this.#quietSince = undefined;
    else this.#quietSince ??= now;
    const played =
      this.#quietSince !== undefined && now >= this.#notBefore && now - this.#quietSince >= this.#options.tailMs;
    return played || now >= this.#latestEndAt ? { type: "end", cause: this.#cause as EndCause } : none;
  }
}
