import { type RtpTimestamp, rtpTimestamp, type SeqNo, seqNo } from "./wrap.ts";

/*
 * RTP fixed header (RFC 3550 §5.1), network byte order:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *   |                           timestamp                           |
 *   |                             SSRC                              |
 *   |                  CSRC, CC times (0 … 15)                      |
 *   |   profile, if X               |   length in 32-bit words      |  then the words
 *   |   payload …                        padding … padding length, if P
 */

/** Size of the header we write: no CSRC, no extension. */
export const rtpHeaderBytes = 12;
/** The largest datagram that is looked at; what fits an Ethernet frame. */
export const maxRtpBytes = 1500;

/** What is wrong with bytes that should be an RTP packet. */
export type RtpFault =
  | "too-short"
  | "too-long"
  | "bad-version"
  | "rtcp-payload-type"
  | "bad-csrc"
  | "bad-extension"
  | "bad-padding";

const noBytes = new Uint8Array(0);

/** One parsed packet, made once and filled again and again; `bytes` is the datagram itself and is not copied. */
export class RtpPacket {
  bytes: Uint8Array = noBytes;
  marker = false;
  payloadType = 0;
  seq: SeqNo = seqNo(0);
  timestamp: RtpTimestamp = rtpTimestamp(0);
  ssrc = 0;
  csrcCount = 0;
  /** Profile-defined 16 bits of the header extension, −1 when there is none (RFC 3550 §5.3.1). */
  extensionProfile = -1;
  extensionStart = 0;
  extensionEnd = 0;
  /** The payload is `bytes` from `payloadStart` to `payloadEnd`, padding left out. */
  payloadStart = 0;
  payloadEnd = 0;

  /** The payload as a view; allocates, so not for every packet. */
  payload(): Uint8Array {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd);
  }
}

/** Reads the first `size` bytes into `packet`; what is wrong, or undefined. After a fault `packet` means nothing. */
export function parseRtp(bytes: Uint8Array, packet: RtpPacket, size: number = bytes.length): RtpFault | undefined {
  if (size < rtpHeaderBytes) return "too-short";
  if (size > maxRtpBytes) return "too-long";
  const first = bytes[0]!;
  if (first >> 6 !== 2) return "bad-version";
  const second = bytes[1]!;
  if (second >= 192 && second <= 223) return "rtcp-payload-type";
  packet.bytes = bytes;
  packet.marker = (second & 0x80) !== 0;
  packet.payloadType = second & 0x7f;
  packet.seq = ((bytes[2]! << 8) | bytes[3]!) as SeqNo;
  packet.timestamp = read32(bytes, 4) as RtpTimestamp;
  packet.ssrc = read32(bytes, 8);
  packet.csrcCount = first & 0x0f;
  let start = rtpHeaderBytes + packet.csrcCount * 4;
  if (start > size) return "bad-csrc";
  packet.extensionProfile = -1;
  if ((first & 0x10) !== 0) {
    if (start + 4 > size) return "bad-extension";
    packet.extensionProfile = (bytes[start]! << 8) | bytes[start + 1]!;
    packet.extensionStart = start + 4;
    packet.extensionEnd = start + 4 + ((bytes[start + 2]! << 8) | bytes[start + 3]!) * 4;
    start = packet.extensionEnd;
    if (start > size) return "bad-extension";
  }
  let end = size;
  if ((first & 0x20) !== 0) {
    const paddingBytes = bytes[size - 1]!;
    if (paddingBytes === 0 || paddingBytes > size - start) return "bad-padding";
    end -= paddingBytes;
  }
  packet.payloadStart = start;
  packet.payloadEnd = end;
  return undefined;
}

/** Writes a plain header to the front of `out`; the payload follows at `rtpHeaderBytes`. */
export function writeRtpHeader(
  out: Uint8Array,
  payloadType: number,
  marker: boolean,
  seq: SeqNo,
  timestamp: RtpTimestamp,
  ssrc: number,
): void {
  out[0] = 0x80;
  out[1] = (marker ? 0x80 : 0) | payloadType;
  out[2] = seq >> 8;
  out[3] = seq;
  write32(out, 4, timestamp);
  write32(out, 8, ssrc);
}

/** Unsigned 32 bits at `at`, network byte order. */
export function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Writes the low 32 bits of `value` at `at`, network byte order. */
export function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** What a datagram on a shared port is, by its first two bytes (RFC 7983 §7, RFC 5761 §4). */
export type DatagramKind = "rtp" | "rtcp" | "stun" | "dtls" | "unknown";

/** Tells RTP from RTCP (rtcp-mux) and from what WebRTC puts on the same port. */
export function datagramKind(bytes: Uint8Array, size: number = bytes.length): DatagramKind {
  if (size < 2) return "unknown";
  const first = bytes[0]!;
  if (first >= 128 && first <= 191) return bytes[1]! >= 192 && bytes[1]! <= 223 ? "rtcp" : "rtp";
  if (first <= 3) return "stun";
  return first >= 20 && first <= 63 ? "dtls" : "unknown";
}
