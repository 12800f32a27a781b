import { type AudioFormat, bytesPerMs } from "../../codecs/format.ts";
import { opusPacketSamples } from "../../codecs/opus.ts";
import type { RtpAddress } from "./latching.ts";
import type { SrtpKeys } from "./srtp-keys.ts";

/** One payload type that was agreed on. */
export interface RtpCodec {
  readonly payloadType: number;
  /** Opus may be worked on at any of our rates; the inside's own spares the resampling. */
  readonly format: AudioFormat;
  /** What the timestamp counts: 8000 for G.722 (RFC 3551 §4.5.2), 48000 for Opus (RFC 7587 §4.1). */
  readonly clockRateHz: number;
}

/** A payload type of telephone events; one for each clock rate of the codecs (RFC 4733 §2.1). */
export interface EventCodec {
  readonly payloadType: number;
  readonly clockRateHz: number;
}

/** How we press keys. `info`: in the signalling, which is not this side's business. */
export type DtmfSendMode = "event" | "inband" | "info";

/** What offer and answer agreed on for one audio line; a re-INVITE brings a new one. */
export interface MediaPlan {
  /** What may come; we send the first. Not empty. */
  readonly codecs: readonly RtpCodec[];
  readonly events: readonly EventCodec[];
  /** Payload type of comfort noise (RFC 3389), undefined when not agreed on. */
  readonly comfortNoise: number | undefined;
  /** Audio in one packet we send: 10, 20, 30, 40 or 60 (Opus: always 20). */
  readonly ptimeMs: number;
  /** Seen from us. */
  readonly direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  /** The SDP's address; undefined: wait for packets. */
  readonly remote: RtpAddress | undefined;
  /** Where RTCP goes without rtcp-mux; undefined: the port after RTP's. */
  readonly remoteRtcp: RtpAddress | undefined;
  readonly rtcpMux: boolean;
  readonly srtp: { readonly send: SrtpKeys; readonly receive: SrtpKeys } | undefined;
  readonly dtmfSend: DtmfSendMode;
  /** Look for keys in the audio; for far ends without telephone events. */
  readonly inbandDetection: boolean;
}

/** More audio in one packet is nobody's telephone (RFC 6716 §3.2.5 has the same limit). */
const maxPacketMs = 120;

/** Length of a payload in clock-rate units, 0 when it cannot be the codec's. */
export function payloadTicks(codec: RtpCodec, bytes: Uint8Array, start: number, end: number): number {
  const { format, clockRateHz } = codec;
  if (format.encoding === "opus") return opusPacketSamples(bytes.subarray(start, end), 48000);
  const lengthMs = (end - start) / bytesPerMs(format);
  return lengthMs > maxPacketMs ? 0 : Math.floor((lengthMs * clockRateHz) / 1000);
}

/** True when the far end may send to us. */
export function receives(plan: MediaPlan): boolean {
  return plan.direction === "sendrecv" || plan.direction === "recvonly";
}

/** True when we may send. */
export function sends(plan: MediaPlan): boolean {
  return plan.direction === "sendrecv" || plan.direction === "sendonly";
}
