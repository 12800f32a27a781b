export interface TokenBucketOptions {
  /** How many may come at once. */
  readonly burst: number;
  /** How many may come per second in the long run. */
  readonly perSecond: number;
  /** Buckets kept; past it the one unused longest is forgotten. */
  readonly maxBuckets: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Rate limits, one bucket a key, in bounded memory. Time comes in as monotonic ms. */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  /** In the order of last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  /** Takes one; 0 when there was one, otherwise the ms until there is. */
  take(key: string, now: number): number {
    const { burst, perSecond, maxBuckets } = this.#options;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    this.#buckets.delete(key);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxBuckets) this.#buckets.delete(this.#buckets.keys().next().value as string);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
    bucket.tokens -= 1;
    return 0;
  }
  /** Gives one back: what it was taken for has turned out well. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.tokens = Math.min(this.#options.burst, bucket.tokens + 1);
  }
}
