/** Frames of a process that may be made longer or shorter in one tick: about half a millisecond's work. */
export const maxScaledPerTick = 40;

/**
 * Bounds what all streams of a process together may spend on making frames longer or shorter, so that a process which is
 * late does not become later by catching up. A stream that is refused asks again when its turn comes.
 */
export class ScaleBudget {
  readonly #perTick: number;
  #left: number;

  constructor(perTick: number = maxScaledPerTick) {
    this.#perTick = perTick;
    this.#left = perTick;
  }

  /** A new tick begins. */
  refill(): void {
    this.#left = this.#perTick;
  }

  /** One frame more; false: not in this tick. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }
}
