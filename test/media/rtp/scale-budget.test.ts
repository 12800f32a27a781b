import { describe, expect, test } from "vitest";
import { pcmu8k } from "../../../src/codecs/format.ts";
import type { MediaPlan } from "../../../src/media/rtp/media-plan.ts";
import { rtpHeaderBytes, writeRtpHeader } from "../../../src/media/rtp/packet.ts";
import { RtpStream } from "../../../src/media/rtp/rtp-stream.ts";
import { ScaleBudget } from "../../../src/media/rtp/scale-budget.ts";
import { rtpTimestamp, seqNo } from "../../../src/media/rtp/wrap.ts";

const far = { address: "192.0.2.2", port: 30_000 };
const plan: MediaPlan = {
  codecs: [{ payloadType: 0, format: pcmu8k, clockRateHz: 8000 }],
  events: [],
  comfortNoise: undefined,
  ptimeMs: 20,
  direction: "sendrecv",
  remote: far,
  remoteRtcp: undefined,
  rtcpMux: true,
  srtp: undefined,
  dtmfSend: "event",
  inbandDetection: false,
};

/** Ten streams of silence, and a stall of ours of 100 ms after a second; frames made shorter in each tick from there on. */
function shortenedAfterStall(budget: ScaleBudget): number[] {
  const options = { inner: pcmu8k, plan, ssrc: 1, firstSeq: 1, firstTimestamp: 1, cname: "c", wallOffsetMs: 0 };
  const sink = { rtp: () => {}, rtcp: () => {}, audio: () => {}, key: () => {}, news: () => {} };
  const streams = Array.from({ length: 10 }, (_, i) => {
    return new RtpStream({ ...options, random: () => i / 1000, scaleBudget: budget }, sink, 0);
  });
  const datagram = new Uint8Array(rtpHeaderBytes + 160).fill(0xff);
  const shortened: number[] = [];
  for (let n = 0; n < 300; n++) {
    const now = n * 20;
    writeRtpHeader(datagram, 0, false, seqNo(n), rtpTimestamp(n * 160), 7);
    for (const stream of streams) stream.datagram(datagram, datagram.length, far.address, far.port, now);
    if (n >= 50 && n < 55) continue;
    budget.refill();
    const before = streams.reduce((sum, { inbound }) => sum + inbound.counters.shrunk, 0);
    for (const stream of streams) stream.tick(now);
    shortened.push(streams.reduce((sum, { inbound }) => sum + inbound.counters.shrunk, 0) - before);
  }
  return shortened;
}

describe("scale budget", () => {
  test("scale budget: no more frames are made shorter in one tick than it allows, yet all streams get there", () => {
    const tight = shortenedAfterStall(new ScaleBudget(1));
    expect(Math.max(...tight)).toBe(1);
    const wide = shortenedAfterStall(new ScaleBudget(100));
    expect(Math.max(...wide)).toBeGreaterThan(1);
    const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
    expect(sum(tight)).toBeGreaterThanOrEqual(sum(wide) * 0.8);
  });

  test("scale budget: is there again with each tick", () => {
    const budget = new ScaleBudget(2);
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    budget.refill();
    expect(budget.take()).toBe(true);
  });
});
