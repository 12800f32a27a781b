import { type CryptoLine, cryptoLines } from "./crypto.ts";
import {
  codecOf,
  opusParameters,
  packetTimeMs,
  type RtpFormat,
  rtpFormats,
  type SdpCodec,
  sampleRateOf,
} from "./formats.ts";
import { type Direction, type NegotiatedCodec, remoteDirection, remoteRtcp, type SdpOptions } from "./media.ts";
import { attributeOf, type SdpMedia, type SdpSession } from "./session.ts";

/** A codec both sides speak, with the far end's format. */
export interface CommonCodec {
  readonly codec: SdpCodec;
  readonly format: RtpFormat;
}

/** What the far end's section says, read once. */
export interface RemoteAudio {
  readonly address: string;
  readonly port: number;
  readonly rtcp: { readonly address: string; readonly port: number };
  readonly rtcpMux: boolean;
  readonly direction: Direction;
  readonly formats: readonly RtpFormat[];
  /** In the order that counts, at least one. */
  readonly codecs: readonly [CommonCodec, ...CommonCodec[]];
  readonly cryptos: readonly CryptoLine[];
  /** RTP/SAVP or RTP/SAVPF: without keys it cannot be used. */
  readonly isSecure: boolean;
  readonly ptimeMs: number;
  readonly maxptimeMs?: number;
}

/** Packet lengths we make. */
const packetTimes = [60, 40, 30, 20, 10];

/** Reads a section as audio we can take part in; undefined when we cannot, or will not by our settings. */
export function readRemoteAudio(session: SdpSession, media: SdpMedia, options: SdpOptions): RemoteAudio | undefined {
  const profile = /^RTP\/(S?)AVP(F?)$/.exec(media.protocol);
  const address = media.connection ?? session.connection;
  if (media.kind !== "audio" || media.port === 0 || profile === null || address === undefined) return undefined;
  if (profile[2] === "F" && !options.feedbackProfiles) return undefined;
  const isSecure = profile[1] === "S";
  const offered = options.srtp === "off" ? [] : cryptoLines(media.attributes);
  const cryptos = offered.filter(({ suite }) => options.cryptoSuites.includes(suite));
  if ((isSecure || options.srtp === "required") && cryptos.length === 0) return undefined;
  const formats = rtpFormats(media);
  const [first, ...others] = commonCodecs(formats, options);
  if (first === undefined) return undefined;
  const rtcpMux = attributeOf(media.attributes, "rtcp-mux") !== undefined;
  const maxptimeMs = packetTimeMs(media.attributes, "maxptime");
  const wantedMs = Math.min(packetTimeMs(media.attributes, "ptime") ?? options.ptimeMs, maxptimeMs ?? 60);
  return {
    address,
    port: media.port,
    rtcp: remoteRtcp(media, address, rtcpMux),
    rtcpMux,
    direction: remoteDirection(session, media, address),
    formats,
    codecs: [first, ...others],
    cryptos,
    isSecure,
    ptimeMs: packetTimes.find((time) => time <= wantedMs) ?? 10,
    maxptimeMs,
  };
}

function commonCodecs(formats: readonly RtpFormat[], options: SdpOptions): CommonCodec[] {
  const common: CommonCodec[] = [];
  for (const format of formats) {
    const codec = codecOf(format);
    if (codec !== undefined && options.codecs.includes(codec)) common.push({ codec, format });
  }
  if (options.codecOrder === "theirs") return common;
  return common.sort((a, b) => options.codecs.indexOf(a.codec) - options.codecs.indexOf(b.codec));
}

/** Telephone-events to use beside a codec: of its clock where there are any (RFC 4733 §2.1), else the first. */
export function pickTelephoneEvents(formats: readonly RtpFormat[], clockRateHz: number): RtpFormat | undefined {
  const events = formats.filter(({ name, channels }) => name === "telephone-event" && channels === 1);
  return events.find((format) => format.clockRateHz === clockRateHz) ?? events[0];
}

/** Comfort noise of a codec's clock (RFC 3389 §4). */
export function pickComfortNoise(formats: readonly RtpFormat[], clockRateHz: number): RtpFormat | undefined {
  return formats.find((format) => format.name === "cn" && format.clockRateHz === clockRateHz);
}

/** A codec as the media plane is told it; `receivePayloadType` is ours. */
export function negotiatedCodec({ codec, format }: CommonCodec, receivePayloadType: number): NegotiatedCodec {
  const { payloadType, clockRateHz, fmtp } = format;
  const base = { codec, payloadType, receivePayloadType, clockRateHz, sampleRateHz: sampleRateOf(codec, clockRateHz) };
  return codec === "opus" ? { ...base, opus: opusParameters(fmtp) } : base;
}
