import { createDecoder, createEncoder, type FrameDecoder, type FrameEncoder } from "../../codecs/codec.ts";
import {
  type AudioFormat,
  bytesPerMs,
  frameBytes,
  frameMs,
  frameSamples,
  sameFormat,
  silenceByte,
} from "../../codecs/format.ts";
import { Resampler } from "../../codecs/resampler.ts";
import { noiseLevel } from "./comfort-noise.ts";
import { FrameQueue } from "./frame-queue.ts";
import { swapBytes } from "./inbound-codec.ts";
import type { MediaPlan, RtpCodec } from "./media-plan.ts";
import { rtpHeaderBytes, writeRtpHeader } from "./packet.ts";
import { srtpRoomBytes } from "./srtp.ts";
import { type RtpTimestamp, rtpTimestamp, type SeqNo, seqNo } from "./wrap.ts";

/** Audio that may wait for its tick. */
export const maxAheadMs = 500;
/** An Opus frame of 20 ms at our bit rate is far smaller; no payload of ours is larger. */
const maxPayloadBytes = 1400;
/** Buffers used in turn, since a socket may hold one for a moment after the call to send. */
const bufferCount = 4;
/** Comfort noise is said again this often, in ticks. */
const noiseEveryTicks = 10;

/** Where numbers begin; random (RFC 3550 §5.1). */
export interface OutboundStart {
  readonly ssrc: number;
  readonly firstSeq: number;
  readonly firstTimestamp: number;
}

/** Takes a finished packet: the first `sizeBytes` of `bytes`, with room behind it for SRTP; valid until three more came. */
export type PacketSink = (bytes: Uint8Array, sizeBytes: number, payloadBytes: number, timestamp: RtpTimestamp) => void;

/** From frames of the inner format to packets, one tick at a time: pacing, codec, packet length, numbers, marker, silence. */
export class OutboundAudio {
  readonly counters = { packets: 0, silentFrames: 0 };
  #inner: AudioFormat;
  #queue: FrameQueue;
  #frame: Uint8Array;
  #innerPcm: Int16Array;
  readonly #sink: PacketSink;
  readonly #ssrc: number;
  readonly #buffers: Uint8Array[];
  #bufferAt = 0;
  #plan: MediaPlan;
  #codec!: RtpCodec;
  #decoder!: FrameDecoder;
  #encoder!: FrameEncoder;
  #resampler: Resampler | undefined;
  #codecPcm!: Int16Array;
  /** The inside's bytes are the wire's. */
  #isSame = false;
  /** Uint8Array: payload of packets still to be filled. */
  readonly #staged = new Uint8Array(2 * maxPayloadBytes);
  #stagedBytes = 0;
  #stagedAt: RtpTimestamp = rtpTimestamp(0);
  #seq: SeqNo;
  #mediaTimestamp: RtpTimestamp;
  #marker = true;
  #waitedTicks = 0;
  #silentTicks = 0;

  constructor(inner: AudioFormat, plan: MediaPlan, start: OutboundStart, sink: PacketSink) {
    this.#inner = inner;
    this.#queue = new FrameQueue(maxAheadMs * bytesPerMs(inner));
    this.#frame = new Uint8Array(frameBytes(inner));
    this.#innerPcm = new Int16Array(frameSamples(inner));
    this.#sink = sink;
    this.#ssrc = start.ssrc;
    this.#seq = seqNo(start.firstSeq);
    this.#mediaTimestamp = rtpTimestamp(start.firstTimestamp);
    this.#buffers = Array.from(
      { length: bufferCount },
      () => new Uint8Array(rtpHeaderBytes + maxPayloadBytes + srtpRoomBytes),
    );
    this.#plan = plan;
    this.#setCodec(plan.codecs[0]!);
  }

  /** The inside speaks another format from now on; what waits is dropped. */
  setInner(inner: AudioFormat, plan: MediaPlan): void {
    this.#inner = inner;
    this.#queue = new FrameQueue(maxAheadMs * bytesPerMs(inner));
    this.#frame = new Uint8Array(frameBytes(inner));
    this.#innerPcm = new Int16Array(frameSamples(inner));
    this.#plan = plan;
    this.#setCodec(plan.codecs[0]!);
    // The same codec goes on: this is no new talkspurt.
    this.#marker = false;
  }

  /** A re-INVITE: we send in the new first codec from the next packet on. */
  replan(plan: MediaPlan): void {
    this.#plan = plan;
    const codec = plan.codecs[0]!;
    if (codec !== this.#codec) this.#setCodec(codec);
  }

  #setCodec(codec: RtpCodec): void {
    this.#codec = codec;
    this.#stagedBytes = 0;
    this.#decoder = createDecoder(this.#inner);
    this.#encoder = createEncoder(codec.format);
    const sameRate = codec.format.sampleRateHz === this.#inner.sampleRateHz;
    this.#resampler = sameRate ? undefined : new Resampler(this.#inner.sampleRateHz, codec.format.sampleRateHz);
    this.#codecPcm = sameRate ? this.#innerPcm : new Int16Array(frameSamples(codec.format));
    this.#isSame = sameFormat(this.#inner, codec.format) && codec.format.encoding !== "l16";
    this.#marker = true;
  }

  /** What audio sent in this tick would carry. */
  get timestamp(): RtpTimestamp {
    return this.#mediaTimestamp;
  }

  /** Sent frames wait this long, in ms. */
  get aheadMs(): number {
    return this.#queue.length / bytesPerMs(this.#inner);
  }

  get clockRateHz(): number {
    return this.#codec.clockRateHz;
  }

  /** Queues audio of the inner format, any length; false: there is no room, and none of it was taken. */
  push(bytes: Uint8Array): boolean {
    return this.#queue.push(bytes);
  }

  /** Drops what waits. */
  clear(): void {
    this.#queue.clear();
  }

  /** Sends this tick's audio, or silence in its place. */
  tick(): void {
    const { length } = this.#queue;
    // Half a frame waits one tick for its other half.
    if (length >= this.#frame.length && this.#mayPass()) {
      this.#waitedTicks = 0;
      this.#silentTicks = 0;
      this.#passFrame();
    } else if (length >= this.#frame.length || (length > 0 && this.#waitedTicks++ > 0)) {
      this.#waitedTicks = 0;
      this.#silentTicks = 0;
      const taken = this.#queue.take(this.#frame, this.#frame.length);
      this.#frame.fill(silenceByte(this.#inner), taken);
      this.#sendFrame(this.#frame);
    } else {
      this.#sendSilence();
    }
    this.#advance();
  }

  /** This tick sends PCM of the codec's rate, 20 ms (tones for the far end), in place of what waits. */
  tickPcm(write: (pcm: Int16Array) => void): void {
    write(this.#codecPcm);
    this.#silentTicks = 0;
    this.#encodePcm();
    this.#advance();
  }

  /** This tick's audio is left out: a telephone event is sent, or the direction does not allow any. */
  skip(): void {
    this.#flushStaged();
    this.#marker = true;
    this.#advance();
  }

  #advance(): void {
    this.#mediaTimestamp = rtpTimestamp(this.#mediaTimestamp + (frameMs * this.#codec.clockRateHz) / 1000);
  }

  #sendSilence(): void {
    const noise = this.#plan.comfortNoise;
    this.#silentTicks++;
    if (noise === undefined || this.#codec.clockRateHz !== 8000) {
      // Something must flow, or firewalls close and the far end takes the line for dead.
      this.counters.silentFrames++;
      this.#frame.fill(silenceByte(this.#inner));
      this.#sendFrame(this.#frame);
      return;
    }
    this.#flushStaged();
    this.#marker = true;
    if (this.#silentTicks % noiseEveryTicks !== 1) return;
    this.#staged[0] = noiseLevel(this.#innerPcm, 0);
    this.sendPayload(noise, this.#staged, 1, false, this.#mediaTimestamp);
  }

  /** A packet is a frame as it is, and none is half full. */
  #mayPass(): boolean {
    return this.#isSame && this.#stagedBytes === 0 && this.#plan.ptimeMs === frameMs;
  }

  /** Sends the next frame from the queue straight into its packet. */
  #passFrame(): void {
    const out = this.#nextBuffer();
    const sizeBytes = this.#queue.take(out, this.#frame.length, rtpHeaderBytes);
    this.#sendBuffer(out, this.#codec.payloadType, sizeBytes, this.#marker, this.#mediaTimestamp);
    this.#marker = false;
  }

  #sendFrame(frame: Uint8Array): void {
    if (sameFormat(this.#inner, this.#codec.format)) {
      this.#stage(frame, frame.length);
      if (this.#codec.format.encoding === "l16")
        swapBytes(this.#staged.subarray(this.#stagedBytes - frame.length), frame.length);
      this.#sendStaged();
      return;
    }
    this.#decoder.decode(frame, this.#innerPcm);
    this.#resampler?.process(this.#innerPcm, this.#codecPcm);
    this.#encodePcm();
  }

  #encodePcm(): void {
    const { format } = this.#codec;
    if (this.#stagedBytes === 0) this.#stagedAt = this.#mediaTimestamp;
    const target = this.#stagedBytes === 0 ? this.#staged : this.#staged.subarray(this.#stagedBytes);
    const sizeBytes = this.#encoder.encode(this.#codecPcm, target);
    if (format.encoding === "l16") swapBytes(target, sizeBytes);
    this.#stagedBytes += sizeBytes;
    this.#sendStaged();
  }

  #stage(bytes: Uint8Array, sizeBytes: number): void {
    if (this.#stagedBytes === 0) this.#stagedAt = this.#mediaTimestamp;
    for (let i = 0; i < sizeBytes; i++) this.#staged[this.#stagedBytes + i] = bytes[i]!;
    this.#stagedBytes += sizeBytes;
  }

  #sendStaged(): void {
    const { format, clockRateHz, payloadType } = this.#codec;
    if (format.encoding === "opus") {
      this.#flushStaged();
      return;
    }
    const packetBytes = Math.min(maxPayloadBytes, this.#plan.ptimeMs * bytesPerMs(format));
    let sentBytes = 0;
    while (this.#stagedBytes - sentBytes >= packetBytes) {
      this.sendPayload(payloadType, this.#staged, packetBytes, this.#marker, this.#stagedAt, sentBytes);
      this.#marker = false;
      sentBytes += packetBytes;
      this.#stagedAt = rtpTimestamp(
        this.#stagedAt + Math.round((packetBytes / bytesPerMs(format)) * (clockRateHz / 1000)),
      );
    }
    this.#staged.copyWithin(0, sentBytes, this.#stagedBytes);
    this.#stagedBytes -= sentBytes;
  }

  /** Sends what is staged as it is: the last, shorter packet before silence; every packet of Opus. */
  #flushStaged(): void {
    if (this.#stagedBytes === 0) return;
    this.sendPayload(this.#codec.payloadType, this.#staged, this.#stagedBytes, this.#marker, this.#stagedAt);
    this.#marker = false;
    this.#stagedBytes = 0;
  }

  /** Sends any payload under the next number: `sizeBytes` of `payload` from `start` on. */
  sendPayload(
    payloadType: number,
    payload: Uint8Array,
    sizeBytes: number,
    marker: boolean,
    timestamp: RtpTimestamp,
    start = 0,
  ): void {
    const out = this.#nextBuffer();
    for (let i = 0; i < sizeBytes; i++) out[rtpHeaderBytes + i] = payload[start + i]!;
    this.#sendBuffer(out, payloadType, sizeBytes, marker, timestamp);
  }

  #nextBuffer(): Uint8Array {
    const out = this.#buffers[this.#bufferAt]!;
    this.#bufferAt = (this.#bufferAt + 1) % bufferCount;
    return out;
  }

  /** Sends a buffer whose payload is in its place. */
  #sendBuffer(out: Uint8Array, payloadType: number, sizeBytes: number, marker: boolean, timestamp: RtpTimestamp): void {
    writeRtpHeader(out, payloadType, marker, this.#seq, timestamp, this.#ssrc);
    this.#seq = seqNo(this.#seq + 1);
    this.counters.packets++;
    this.#sink(out, rtpHeaderBytes + sizeBytes, sizeBytes, timestamp);
  }
}
