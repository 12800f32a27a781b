import type { MediaPlan } from "../../media/protocol.ts";
import { defaultSdp, type NegotiatedMedia, type SdpOptions } from "../../sip/sdp/media.ts";
import type { DtmfMode } from "../exchange/dial-plan.ts";
import type { Trunk } from "../exchange/trunk.ts";

/** What our exchange speaks with a telephone. */
export const sipMediaOptions = {
  ...defaultSdp,
  codecs: ["opus", "g722", "pcmu", "pcma"],
} as const satisfies SdpOptions;

const formats = {
  // Worked on at the model's rate; its RTP clock is 48 kHz all the same (RFC 7587 §4.1).
  opus: { encoding: "opus", sampleRateHz: 24000 },
  g722: { encoding: "g722", sampleRateHz: 16000 },
  pcmu: { encoding: "pcmu", sampleRateHz: 8000 },
  pcma: { encoding: "pcma", sampleRateHz: 8000 },
} as const;

const masterKeyBytes = 16;

/** A trunk's media settings as offers and answers take them. */
export function trunkMediaOptions({ codecs, preference, srtp, ptimeMs, dtmf }: Trunk["media"]): SdpOptions {
  return {
    ...defaultSdp,
    codecs,
    codecOrder: preference === "ours" ? "ours" : "theirs",
    ptimeMs,
    srtp,
    telephoneEvents: dtmf === "auto" || dtmf === "rfc4733",
  };
}

/** What offer and answer came to, in the words of the media plane; undefined for a codec we never offer. */
export function mediaPlan(media: NegotiatedMedia, dtmf: DtmfMode = "auto"): MediaPlan | undefined {
  const { codec, payloadType, clockRateHz, dtmfPayloadType, crypto } = media;
  if (!isSpoken(codec)) return undefined;
  const keys = (key: Uint8Array) => ({
    masterKey: key.slice(0, masterKeyBytes),
    masterSalt: key.slice(masterKeyBytes),
  });
  return {
    codecs: [{ payloadType, format: formats[codec], clockRateHz }],
    events:
      dtmfPayloadType === undefined
        ? []
        : [{ payloadType: dtmfPayloadType, clockRateHz: media.dtmfClockRateHz ?? clockRateHz }],
    comfortNoise: media.comfortNoisePayloadType,
    ptimeMs: media.ptimeMs,
    direction: media.direction,
    remote: { address: media.remoteAddress, port: media.remotePort },
    remoteRtcp: { address: media.remoteRtcpAddress, port: media.remoteRtcpPort },
    rtcpMux: media.rtcpMux,
    srtp: crypto && {
      send: { suite: crypto.suite, ...keys(crypto.localKey) },
      receive: { suite: crypto.suite, ...keys(crypto.remoteKey) },
    },
    dtmfSend: dtmf === "info" ? "info" : dtmfPayloadType === undefined ? "inband" : "event",
    inbandDetection: dtmf !== "info" && dtmfPayloadType === undefined,
  };
}

function isSpoken(codec: string): codec is keyof typeof formats {
  return Object.hasOwn(formats, codec);
}
