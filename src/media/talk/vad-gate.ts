/** The neural tier's door: what the gate does with a call's frames. */
export interface GateSink {
  push(pcm8k: Int16Array): void;
  /** That many samples of silence are not pushed. */
  skip(samples: number): void;
  reset(): void;
}

export interface VadGateOptions {
  /** Stays open so long after the last frame that was wanted, in ms. */
  readonly holdMs: number;
  /** After so long a silence the neural tier forgets the voice, in ms (ai-providers §7.1). */
  readonly resetAfterMs: number;
}

export const defaultVadGateOptions = { holdMs: 500, resetAfterMs: 5000 } as const satisfies VadGateOptions;

const frameMs = 20;
const frameSamples = 160;
const preRollFrames = 2;

/**
 * Keeps silence from the neural tier, which costs ten times what all else about a call does. The last two frames are
 * kept and go first when it opens, so that the model hears how the word begins.
 */
export class VadGate {
  readonly #sink: GateSink;
  readonly #options: VadGateOptions;
  /** Int16Array, mono, 8 kHz, two frames; a ring. */
  readonly #preRoll = new Int16Array(preRollFrames * frameSamples);
  readonly #slots = [this.#preRoll.subarray(0, frameSamples), this.#preRoll.subarray(frameSamples)] as const;
  #kept = 0;
  #next: 0 | 1 = 0;
  #holdMs = 0;
  #closedMs = 0;

  constructor(sink: GateSink, options: VadGateOptions = defaultVadGateOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#holdMs > 0;
  }

  /** One frame: Int16Array, mono, 8 kHz, 160 samples. `wanted`: voiced, or somebody is speaking. */
  frame(pcm8k: Int16Array, wanted: boolean): void {
    if (wanted) {
      if (!this.isOpen) this.#open();
      this.#holdMs = this.#options.holdMs;
    }
    if (this.isOpen) {
      this.#sink.push(pcm8k);
      this.#holdMs -= frameMs;
      this.#closedMs = 0;
    } else this.#keep(pcm8k);
  }

  #open(): void {
    if (this.#closedMs >= this.#options.resetAfterMs) this.#sink.reset();
    if (this.#kept === preRollFrames) this.#sink.push(this.#slots[this.#next]);
    if (this.#kept > 0) this.#sink.push(this.#slots[this.#next === 0 ? 1 : 0]);
    this.#kept = 0;
  }

  #keep(pcm8k: Int16Array): void {
    // The frame that is pushed out of the pre-roll is one the neural tier never hears.
    if (this.#kept === preRollFrames) this.#sink.skip(frameSamples);
    else this.#kept += 1;
    this.#slots[this.#next].set(pcm8k);
    this.#next = this.#next === 0 ? 1 : 0;
    this.#closedMs += frameMs;
  }
}
