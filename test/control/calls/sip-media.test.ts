import { describe, expect, test } from "vitest";
import { mediaPlan, sipMediaOptions } from "../../../src/control/calls/sip-media.ts";
import { SdpNegotiator } from "../../../src/sip/sdp/negotiator.ts";

const local = { address: "192.0.2.1", port: 20_000, direction: "sendrecv" } as const;

/** What our answer to an offer comes to in the media plane's words. */
function planOf(...lines: string[]) {
  const session = ["v=0", "o=- 1 1 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0"];
  const negotiator = new SdpNegotiator(sipMediaOptions, "1", (sizeBytes) => new Uint8Array(sizeBytes).fill(7));
  const answer = negotiator.answer(`${[...session, ...lines].join("\r\n")}\r\n`, local);
  if (answer.type !== "answer") throw new Error(JSON.stringify(answer));
  return mediaPlan(answer.media);
}

describe("SIP media", () => {
  test("PCMU with telephone-events: where it goes, and keys as events", () => {
    expect(planOf("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000")).toMatchObject({
      codecs: [{ payloadType: 0, format: { encoding: "pcmu", sampleRateHz: 8000 }, clockRateHz: 8000 }],
      events: [{ payloadType: 101, clockRateHz: 8000 }],
      remote: { address: "198.51.100.7", port: 4000 },
      remoteRtcp: { address: "198.51.100.7", port: 4001 },
      direction: "sendrecv",
      srtp: undefined,
      dtmfSend: "event",
      inbandDetection: false,
    });
  });

  test("a far end without telephone-events sends and gets keys in the audio", () => {
    expect(planOf("m=audio 4000 RTP/AVP 8")).toMatchObject({ events: [], dtmfSend: "inband", inbandDetection: true });
  });

  test("G.722 counts 8 kHz and sounds at 16 (RFC 3551 §4.5.2); Opus counts 48 kHz and is worked on at 24", () => {
    expect(planOf("m=audio 4000 RTP/AVP 9")?.codecs).toEqual([
      { payloadType: 9, format: { encoding: "g722", sampleRateHz: 16_000 }, clockRateHz: 8000 },
    ]);
    expect(planOf("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2")?.codecs).toEqual([
      { payloadType: 96, format: { encoding: "opus", sampleRateHz: 24_000 }, clockRateHz: 48_000 },
    ]);
  });

  test("SDES keys come apart into master key and salt (RFC 4568 §6.1)", () => {
    const key = Buffer.from(Uint8Array.from({ length: 30 }, (_, i) => i)).toString("base64");
    const plan = planOf("m=audio 4000 RTP/SAVP 0", `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${key}`);
    const received = plan?.srtp?.receive;
    expect(received?.suite).toBe("AES_CM_128_HMAC_SHA1_80");
    expect([...(received?.masterKey ?? [])]).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect([...(received?.masterSalt ?? [])]).toEqual(Array.from({ length: 14 }, (_, i) => 16 + i));
  });

  test("a far end that holds us is only listened to", () => {
    expect(planOf("m=audio 4000 RTP/AVP 0", "a=sendonly")?.direction).toBe("recvonly");
  });
});
