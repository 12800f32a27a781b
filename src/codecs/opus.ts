import { createRequire } from "node:module";
import { frameMs, type SampleRateHz } from "./format.ts";

type OpusModule = typeof import("@discordjs/opus");

const require = createRequire(import.meta.url);
let loaded: OpusModule | undefined;

/** The native library, loaded by the first Opus call, so that nobody else depends on its binary. */
function opusModule(): OpusModule {
  loaded ??= require("@discordjs/opus") as OpusModule;
  return loaded;
}

/** Encoder CTL numbers of libopus (opus_defines.h). */
const setApplication = 4000;
const setComplexity = 4010;
const setInbandFec = 4012;
const setPacketLossPercent = 4014;
const applicationVoip = 2048;

/** Longest packet Opus allows (RFC 6716 §3.2.5). */
const maxPacketMs = 120;
/** The most the far end may send in one packet: three frames of the largest size, as the library's own buffer. */
const maxPacketBytes = 3 * 1276;

/** Length of one frame of a configuration number, in ms (RFC 6716 §3.1, table 2). */
function configFrameMs(config: number): number {
  if (config < 12) return [10, 20, 40, 60][config & 3]!;
  if (config < 16) return [10, 20][config & 1]!;
  return [2.5, 5, 10, 20][config & 3]!;
}

/** Samples a packet holds at the rate, or 0 when its first bytes are not Opus (RFC 6716 §3.1–§3.2). */
export function opusPacketSamples(packet: Uint8Array, sampleRateHz: SampleRateHz): number {
  const toc = packet[0];
  if (toc === undefined || packet.length > maxPacketBytes) return 0;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code === 3 ? (packet[1] ?? 0) & 0x3f : 2;
  const packetMs = frames * configFrameMs(toc >> 3);
  return packetMs > maxPacketMs ? 0 : (packetMs * sampleRateHz) / 1000;
}

/**
 * The TOC byte of a 20 ms packet in the same mode and bandwidth, code 0. Alone it is a frame of no bytes, which
 * libopus takes as lost and conceals for the TOC's length. An empty buffer would do too, but the binding then asks
 * for 5760 samples (720 ms at 8 kHz) and the decoder's state runs ahead of the call.
 */
function lostFrameToc(toc: number): number {
  const config = toc >> 3;
  const config20ms = config < 12 ? (config & ~3) | 1 : config < 16 ? config | 1 : config | 3;
  return (config20ms << 3) | (toc & 4);
}

/** Opus to PCM, mono; keeps the decoder's state from packet to packet. */
export class OpusDecoder {
  private readonly sampleRateHz: SampleRateHz;
  private readonly native: InstanceType<OpusModule["OpusEncoder"]>;
  private readonly lostFrame = Buffer.alloc(1);
  private started = false;

  constructor(sampleRateHz: SampleRateHz) {
    this.sampleRateHz = sampleRateHz;
    this.native = new (opusModule().OpusEncoder)(sampleRateHz, 1);
  }

  /** Decodes one packet; returns samples written, 0 when it is no Opus or holds more than `out` does. */
  decode(packet: Uint8Array, out: Int16Array): number {
    const samples = opusPacketSamples(packet, this.sampleRateHz);
    if (samples === 0 || samples > out.length) return 0;
    const written = this.run(Buffer.from(packet.buffer, packet.byteOffset, packet.length), out);
    if (written > 0) {
      this.lostFrame[0] = lostFrameToc(packet[0]!);
      this.started = true;
    }
    return written;
  }

  /** Makes up one lost frame of 20 ms from the decoder's state; returns samples written. */
  conceal(out: Int16Array): number {
    const samples = (this.sampleRateHz / 1000) * frameMs;
    if (samples > out.length) throw new Error("Opus conceal: the output is too short");
    if (this.started && this.run(this.lostFrame, out) === samples) return samples;
    out.fill(0, 0, samples);
    return samples;
  }

  private run(packet: Buffer, out: Int16Array): number {
    let pcm: Buffer;
    try {
      pcm = this.native.decode(packet);
    } catch {
      return 0;
    }
    const samples = Math.min(pcm.length >> 1, out.length);
    for (let i = 0, at = 0; i < samples; i++, at += 2) out[i] = pcm[at]! | (pcm[at + 1]! << 8);
    return samples;
  }
}

/** How Opus is encoded. */
export interface OpusEncoderOptions {
  readonly bitrateBps: number;
  /** 0 (cheap) to 10. */
  readonly complexity: number;
  /**
   * Loss the encoder prepares for with in-band FEC (RFC 6716 §2.1.7). Above 0 the encoder works in its speech modes,
   * the only ones with FEC, which at 48 kHz take twice the time.
   */
  readonly expectedLossPercent: number;
}

/** Speech over a network that loses little, at three quarters of the cost of complexity 10. */
export const defaultOpusEncoderOptions = {
  bitrateBps: 32_000,
  complexity: 5,
  expectedLossPercent: 0,
} as const satisfies OpusEncoderOptions;

/** PCM to Opus, mono, one 20 ms frame a packet. */
export class OpusEncoder {
  private readonly native: InstanceType<OpusModule["OpusEncoder"]>;
  private readonly frame: Int16Array;
  private readonly frameBytes: Buffer;

  constructor(sampleRateHz: SampleRateHz, options: Partial<OpusEncoderOptions> = {}) {
    const { bitrateBps, complexity, expectedLossPercent } = { ...defaultOpusEncoderOptions, ...options };
    this.frame = new Int16Array((sampleRateHz / 1000) * frameMs);
    this.frameBytes = Buffer.from(this.frame.buffer);
    this.native = new (opusModule().OpusEncoder)(sampleRateHz, 1);
    this.native.applyEncoderCTL(setComplexity, complexity);
    if (expectedLossPercent > 0) {
      // The binding opens the encoder for general audio; that can be changed until the first frame.
      this.native.applyEncoderCTL(setApplication, applicationVoip);
      this.native.applyEncoderCTL(setInbandFec, 1);
      this.native.applyEncoderCTL(setPacketLossPercent, expectedLossPercent);
    }
    this.native.setBitrate(bitrateBps);
  }

  /** Encodes exactly 20 ms; returns bytes written. */
  encode(pcm: Int16Array, out: Uint8Array): number {
    if (pcm.length !== this.frame.length) throw new Error(`Opus encode: expected ${this.frame.length} samples`);
    this.frame.set(pcm);
    const packet = this.native.encode(this.frameBytes);
    if (packet.length > out.length) throw new Error("Opus encode: the output is too short");
    out.set(packet);
    return packet.length;
  }
}
