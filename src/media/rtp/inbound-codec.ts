import { createDecoder, createEncoder, type FrameDecoder, type FrameEncoder } from "../../codecs/codec.ts";
import { type AudioFormat, bytesPerMs, frameBytes, sameFormat } from "../../codecs/format.ts";
import { Resampler } from "../../codecs/resampler.ts";
import type { RtpCodec } from "./media-plan.ts";
import { shrink, stretch } from "./time-scale.ts";

/** The longest packet, and room to stretch it. */
const maxPacketMs = 120;
const roomMs = 10;

/** How a packet is to be changed on the way: nothing, or its length (by force when far off). */
export interface Scaling {
  readonly wish: "stretch" | "shrink" | "none";
  readonly force: boolean;
}

/**
 * From one codec's payloads to bytes of the format spoken inside. Where both are the same the payload goes through, and
 * PCM is made only around a loss.
 */
export class InboundCodec {
  readonly codec: RtpCodec;
  /** What `pcm` holds after `decode` or `conceal`: Int16Array, mono, in the codec's rate. */
  readonly pcm: Int16Array;
  readonly passThrough: boolean;
  /** Bytes `convert` made; its first bytes are the answer. */
  readonly bytes: Uint8Array;
  readonly samplesPerMs: number;
  readonly #decoder: FrameDecoder;
  readonly #resampler: Resampler | undefined;
  readonly #resampled: Int16Array;
  readonly #encoder: FrameEncoder;
  /** The last two payloads that went through without being decoded: what concealment wants to have heard. */
  #older: Uint8Array | undefined;
  #newer: Uint8Array | undefined;
  #afterLoss = false;
  readonly #views = new Map<number, Int16Array>();

  constructor(codec: RtpCodec, inner: AudioFormat) {
    this.codec = codec;
    const { format } = codec;
    this.passThrough = sameFormat(format, inner) && format.encoding !== "l16";
    this.samplesPerMs = format.sampleRateHz / 1000;
    this.pcm = new Int16Array((maxPacketMs + roomMs) * this.samplesPerMs);
    this.#decoder = createDecoder(format);
    this.#encoder = createEncoder(inner);
    const sameRate = format.sampleRateHz === inner.sampleRateHz;
    this.#resampler = sameRate ? undefined : new Resampler(format.sampleRateHz, inner.sampleRateHz);
    this.#resampled = this.#resampler ? new Int16Array(this.#resampler.maxOutput(this.pcm.length)) : this.pcm;
    this.bytes = new Uint8Array((maxPacketMs + roomMs) * bytesPerMs(inner));
  }

  /** The payload may go to the inside as it is: exactly one frame, and nothing was made up just before it. */
  mayPass(payload: Uint8Array): boolean {
    return this.passThrough && !this.#afterLoss && payload.length === frameBytes(this.codec.format);
  }

  /** Remembers a payload that went through. Its bytes stay the jitter buffer's, which fills them again much later. */
  passed(payload: Uint8Array): void {
    this.#older = this.#newer;
    this.#newer = payload;
  }

  /** Decodes a payload to `pcm`; returns samples, 0 when it is none of the codec's. */
  decode(payload: Uint8Array): number {
    this.#catchUp();
    // The wire's L16 is big-endian (RFC 3551 §4.5.11); the payload is ours to change.
    if (this.codec.format.encoding === "l16") swapBytes(payload, payload.length);
    const samples = this.#decoder.decode(payload, this.pcm);
    if (samples > 0) this.#afterLoss = false;
    return samples;
  }

  /** Makes up lost audio in `pcm`; returns samples. */
  conceal(lengthMs: number): number {
    this.#catchUp();
    this.#afterLoss = true;
    const samples = Math.round(lengthMs * this.samplesPerMs);
    return Math.min(samples, this.#decoder.conceal(this.pcm, samples));
  }

  /** Changes the length of the first `samples` of `pcm`; returns the new one. */
  scale(samples: number, { wish, force }: Scaling): number {
    if (wish === "none") return samples;
    return wish === "shrink"
      ? shrink(this.pcm, samples, this.samplesPerMs, force)
      : stretch(this.pcm, samples, this.samplesPerMs, force);
  }

  /** Turns the first `samples` of `pcm` into bytes of the inner format, in `bytes`; returns how many. */
  convert(samples: number): number {
    const { pcm } = this;
    if (this.#resampler === undefined) return this.#encoder.encode(this.#view(pcm, samples), this.bytes);
    const count = this.#resampler.process(pcm, this.#resampled, samples);
    return this.#encoder.encode(this.#view(this.#resampled, count), this.bytes);
  }

  /** The decoder hears what went by without it. */
  #catchUp(): void {
    if (this.#newer === undefined) return;
    if (this.#older !== undefined) this.#decoder.decode(this.#older, this.pcm);
    this.#decoder.decode(this.#newer, this.pcm);
    this.#older = undefined;
    this.#newer = undefined;
  }

  /** The front of an array as a view; lengths are few and come again. */
  #view(samples: Int16Array, count: number): Int16Array {
    let view = this.#views.get(count);
    if (view === undefined) {
      if (this.#views.size > 64) this.#views.clear();
      view = samples.subarray(0, count);
      this.#views.set(count, view);
    }
    return view;
  }
}

/** Swaps the bytes of 16-bit samples in place. */
export function swapBytes(bytes: Uint8Array, sizeBytes: number): void {
  for (let i = 0; i + 1 < sizeBytes; i += 2) {
    const first = bytes[i]!;
    bytes[i] = bytes[i + 1]!;
    bytes[i + 1] = first;
  }
}
