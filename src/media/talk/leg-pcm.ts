import { createDecoder, type FrameDecoder } from "../../codecs/codec.ts";
import { type AudioFormat, frameBytes, frameMs, frameSamples } from "../../codecs/format.ts";
import { Resampler } from "../../codecs/resampler.ts";

/** Takes 20 ms (or less) as 8 kHz PCM that sounded from `at` on; the view is valid only during the call. */
export type PcmSink = (pcm: Int16Array, at: number) => void;

/** A leg's bytes as 8 kHz PCM in 20 ms pieces, for recording and detection. */
export class LegPcm {
  #format: AudioFormat;
  #frameBytes = 0;
  #decoder!: FrameDecoder;
  #down: Resampler | undefined;
  #wide!: Int16Array;
  readonly #pcm = new Int16Array(160);
  readonly #emit: PcmSink;

  constructor(format: AudioFormat, emit: PcmSink) {
    this.#format = format;
    this.#emit = emit;
    this.#setUp(format);
  }

  /** The bytes that come now are of this format. */
  follow(format: AudioFormat): void {
    if (format === this.#format) return;
    this.#format = format;
    this.#setUp(format);
  }

  #setUp(format: AudioFormat): void {
    this.#frameBytes = frameBytes(format);
    this.#decoder = createDecoder(format);
    this.#down = format.sampleRateHz === 8000 ? undefined : new Resampler(format.sampleRateHz, 8000);
    this.#wide = new Int16Array(frameSamples(format));
  }

  /** Bytes in the leg's format, any length, that sound from `at` (monotonic ms) on. */
  push(payload: Uint8Array, at: number): void {
    if (payload.length === this.#frameBytes) {
      this.#piece(payload, at);
      return;
    }
    for (let from = 0; from < payload.length; from += this.#frameBytes) {
      this.#piece(payload.subarray(from, from + this.#frameBytes), at + (from / this.#frameBytes) * frameMs);
    }
  }

  #piece(piece: Uint8Array, at: number): void {
    const samples = this.#decoder.decode(piece, this.#down ? this.#wide : this.#pcm);
    if (!this.#down) this.#emit(samples === this.#pcm.length ? this.#pcm : this.#pcm.subarray(0, samples), at);
    else this.#emit(this.#pcm.subarray(0, this.#down.process(this.#wide, this.#pcm, samples)), at);
  }
}
