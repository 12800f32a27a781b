/** How a key reached us: RFC 4733 events, a SIP INFO, or tones in the audio. */
export type DtmfMode = "event" | "info" | "inband";

/** The modes' reports of one press lie this close together; detection in audio and INFO's way are the slow ones. */
const sameWithinMs = 600;
const remembered = 16;
const modeBits: Readonly<Record<DtmfMode, number>> = { event: 1, info: 2, inband: 4 };

/**
 * Lets each key press through once, though several modes may tell of it. Two reports are the same press when their
 * modes differ and no other press took one of them; so "11" pressed fast in two modes is two keys. Times in monotonic ms.
 */
export class DtmfDedup {
  readonly #keys: string[] = new Array(remembered).fill("");
  readonly #at = new Float64Array(remembered).fill(Number.NEGATIVE_INFINITY);
  readonly #modes = new Uint8Array(remembered);
  #next = 0;

  /** True: a new key press. */
  accept(key: string, mode: DtmfMode, now: number): boolean {
    const bit = modeBits[mode];
    for (let i = 0; i < remembered; i++) {
      const at = (this.#next + i) % remembered;
      if (this.#keys[at] !== key || now - this.#at[at]! > sameWithinMs || (this.#modes[at]! & bit) !== 0) continue;
      this.#modes[at]! |= bit;
      return false;
    }
    this.#keys[this.#next] = key;
    this.#at[this.#next] = now;
    this.#modes[this.#next] = bit;
    this.#next = (this.#next + 1) % remembered;
    return true;
  }
}
