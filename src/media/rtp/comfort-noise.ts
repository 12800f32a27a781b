/*
 * Payload of comfort noise (RFC 3389 §3): level in −dBov, 0 … 127, then reflection coefficients that we neither send nor
 * follow: noise of the right level hides the pause, its colour matters little at 8 kHz.
 */

/** Static payload type at 8 kHz (RFC 3551 §6). */
export const comfortNoisePayloadType = 13;
/** Quieter than this nothing is heard. */
const silentDbov = 96;
/** The level moves to a new one by this share with each frame. */
const follow = 0.25;

/** Level of a comfort-noise payload, in −dBov; undefined when there is none (RFC 3389 §3.1). */
export function parseComfortNoise(bytes: Uint8Array, start = 0, end: number = bytes.length): number | undefined {
  return end > start ? bytes[start]! & 0x7f : undefined;
}

/** Level of PCM as a comfort-noise payload tells it, 0 (loudest) … 127. */
export function noiseLevel(pcm: Int16Array, samples: number = pcm.length): number {
  let sum = 0;
  for (let i = 0; i < samples; i++) sum += pcm[i]! * pcm[i]!;
  if (sum === 0 || samples === 0) return 127;
  return Math.max(0, Math.min(127, Math.round(-10 * Math.log10(sum / samples / (32768 * 32768)))));
}

/** Makes noise of a level; white, passed through one gentle low-pass. Seeded, so a run can be repeated. */
export class ComfortNoise {
  #state: number;
  #amplitude = 0;
  #wanted = 0;
  #last = 0;

  /** `seed`: any 32-bit number. */
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** Level to move to, in −dBov. */
  setLevel(dbov: number): void {
    // Uniform noise of amplitude a has a mean square of a²/3, the mean of two such half of it.
    this.#wanted = dbov >= silentDbov ? 0 : 32768 * 10 ** (-dbov / 20) * Math.sqrt(6);
  }

  /** Fills the first `samples` of `out`. */
  fill(out: Int16Array, samples: number): void {
    this.#amplitude += (this.#wanted - this.#amplitude) * follow;
    const amplitude = this.#amplitude;
    for (let i = 0; i < samples; i++) {
      this.#state ^= this.#state << 13;
      this.#state ^= this.#state >>> 17;
      this.#state ^= this.#state << 5;
      const white = (this.#state / 0x80000000) * amplitude;
      const sample = (white + this.#last) / 2;
      this.#last = white;
      out[i] = sample > 32767 ? 32767 : sample < -32768 ? -32768 : sample;
    }
  }
}
