import { type AudioFormat, bytesPerMs, sameFormat } from "./format.ts";
import { decodeG711, encodeG711, pcmaLaw, pcmaToPcmu, pcmuLaw, pcmuToPcma } from "./g711.ts";
import { decodeL16, encodeL16 } from "./l16.ts";
import { Resampler } from "./resampler.ts";

/** Samples converted at a time; longer inputs go in pieces. */
const pieceSamples = 480;
const noBytes = new Uint8Array(0);

/**
 * Turns a run of audio bytes into another constant-rate format. Inputs have any length; the resampler's state and a
 * sample cut in two are kept for the next call. Opus and G.722 go through `codec.ts`.
 */
export class Transcoder {
  /** The formats are the same: bytes go through untouched. */
  readonly passThrough: boolean;
  private readonly from: AudioFormat;
  private readonly to: AudioFormat;
  /** Uint8Array, 256: byte to byte, between the two G.711 laws at one rate. */
  private readonly bridge: Uint8Array | undefined;
  private readonly resampler: Resampler | undefined;
  private readonly pcmIn = new Int16Array(pieceSamples);
  private readonly pcmOut: Int16Array;
  private bytes: Uint8Array = noBytes;
  /** The part of `bytes` returned last; kept, because frames mostly have one length. */
  private view: Uint8Array = noBytes;
  /** The first byte of an L16 sample whose second byte is still to come. */
  private readonly cutSample = new Uint8Array(2);
  private hasCutSample = false;

  constructor(from: AudioFormat, to: AudioFormat) {
    // Opus throws here: it has no constant rate.
    bytesPerMs(from);
    bytesPerMs(to);
    if (from.encoding === "g722" || to.encoding === "g722") throw new Error("G.722 goes through the frame codecs");
    this.from = from;
    this.to = to;
    this.passThrough = sameFormat(from, to);
    const sameRate = from.sampleRateHz === to.sampleRateHz;
    if (sameRate && from.encoding === "pcmu" && to.encoding === "pcma") this.bridge = pcmuToPcma;
    if (sameRate && from.encoding === "pcma" && to.encoding === "pcmu") this.bridge = pcmaToPcmu;
    if (!sameRate) this.resampler = new Resampler(from.sampleRateHz, to.sampleRateHz);
    this.pcmOut = this.resampler ? new Int16Array(this.resampler.maxOutput(pieceSamples)) : this.pcmIn;
  }

  /** Converts bytes; the answer is a view valid until the next call (`input` itself when passing through). */
  convert(input: Uint8Array): Uint8Array {
    if (this.passThrough || input.length === 0) return input;
    const { bridge, from } = this;
    if (bridge) {
      this.reserve(input.length);
      for (let i = 0; i < input.length; i++) this.bytes[i] = bridge[input[i]!]!;
      return this.take(input.length);
    }
    const inputBytesPerSample = from.encoding === "l16" ? 2 : 1;
    this.reserve(this.maxOutputBytes(Math.ceil((input.length + 1) / inputBytesPerSample)));
    let written = 0;
    let at = 0;
    if (this.hasCutSample) {
      this.cutSample[1] = input[0]!;
      this.hasCutSample = false;
      at = 1;
      written = this.convertPiece(this.cutSample, 0, 2, 0);
    }
    const wholeEnd = input.length - ((input.length - at) % inputBytesPerSample);
    while (at < wholeEnd) {
      const end = Math.min(wholeEnd, at + pieceSamples * inputBytesPerSample);
      written += this.convertPiece(input, at, end, written);
      at = end;
    }
    if (wholeEnd < input.length) {
      this.cutSample[0] = input[wholeEnd]!;
      this.hasCutSample = true;
    }
    return this.take(written);
  }

  /** Returns the end of what was heard, still inside the resampler's delay, and forgets the rest; same validity as `convert`. */
  flush(): Uint8Array {
    this.hasCutSample = false;
    if (!this.resampler) return noBytes;
    const tailSamples = Math.ceil((this.resampler.delayMs * this.from.sampleRateHz) / 1000);
    this.reserve(this.maxOutputBytes(tailSamples));
    this.pcmIn.fill(0, 0, tailSamples);
    const written = this.writePcm(tailSamples, 0);
    this.resampler.reset();
    return this.take(written);
  }

  private maxOutputBytes(inputSamples: number): number {
    // Each piece may round up by one sample.
    const pieces = Math.ceil(inputSamples / pieceSamples) + 1;
    const samples = this.resampler ? this.resampler.maxOutput(inputSamples) + pieces : inputSamples;
    return this.to.encoding === "l16" ? samples * 2 : samples;
  }

  /** Converts at most `pieceSamples` samples; returns bytes written. */
  private convertPiece(input: Uint8Array, start: number, end: number, outAt: number): number {
    const { pcmIn, from } = this;
    const samples =
      from.encoding === "l16"
        ? decodeL16(input, pcmIn, start, end)
        : decodeG711(from.encoding === "pcmu" ? pcmuLaw : pcmaLaw, input, pcmIn, start, end);
    return this.writePcm(samples, outAt);
  }

  private writePcm(inputSamples: number, outAt: number): number {
    const { pcmIn, pcmOut, resampler, to, bytes } = this;
    const samples = resampler ? resampler.process(pcmIn, pcmOut, inputSamples) : inputSamples;
    return to.encoding === "l16"
      ? encodeL16(pcmOut, bytes, samples, outAt)
      : encodeG711(to.encoding === "pcmu" ? pcmuLaw : pcmaLaw, pcmOut, bytes, samples, outAt);
  }

  private reserve(sizeBytes: number): void {
    if (this.bytes.length < sizeBytes) this.bytes = new Uint8Array(sizeBytes);
  }

  private take(sizeBytes: number): Uint8Array {
    if (this.view.length !== sizeBytes || this.view.buffer !== this.bytes.buffer) {
      this.view = this.bytes.subarray(0, sizeBytes);
    }
    return this.view;
  }
}
