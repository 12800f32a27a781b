/** Samples written one after the other, growing as needed: what was heard or said on a call. Int16Array, mono, 8 kHz. */
export class SampleLog {
  #samples = new Int16Array(8000 * 30);
  #length = 0;

  push(samples: Int16Array): void {
    if (this.#length + samples.length > this.#samples.length) {
      const larger = new Int16Array(2 * this.#samples.length + samples.length);
      larger.set(this.#samples.subarray(0, this.#length));
      this.#samples = larger;
    }
    this.#samples.set(samples, this.#length);
    this.#length += samples.length;
  }

  /** Mixes into `out` what was written `delaySamples` ago, by `gain`; nothing where the log does not reach. */
  mixDelayed(out: Int16Array, delaySamples: number, gain: number): void {
    const from = this.#length - delaySamples;
    for (let index = 0; index < out.length; index += 1) {
      const at = from + index;
      if (at < 0 || at >= this.#length) continue;
      const mixed = out[index]! + gain * this.#samples[at]!;
      out[index] = Math.max(-32768, Math.min(32767, Math.round(mixed)));
    }
  }

  /** All that was written. */
  get samples(): Int16Array {
    return this.#samples.slice(0, this.#length);
  }
}
