/** The named timers of one machine: few of them, each with what to do when its time comes. */
export class Deadlines {
  readonly #timers = new Map<string, { readonly at: number; readonly run: (now: number) => void }>();

  /** Monotonic ms of the earliest, or undefined. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#timers.values()) if (next === undefined || at < next) next = at;
    return next;
  }

  /** Sets a timer, in place of the one of that name. */
  set(name: string, at: number, run: (now: number) => void): void {
    this.#timers.set(name, { at, run });
  }

  has(name: string): boolean {
    return this.#timers.has(name);
  }

  clear(name: string): void {
    this.#timers.delete(name);
  }

  /** Runs all timers that are due, each after it was cleared, so that it may set itself again. */
  fire(now: number): void {
    for (const [name, timer] of [...this.#timers]) {
      if (timer.at > now || this.#timers.get(name) !== timer) continue;
      this.#timers.delete(name);
      timer.run(now);
    }
  }
}
