/** How far below the highest count a late request may come: its packets may overtake each other. */
const windowCounts = 32;

interface NonceUse {
  readonly issuedAt: number;
  highest: number;
  /** Bit n: the count `highest - n` was seen. */
  seen: number;
}

/** Remembers which nonce counts were used, for a bounded number of nonces (RFC 7616 §3.4, `nc`). */
export class NonceCounts {
  readonly #uses = new Map<string, NonceUse>();
  readonly #maxNonces: number;
  /** Nonces issued up to here may have been forgotten. */
  #forgottenUntil = Number.NEGATIVE_INFINITY;

  constructor(maxNonces: number) {
    this.#maxNonces = maxNonces;
  }

  /** Notes a use. `forgotten`: too many nonces have come since, so a replay could not be told from a first use. */
  use(nonce: string, issuedAt: number, count: number): "first" | "replay" | "forgotten" {
    const use = this.#uses.get(nonce);
    if (use === undefined) return this.#begin(nonce, issuedAt, count);
    const behind = use.highest - count;
    if (behind < 0) {
      use.seen = -behind >= windowCounts ? 1 : (use.seen << -behind) | 1;
      use.highest = count;
      return "first";
    }
    if (behind >= windowCounts || (use.seen & (1 << behind)) !== 0) return "replay";
    use.seen |= 1 << behind;
    return "first";
  }

  #begin(nonce: string, issuedAt: number, count: number): "first" | "forgotten" {
    if (issuedAt <= this.#forgottenUntil) return "forgotten";
    if (this.#uses.size >= this.#maxNonces) {
      const [oldest, { issuedAt: oldestIssuedAt }] = this.#uses.entries().next().value!;
      this.#uses.delete(oldest);
      this.#forgottenUntil = Math.max(this.#forgottenUntil, oldestIssuedAt);
    }
    this.#uses.set(nonce, { issuedAt, highest: count, seen: 1 });
    return "first";
  }
}
