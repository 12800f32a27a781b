import { RepeatAndFade } from "./concealment.ts";
import type { AudioFormat } from "./format.ts";
import { decodeG711, encodeG711, pcmaLaw, pcmuLaw } from "./g711.ts";
import { G722Decoder, G722Encoder } from "./g722.ts";
import { decodeL16, encodeL16 } from "./l16.ts";
import { OpusDecoder, OpusEncoder } from "./opus.ts";

/** Bytes to PCM, mono, in the format's own sample rate; one instance a direction of a call, since it keeps state. */
export interface FrameDecoder {
  /**
   * Decodes one payload; returns samples written, 0 when it cannot be decoded. Constant-rate payloads may have any
   * length `out` can hold; an Opus packet may hold up to 120 ms.
   */
  decode(payload: Uint8Array, out: Int16Array): number;
  /** Makes up lost audio, 20 ms unless told (Opus: always 20 ms); returns samples written. */
  conceal(out: Int16Array, samples?: number): number;
}

/** PCM to bytes, mono, from the format's own sample rate. */
export interface FrameEncoder {
  /** Encodes all of `pcm` (Opus: exactly 20 ms); returns bytes written. */
  encode(pcm: Int16Array, out: Uint8Array): number;
}

type Decode = (payload: Uint8Array, out: Int16Array) => number;

/** A constant-rate decoder whose lost audio is made up from what was heard before. */
class ConcealingDecoder implements FrameDecoder {
  private readonly decodeAll: Decode;
  private readonly samplesPerByte: number;
  private readonly concealment: RepeatAndFade;

  constructor(decodeAll: Decode, samplesPerByte: number, format: AudioFormat) {
    this.decodeAll = decodeAll;
    this.samplesPerByte = samplesPerByte;
    this.concealment = new RepeatAndFade(format.sampleRateHz);
  }

  decode(payload: Uint8Array, out: Int16Array): number {
    if (Math.floor(payload.length * this.samplesPerByte) > out.length) return 0;
    const samples = this.decodeAll(payload, out);
    this.concealment.heard(out, samples);
    return samples;
  }

  conceal(out: Int16Array, samples?: number): number {
    return this.concealment.conceal(out, samples);
  }
}

const decodePcmu: Decode = (payload, out) => decodeG711(pcmuLaw, payload, out);
const decodePcma: Decode = (payload, out) => decodeG711(pcmaLaw, payload, out);

/** A decoder of the format with its own state. */
export function createDecoder(format: AudioFormat): FrameDecoder {
  switch (format.encoding) {
    case "pcmu":
      return new ConcealingDecoder(decodePcmu, 1, format);
    case "pcma":
      return new ConcealingDecoder(decodePcma, 1, format);
    case "g722": {
      const g722 = new G722Decoder();
      return new ConcealingDecoder((payload, out) => g722.decode(payload, out), 2, format);
    }
    case "l16":
      return new ConcealingDecoder(decodeL16, 0.5, format);
    case "opus":
      return new OpusDecoder(format.sampleRateHz);
  }
}

const pcmuEncoder: FrameEncoder = { encode: (pcm, out) => encodeG711(pcmuLaw, pcm, out) };
const pcmaEncoder: FrameEncoder = { encode: (pcm, out) => encodeG711(pcmaLaw, pcm, out) };
const l16Encoder: FrameEncoder = { encode: (pcm, out) => encodeL16(pcm, out) };

/** An encoder of the format; the stateless ones are shared. */
export function createEncoder(format: AudioFormat): FrameEncoder {
  switch (format.encoding) {
    case "pcmu":
      return pcmuEncoder;
    case "pcma":
      return pcmaEncoder;
    case "g722":
      return new G722Encoder();
    case "l16":
      return l16Encoder;
    case "opus":
      return new OpusEncoder(format.sampleRateHz);
  }
}
