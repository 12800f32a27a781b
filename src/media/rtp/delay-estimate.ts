/** Limits of the delay a jitter buffer adds, in ms. */
export interface DelayOptions {
  readonly minMs: number;
  readonly maxMs: number;
  /** Held until `settleMs` of packets were seen. */
  readonly initialMs: number;
  readonly settleMs: number;
}

/** What a telephone call bears: a quiet network costs 20 ms, a bad one 200 ms. */
export const defaultDelayOptions = {
  minMs: 20,
  maxMs: 200,
  initialMs: 60,
  settleMs: 2000,
} as const satisfies DelayOptions;

/** The fastest packet is looked for over this much, in buckets; clock drift moves it by 2 ms at 200 ppm. */
const baseBuckets = 5;
const baseBucketMs = 2000;
/** Lateness is kept in steps of this. */
const stepMs = 5;
/** Share of packets that should be in time. */
const quantile = 0.985;
/** How much the past weighs with each packet: half after 7 s of 20 ms packets. */
const forget = 0.998;
/** A transit this far off, or this many packets in a row beyond the limit, is another path or another time line. */
const jumpMs = 1000;
const maxBeyond = 10;

/**
 * Learns from packets' transit times (arrival less media time, ms, from any start) how fast the path is at best
 * (`baseMs`) and how much delay above that lets nearly all packets be in time (`targetMs`).
 */
export class DelayEstimate {
  readonly #options: DelayOptions;
  /** Float64Array: least transit of each bucket of time. */
  readonly #least = new Float64Array(baseBuckets).fill(Number.POSITIVE_INFINITY);
  #bucket = 0;
  #bucketEndsAt = 0;
  #base = Number.POSITIVE_INFINITY;
  /** Float64Array: weight of packets by lateness; the weight of a packet grows instead of all others being scaled down. */
  readonly #histogram: Float64Array;
  #weight = 1;
  #total = 0;
  #settlesAt = 0;
  #beyond = 0;
  #targetMs: number;

  constructor(options: DelayOptions = defaultDelayOptions) {
    this.#options = options;
    this.#histogram = new Float64Array(Math.ceil(options.maxMs / stepMs) + 1);
    this.#targetMs = options.initialMs;
  }

  /** Transit of the fastest packet lately. */
  get baseMs(): number {
    return this.#base;
  }

  /** Delay wanted above `baseMs`. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Begins a new time line; what was learned of the jitter stays. */
  rebase(): void {
    this.#least.fill(Number.POSITIVE_INFINITY);
    this.#base = Number.POSITIVE_INFINITY;
    this.#beyond = 0;
  }

  /** Takes a packet's transit in; true: the time line jumped and began anew with this packet. */
  add(transitMs: number, now: number): boolean {
    const jumped = this.#jumped(transitMs);
    if (jumped) this.rebase();
    if (this.#settlesAt === 0) this.#settlesAt = now + this.#options.settleMs;
    if (now >= this.#bucketEndsAt) this.#nextBucket(now);
    if (transitMs < this.#least[this.#bucket]!) this.#least[this.#bucket] = transitMs;
    if (transitMs < this.#base) this.#base = transitMs;
    this.#learn(transitMs - this.#base, now);
    return jumped;
  }

  #jumped(transitMs: number): boolean {
    if (this.#base === Number.POSITIVE_INFINITY) return false;
    const late = transitMs - this.#base;
    this.#beyond = late > this.#options.maxMs ? this.#beyond + 1 : 0;
    return Math.abs(late) > jumpMs || this.#beyond >= maxBeyond;
  }

  #nextBucket(now: number): void {
    // After a long pause all buckets are old.
    if (now > this.#bucketEndsAt + baseBuckets * baseBucketMs) this.#least.fill(Number.POSITIVE_INFINITY);
    this.#bucketEndsAt = now + baseBucketMs;
    this.#bucket = (this.#bucket + 1) % baseBuckets;
    this.#least[this.#bucket] = Number.POSITIVE_INFINITY;
    let base = Number.POSITIVE_INFINITY;
    for (let i = 0; i < baseBuckets; i++) if (this.#least[i]! < base) base = this.#least[i]!;
    this.#base = base;
  }

  #learn(lateMs: number, now: number): void {
    const histogram = this.#histogram;
    const at = Math.min(histogram.length - 1, Math.floor(lateMs / stepMs));
    histogram[at]! += this.#weight;
    this.#total += this.#weight;
    this.#weight /= forget;
    if (this.#weight > 1e9) this.#scaleDown();
    const { minMs, maxMs, initialMs } = this.#options;
    // Counted from below: most packets of most calls are hardly late.
    let below = this.#total * quantile - histogram[0]!;
    let step = 0;
    while (below > 0 && step < histogram.length - 1) below -= histogram[++step]!;
    // The step's far edge; one step more for what the ticks round away.
    const learned = Math.max(minMs, Math.min(maxMs, (step + 2) * stepMs));
    this.#targetMs = now < this.#settlesAt ? Math.max(initialMs, learned) : learned;
  }

  #scaleDown(): void {
    for (let i = 0; i < this.#histogram.length; i++) this.#histogram[i]! /= this.#weight;
    this.#total /= this.#weight;
    this.#weight = 1;
  }
}
