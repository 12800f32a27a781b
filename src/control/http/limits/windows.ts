/**
 * Counting for rate limits, exactly: in no stretch of time as long as the window are more requests let through than the
 * limit says. (Windows that begin anew every minute would let twice as many through around the turn.) Time comes in.
 */

/** One window that a request must fit into. */
export interface WindowAsk {
  /** Whose requests are counted together: an organisation or an address. */
  readonly subject: string;
  /** What is limited: `jagcall POST /v1/calls`, `agentcall global`. */
  readonly name: string;
  /** Requests let through in any `windowMs`. */
  readonly limit: number;
  readonly windowMs: number;
}

/** How full a window is after the question. */
export interface WindowUse {
  /** Requests in it, this one too when it was let through. */
  readonly used: number;
  /** Ms until it takes another one; 0: it does now. */
  readonly waitMs: number;
  /** Ms until it is empty, when nobody asks again. */
  readonly emptyMs: number;
}

/** What becomes of a request; the figures are those of the window that leaves it least room. */
export interface LimitVerdict {
  readonly allowed: boolean;
  readonly limit: number;
  /** Further requests that would be let through now. */
  readonly remaining: number;
  /** Ms until the window is empty, when nobody asks again. */
  readonly resetMs: number;
  /** Ms until asking again makes sense; 0 when it was let through. */
  readonly retryAfterMs: number;
}

/** Puts the windows' answers into one; `asks` and `uses` go together, and there is at least one. */
export function judgeWindows(allowed: boolean, asks: readonly WindowAsk[], uses: readonly WindowUse[]): LimitVerdict {
  let tightest = 0;
  const tightness = (n: number): number => (allowed ? remainingIn(asks[n]!, uses[n]!) : -uses[n]!.waitMs);
  for (let n = 1; n < asks.length; n++) if (tightness(n) < tightness(tightest)) tightest = n;
  const [ask, use] = [asks[tightest]!, uses[tightest]!];
  return {
    allowed,
    limit: ask.limit,
    remaining: remainingIn(ask, use),
    resetMs: use.emptyMs,
    retryAfterMs: allowed ? 0 : use.waitMs,
  };
}

function remainingIn({ limit }: WindowAsk, { used }: WindowUse): number {
  return Math.max(0, limit - used);
}

/** Windows in the memory of one process; a bounded number of them. */
export class MemoryWindows {
  readonly #maxWindows: number;
  /** In the order of last use. */
  readonly #windows = new Map<string, Stamps>();

  /** `maxWindows`: past it the one unused longest is forgotten. */
  constructor(maxWindows: number) {
    this.#maxWindows = maxWindows;
  }

  /** Lets a request through when all windows take it, and counts it in none otherwise. `now`: monotonic ms. */
  take(asks: readonly WindowAsk[], now: number): LimitVerdict {
    const windows = asks.map((ask) => this.#window(ask, now));
    const allowed = windows.every((window, n) => window.size < asks[n]!.limit);
    if (allowed) for (const window of windows) window.push(now);
    const uses = windows.map((window, n) => window.use(asks[n]!, now));
    return judgeWindows(allowed, asks, uses);
  }

  #window({ subject, name, windowMs }: WindowAsk, now: number): Stamps {
    const key = `${subject} ${name} ${windowMs}`;
    const window = this.#windows.get(key) ?? new Stamps();
    this.#windows.delete(key);
    this.#windows.set(key, window);
    if (this.#windows.size > this.#maxWindows) this.#windows.delete(this.#windows.keys().next().value as string);
    window.forgetUntil(now - windowMs);
    return window;
  }
}

/** When requests were let through, oldest first: a ring of ms that grows to what its limit needs and no further. */
class Stamps {
  #ring = new Float64Array(8);
  #first = 0;
  size = 0;

  push(at: number): void {
    if (this.size === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.size) % this.#ring.length] = at;
    this.size += 1;
  }

  forgetUntil(at: number): void {
    while (this.size > 0 && this.#at(0) <= at) {
      this.#first = (this.#first + 1) % this.#ring.length;
      this.size -= 1;
    }
  }

  use({ limit, windowMs }: WindowAsk, now: number): WindowUse {
    // A limit may have been lowered since: then more than one must leave before the next is taken.
    const leavesFirst = this.size < limit ? undefined : this.size - limit;
    return {
      used: this.size,
      waitMs: leavesFirst === undefined ? 0 : limit === 0 ? windowMs : this.#at(leavesFirst) + windowMs - now,
      emptyMs: this.size === 0 ? 0 : this.#at(this.size - 1) + windowMs - now,
    };
  }

  #at(index: number): number {
    return this.#ring[(this.#first + index) % this.#ring.length]!;
  }

  #grow(): void {
    const grown = new Float64Array(this.#ring.length * 2);
    for (let n = 0; n < this.size; n++) grown[n] = this.#at(n);
    this.#ring = grown;
    this.#first = 0;
  }
}
