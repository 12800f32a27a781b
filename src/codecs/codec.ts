import { RepeatAndFade } from "./concealment.ts";
import type { AudioFormat } from "./format.ts";
import { decodeG711, encodeG711, type G711Law, pcmaLaw, pcmuLaw } from "./g711.ts";
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

class G711Decoder implements FrameDecoder {
  private readonly law: G711Law;
  private readonly concealment: RepeatAndFade;

  constructor(law: G711Law, format: AudioFormat) {
    this.law = law;
    this.concealment = new RepeatAndFade(format.sampleRateHz);
  }

  decode(payload: Uint8Array, out: Int16Array): number {
    if (payload.length > out.length) return 0;
    const samples = decodeG711(this.law, payload, out);
    this.concealment.heard(out, samples);
    return samples;
  }

  conceal(out: Int16Array, samples?: number): number {
    return this.concealment.conceal(out, samples);
  }
}

class G722FrameDecoder implements FrameDecoder {
  private readonly g722 = new G722Decoder();
  private readonly concealment: RepeatAndFade;

  constructor(format: AudioFormat) {
    this.concealment = new RepeatAndFade(format.sampleRateHz);
  }

  decode(payload: Uint8Array, out: Int16Array): number {
    if (payload.length * 2 > out.length) return 0;
    const samples = this.g722.decode(payload, out);
    this.concealment.heard(out, samples);
    return samples;
  }

  conceal(out: Int16Array, samples?: number): number {
    return this.concealment.conceal(out, samples);
  }
}

class L16Decoder implements FrameDecoder {
  private readonly concealment: RepeatAndFade;

  constructor(format: AudioFormat) {
    this.concealment = new RepeatAndFade(format.sampleRateHz);
  }

  decode(payload: Uint8Array, out: Int16Array): number {
    if (payload.length >> 1 > out.length) return 0;
    const samples = decodeL16(payload, out);
    this.concealment.heard(out, samples);
    return samples;
  }

  conceal(out: Int16Array, samples?: number): number {
    return this.concealment.conceal(out, samples);
  }
}

/** A decoder of the format with its own state. */
export function createDecoder(format: AudioFormat): FrameDecoder {
  switch (format.encoding) {
    case "pcmu":
      return new G711Decoder(pcmuLaw, format);
    case "pcma":
      return new G711Decoder(pcmaLaw, format);
    case "g722":
      return new G722FrameDecoder(format);
    case "l16":
      return new L16Decoder(format);
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
