import { describe, expect, test } from "vitest";
import { Reception } from "../../../src/media/rtp/reception.ts";
import { parseRtcp, type RtcpPacket, writeBye, writeCname, writeReport } from "../../../src/media/rtp/rtcp.ts";
import { RtcpSession } from "../../../src/media/rtp/rtcp-session.ts";
import { rtpTimestamp, seqNo } from "../../../src/media/rtp/wrap.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { hex, rtpPacket } from "./datagrams.ts";

const payload = new Uint8Array(160);

function session(ssrc: number, wallOffsetMs = 0) {
  return new RtcpSession(
    { ssrc, cname: `leg-${ssrc}`, clockRateHz: 8000, intervalMs: 5000, wallOffsetMs, random: () => 0.5 },
    0,
  );
}

function packetsOf(bytes: Uint8Array, size: number): readonly RtcpPacket[] {
  const packets = parseRtcp(bytes.subarray(0, size));
  if (typeof packets === "string") throw new Error(packets);
  return packets;
}

describe("RTCP packets (RFC 3550 §6)", () => {
  test("a compound of SR, SDES and BYE is read as it was written", () => {
    const out = new Uint8Array(200);
    const sender = {
      ntpSeconds: 4e9,
      ntpFraction: 0x80000000,
      rtpTimestamp: rtpTimestamp(160),
      packets: 7,
      octets: 900,
    };
    const block = {
      ssrc: 0xcafe,
      fractionLost: 64,
      cumulativeLost: -3,
      extendedHighestSeq: 70_000,
      jitter: 12,
      lastSr: 0xdeadbeef,
      delaySinceLastSr: 65536,
    };
    const end = writeBye(out, writeCname(out, writeReport(out, 0, 5, sender, block), 5, "abcd"), 5);
    expect(packetsOf(out, end)).toEqual([
      { type: "sender-report", ssrc: 5, sender, blocks: [block] },
      { type: "source-description", ssrc: 5, cname: "abcd" },
      { type: "bye", ssrcs: [5] },
    ]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("an SDES with a name of %i letters ends at a word (RFC 3550 §6.5)", (length) => {
    const out = new Uint8Array(100).fill(0xee);
    const end = writeCname(out, 0, 9, "x".repeat(length));
    expect(end % 4).toBe(0);
    expect(out[end - 1]).toBe(0);
    expect(packetsOf(out, end)).toEqual([{ type: "source-description", ssrc: 9, cname: "x".repeat(length) }]);
  });

  test("types we do not know are ignored, not refused (feedback, extended reports)", () => {
    expect(parseRtcp(hex("80cf0001 00000001 81cd0002 00000001 00000002"))).toEqual([
      { type: "ignored", packetType: 207 },
      { type: "ignored", packetType: 205 },
    ]);
  });

  test.each([
    ["too-short", "80c9"],
    ["bad-version", "00c90001 00000001"],
    ["bad-length", "80c9ffff 00000001"],
    ["bad-count", "9fc90001 00000001"],
    ["bad-count", "9fcb0001 00000001"],
    ["bad-length", "81ca0002 00000001 01ff6162"],
  ])("%s is a value: %s", (fault, text) => {
    expect(parseRtcp(hex(text))).toBe(fault);
  });

  test("random bytes never throw", () => {
    const random = new SeededRandom(5);
    let read = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: random.int(0, 64) }, () => random.int(0, 255));
      if (bytes.length > 4) bytes.set([0x80 | random.int(0, 3), random.int(198, 208), 0, random.int(0, 15)]);
      if (typeof parseRtcp(bytes) !== "string") read++;
    }
    expect(read).toBeGreaterThan(10);
  });
});

describe("reception (RFC 3550 §A.1, §A.3, §A.8)", () => {
  test("loss is what the numbers promise less what came, across the wrap", () => {
    const reception = new Reception(1, 8000);
    for (let i = 0; i < 100; i++) if (i % 4 !== 1) reception.packet(seqNo(65_500 + i), rtpTimestamp(i * 160), i * 20);
    expect(reception.expected).toBe(100);
    expect(reception.lost).toBe(25);
    expect(reception.extendedHighestSeq).toBe(65_599);
    expect(reception.takeBlock(0, 0)).toMatchObject({ fractionLost: 64, cumulativeLost: 25 });
    expect(reception.takeBlock(0, 0).fractionLost).toBe(0);
  });

  test("an even pace has no jitter, an uneven one the RFC's running mean", () => {
    const even = new Reception(1, 8000);
    const uneven = new Reception(1, 8000);
    for (let i = 0; i < 500; i++) {
      even.packet(seqNo(i), rtpTimestamp(2 ** 32 - 8000 + i * 160), i * 20);
      uneven.packet(seqNo(i), rtpTimestamp(2 ** 32 - 8000 + i * 160), i * 20 + (i % 2) * 10);
    }
    expect(even.jitterMs).toBeCloseTo(0, 6);
    expect(uneven.jitterMs).toBeCloseTo(10, 1);
  });

  test("a lone stray number is not counted, two in a row are a restart", () => {
    const reception = new Reception(1, 8000);
    for (let i = 0; i < 10; i++) reception.packet(seqNo(100 + i), rtpTimestamp(0), 0);
    expect(reception.packet(seqNo(30_000), rtpTimestamp(0), 0)).toBe(false);
    expect(reception.expected).toBe(10);
    expect(reception.packet(seqNo(30_001), rtpTimestamp(0), 0)).toBe(true);
    expect(reception.expected).toBe(1);
  });
});

describe("RTCP session", () => {
  test("reports come every 5 s, give or take half, the first after half of that (RFC 3550 §6.2)", () => {
    const random = new SeededRandom(2);
    const options = { ssrc: 1, cname: "c", clockRateHz: 8000, intervalMs: 5000, wallOffsetMs: 0 };
    const subject = new RtcpSession({ ...options, random: () => random.next() }, 0);
    expect(subject.deadline).toBeLessThan(3100);
    const out = new Uint8Array(512);
    let now = 0;
    const gaps: number[] = [];
    for (let i = 0; i < 1000; i++) {
      subject.report(now, out);
      gaps.push(subject.deadline - now);
      now = subject.deadline;
    }
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(2052);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6156);
    expect(new Set(gaps).size).toBeGreaterThan(900);
  });

  test("who sends writes SR, who does not RR (RFC 3550 §6.4)", () => {
    const subject = session(1);
    const out = new Uint8Array(512);
    expect(packetsOf(out, subject.report(2500, out))[0]!.type).toBe("receiver-report");
    subject.sent(160, rtpTimestamp(800), 4000);
    const [report] = packetsOf(out, subject.report(4500, out));
    expect(report).toMatchObject({ type: "sender-report", sender: { packets: 1, octets: 160, rtpTimestamp: 4800 } });
    expect(packetsOf(out, subject.report(9000, out))[0]!.type).toBe("receiver-report");
  });

  test("loss, jitter and round trip are told by the far end's report (RFC 3550 §6.4.1)", () => {
    const ours = session(1, 1_700_000_000_000);
    const theirs = session(2, 1_700_000_050_000);
    const out = new Uint8Array(512);
    for (let i = 0; i < 100; i++) {
      ours.sent(160, rtpTimestamp(i * 160), i * 20);
      if (i % 10 !== 5) theirs.received(rtpPacket(i, i * 160, payload, { ssrc: 1 }), i * 20 + 30, true);
    }
    const ourReport = out.slice(0, ours.report(2000, out));
    expect(theirs.handle(ourReport, 2030)).toBe("report");
    const theirReport = out.slice(0, theirs.report(4500, out));
    expect(ours.handle(theirReport, 4545)).toBe("report");
    const { roundTripMs, farPacketsLost, farFractionLost } = ours.statistics();
    // 30 ms there, 45 ms back; the 2470 ms in between are the far end's.
    expect(roundTripMs).toBeCloseTo(75, 0);
    expect(farPacketsLost).toBe(10);
    expect(farFractionLost).toBeCloseTo(0.1, 2);
  });

  test("a round trip that cannot be is not told", () => {
    const ours = session(1);
    const out = new Uint8Array(100);
    const block = { ssrc: 1, fractionLost: 0, cumulativeLost: 0, extendedHighestSeq: 0, jitter: 0 };
    const size = writeReport(out, 0, 2, undefined, { ...block, lastSr: 1, delaySinceLastSr: 0xffffffff });
    ours.handle(out.subarray(0, size), 1000);
    expect(ours.statistics().roundTripMs).toBeUndefined();
  });

  test("the BYE of the source we hear is told, another's is not (RFC 3550 §6.6)", () => {
    const ours = session(1);
    ours.received(rtpPacket(1, 0, payload, { ssrc: 2 }), 0, true);
    const out = new Uint8Array(512);
    expect(ours.handle(out.slice(0, session(3).bye(100, out)), 100)).toBe("report");
    expect(ours.handle(out.slice(0, session(2).bye(100, out)), 100)).toBe("bye");
  });
});
