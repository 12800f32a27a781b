/** Samples of a window at 8 kHz: 32 ms. */
export const sileroWindowSamples = 256;
/** The end of the window before goes in front of each window; without it the model hears nothing (v6). */
const contextSamples = 32;
/** What the model is given of one window: its context and itself. */
export const sileroInputSamples = contextSamples + sileroWindowSamples;
/** Windows a stream may fall behind (256 ms); past that the oldest is dropped. */
const maxWindowsBehind = 8;
const ringSamples = maxWindowsBehind * sileroWindowSamples;

/** Hears the result of one window. `windowEndSample` counts samples given to the stream since it was opened, skipped ones too. */
export type ProbabilityListener = (probability: number, windowEndSample: number) => void;

export interface SileroStreamWiring {
  readonly onProbability: ProbabilityListener;
  /** Where its state lies. */
  readonly slot: number;
  /** Nobody judges at present. */
  down(): boolean;
  dropped(): void;
  closed(): void;
}

/** One call's audio on its way into the model. */
export class SileroStream {
  /** Where its state lies. */
  readonly slot: number;
  readonly #wiring: SileroStreamWiring;
  /** Samples waiting to be judged, −1…1, a ring. */
  readonly #ring = new Float32Array(ringSamples);
  readonly #context = new Float32Array(contextSamples);
  #waiting = 0;
  /** Samples given so far; the waiting ones are the last of them. */
  #total = 0;
  #judgingEnd = 0;
  #epoch = 0;
  #fresh = true;
  #isClosed = false;

  constructor(wiring: SileroStreamWiring) {
    this.#wiring = wiring;
    this.slot = wiring.slot;
  }

  /** Nobody judges at present: what is pushed passes unheard. */
  get down(): boolean {
    return this.#wiring.down();
  }

  /** Changes when results under way are no longer wanted. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A whole window waits. */
  get full(): boolean {
    return this.#waiting >= sileroWindowSamples;
  }

  /** Takes audio: Int16Array, mono, 8 kHz, any length up to 256 samples. */
  push(pcm8k: Int16Array): void {
    if (this.#isClosed) return;
    if (this.down) {
      this.skip(pcm8k.length);
      return;
    }
    while (this.#waiting + pcm8k.length > ringSamples) {
      this.#keepContext();
      this.#waiting -= sileroWindowSamples;
      this.#wiring.dropped();
    }
    for (let i = 0; i < pcm8k.length; i += 1) {
      this.#ring[(this.#total + i) % ringSamples] = pcm8k[i]! / 32768;
    }
    this.#total += pcm8k.length;
    this.#waiting += pcm8k.length;
  }

  /** Says that this many samples passed unheard (silence): the rest of a window and the context are dropped. */
  skip(samples: number): void {
    this.#total += samples;
    this.#waiting = 0;
    this.#context.fill(0);
  }

  /** Forgets the voice: state, context and what waits. Positions go on. */
  reset(): void {
    if (this.#isClosed) return;
    this.#epoch += 1;
    this.#fresh = true;
    this.skip(0);
  }

  /** Frees its slot; nothing is reported after. Twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.reset();
    this.#isClosed = true;
    this.#wiring.closed();
  }

  /** Moves context and oldest window to `input` at `offset`; true when the state in its slot is to be cleared first. */
  take(input: Float32Array, offset: number): boolean {
    for (let i = 0; i < contextSamples; i += 1) input[offset + i] = this.#context[i]!;
    const start = this.#total - this.#waiting;
    for (let i = 0; i < sileroWindowSamples; i += 1) {
      input[offset + contextSamples + i] = this.#ring[(start + i) % ringSamples]!;
    }
    this.#keepContext();
    this.#waiting -= sileroWindowSamples;
    this.#judgingEnd = start + sileroWindowSamples;
    const fresh = this.#fresh;
    this.#fresh = false;
    return fresh;
  }

  /** The window taken last was judged. */
  judged(probability: number): void {
    this.#wiring.onProbability(probability, this.#judgingEnd);
  }

  /** The end of the oldest window becomes the context of the next. */
  #keepContext(): void {
    const end = this.#total - this.#waiting + sileroWindowSamples;
    for (let i = 0; i < contextSamples; i += 1) {
      this.#context[i] = this.#ring[(end - contextSamples + i) % ringSamples]!;
    }
  }
}
