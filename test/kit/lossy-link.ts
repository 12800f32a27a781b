import type { SeededRandom } from "./seeded-random.ts";

/** How bad a network is; shares are 0 … 1. */
export interface LossyLinkOptions {
  readonly delayMs: number;
  /** Added to the delay, evenly spread from 0 to this; overtaking follows from it. */
  readonly jitterMs: number;
  readonly lossShare: number;
  readonly duplicateShare: number;
}

/** A network on the virtual clock: what is sent arrives later, out of order, twice or never, the same in every run. */
export class LossyLink<T> {
  /** What was lost on the way. */
  lost = 0;
  readonly #random: SeededRandom;
  readonly #options: LossyLinkOptions;
  readonly #onTheWay: { readonly item: T; readonly at: number }[] = [];

  constructor(random: SeededRandom, options: LossyLinkOptions) {
    this.#random = random;
    this.#options = options;
  }

  send(item: T, now: number): void {
    const { delayMs, jitterMs, lossShare, duplicateShare } = this.#options;
    if (this.#random.chance(lossShare)) {
      this.lost++;
      return;
    }
    const copies = this.#random.chance(duplicateShare) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const at = now + delayMs + this.#random.next() * jitterMs;
      let place = this.#onTheWay.length;
      while (place > 0 && this.#onTheWay[place - 1]!.at > at) place--;
      this.#onTheWay.splice(place, 0, { item, at });
    }
  }

  /** Hands over what has arrived by `now`, in order of arrival. */
  deliver(now: number, receive: (item: T, at: number) => void): void {
    while (this.#onTheWay[0] !== undefined && this.#onTheWay[0].at <= now) {
      const { item, at } = this.#onTheWay.shift()!;
      receive(item, at);
    }
  }
}
