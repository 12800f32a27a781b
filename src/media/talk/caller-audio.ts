import { createDecoder, type FrameDecoder } from "../../codecs/codec.ts";
import { type AudioFormat, frameBytes, frameSamples } from "../../codecs/format.ts";
import { Resampler } from "../../codecs/resampler.ts";
import { Transcoder } from "../../codecs/transcoder.ts";
import { Framer } from "./framer.ts";

/** Who is given the caller's audio, frame by frame. Views are valid only during the call. */
export interface CallerAudioSink {
  /** 20 ms in the format the AI session wants; the leg's own bytes where both speak the same. */
  forAi(frame: Uint8Array): void;
  /** The same 20 ms as 8 kHz PCM, for detection and recording. */
  pcm(frame: Int16Array): void;
}

/** Takes the caller's bytes in the leg's format apart into frames, and gives each listener its own encoding of them. */
export class CallerAudio {
  readonly #framer: Framer;
  readonly #aiFramer: Framer;
  readonly #transcoder: Transcoder;
  readonly #decoder: FrameDecoder;
  readonly #down: Resampler | undefined;
  readonly #wide: Int16Array;
  readonly #pcm = new Int16Array(160);
  readonly #sink: CallerAudioSink;
  // Made once: no closure a frame.
  readonly #onFrame = (frame: Uint8Array): void => this.#frame(frame);
  readonly #onAiFrame = (frame: Uint8Array): void => this.#sink.forAi(frame);

  constructor(leg: AudioFormat, ai: AudioFormat, sink: CallerAudioSink) {
    this.#framer = new Framer(frameBytes(leg));
    this.#aiFramer = new Framer(frameBytes(ai));
    this.#transcoder = new Transcoder(leg, ai);
    this.#decoder = createDecoder(leg);
    this.#down = leg.sampleRateHz === 8000 ? undefined : new Resampler(leg.sampleRateHz, 8000);
    this.#wide = new Int16Array(frameSamples(leg));
    this.#sink = sink;
  }

  /** Caller bytes in the leg's format, any length. */
  push(payload: Uint8Array): void {
    this.#framer.push(payload, this.#onFrame);
  }

  #frame(frame: Uint8Array): void {
    // The model first: what it hears must not wait for our own ears.
    if (this.#transcoder.passThrough) this.#sink.forAi(frame);
    else this.#aiFramer.push(this.#transcoder.convert(frame), this.#onAiFrame);
    if (this.#down) {
      this.#decoder.decode(frame, this.#wide);
      this.#down.process(this.#wide, this.#pcm);
    } else this.#decoder.decode(frame, this.#pcm);
    this.#sink.pcm(this.#pcm);
  }
}
