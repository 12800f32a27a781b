import { RtpPacket } from "../../../src/media/rtp/packet.ts";
import { rtpTimestamp, seqNo } from "../../../src/media/rtp/wrap.ts";

/** A packet as the parser would give it, with a payload of `payload`. */
export function rtpPacket(
  seq: number,
  timestamp: number,
  payload: Uint8Array,
  options: { payloadType?: number; ssrc?: number; marker?: boolean } = {},
): RtpPacket {
  const packet = new RtpPacket();
  packet.bytes = payload;
  packet.payloadEnd = payload.length;
  packet.seq = seqNo(seq);
  packet.timestamp = rtpTimestamp(timestamp);
  packet.ssrc = options.ssrc ?? 0x1234;
  packet.payloadType = options.payloadType ?? 0;
  packet.marker = options.marker ?? false;
  return packet;
}

/** Bytes of "80 00 12 34"; white space means nothing. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s+/g, ""), "hex"));
}
