import { attributeOf, type SdpAttribute, type SdpMedia } from "./session.ts";

/** Codecs of telephone calls we can speak. */
export type SdpCodec = "opus" | "g722" | "pcmu" | "pcma" | "l16";

/** What Opus' receiver asks of its sender (RFC 7587 §6.1). */
export interface OpusParameters {
  readonly useInbandFec: boolean;
  readonly useDtx: boolean;
  /** Bits a second. */
  readonly maxAverageBitrate?: number;
  readonly maxPlaybackRateHz?: number;
}

/** One RTP payload type with its meaning. */
export interface RtpFormat {
  /** 0–127. */
  readonly payloadType: number;
  /** Encoding name in lower case: a codec, `telephone-event`, `cn` or something we do not know. */
  readonly name: string;
  /** What the RTP timestamp counts. */
  readonly clockRateHz: number;
  readonly channels: number;
  /** Text of the format's `a=fmtp`. */
  readonly fmtp?: string;
}

/** Payload types that mean something without an rtpmap (RFC 3551 §6). */
const staticFormats: Readonly<Record<number, readonly [name: string, clockRateHz: number, channels: number]>> = {
  0: ["pcmu", 8000, 1],
  3: ["gsm", 8000, 1],
  4: ["g723", 8000, 1],
  8: ["pcma", 8000, 1],
  9: ["g722", 8000, 1],
  10: ["l16", 44100, 2],
  11: ["l16", 44100, 1],
  13: ["cn", 8000, 1],
  18: ["g729", 8000, 1],
};

/** The payload types of a section in their order; those without a known meaning, and doubled ones, are left out. */
export function rtpFormats(media: SdpMedia): readonly RtpFormat[] {
  const maps = byPayloadType(media.attributes, "rtpmap");
  const fmtps = byPayloadType(media.attributes, "fmtp");
  const formats = new Map<number, RtpFormat>();
  for (const text of media.formats) {
    const payloadType = /^\d{1,3}$/.test(text) ? Number(text) : 128;
    if (payloadType > 127 || formats.has(payloadType)) continue;
    const map = maps.get(payloadType);
    const [name, clockRateHz, channels] =
      map === undefined ? (staticFormats[payloadType] ?? ["", 0, 1]) : parseRtpmap(map);
    if (name !== "")
      formats.set(payloadType, { payloadType, name, clockRateHz, channels, fmtp: fmtps.get(payloadType) });
  }
  return [...formats.values()];
}

/** Values of `a=<name>:<payload type> …` by payload type; the first counts. */
function byPayloadType(attributes: readonly SdpAttribute[], name: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const attribute of attributes) {
    const match = attribute.name === name ? /^(\d{1,3}) +(.+)$/.exec(attribute.value ?? "") : null;
    if (match !== null && !found.has(Number(match[1]))) found.set(Number(match[1]), match[2]!);
  }
  return found;
}

function parseRtpmap(text: string): readonly [name: string, clockRateHz: number, channels: number] {
  const match = /^([-\w.+]{1,64})\/(\d{1,6})(?:\/(\d{1,2}))?$/.exec(text);
  return match === null ? ["", 0, 1] : [match[1]!.toLowerCase(), Number(match[2]), Number(match[3] ?? 1)];
}

/** The codec a format is, as far as we speak it at that rate. */
export function codecOf(format: RtpFormat): SdpCodec | undefined {
  const { name, clockRateHz, channels } = format;
  switch (name) {
    case "opus":
      // Always written so, whatever is sent (RFC 7587 §7).
      return clockRateHz === 48000 && channels === 2 ? name : undefined;
    case "pcmu":
    case "pcma":
    case "g722":
      return clockRateHz === 8000 && channels === 1 ? name : undefined;
    case "l16":
      return [8000, 16000, 24000, 48000].includes(clockRateHz) && channels === 1 ? name : undefined;
    default:
      return undefined;
  }
}

/** What the PCM of a format has; G.722 counts 8000 and samples 16000 (RFC 3551 §4.5.2). */
export function sampleRateOf(codec: SdpCodec, clockRateHz: number): number {
  return codec === "g722" ? 16000 : clockRateHz;
}

/** Reads Opus' fmtp (RFC 7587 §6.1). */
export function opusParameters(fmtp: string | undefined): OpusParameters {
  const values = new Map<string, string>();
  for (const part of (fmtp ?? "").split(";", 16)) {
    const [name, value = ""] = part.split("=", 2);
    values.set(name!.trim().toLowerCase(), value.trim());
  }
  const positive = (name: string): number | undefined => {
    const value = Number(values.get(name) ?? "0");
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  return {
    useInbandFec: values.get("useinbandfec") === "1",
    useDtx: values.get("usedtx") === "1",
    maxAverageBitrate: positive("maxaveragebitrate"),
    maxPlaybackRateHz: positive("maxplaybackrate"),
  };
}

/** `a=rtpmap` and `a=fmtp` of formats. */
export function writeFormats(formats: readonly RtpFormat[]): SdpAttribute[] {
  return formats.flatMap(({ payloadType, name, clockRateHz, channels, fmtp }) => {
    const suffix = channels === 1 ? "" : `/${channels}`;
    const map = { name: "rtpmap", value: `${payloadType} ${wireNames[name] ?? name}/${clockRateHz}${suffix}` };
    return fmtp === undefined ? [map] : [map, { name: "fmtp", value: `${payloadType} ${fmtp}` }];
  });
}

/** Spelling of the IANA registry. */
const wireNames: Readonly<Record<string, string>> = { pcmu: "PCMU", pcma: "PCMA", g722: "G722", l16: "L16", cn: "CN" };

/** Milliseconds from `a=ptime` or `a=maxptime`; undefined when absent or absurd (RFC 8866 §6.4, §6.5). */
export function packetTimeMs(attributes: readonly SdpAttribute[], name: "ptime" | "maxptime"): number | undefined {
  const value = Number(attributeOf(attributes, name) || "0");
  return Number.isFinite(value) && value >= 1 && value <= 1000 ? Math.floor(value) : undefined;
}
