import { performance } from "node:perf_hooks";

/** What a network does to messages one way; TCP keeps their order. */
export interface NetworkDelay {
  readonly delayMs: number;
  /** Up to so much more, evenly spread. */
  readonly jitterMs: number;
}

/** Numbers from 0 to 1 that are the same for the same seed (xorshift32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Delivers things in order, each delayed; without a delay at once and in the same call. */
export class DelayLine<T> {
  readonly #network: NetworkDelay | undefined;
  readonly #random: () => number;
  readonly #deliver: (thing: T) => void;
  readonly #waiting: { readonly thing: T; readonly dueAt: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastDueAt = 0;

  constructor(network: NetworkDelay | undefined, random: () => number, deliver: (thing: T) => void) {
    this.#network = network;
    this.#random = random;
    this.#deliver = deliver;
  }

  push(thing: T): void {
    if (!this.#network) {
      this.#deliver(thing);
      return;
    }
    const { delayMs, jitterMs } = this.#network;
    this.#lastDueAt = Math.max(this.#lastDueAt, performance.now() + delayMs + this.#random() * jitterMs);
    this.#waiting.push({ thing, dueAt: this.#lastDueAt });
    this.#timer ??= setTimeout(() => this.#run(), this.#lastDueAt - performance.now());
  }

  /** Forgets what is under way. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.length = 0;
  }

  #run(): void {
    this.#timer = undefined;
    for (let first = this.#waiting[0]; first && first.dueAt <= performance.now() + 0.5; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#deliver(first.thing);
    }
    const next = this.#waiting[0];
    if (next) this.#timer ??= setTimeout(() => this.#run(), Math.max(0, next.dueAt - performance.now()));
  }
}
