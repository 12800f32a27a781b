import { createEncoder, type FrameEncoder } from "../../codecs/codec.ts";
import { type AudioFormat, bytesPerMs, frameBytes, frameMs, frameSamples, silenceByte } from "../../codecs/format.ts";
import { ComfortNoise, parseComfortNoise } from "./comfort-noise.ts";
import { defaultDelayOptions } from "./delay-estimate.ts";
import { FrameQueue } from "./frame-queue.ts";
import { InbandDtmfDetector } from "./inband-dtmf.ts";
import { InboundCodec, type Scaling } from "./inbound-codec.ts";
import { JitterBuffer, type JitterScale } from "./jitter-buffer.ts";
import type { JitterSlot } from "./jitter-slot.ts";
import { type MediaPlan, payloadTicks, type RtpCodec } from "./media-plan.ts";
import type { RtpPacket } from "./packet.ts";
import type { ScaleBudget } from "./scale-budget.ts";

/** Decoded audio waiting for its tick at most: a 120 ms packet on top of a frame. */
const queueMs = 200;
/** Further off than this, audio is scaled even where a seam might be heard. */
const forceBeyondMs = 40;

/** What became of a packet. `unknown`: its payload type was not agreed on; `unreadable`: its payload is none of the codec's. */
export type InboundVerdict = "taken" | "dropped" | "unknown" | "unreadable";

/** What an inbound side is given besides its formats. */
export interface InboundParts {
  /** Any random whole number. */
  readonly seed: number;
  /** Hears of keys found in the audio. */
  readonly onInbandKey: (key: string) => void;
  readonly scaleBudget: ScaleBudget | undefined;
}

/** From packets to one frame of the inner format each tick: order, loss, comfort noise, length, codec. */
export class InboundAudio {
  readonly jitter: JitterBuffer;
  /** Frames made up, of lost packets or of noise. */
  readonly counters = { concealed: 0, noise: 0, stretched: 0, shrunk: 0, unreadable: 0 };
  #inner: AudioFormat;
  #queue: FrameQueue;
  /** Uint8Array: one frame of the inner format. */
  #frame: Uint8Array;
  #frameBytes: number;
  readonly #noise: ComfortNoise;
  #noisePcm: Int16Array;
  #noiseBytes: Uint8Array;
  #encoder: FrameEncoder;
  readonly #codecs = new Map<RtpCodec, InboundCodec>();
  readonly #onInbandKey: (key: string) => void;
  readonly #scaleBudget: ScaleBudget | undefined;
  #plan: MediaPlan;
  #current: InboundCodec;
  #noisy = false;
  #detector: InbandDtmfDetector | undefined;
  #scaling = { wish: "none", force: false } as { -readonly [K in keyof Scaling]: Scaling[K] };

  /** `inner` has a constant rate. */
  constructor(inner: AudioFormat, plan: MediaPlan, { seed, onInbandKey, scaleBudget }: InboundParts) {
    this.#inner = inner;
    this.#frameBytes = frameBytes(inner);
    this.#queue = new FrameQueue(queueMs * bytesPerMs(inner));
    this.#frame = new Uint8Array(this.#frameBytes);
    this.#noise = new ComfortNoise(seed);
    this.#noisePcm = new Int16Array(frameSamples(inner));
    this.#noiseBytes = new Uint8Array(this.#frameBytes);
    this.#encoder = createEncoder(inner);
    this.#onInbandKey = onInbandKey;
    this.#scaleBudget = scaleBudget;
    this.#plan = plan;
    this.#current = this.#codec(plan.codecs[0]!);
    this.jitter = new JitterBuffer(this.#current.codec.clockRateHz, defaultDelayOptions, seed);
    this.replan(plan);
  }

  /** The inside speaks another format from now on; packets that wait are decoded to that. */
  setInner(inner: AudioFormat, plan: MediaPlan): void {
    const { payloadType } = this.#current.codec;
    this.#inner = inner;
    this.#frameBytes = frameBytes(inner);
    this.#queue = new FrameQueue(queueMs * bytesPerMs(inner));
    this.#frame = new Uint8Array(this.#frameBytes);
    this.#noisePcm = new Int16Array(frameSamples(inner));
    this.#noiseBytes = new Uint8Array(this.#frameBytes);
    this.#encoder = createEncoder(inner);
    this.#codecs.clear();
    this.#plan = plan;
    this.#current = this.#codec(this.#codecOf(payloadType) ?? plan.codecs[0]!);
    this.#detector = undefined;
  }

  /** A re-INVITE: other payload types, perhaps the same codecs. What waits in the old ones is played if it still can. */
  replan(plan: MediaPlan): void {
    this.#plan = plan;
    for (const codec of this.#codecs.keys()) if (!plan.codecs.includes(codec)) this.#codecs.delete(codec);
    if (!plan.inbandDetection) this.#detector = undefined;
  }

  /** Takes a packet in that is no telephone event; it came between `readyAt` and `now`. */
  push(packet: RtpPacket, now: number, readyAt = now): InboundVerdict {
    const { payloadType, bytes, payloadStart, payloadEnd } = packet;
    if (payloadType === this.#plan.comfortNoise) {
      return this.#buffer(packet, (frameMs * this.#current.codec.clockRateHz) / 1000, now, true, readyAt);
    }
    const codec = this.#codecOf(payloadType);
    if (codec === undefined) return "unknown";
    const ticks = payloadTicks(codec, bytes, payloadStart, payloadEnd);
    if (ticks === 0) {
      this.counters.unreadable++;
      return "unreadable";
    }
    this.jitter.setClockRate(codec.clockRateHz);
    return this.#buffer(packet, ticks, now, false, readyAt);
  }

  #buffer(packet: RtpPacket, ticks: number, now: number, pauses: boolean, readyAt: number): InboundVerdict {
    return this.jitter.push(packet, ticks, now, pauses, readyAt) === "buffered" ? "taken" : "dropped";
  }

  /** A telephone event has its number in the same row. */
  pushEvent(packet: RtpPacket, now: number): void {
    this.jitter.push(packet, 0, now);
  }

  /** The frame due at `now`; a view valid until the next call. */
  tick(now: number): Uint8Array {
    while (this.#queue.length < this.#frameBytes) {
      const pulled = this.jitter.pull(now);
      if (pulled === "frame") {
        const whole = this.#play(this.jitter.unit, now);
        if (whole !== undefined) return whole;
      } else if (pulled === "lost") {
        this.#conceal(this.jitter.durationTicks);
      } else {
        this.#fillWithNoise();
      }
    }
    this.#queue.take(this.#frame, this.#frameBytes);
    return this.#frame;
  }

  /** Plays a packet into the queue, or answers with its payload where that already is the frame. */
  #play(unit: JitterSlot, now: number): Uint8Array | undefined {
    if (unit.payloadType === this.#plan.comfortNoise) {
      this.#noise.setLevel(parseComfortNoise(unit.payload) ?? 127);
      this.#noisy = true;
      this.#fillWithNoise();
      return undefined;
    }
    const codec = this.#codecOf(unit.payloadType);
    // Buffered before a re-INVITE that took its type away.
    if (codec === undefined) return this.#fillWithNoise();
    if (codec !== this.#current.codec) {
      this.#current = this.#codec(codec);
      this.#detector = undefined;
    }
    this.#noisy = false;
    const current = this.#current;
    const wish = this.#grantedWish();
    const plain = wish === "none" && !this.#plan.inbandDetection && current.mayPass(unit.payload);
    if (plain) {
      current.passed(unit.payload);
      if (this.#queue.length === 0) return unit.payload;
      this.#queue.push(unit.payload);
      return undefined;
    }
    const samples = current.decode(unit.payload);
    if (samples === 0) {
      this.counters.unreadable++;
      this.#conceal(unit.durationTicks);
      return undefined;
    }
    if (this.#plan.inbandDetection) this.#detect(current, samples);
    this.#scaling.wish = wish;
    this.#scaling.force = Math.abs(this.jitter.targetMs - this.jitter.delayMs) > forceBeyondMs;
    const scaled = current.scale(samples, this.#scaling);
    if (scaled !== samples) {
      this.jitter.scaled(now);
      this.counters[scaled > samples ? "stretched" : "shrunk"]++;
    }
    this.#queue.push(current.bytes, current.convert(scaled));
    return undefined;
  }

  #grantedWish(): JitterScale {
    const { scale } = this.jitter;
    return scale === "none" || !this.#scaleBudget || this.#scaleBudget.take() ? scale : "none";
  }

  #conceal(ticks: number): void {
    const current = this.#current;
    const samples = current.conceal(Math.min(frameMs, (ticks * 1000) / current.codec.clockRateHz));
    this.counters.concealed++;
    this.#queue.push(current.bytes, current.convert(samples));
  }

  /** Fills what this tick's frame still needs. */
  #fillWithNoise(): undefined {
    const sizeBytes = this.#frameBytes - this.#queue.length;
    if (sizeBytes <= 0) return undefined;
    if (this.#noisy) {
      this.#noise.fill(this.#noisePcm, this.#noisePcm.length);
      this.#encoder.encode(this.#noisePcm, this.#noiseBytes);
      this.counters.noise++;
    } else {
      this.#noiseBytes.fill(silenceByte(this.#inner));
    }
    this.#queue.push(this.#noiseBytes, sizeBytes);
    return undefined;
  }

  #detect(current: InboundCodec, samples: number): void {
    this.#detector ??= new InbandDtmfDetector(current.codec.format.sampleRateHz);
    const key = this.#detector.detect(current.pcm, samples);
    if (key !== "") this.#onInbandKey(key);
  }

  #codecOf(payloadType: number): RtpCodec | undefined {
    const { codecs } = this.#plan;
    for (let i = 0; i < codecs.length; i++) if (codecs[i]!.payloadType === payloadType) return codecs[i];
    return undefined;
  }

  #codec(codec: RtpCodec): InboundCodec {
    let made = this.#codecs.get(codec);
    if (made === undefined) {
      made = new InboundCodec(codec, this.#inner);
      this.#codecs.set(codec, made);
    }
    return made;
  }
}
