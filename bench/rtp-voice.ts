/** What benches of RTP calls have in common: a far end, a plan, something like a voice. */
import { createEncoder } from "../src/codecs/codec.ts";
import { type AudioFormat, frameSamples } from "../src/codecs/format.ts";
import type { MediaPlan, RtpCodec } from "../src/media/rtp/media-plan.ts";

/** The far end of every call; nothing is sent there. */
export const away = { address: "192.0.2.2", port: 30_000 };

/** A call with one codec and telephone-events, 20 ms a packet, both ways. */
export function planOf(codec: RtpCodec, changes: Partial<MediaPlan> = {}): MediaPlan {
  return {
    codecs: [codec],
    events: [{ payloadType: 101, clockRateHz: codec.clockRateHz }],
    comfortNoise: undefined,
    ptimeMs: 20,
    direction: "sendrecv",
    remote: away,
    remoteRtcp: undefined,
    rtcpMux: true,
    srtp: undefined,
    dtmfSend: "event",
    inbandDetection: false,
    ...changes,
  };
}

/** A payload of 20 ms of something like a voice. */
export function voicePayload(format: AudioFormat): Uint8Array {
  const pcm = Int16Array.from({ length: frameSamples(format) }, (_, i) => {
    const seconds = i / format.sampleRateHz;
    return 6000 * Math.sin(2 * Math.PI * (180 + 900 * seconds) * seconds) + 800 * (Math.random() - 0.5);
  });
  const out = new Uint8Array(4000);
  return out.slice(0, createEncoder(format).encode(pcm, out));
}
