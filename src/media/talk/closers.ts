/** What was opened, to be closed in reverse order; one that cannot be closed keeps no other open. */
export class Closers {
  readonly #closers: (() => void)[] = [];
  readonly #failed: (error: unknown) => void;

  /** `failed` hears of each one that threw. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  add(...closers: readonly (() => void)[]): void {
    this.#closers.push(...closers);
  }

  /** Closes everything, what was opened last first. Twice is fine. */
  close(): void {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        close();
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
