import { createDecoder, createEncoder } from "../../src/codecs/codec.ts";
import { type AudioFormat, frameSamples, pcmu8k } from "../../src/codecs/format.ts";
import { type RtpPacket, rtpHeaderBytes, writeRtpHeader } from "../../src/media/rtp/packet.ts";
import { rtpTimestamp, seqNo } from "../../src/media/rtp/wrap.ts";
import { writeMark } from "./frame-mark.ts";
import type { PhoneLine } from "./media-load-protocol.ts";
import { StreamMeter } from "./stream-meter.ts";

const opus24k: AudioFormat = { encoding: "opus", sampleRateHz: 24_000 };
/** A second of sound, said again and again. */
const payloadCount = 50;
/** What is listened to, for whether it is silence. */
const keptPackets = 10;
const audible = 500;
const maxPacketSamples = 5760;
const shapes = {
  pcmu: { payloadType: 0, format: pcmu8k, ticks: 160 },
  opus: { payloadType: 111, format: opus24k, ticks: 960 },
} as const;

/** The packets' payloads of a line: something between a voice and a tone, encoded once. */
export function linePayloads({ codec }: PhoneLine): readonly Uint8Array[] {
  const { format } = shapes[codec];
  const encoder = createEncoder(format);
  const samples = frameSamples(format);
  const out = new Uint8Array(4000);
  return Array.from({ length: payloadCount }, (_, frame) => {
    const pcm = Int16Array.from({ length: samples }, (_, i) => {
      const seconds = (frame * samples + i) / format.sampleRateHz;
      const loudness = 4000 + 3000 * Math.sin(2 * Math.PI * 3 * seconds);
      return loudness * Math.sin(2 * Math.PI * 200 * seconds) + 1500 * Math.sin(2 * Math.PI * 1300 * seconds);
    });
    return out.slice(0, encoder.encode(pcm, out));
  });
}

/** One telephone in a call: its next packet, and what it makes of those that come. */
export class LoadPhone {
  readonly meter: StreamMeter;
  /** Port of the gateway's side. */
  readonly remotePort: number;
  readonly #line: PhoneLine;
  readonly #number: number;
  readonly #payloads: readonly Uint8Array[];
  readonly #datagram: Uint8Array;
  #frame = 0;
  #kept: Uint8Array[] | undefined;

  constructor(line: PhoneLine, number: number, remotePort: number, payloads: readonly Uint8Array[]) {
    this.#line = line;
    this.#number = number;
    this.remotePort = remotePort;
    this.#payloads = payloads;
    this.meter = new StreamMeter(number);
    this.#datagram = new Uint8Array(rtpHeaderBytes + Math.max(...payloads.map(({ length }) => length)));
  }

  /** Makes the next packet and returns it: a view valid until the next call. */
  next(now: number): Uint8Array {
    const { payloadType, ticks } = shapes[this.#line.codec];
    const frame = this.#frame++;
    const payload = this.#payloads[frame % this.#payloads.length]!;
    const datagram = this.#datagram;
    const timestamp = rtpTimestamp(frame * ticks);
    writeRtpHeader(datagram, payloadType, frame === 0, seqNo(frame), timestamp, this.#number + 1);
    datagram.set(payload, rtpHeaderBytes);
    if (this.#line.echo) {
      writeMark(datagram, rtpHeaderBytes, this.#number, frame);
      this.meter.sent(frame, now);
    }
    return datagram.subarray(0, rtpHeaderBytes + payload.length);
  }

  /** A packet of the gateway came. */
  heard(packet: RtpPacket, now: number): void {
    this.meter.arrived(packet.seq, now);
    if (this.#line.echo) this.meter.heard(packet.bytes, packet.payloadStart, packet.payloadEnd, now);
    const kept = this.#kept;
    if (kept && kept.length < keptPackets) kept.push(packet.bytes.slice(packet.payloadStart, packet.payloadEnd));
  }

  /** Listens to the next packets, for `hearsSomebody`. */
  listen(): void {
    this.#kept = [];
  }

  /** What it listened to was sound, not silence. */
  hearsSomebody(): boolean {
    const { format } = shapes[this.#line.codec];
    const decoder = createDecoder(format);
    const pcm = new Int16Array(maxPacketSamples);
    return (this.#kept ?? []).some((payload) => {
      const samples = decoder.decode(payload, pcm);
      return pcm.subarray(0, samples).some((sample) => Math.abs(sample) > audible);
    });
  }
}
