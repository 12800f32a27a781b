/** Bytes waiting in order, in one buffer of fixed size. */
export class FrameQueue {
  /** Bytes waiting. */
  length = 0;
  readonly #bytes: Uint8Array;
  #start = 0;

  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  /** Bytes that still fit. */
  get room(): number {
    return this.#bytes.length - this.length;
  }

  /** Appends the first `sizeBytes` of `bytes`; false, and nothing is kept, when they do not fit. */
  push(bytes: Uint8Array, sizeBytes: number = bytes.length): boolean {
    if (sizeBytes > this.room) return false;
    if (this.#start + this.length + sizeBytes > this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#start, this.#start + this.length);
      this.#start = 0;
    }
    const at = this.#start + this.length;
    for (let i = 0; i < sizeBytes; i++) this.#bytes[at + i] = bytes[i]!;
    this.length += sizeBytes;
    return true;
  }

  /** Moves up to `sizeBytes` to `out`, from `at` on; returns how many. */
  take(out: Uint8Array, sizeBytes: number, at = 0): number {
    const taken = Math.min(sizeBytes, this.length);
    for (let i = 0; i < taken; i++) out[at + i] = this.#bytes[this.#start + i]!;
    this.#start += taken;
    this.length -= taken;
    if (this.length === 0) this.#start = 0;
    return taken;
  }

  clear(): void {
    this.length = 0;
    this.#start = 0;
  }
}
