import type { CryptoSuite } from "./crypto.ts";
import type { OpusParameters, SdpCodec } from "./formats.ts";
import { attributeOf, type SdpMedia, type SdpSession } from "./session.ts";

/** Which way audio flows, as its writer sees it (RFC 3264 §5.1). */
export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

/** What we are willing to speak: one trunk's or registrar's settings. */
export interface SdpOptions {
  /** In our order. */
  readonly codecs: readonly SdpCodec[];
  /** Whose order chooses the codec of an answer (RFC 3264 §6.1). */
  readonly codecOrder: "theirs" | "ours";
  /** Packet length we ask for. */
  readonly ptimeMs: number;
  /** Digits as telephone-events (RFC 4733). */
  readonly telephoneEvents: boolean;
  /** Comfort noise (RFC 3389) beside codecs of 8 kHz. */
  readonly comfortNoise: boolean;
  readonly srtp: "off" | "optional" | "required";
  readonly cryptoSuites: readonly CryptoSuite[];
  /** Whether lines with RTCP feedback (RTP/AVPF, RTP/SAVPF) are taken. */
  readonly feedbackProfiles: boolean;
}

/** Settings of a trunk that asks for nothing special. */
export const defaultSdp = {
  codecs: ["opus", "g722", "pcmu", "pcma"],
  codecOrder: "theirs",
  ptimeMs: 20,
  telephoneEvents: true,
  comfortNoise: false,
  srtp: "optional",
  cryptoSuites: ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"],
  feedbackProfiles: false,
} as const satisfies SdpOptions;

/** Where our side of the audio is. */
export interface LocalMedia {
  /** As the far end is to see it; IPv6 without brackets. */
  readonly address: string;
  /** Even; RTCP is one above unless it shares the port. */
  readonly port: number;
  /** What we want: `sendonly` or `inactive` holds the far end. */
  readonly direction: Direction;
}

/** One payload type both sides have. */
export interface NegotiatedCodec {
  readonly codec: SdpCodec;
  /** In packets we send. */
  readonly payloadType: number;
  /** In packets we receive. */
  readonly receivePayloadType: number;
  /** What the RTP timestamp counts. */
  readonly clockRateHz: number;
  /** What the PCM has. */
  readonly sampleRateHz: number;
  /** What the far end's Opus receiver asks for. */
  readonly opus?: OpusParameters;
}

/** Keys of a section protected by SDES (RFC 4568); both secret. */
export interface NegotiatedCrypto {
  readonly suite: CryptoSuite;
  /** Of packets we send. */
  readonly localKey: Uint8Array;
  /** Of packets we receive. */
  readonly remoteKey: Uint8Array;
}

/** What an offer and its answer came to: all that the media plane needs to know. */
export interface NegotiatedMedia extends NegotiatedCodec {
  /** Name or address; IPv6 without brackets. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteRtcpAddress: string;
  readonly remoteRtcpPort: number;
  /** RTP and RTCP share a port (RFC 5761). */
  readonly rtcpMux: boolean;
  /** Further codecs the far end may change to without asking (RFC 3264 §6.1). */
  readonly alternates: readonly NegotiatedCodec[];
  /** Of telephone-events we send; undefined when the far end takes none. */
  readonly dtmfPayloadType?: number;
  readonly receiveDtmfPayloadType?: number;
  /** Clock of telephone-events; the codec's where the far end offers it (RFC 4733 §2.1). */
  readonly dtmfClockRateHz?: number;
  readonly comfortNoisePayloadType?: number;
  readonly ptimeMs: number;
  readonly maxptimeMs?: number;
  /** As we see it: `recvonly` means that the far end holds us. */
  readonly direction: Direction;
  readonly crypto?: NegotiatedCrypto;
}

/** Splits a direction in what its writer does. */
export function flowsOf(direction: Direction): { sends: boolean; receives: boolean } {
  return {
    sends: direction === "sendrecv" || direction === "sendonly",
    receives: direction === "sendrecv" || direction === "recvonly",
  };
}

/** The direction of one who sends and receives so. */
export function directionOf(sends: boolean, receives: boolean): Direction {
  if (sends) return receives ? "sendrecv" : "sendonly";
  return receives ? "recvonly" : "inactive";
}

/** What is left of the direction we want beside what the far end does (RFC 3264 §6.1). */
export function meetDirection(wanted: Direction, remote: Direction): Direction {
  const ours = flowsOf(wanted);
  const theirs = flowsOf(remote);
  return directionOf(ours.sends && theirs.receives, ours.receives && theirs.sends);
}

/** The far end's direction; the address 0.0.0.0 or :: is RFC 2543's hold: nothing can be sent there (RFC 3264 §8.4). */
export function remoteDirection(session: SdpSession, media: SdpMedia, address: string): Direction {
  const isDirection = (text: string): text is Direction =>
    text === "sendrecv" || text === "sendonly" || text === "recvonly" || text === "inactive";
  const found = [...media.attributes, ...session.attributes].find(({ name }) => isDirection(name))?.name ?? "sendrecv";
  const direction = isDirection(found) ? found : "sendrecv";
  const isNowhere = address === "0.0.0.0" || address === "::";
  return isNowhere ? directionOf(flowsOf(direction).sends, false) : direction;
}

/** Where the far end takes RTCP: `a=rtcp` (RFC 3605), the RTP port when shared, else one above. */
export function remoteRtcp(media: SdpMedia, address: string, isMuxed: boolean): { address: string; port: number } {
  if (isMuxed) return { address, port: media.port };
  const match = /^(\d{1,5})(?: +IN +IP[46] +([-\w.:]{1,255}))?$/.exec(attributeOf(media.attributes, "rtcp") ?? "");
  const port = Number(match?.[1] ?? 0);
  if (match === null || port === 0 || port > 65535) return { address, port: Math.min(media.port + 1, 65535) };
  return { address: match[2] ?? address, port };
}
