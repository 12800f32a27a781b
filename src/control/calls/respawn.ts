/** How long to wait before starting a crashed process again, and when it counts as healthy. */
export interface RespawnOptions {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** A process that lived this long has its failures forgiven. */
  readonly healthyAfterMs: number;
}

export const defaultRespawnOptions = {
  firstDelayMs: 100,
  longestDelayMs: 10_000,
  healthyAfterMs: 60_000,
} as const satisfies RespawnOptions;

/** Doubling delays between the lives of one process, so that one which cannot start does not eat the machine. */
export class Respawn {
  readonly #options: RespawnOptions;
  #failures = 0;

  constructor(options: RespawnOptions = defaultRespawnOptions) {
    this.#options = options;
  }

  /** The process died after `livedMs`; the delay before its next life, in ms. */
  died(livedMs: number): number {
    if (livedMs >= this.#options.healthyAfterMs) this.#failures = 0;
    const delayMs = Math.min(this.#options.longestDelayMs, this.#options.firstDelayMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    return delayMs;
  }
}
