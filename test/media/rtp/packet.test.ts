import { describe, expect, test } from "vitest";
import { datagramKind, parseRtp, RtpPacket, rtpHeaderBytes, writeRtpHeader } from "../../../src/media/rtp/packet.ts";
import {
  rtpTimestamp,
  SeqExtender,
  seqDifference,
  seqNo,
  TimestampExtender,
  timestampDifference,
} from "../../../src/media/rtp/wrap.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { hex } from "./datagrams.ts";

function parse(text: string) {
  const packet = new RtpPacket();
  return { fault: parseRtp(hex(text), packet), packet };
}

describe("RTP packet", () => {
  test("a plain header and its payload (RFC 3550 §5.1)", () => {
    const { fault, packet } = parse("80 88 ffff fffffff0 89abcdef 010203");
    expect(fault).toBeUndefined();
    expect(packet).toMatchObject({ marker: true, payloadType: 8, seq: 65535, timestamp: 0xfffffff0, ssrc: 0x89abcdef });
    expect([...packet.payload()]).toEqual([1, 2, 3]);
  });

  test("CSRCs, an extension and padding are no payload (RFC 3550 §5.1, §5.3.1)", () => {
    const { fault, packet } = parse("b2 00 0001 00000000 00000001  00000002 00000003  bede 0001 10aabbcc  0708 000003");
    expect(fault).toBeUndefined();
    expect(packet).toMatchObject({ csrcCount: 2, extensionProfile: 0xbede, extensionStart: 24, extensionEnd: 28 });
    expect([...packet.payload()]).toEqual([7, 8]);
  });

  test.each([
    ["too-short", "80 00 0001 00000000 000000"],
    ["bad-version", "40 00 0001 00000000 00000001 00"],
    ["rtcp-payload-type", "80 c8 0001 00000000 00000001 00"],
    ["bad-csrc", "8f 00 0001 00000000 00000001 00000000"],
    ["bad-extension", "90 00 0001 00000000 00000001 bede"],
    ["bad-extension", "90 00 0001 00000000 00000001 bede ffff 00000000"],
    ["bad-padding", "a0 00 0001 00000000 00000001 00"],
    ["bad-padding", "a0 00 0001 00000000 00000001 0102 09"],
  ])("%s is a value, not a throw: %s", (expected, text) => {
    expect(parse(text).fault).toBe(expected);
  });

  test("a datagram beyond an Ethernet frame is too long", () => {
    const bytes = new Uint8Array(1501);
    bytes[0] = 0x80;
    expect(parseRtp(bytes, new RtpPacket())).toBe("too-long");
  });

  test("what is written is read", () => {
    const bytes = new Uint8Array(rtpHeaderBytes + 1);
    writeRtpHeader(bytes, 101, true, seqNo(40_000), rtpTimestamp(4_000_000_000), 0xdeadbeef);
    const packet = new RtpPacket();
    expect(parseRtp(bytes, packet)).toBeUndefined();
    expect(packet).toMatchObject({ payloadType: 101, marker: true, seq: 40_000, timestamp: 4e9, ssrc: 0xdeadbeef });
  });

  test("random bytes never throw and never give a payload outside of the datagram", () => {
    const random = new SeededRandom(1);
    const packet = new RtpPacket();
    let taken = 0;
    for (let i = 0; i < 50_000; i++) {
      const bytes = Uint8Array.from({ length: random.int(0, 60) }, () => random.int(0, 255));
      if (bytes.length > 0 && random.chance(0.8)) bytes[0] = 0x80 | (bytes[0]! & 0x3f);
      if (parseRtp(bytes, packet) !== undefined) continue;
      taken++;
      expect(packet.payloadStart).toBeGreaterThanOrEqual(rtpHeaderBytes);
      expect(packet.payloadEnd).toBeLessThanOrEqual(bytes.length);
      expect(packet.payloadEnd).toBeGreaterThanOrEqual(packet.payloadStart);
    }
    expect(taken).toBeGreaterThan(1000);
  });
});

describe("a shared port (RFC 7983 §7, RFC 5761 §4)", () => {
  test.each([
    ["rtp", "80 00"],
    ["rtp", "80 e0"],
    ["rtcp", "80 c8"],
    ["rtcp", "81 cf"],
    ["stun", "00 01"],
    ["dtls", "16 fe"],
    ["unknown", "40 00"],
    ["unknown", "80"],
  ])("%s: %s", (kind, text) => {
    expect(datagramKind(hex(text))).toBe(kind);
  });
});

describe("numbers that wrap (RFC 3550 §5.1)", () => {
  test("differences go the short way round", () => {
    expect(seqDifference(seqNo(2), seqNo(65534))).toBe(4);
    expect(seqDifference(seqNo(65534), seqNo(2))).toBe(-4);
    expect(timestampDifference(rtpTimestamp(100), rtpTimestamp(2 ** 32 - 60))).toBe(160);
    expect(rtpTimestamp(2 ** 32 + 5)).toBe(5);
    expect(rtpTimestamp(-5)).toBe(2 ** 32 - 5);
  });

  test("unwrapped numbers grow across many wraps, and old ones stay old", () => {
    const seqs = new SeqExtender();
    let last = -1;
    for (let count = 65_000; count < 300_000; count += 97) {
      last = seqs.extend(seqNo(count));
      expect(last).toBe(count);
    }
    expect(seqs.extend(seqNo(last - 10))).toBe(last - 10);
    const timestamps = new TimestampExtender();
    for (let count = 2 ** 32 - 1000; count < 2 ** 32 + 1000; count += 160) {
      expect(timestamps.extend(rtpTimestamp(count))).toBe(count);
    }
  });
});
