/** When the filler ("One moment.") is spoken. */
export interface FillerOptions {
  readonly fillerAfterMs: number;
  /** "" for none. */
  readonly filler: string;
}

/** The clock of the filler: runs while the caller waits for the first words, goes off at most once a turn. */
export class FillerClock {
  readonly #options: FillerOptions;
  #used = false;
  #at: number | undefined;

  constructor(options: FillerOptions) {
    this.#options = options;
  }

  /** When it goes off, in monotonic ms. */
  get deadline(): number | undefined {
    return this.#at;
  }

  /** A new turn of the caller is answered. */
  newTurn(): void {
    this.#used = false;
    this.#at = undefined;
  }

  /** The caller waits from now on, if not already. */
  start(now: number): void {
    if (this.#options.filler !== "" && !this.#used) this.#at ??= now + this.#options.fillerAfterMs;
  }

  /** There are words, or nobody waits any more. */
  stop(): void {
    this.#at = undefined;
  }

  /** True once when it is time. */
  takeDue(now: number): boolean {
    if (this.#at === undefined || this.#at > now) return false;
    this.#at = undefined;
    this.#used = true;
    return true;
  }
}
