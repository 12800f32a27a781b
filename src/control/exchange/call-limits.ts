import type { Admission } from "./trunk.ts";

/** Most calls at once and new calls a second; 0: no limit. */
export interface CallLimitOptions {
  readonly maxCalls: number;
  readonly callsPerSecond: number;
}

/** Counts the calls of one trunk, in and out together, and says whether one more may come. Time is monotonic ms. */
export class CallLimits {
  #options: CallLimitOptions;
  #calls = 0;
  #tokens: number;
  #filledAt: number;

  constructor(options: CallLimitOptions, now: number) {
    this.#options = options;
    this.#tokens = options.callsPerSecond;
    this.#filledAt = now;
  }

  /** Calls that hold a place. */
  get calls(): number {
    return this.#calls;
  }

  /** Changes the limits; the calls there are keep their places. */
  change(options: CallLimitOptions, now: number): void {
    this.#refill(now);
    // Where there was no limit the bucket begins full.
    if (this.#options.callsPerSecond === 0) this.#tokens = options.callsPerSecond;
    this.#options = options;
    this.#tokens = Math.min(this.#tokens, options.callsPerSecond);
  }

  /** Takes a place; what is refused costs nothing. */
  admit(now: number): Admission {
    const { maxCalls, callsPerSecond } = this.#options;
    if (maxCalls > 0 && this.#calls >= maxCalls) return "too-many-calls";
    if (callsPerSecond > 0) {
      this.#refill(now);
      if (this.#tokens < 1) return "too-fast";
      this.#tokens -= 1;
    }
    this.#calls += 1;
    return "ok";
  }

  /** Gives a place back. */
  release(): void {
    this.#calls = Math.max(0, this.#calls - 1);
  }

  /** A second's worth may come at once. */
  #refill(now: number): void {
    const { callsPerSecond } = this.#options;
    const refill = ((now - this.#filledAt) / 1000) * callsPerSecond;
    this.#tokens = Math.min(callsPerSecond, this.#tokens + refill);
    this.#filledAt = now;
  }
}
