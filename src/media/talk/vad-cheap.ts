/** What we call in libfvad's wasm module; pointers are byte offsets into its heap. */
export interface FvadModule {
  _malloc(sizeBytes: number): number;
  _fvad_new(): number;
  _fvad_free(instance: number): void;
  _fvad_reset(instance: number): void;
  _fvad_set_mode(instance: number, mode: number): number;
  _fvad_set_sample_rate(instance: number, sampleRateHz: number): number;
  /** 1 voiced, 0 not, −1 a frame length it does not take. */
  _fvad_process(instance: number, frame: number, samples: number): number;
  /** Made anew when the heap grows. */
  readonly HEAP16: Int16Array;
}

/** How eagerly the WebRTC VAD calls a frame unvoiced: 0 hardly, 3 very. */
export type CheapVadMode = 0 | 1 | 2 | 3;

/** Mild: the neural tier weeds out the noise, and a mode more eager loses soft beginnings. */
const defaultMode: CheapVadMode = 1;

/** Samples of a 20 ms frame at 8 kHz. */
const frameSamples = 160;

/** One wasm module for the process; all its VADs take turns with one buffer in its heap. */
export class Fvad {
  readonly #module: FvadModule;
  readonly #buffer: number;

  constructor(module: FvadModule) {
    this.#module = module;
    this.#buffer = module._malloc(frameSamples * 2);
    if (this.#buffer === 0) throw new Error("WebRTC VAD: out of memory");
  }

  /** A VAD for one call's caller. */
  open(mode: CheapVadMode = defaultMode): CheapVad {
    return new CheapVad(this.#module, this.#buffer, mode);
  }
}

/** The WebRTC VAD of one call: knows voiced from silent, but takes many noises for voice. About 1.4 µs a frame. */
export class CheapVad {
  readonly #module: FvadModule;
  readonly #buffer: number;
  readonly #mode: CheapVadMode;
  #instance: number;

  constructor(module: FvadModule, buffer: number, mode: CheapVadMode) {
    this.#module = module;
    this.#buffer = buffer;
    this.#mode = mode;
    this.#instance = module._fvad_new();
    if (this.#instance === 0) throw new Error("WebRTC VAD: out of memory");
    this.#setUp();
  }

  /** Whether a frame sounds voiced. `frame`: Int16Array, mono, 8 kHz, 160 samples. False after `close`. */
  voiced(frame: Int16Array): boolean {
    if (this.#instance === 0) return false;
    if (frame.length !== frameSamples) throw new Error(`WebRTC VAD: a frame has ${frameSamples} samples`);
    this.#module.HEAP16.set(frame, this.#buffer >> 1);
    return this.#module._fvad_process(this.#instance, this.#buffer, frameSamples) === 1;
  }

  /** Forgets what it learnt of the line's noise. */
  reset(): void {
    if (this.#instance === 0) return;
    this.#module._fvad_reset(this.#instance);
    this.#setUp();
  }

  /** Frees its memory. Twice is fine. */
  close(): void {
    if (this.#instance !== 0) this.#module._fvad_free(this.#instance);
    this.#instance = 0;
  }

  /** libfvad's reset also forgets mode and rate. */
  #setUp(): void {
    this.#module._fvad_set_mode(this.#instance, this.#mode);
    this.#module._fvad_set_sample_rate(this.#instance, 8000);
  }
}
