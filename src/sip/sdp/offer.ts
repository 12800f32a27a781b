import type { CryptoLine } from "./crypto.ts";
import type { RtpFormat, SdpCodec } from "./formats.ts";
import type { LocalMedia, NegotiatedMedia, SdpOptions } from "./media.ts";
import type { PayloadTypes } from "./payload-types.ts";

/** What our Opus receiver can read (RFC 7587 §6.1). */
export const opusFmtp = "useinbandfec=1";
/** Digits, `*`, `#`, A–D and flash (RFC 4733 §3.2). */
export const eventsFmtp = "0-16";

/** An offer that waits for its answer. */
export interface OfferedAudio {
  readonly formats: readonly RtpFormat[];
  readonly cryptos: readonly CryptoLine[];
  readonly rtcpMux: boolean;
  readonly local: LocalMedia;
}

/** How we offer each codec; L16 at the rate speech models like. */
const offers: Readonly<Record<SdpCodec, Omit<RtpFormat, "payloadType">>> = {
  opus: { name: "opus", clockRateHz: 48000, channels: 2, fmtp: opusFmtp },
  g722: { name: "g722", clockRateHz: 8000, channels: 1 },
  pcmu: { name: "pcmu", clockRateHz: 8000, channels: 1 },
  pcma: { name: "pcma", clockRateHz: 8000, channels: 1 },
  l16: { name: "l16", clockRateHz: 16000, channels: 1 },
};

/** Formats of an offer: the codec in use first, then ours in order, then events for each clock and comfort noise. */
export function offeredFormats(
  options: SdpOptions,
  payloadTypes: PayloadTypes,
  current: NegotiatedMedia | undefined,
): readonly RtpFormat[] {
  const inUse = options.codecs.filter((codec) => codec === current?.codec);
  const codecs = [...inUse, ...options.codecs.filter((codec) => codec !== current?.codec)].map((codec) => {
    const isCurrent = codec === current?.codec && codec === "l16";
    return isCurrent ? { ...offers[codec], clockRateHz: current.clockRateHz } : offers[codec];
  });
  const clocks = [...new Set(codecs.map(({ clockRateHz }) => clockRateHz))];
  const events = clocks.map((clockRateHz) => ({ name: "telephone-event", clockRateHz, channels: 1, fmtp: eventsFmtp }));
  const noise = options.comfortNoise && clocks.includes(8000) ? [{ name: "cn", clockRateHz: 8000, channels: 1 }] : [];
  return [...codecs, ...(options.telephoneEvents ? events : []), ...noise].map((format) => payloadTypes.assign(format));
}
