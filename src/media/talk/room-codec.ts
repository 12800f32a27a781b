import { createEncoder, type FrameEncoder } from "../../codecs/codec.ts";
import { type AudioFormat, frameBytes, frameMs, frameSamples } from "../../codecs/format.ts";
import { decodeG711, pcmaLaw, pcmuLaw } from "../../codecs/g711.ts";
import { decodeL16 } from "../../codecs/l16.ts";
import { Resampler } from "../../codecs/resampler.ts";
import type { RoomRateHz } from "./room.ts";

/** A leg's frames as a room's: 20 ms of bytes to PCM at the room's rate. */
export class ToRoom {
  readonly #format: AudioFormat;
  readonly #wide: Int16Array;
  #resampler: Resampler | undefined;

  /** A format that legs speak with the inside: G.711 or linear. */
  constructor(format: AudioFormat) {
    if (format.encoding === "opus" || format.encoding === "g722") {
      throw new Error(`A room does not speak ${format.encoding}`);
    }
    this.#format = format;
    this.#wide = new Int16Array(frameSamples(format));
  }

  setRate(rateHz: RoomRateHz): void {
    const { sampleRateHz } = this.#format;
    this.#resampler = sampleRateHz === rateHz ? undefined : new Resampler(sampleRateHz, rateHz);
  }

  /** Converts a frame of the format to a frame of the room. */
  convert(bytes: Uint8Array, out: Int16Array): void {
    const wide = this.#resampler ? this.#wide : out;
    if (this.#format.encoding === "l16") decodeL16(bytes, wide);
    else decodeG711(this.#format.encoding === "pcmu" ? pcmuLaw : pcmaLaw, bytes, wide);
    this.#resampler?.process(wide, out);
  }
}

/** A room's frames as a leg's: 20 ms of PCM at the room's rate to bytes. */
export class FromRoom {
  readonly #format: AudioFormat;
  readonly #encoder: FrameEncoder;
  readonly #wide: Int16Array;
  /** Uint8Array: one frame of the format. */
  readonly #bytes: Uint8Array;
  #silence = new Int16Array(0);
  #resampler: Resampler | undefined;

  constructor(format: AudioFormat) {
    this.#format = format;
    this.#encoder = createEncoder(format);
    this.#wide = new Int16Array(frameSamples(format));
    this.#bytes = new Uint8Array(frameBytes(format));
  }

  setRate(rateHz: RoomRateHz): void {
    const { sampleRateHz } = this.#format;
    this.#silence = new Int16Array((rateHz / 1000) * frameMs);
    this.#resampler = sampleRateHz === rateHz ? undefined : new Resampler(rateHz, sampleRateHz);
  }

  /** Converts a frame of the room, silence for none; the answer is a view valid until the next call. */
  convert(frame: Int16Array | undefined): Uint8Array {
    const heard = frame ?? this.#silence;
    this.#resampler?.process(heard, this.#wide);
    this.#encoder.encode(this.#resampler ? this.#wide : heard, this.#bytes);
    return this.#bytes;
  }
}
