import { read32, write32 } from "./packet.ts";
import type { RtpTimestamp } from "./wrap.ts";

/*
 * RTCP packets of one compound (RFC 3550 §6.4–§6.6), each   |V=2|P| count |  packet type  | length in words − 1 |
 *
 *   SR 200    sender SSRC, NTP seconds, NTP fraction, RTP timestamp, packets, octets, then `count` report blocks
 *   RR 201    reporter SSRC, then `count` report blocks
 *   block     SSRC, fraction lost:8, cumulative lost:24 signed, extended highest seq, jitter, LSR, DLSR
 *   SDES 202  `count` chunks: SSRC, items (type:8, length:8, text), 0, padded to a word
 *   BYE 203   `count` SSRCs, then a reason (length:8, text) if there is room
 */

/** Packet types (RFC 3550 §12.1). */
const senderReportType = 200;
const receiverReportType = 201;
const sourceDescriptionType = 202;
const byeType = 203;
const cnameItem = 1;

/** Sizes we write: a report about one source, and the most a compound of ours takes. */
export const maxRtcpBytes = 512;
const blockBytes = 24;
/** A compound with more packets than this is nobody's report. */
const maxPackets = 32;

/** One report block: what the far end heard of one source (RFC 3550 §6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Loss since the last report, 0 … 255 of 256. */
  readonly fractionLost: number;
  readonly cumulativeLost: number;
  readonly extendedHighestSeq: number;
  /** In clock-rate units. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last SR, 0 when there was none. */
  readonly lastSr: number;
  /** Since that SR, in 1/65536 s. */
  readonly delaySinceLastSr: number;
}

/** What a sender says of itself in an SR. */
export interface SenderInfo {
  readonly ntpSeconds: number;
  readonly ntpFraction: number;
  readonly rtpTimestamp: RtpTimestamp;
  readonly packets: number;
  readonly octets: number;
}

/** One packet of a compound. */
export type RtcpPacket =
  | {
      readonly type: "sender-report";
      readonly ssrc: number;
      readonly sender: SenderInfo;
      readonly blocks: readonly ReportBlock[];
    }
  | { readonly type: "receiver-report"; readonly ssrc: number; readonly blocks: readonly ReportBlock[] }
  | { readonly type: "source-description"; readonly ssrc: number; readonly cname: string }
  | { readonly type: "bye"; readonly ssrcs: readonly number[] }
  | { readonly type: "ignored"; readonly packetType: number };

/** What is wrong with bytes that should be a compound. */
export type RtcpFault = "too-short" | "bad-version" | "bad-length" | "bad-count" | "too-many";

/** Reads a compound (or, as RFC 5506 allows, a lone packet). */
export function parseRtcp(bytes: Uint8Array): readonly RtcpPacket[] | RtcpFault {
  if (bytes.length < 8) return "too-short";
  const packets: RtcpPacket[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (packets.length === maxPackets) return "too-many";
    if (at + 4 > bytes.length) return "bad-length";
    if (bytes[at]! >> 6 !== 2) return "bad-version";
    const end = at + (((bytes[at + 2]! << 8) | bytes[at + 3]!) + 1) * 4;
    if (end > bytes.length) return "bad-length";
    const packet = parsePacket(bytes, at, end);
    if (typeof packet === "string") return packet;
    packets.push(packet);
    at = end;
  }
  return packets;
}

function parsePacket(bytes: Uint8Array, at: number, end: number): RtcpPacket | RtcpFault {
  const count = bytes[at]! & 0x1f;
  const packetType = bytes[at + 1]!;
  switch (packetType) {
    case senderReportType: {
      if (at + 28 + count * blockBytes > end) return "bad-count";
      return {
        type: "sender-report",
        ssrc: read32(bytes, at + 4),
        sender: {
          ntpSeconds: read32(bytes, at + 8),
          ntpFraction: read32(bytes, at + 12),
          rtpTimestamp: read32(bytes, at + 16) as RtpTimestamp,
          packets: read32(bytes, at + 20),
          octets: read32(bytes, at + 24),
        },
        blocks: parseBlocks(bytes, at + 28, count),
      };
    }
    case receiverReportType:
      if (at + 8 + count * blockBytes > end) return "bad-count";
      return { type: "receiver-report", ssrc: read32(bytes, at + 4), blocks: parseBlocks(bytes, at + 8, count) };
    case sourceDescriptionType:
      return parseSourceDescription(bytes, at + 4, end, count);
    case byeType: {
      if (at + 4 + count * 4 > end) return "bad-count";
      return { type: "bye", ssrcs: Array.from({ length: count }, (_, i) => read32(bytes, at + 4 + i * 4)) };
    }
    default:
      return { type: "ignored", packetType };
  }
}

function parseBlocks(bytes: Uint8Array, start: number, count: number): ReportBlock[] {
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * blockBytes;
    return {
      ssrc: read32(bytes, at),
      fractionLost: bytes[at + 4]!,
      // 24 bits, signed: duplicates can make it negative.
      cumulativeLost: (read32(bytes, at + 4) << 8) >> 8,
      extendedHighestSeq: read32(bytes, at + 8),
      jitter: read32(bytes, at + 12),
      lastSr: read32(bytes, at + 16),
      delaySinceLastSr: read32(bytes, at + 20),
    };
  });
}

/** Only the first chunk matters to a leg of one source. */
function parseSourceDescription(bytes: Uint8Array, start: number, end: number, count: number): RtcpPacket | RtcpFault {
  if (count === 0) return { type: "ignored", packetType: sourceDescriptionType };
  if (start + 4 > end) return "bad-count";
  for (let at = start + 4; at < end && bytes[at] !== 0; ) {
    const itemEnd = at + 2 + (bytes[at + 1] ?? 0);
    if (itemEnd > end) return "bad-length";
    if (bytes[at] === cnameItem) {
      const cname = new TextDecoder().decode(bytes.subarray(at + 2, itemEnd));
      return { type: "source-description", ssrc: read32(bytes, start), cname };
    }
    at = itemEnd;
  }
  return { type: "source-description", ssrc: read32(bytes, start), cname: "" };
}

/** Writes an SR (with `sender`) or an RR, at most one block, at `at`; returns where it ends. */
export function writeReport(
  out: Uint8Array,
  at: number,
  ssrc: number,
  sender: SenderInfo | undefined,
  block: ReportBlock | undefined,
): number {
  let end = at + 8;
  write32(out, at + 4, ssrc);
  if (sender) {
    write32(out, at + 8, sender.ntpSeconds);
    write32(out, at + 12, sender.ntpFraction);
    write32(out, at + 16, sender.rtpTimestamp);
    write32(out, at + 20, sender.packets);
    write32(out, at + 24, sender.octets);
    end = at + 28;
  }
  if (block) {
    write32(out, end, block.ssrc);
    write32(out, end + 4, block.cumulativeLost);
    out[end + 4] = block.fractionLost;
    write32(out, end + 8, block.extendedHighestSeq);
    write32(out, end + 12, block.jitter);
    write32(out, end + 16, block.lastSr);
    write32(out, end + 20, block.delaySinceLastSr);
    end += blockBytes;
  }
  writeHead(out, at, end, block ? 1 : 0, sender ? senderReportType : receiverReportType);
  return end;
}

/** Writes an SDES with a CNAME of ASCII text, cut to 255 bytes (RFC 3550 §6.5.1); returns where it ends. */
export function writeCname(out: Uint8Array, at: number, ssrc: number, cname: string): number {
  const length = Math.min(cname.length, 255);
  write32(out, at + 4, ssrc);
  out[at + 8] = cnameItem;
  out[at + 9] = length;
  for (let i = 0; i < length; i++) out[at + 10 + i] = cname.charCodeAt(i) & 0x7f;
  // At least one zero ends the list of items.
  const end = at + ((10 + length) & ~3) + 4;
  out.fill(0, at + 10 + length, end);
  writeHead(out, at, end, 1, sourceDescriptionType);
  return end;
}

/** Writes a BYE of one source (RFC 3550 §6.6); returns where it ends. */
export function writeBye(out: Uint8Array, at: number, ssrc: number): number {
  write32(out, at + 4, ssrc);
  writeHead(out, at, at + 8, 1, byeType);
  return at + 8;
}

function writeHead(out: Uint8Array, at: number, end: number, count: number, packetType: number): void {
  const words = (end - at) / 4 - 1;
  out[at] = 0x80 | count;
  out[at + 1] = packetType;
  out[at + 2] = words >> 8;
  out[at + 3] = words;
}
