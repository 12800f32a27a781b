import { describe, expect, test } from "vitest";
import { pcmu8k } from "../../../src/codecs/format.ts";
import { encodeG711, pcmuLaw } from "../../../src/codecs/g711.ts";
import type { MediaPlan } from "../../../src/media/rtp/media-plan.ts";
import { RtpStream } from "../../../src/media/rtp/rtp-stream.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

const plan: MediaPlan = {
  codecs: [{ payloadType: 0, format: pcmu8k, clockRateHz: 8000 }],
  events: [],
  comfortNoise: undefined,
  ptimeMs: 20,
  direction: "sendrecv",
  remote: { address: "192.0.2.2", port: 30_000 },
  remoteRtcp: undefined,
  rtcpMux: true,
  srtp: undefined,
  dtmfSend: "event",
  inbandDetection: false,
};

/** Moments at which something stood still, in ms of the call. */
interface Stall {
  readonly at: number;
  readonly ms: number;
}

/** When it goes on, for what wanted to happen at `at`. */
function resumed(stalls: readonly Stall[], at: number): number {
  const stall = stalls.find((one) => at > one.at && at < one.at + one.ms);
  return stall === undefined ? at : stall.at + stall.ms;
}

/** μ-law of recorded speech, repeated, in frames of 20 ms. */
function speechFrames(count: number): Uint8Array[] {
  const pcm = speech("vm-tocallnum");
  const whole = Math.floor(pcm.length / 160);
  return Array.from({ length: count }, (_, n) => {
    const at = (n % whole) * 160;
    const frame = new Uint8Array(160);
    encodeG711(pcmuLaw, pcm.subarray(at, at + 160), frame);
    return frame;
  });
}

interface Network {
  readonly sender?: readonly Stall[];
  readonly ours?: readonly Stall[];
  /** Whoever listens plays it on. */
  readonly even?: boolean;
}

/**
 * A caller speaks for `frames` frames. `sender` stalls hold packets back at the far end, which sends them in one burst;
 * `ours` hold up our process, which reads the sockets and then runs the one tick that is due.
 */
function listen(frames: number, { sender = [], ours = [], even = false }: Network) {
  const heard: Uint8Array[] = [];
  const random = new SeededRandom(1);
  const stream = new RtpStream(
    {
      inner: pcmu8k,
      plan,
      ssrc: 1,
      firstSeq: 1,
      firstTimestamp: 1,
      cname: "stalls",
      wallOffsetMs: 0,
      random: () => random.next(),
    },
    { rtp: () => {}, rtcp: () => {}, audio: (frame) => void heard.push(frame.slice()), key: () => {}, news: () => {} },
    0,
  );
  stream.bringsAll = !even;
  const said = speechFrames(frames);
  const delays: number[] = [];
  let sent = 0;
  let most = 0;
  // Ticks come 7 ms after the packets, and a tenth of a ms late.
  for (let slot = 1; slot * 20 + 7 < frames * 20 + 1000; ) {
    const now = resumed(ours, slot * 20 + 7) + 0.1;
    for (; sent < frames; sent++) {
      const arrivesAt = resumed(sender, sent * 20);
      const readAt = resumed(ours, arrivesAt);
      if (readAt > now) break;
      const bytes = new Uint8Array(172);
      bytes.set([0x80, 0, sent >> 8, sent]);
      new DataView(bytes.buffer).setUint32(4, sent * 160);
      bytes.set(said[sent]!, 12);
      stream.datagram(bytes, bytes.length, "192.0.2.2", 30_000, readAt);
    }
    const before = heard.length;
    stream.tick(now);
    if (heard.length > before) most = Math.max(most, heard.length - before);
    delays[Math.floor(now / 20)] = stream.inbound.jitter.delayMs;
    slot = Math.max(slot + 1, Math.ceil((now - 7) / 20));
  }
  return { heard, most, delays, inbound: stream.inbound };
}

describe("RTP leg, our process stalls", () => {
  test.each([15, 30, 60, 100, 200, 300, 450])(
    "for %i ms, again and again: the caller is heard as if it had not",
    (ms) => {
      // Not at 2 s, when the buffer has learned enough to shorten its first delay.
      const ours = [600, 2500, 3203, 4007, 4711, 5413, 6217, 7001].map((at) => ({ at, ms }));
      const [quiet, stalled] = [listen(400, {}), listen(400, { ours })];
      expect(stalled.inbound.jitter.counters).toEqual(quiet.inbound.jitter.counters);
      expect(stalled.inbound.counters).toEqual(quiet.inbound.counters);
      expect(Buffer.concat(stalled.heard).equals(Buffer.concat(quiet.heard))).toBe(true);
    },
  );
});

describe("RTP leg, the far end stalls and then sends what it held back at once", () => {
  test.each([30, 60, 100, 200])("for %i ms: nothing of it is left out", (ms) => {
    const { inbound, delays } = listen(400, { sender: [{ at: 3000, ms }] });
    expect(inbound.jitter.counters).toMatchObject({ played: 400, lost: 0, late: 0, dropped: 0, resyncs: 0 });
    expect(Math.max(...delays.slice(10))).toBeLessThan(200 + 60);
    expect(delays.at(-60)).toBeLessThan(Math.max(60, ms));
  });

  test.each([300, 450, 700])("for %i ms: what is more than the delay can hold is left out, and no more", (ms) => {
    const { inbound, delays } = listen(400, { sender: [{ at: 3000, ms }] });
    const { played, dropped, lost, late } = inbound.jitter.counters;
    expect({ frames: played + dropped, lost, late }).toEqual({ frames: 400, lost: 0, late: 0 });
    expect(dropped).toBeGreaterThan(0);
    expect(dropped * 20).toBeLessThanOrEqual(ms - 200);
    expect(Math.max(...delays.slice(10))).toBeLessThan(200 + 60);
  });
});
