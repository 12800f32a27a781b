/** The media of a far end whose signalling another program does: an ear and a mouth for G.711 μ-law over RTP. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { decodeG711, encodeG711, pcmuLaw } from "../../src/codecs/g711.ts";

const headerBytes = 12;
const frameSamples = 160;
/** Payload types of PCMU and of the telephone events that our scenarios offer. */
const pcmu = 0;
const events = 101;

export interface RtpPeer {
  readonly port: number;
  /** Packets of any kind so far. */
  packets(): number;
  /** What was heard of the last one who spoke, Int16Array, mono, 8 kHz: placed by its timestamps, silent where nothing came. */
  heard(): Int16Array;
  /** The port it is spoken to from. */
  speakerPort(): number | undefined;
  /** Keys that came as telephone events, in order. */
  keys(): string;
  /** How often nothing was sent for longer than so many ms: the timestamp went on, the sequence number did not. */
  pauses(longerThanMs: number): number;
  /** Speaks once somebody is heard, to where that came from, at the speed of speech; resolves at its end. */
  say(samples: Int16Array): Promise<void>;
}

/** Opens one; closed with the test. */
export async function openRtpPeer(): Promise<RtpPeer> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  let isClosed = false;
  onTestFinished(() => {
    isClosed = true;
    socket.close();
  });
  const audio = new Map<number, Uint8Array>();
  const keys = new Map<number, string>();
  let packets = 0;
  const pauseMs: number[] = [];
  let framesSent = 0;
  let before: { seq: number; timestamp: number } | undefined;
  let ssrc: number | undefined;
  let speaker: { port: number; address: string } | undefined;
  let heardSomebody: () => void = () => undefined;
  const isThere = new Promise<void>((resolve) => {
    heardSomebody = resolve;
  });
  socket.on("message", (packet, from) => {
    if (packet.length < headerBytes || packet[0]! >> 6 !== 2) return;
    packets++;
    speaker = from;
    heardSomebody();
    const timestamp = packet.readUInt32BE(4);
    const type = packet[1]! & 0x7f;
    const seq = packet.readUInt16BE(2);
    if (packet.readUInt32BE(8) !== ssrc) {
      // Another stream, with timestamps of its own.
      ssrc = packet.readUInt32BE(8);
      audio.clear();
      before = undefined;
    }
    if (before && ((before.seq + 1) & 0xffff) === seq) {
      pauseMs.push(((timestamp - before.timestamp) | 0) / 8 - frameSamples / 8);
    }
    before = { seq, timestamp };
    if (type === pcmu) audio.set(timestamp, Uint8Array.from(packet.subarray(headerBytes)));
    if (type === events) keys.set(timestamp, "0123456789*#ABCD"[packet[headerBytes]!] ?? "?");
  });
  const inOrder = <T>(map: Map<number, T>) => {
    const first = map.keys().next().value ?? 0;
    // Signed, so that a timestamp that wraps stays in order.
    return [...map].map(([at, value]) => ({ at: (at - first) | 0, value })).sort((a, b) => a.at - b.at);
  };
  return {
    port: socket.address().port,
    packets: () => packets,
    speakerPort: () => speaker?.port,
    heard: () => {
      const found = inOrder(audio);
      const start = found[0]?.at ?? 0;
      const last = found.at(-1);
      const samples = new Int16Array(last ? last.at - start + last.value.length : 0);
      for (const { at, value } of found) {
        const pcm = new Int16Array(value.length);
        decodeG711(pcmuLaw, value, pcm);
        samples.set(pcm, at - start);
      }
      return samples;
    },
    keys: () =>
      inOrder(keys)
        .map(({ value }) => value)
        .join(""),
    pauses: (longerThanMs) => pauseMs.filter((ms) => ms > longerThanMs).length,
    say: async (samples) => {
      await isThere;
      const packet = Buffer.alloc(headerBytes + frameSamples);
      packet[0] = 0x80;
      packet.writeUInt32BE(0x1234_5678, 8);
      const frames = Math.floor(samples.length / frameSamples);
      const startedAt = performance.now();
      for (let n = 0; n < frames && !isClosed; n++) {
        packet[1] = n === 0 ? 0x80 | pcmu : pcmu;
        packet.writeUInt16BE((1000 + framesSent) & 0xffff, 2);
        packet.writeUInt32BE(framesSent * frameSamples, 4);
        framesSent++;
        encodeG711(pcmuLaw, samples.subarray(n * frameSamples), packet, frameSamples, headerBytes);
        if (speaker) socket.send(packet, speaker.port, speaker.address);
        const dueMs = startedAt + (n + 1) * 20 - performance.now();
        if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
      }
    },
  };
}
