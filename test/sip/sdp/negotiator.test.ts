import { describe, expect, test } from "vitest";
import { type Direction, defaultSdp, type LocalMedia, type SdpOptions } from "../../../src/sip/sdp/media.ts";
import { SdpNegotiator } from "../../../src/sip/sdp/negotiator.ts";

const local: LocalMedia = { address: "192.0.2.200", port: 20000, direction: "sendrecv" };

/** A negotiator whose keys are 1, 1, 1… then 2, 2, 2…. */
function negotiator(options: Partial<SdpOptions> = {}): SdpNegotiator {
  let fill = 0;
  return new SdpNegotiator({ ...defaultSdp, ...options }, "42", (size) => new Uint8Array(size).fill(++fill));
}

const offer = (...sections: string[]): string =>
  `v=0\no=- 7 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n${sections.join("\n")}\n`.replaceAll("\n", "\r\n");

const phone = "m=audio 4000 RTP/AVP 9 8 0 101\na=rtpmap:101 telephone-event/8000\na=ptime:20";

function answered(text: string, options: Partial<SdpOptions> = {}, media = local) {
  const result = negotiator(options).answer(text, media);
  if (result.type === "fault") throw new Error(`${result.kind}: ${result.detail}`);
  return result;
}

const faultOf = (text: string, options: Partial<SdpOptions> = {}): string => {
  const result = negotiator(options).answer(text, local);
  return result.type === "fault" ? result.kind : result.type;
};

const mediaLines = (sdp: string): string[] => sdp.split("\r\n").filter((line) => line.startsWith("m="));

describe("SDP answer", () => {
  test("SDP answer: takes the first codec they offer that we speak, with its telephone-events (RFC 3264 §6.1)", () => {
    const { sdp, media } = answered(offer(phone));
    expect(sdp).toBe(
      [
        "v=0",
        "o=- 42 1 IN IP4 192.0.2.200",
        "s=-",
        "c=IN IP4 192.0.2.200",
        "t=0 0",
        "m=audio 20000 RTP/AVP 9 101",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
        "a=sendrecv",
        "",
      ].join("\r\n"),
    );
    expect(media).toMatchObject({
      codec: "g722",
      payloadType: 9,
      receivePayloadType: 9,
      clockRateHz: 8000,
      sampleRateHz: 16000,
      dtmfPayloadType: 101,
      receiveDtmfPayloadType: 101,
      remoteAddress: "192.0.2.1",
      remotePort: 4000,
      remoteRtcpAddress: "192.0.2.1",
      remoteRtcpPort: 4001,
      rtcpMux: false,
      ptimeMs: 20,
      direction: "sendrecv",
      crypto: undefined,
      alternates: [],
    });
  });

  test("SDP answer: takes our order when set so", () => {
    expect(answered(offer(phone), { codecOrder: "ours", codecs: ["pcmu", "g722"] }).media.codec).toBe("pcmu");
    expect(answered(offer(phone), { codecOrder: "theirs", codecs: ["pcmu", "g722"] }).media.codec).toBe("g722");
  });

  test("SDP answer: Opus comes with telephone-events of its own clock (RFC 7587, RFC 4733 §2.1)", () => {
    const { sdp, media } = answered(
      offer(
        "m=audio 4000 RTP/AVP 101 107 102\na=rtpmap:107 opus/48000/2\na=fmtp:107 useinbandfec=1;usedtx=1\na=rtpmap:101 telephone-event/8000\na=rtpmap:102 telephone-event/48000",
      ),
    );
    expect(mediaLines(sdp)).toEqual(["m=audio 20000 RTP/AVP 107 102"]);
    expect(sdp).toContain("a=rtpmap:107 opus/48000/2\r\na=fmtp:107 useinbandfec=1\r\n");
    expect(media).toMatchObject({ codec: "opus", clockRateHz: 48000, sampleRateHz: 48000, dtmfClockRateHz: 48000 });
    expect(media.opus).toMatchObject({ useInbandFec: true, useDtx: true });
  });

  test("SDP answer: telephone-events of another clock are better than none", () => {
    const lines = "m=audio 4000 RTP/AVP 107 101\na=rtpmap:107 opus/48000/2\na=rtpmap:101 telephone-event/8000";
    expect(answered(offer(lines)).media).toMatchObject({ dtmfPayloadType: 101, dtmfClockRateHz: 8000 });
    expect(answered(offer(lines), { telephoneEvents: false }).media.dtmfPayloadType).toBeUndefined();
  });

  test("SDP answer: comfort noise is agreed on only when wanted", () => {
    const lines = "m=audio 4000 RTP/AVP 0 13";
    expect(answered(offer(lines)).sdp).toContain("m=audio 20000 RTP/AVP 0\r\n");
    const { sdp, media } = answered(offer(lines), { comfortNoise: true });
    expect(sdp).toContain("m=audio 20000 RTP/AVP 0 13\r\n");
    expect(media.comfortNoisePayloadType).toBe(13);
  });

  test("SDP answer: L16 is taken at rates we work in", () => {
    const lines = "m=audio 4000 RTP/AVP 11 96\na=rtpmap:96 L16/24000";
    expect(answered(offer(lines), { codecs: ["l16"] }).media).toMatchObject({ payloadType: 96, sampleRateHz: 24000 });
  });

  test("SDP answer: every other line is refused with port 0, at its place (RFC 3264 §6)", () => {
    const { sdp, media } = answered(
      offer("m=video 5000 RTP/AVP 31", "m=audio 4000 RTP/AVP 3", phone, "m=audio 4002 RTP/AVP 0", "m=text 1 foo x"),
    );
    expect(mediaLines(sdp)).toEqual([
      "m=video 0 RTP/AVP 31",
      "m=audio 0 RTP/AVP 3",
      "m=audio 20000 RTP/AVP 9 101",
      "m=audio 0 RTP/AVP 0",
      "m=text 0 foo x",
    ]);
    expect(media.remotePort).toBe(4000);
  });

  test("SDP answer: an offer with nothing for us is a fault, and names which", () => {
    expect(faultOf(offer())).toBe("no-media");
    expect(faultOf(offer("m=audio 0 RTP/AVP 0"))).toBe("not-acceptable");
    expect(faultOf(offer("m=audio 4000 RTP/AVP 3 18"))).toBe("not-acceptable");
    expect(faultOf(offer("m=video 4000 RTP/AVP 31"))).toBe("not-acceptable");
    expect(faultOf(offer(phone).replace("c=IN IP4 192.0.2.1\r\n", ""))).toBe("not-acceptable");
    expect(faultOf("hello")).toBe("malformed");
  });

  test("SDP answer: profiles with feedback are taken only when asked for", () => {
    const lines = phone.replace("RTP/AVP", "RTP/AVPF");
    expect(faultOf(offer(lines))).toBe("not-acceptable");
    expect(mediaLines(answered(offer(lines), { feedbackProfiles: true }).sdp)).toEqual([
      "m=audio 20000 RTP/AVPF 9 101",
    ]);
  });

  test("SDP answer: directions meet (RFC 3264 §6.1)", () => {
    const meet = (theirs: Direction, ours: Direction) => {
      const { sdp, media } = answered(offer(`${phone}\na=${theirs}`), {}, { ...local, direction: ours });
      expect(sdp).toContain(`a=${media.direction}\r\n`);
      return media.direction;
    };
    expect(meet("sendrecv", "sendrecv")).toBe("sendrecv");
    expect(meet("sendonly", "sendrecv")).toBe("recvonly");
    expect(meet("recvonly", "sendrecv")).toBe("sendonly");
    expect(meet("inactive", "sendrecv")).toBe("inactive");
    expect(meet("sendrecv", "sendonly")).toBe("sendonly");
    expect(meet("sendonly", "sendonly")).toBe("inactive");
  });

  test("SDP answer: a direction of the session holds for sections without one", () => {
    const text = offer(phone).replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");
    expect(answered(text).media.direction).toBe("recvonly");
    expect(answered(text.replace("a=ptime:20", "a=sendrecv")).media.direction).toBe("sendrecv");
  });

  test("SDP answer: the address 0.0.0.0 is a hold (RFC 3264 §8.4)", () => {
    expect(answered(offer(phone).replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0")).media.direction).toBe("recvonly");
    expect(answered(offer(phone).replace("c=IN IP4 192.0.2.1", "c=IN IP6 ::")).media.direction).toBe("recvonly");
  });

  test("SDP answer: packet length follows theirs, within their maxptime and what we can make", () => {
    const ptime = (attributes: string) => {
      const { media, sdp } = answered(offer(phone.replace("a=ptime:20", attributes)));
      expect(sdp).toContain(`a=ptime:${media.ptimeMs}\r\n`);
      return media.ptimeMs;
    };
    expect(ptime("a=ptime:30")).toBe(30);
    expect(ptime("a=ptime:25")).toBe(20);
    expect(ptime("a=ptime:5")).toBe(10);
    expect(ptime("a=ptime:200")).toBe(60);
    expect(ptime("a=ptime:40\na=maxptime:30")).toBe(30);
    expect(ptime("a=x")).toBe(20);
  });

  test("SDP answer: RTCP shares the port when offered, else goes where they say (RFC 5761, RFC 3605)", () => {
    const muxed = answered(offer(`${phone}\na=rtcp-mux\na=rtcp:4999`));
    expect(muxed.sdp).toContain("a=rtcp-mux\r\n");
    expect(muxed.media).toMatchObject({ rtcpMux: true, remoteRtcpPort: 4000 });
    expect(answered(offer(`${phone}\na=rtcp:4999 IN IP4 192.0.2.9`)).media).toMatchObject({
      remoteRtcpPort: 4999,
      remoteRtcpAddress: "192.0.2.9",
    });
    expect(answered(offer(`${phone}\na=rtcp:99999`)).media.remoteRtcpPort).toBe(4001);
  });

  test("SDP answer: IPv6 goes both ways", () => {
    const text = offer(phone).replaceAll("IN IP4 192.0.2.1", "IN IP6 2001:db8::1");
    const { sdp, media } = answered(text, {}, { ...local, address: "2001:db8::2" });
    expect(media.remoteAddress).toBe("2001:db8::1");
    expect(sdp).toContain("c=IN IP6 2001:db8::2\r\n");
  });
});

describe("SDP answer with SRTP", () => {
  const key = (fill: number, size = 30) => Buffer.alloc(size, fill).toString("base64");
  const secure = phone.replace("RTP/AVP", "RTP/SAVP");
  const cryptos = `a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:${key(8, 46)}\na=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:${key(9)}`;

  test("SDP answer with SRTP: takes the first suite we know under its tag, with a key of ours (RFC 4568 §5.1.2)", () => {
    const { sdp, media } = answered(offer(`${secure}\n${cryptos}`));
    expect(sdp).toContain("m=audio 20000 RTP/SAVP 9 101\r\n");
    expect(sdp.match(/a=crypto:.*/g)).toEqual([`a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:${key(1)}`]);
    expect(media.crypto?.suite).toBe("AES_CM_128_HMAC_SHA1_32");
    expect(Buffer.from(media.crypto!.remoteKey)).toEqual(Buffer.alloc(30, 9));
    expect(Buffer.from(media.crypto!.localKey)).toEqual(Buffer.alloc(30, 1));
  });

  test("SDP answer with SRTP: the policy decides what is taken", () => {
    expect(faultOf(offer(secure))).toBe("not-acceptable");
    expect(faultOf(offer(`${secure}\n${cryptos}`), { srtp: "off" })).toBe("not-acceptable");
    expect(faultOf(offer(phone), { srtp: "required" })).toBe("not-acceptable");
    expect(answered(offer(`${phone}\n${cryptos}`), { srtp: "off" }).media.crypto).toBeUndefined();
    expect(answered(offer(`${phone}\n${cryptos}`)).media.crypto?.suite).toBe("AES_CM_128_HMAC_SHA1_32");
    expect(answered(offer(phone, `${secure}\n${cryptos}`), { srtp: "required" }).sdp).toContain("m=audio 0 RTP/AVP");
  });
});

describe("SDP offer", () => {
  test("SDP offer: names our codecs in order, with events for each clock (RFC 3264 §5)", () => {
    const sdp = negotiator({ srtp: "off", comfortNoise: true }).offer(local);
    expect(sdp).toBe(
      [
        "v=0",
        "o=- 42 1 IN IP4 192.0.2.200",
        "s=-",
        "c=IN IP4 192.0.2.200",
        "t=0 0",
        "m=audio 20000 RTP/AVP 96 9 0 8 100 101 13",
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 useinbandfec=1",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:100 telephone-event/48000",
        "a=fmtp:100 0-16",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=rtpmap:13 CN/8000",
        "a=ptime:20",
        "a=sendrecv",
        "a=rtcp-mux",
        "",
      ].join("\r\n"),
    );
  });

  test("SDP offer: the answer settles the codec, and each side's payload types are its own (RFC 3264 §7)", () => {
    const ours = negotiator({ srtp: "off" });
    ours.offer(local);
    const agreement = ours.acceptAnswer(
      offer(
        "m=audio 4000 RTP/AVP 111 0 110\na=rtpmap:111 opus/48000/2\na=rtpmap:110 telephone-event/48000\na=ptime:40",
      ),
    );
    expect(agreement).toMatchObject({
      type: "agreement",
      media: {
        codec: "opus",
        payloadType: 111,
        receivePayloadType: 96,
        dtmfPayloadType: 110,
        receiveDtmfPayloadType: 100,
        alternates: [{ codec: "pcmu", payloadType: 0, receivePayloadType: 0 }],
        ptimeMs: 40,
        rtcpMux: false,
      },
    });
  });

  test("SDP offer: two negotiators come to the same call, with keys crossed", () => {
    for (const srtp of ["off", "optional", "required"] as const) {
      const a = negotiator({ srtp });
      const b = new SdpNegotiator({ ...defaultSdp, srtp }, "43", (size) => new Uint8Array(size).fill(99));
      const answer = b.answer(a.offer(local), { address: "192.0.2.7", port: 30000, direction: "sendrecv" });
      if (answer.type === "fault") throw new Error(answer.detail);
      const agreement = a.acceptAnswer(answer.sdp);
      if (agreement.type === "fault") throw new Error(agreement.detail);
      const { media } = agreement;
      expect(media).toMatchObject({ codec: "opus", remoteAddress: "192.0.2.7", remotePort: 30000, rtcpMux: true });
      expect(answer.media).toMatchObject({ codec: "opus", remoteAddress: "192.0.2.200", rtcpMux: true });
      expect(media.crypto?.suite).toBe(srtp === "off" ? undefined : "AEAD_AES_128_GCM");
      expect(media.crypto?.localKey.join()).toBe(answer.media.crypto?.remoteKey.join());
      expect(media.crypto?.remoteKey.join()).toBe(answer.media.crypto?.localKey.join());
    }
  });

  test("SDP offer: a bad answer is a fault, and the agreement before it stands", () => {
    const fault = (answer: string, options: Partial<SdpOptions> = {}) => {
      const ours = negotiator(options);
      ours.offer(local);
      const result = ours.acceptAnswer(answer);
      expect(ours.media).toBeUndefined();
      return result.type === "fault" ? result.kind : result.type;
    };
    expect(fault("x")).toBe("malformed");
    expect(fault(offer())).toBe("not-acceptable");
    expect(fault(offer("m=audio 0 RTP/AVP 0"))).toBe("not-acceptable");
    expect(fault(offer("m=video 4000 RTP/AVP 31"))).toBe("not-acceptable");
    expect(fault(offer("m=audio 4000 RTP/SAVP 0"))).toBe("mismatch");
    expect(fault(offer("m=audio 4000 RTP/AVP 96\na=rtpmap:96 L16/8000"), { codecs: ["pcmu", "l16"] })).toBe("mismatch");
    expect(fault(offer(phone.replace("RTP/AVP", "RTP/SAVP")), { srtp: "required" })).toBe("not-acceptable");
    expect(negotiator().acceptAnswer(offer(phone))).toMatchObject({ type: "fault", kind: "mismatch" });
  });
});

describe("SDP re-offer", () => {
  test("SDP re-offer: the version rises with every change and only then (RFC 3264 §8)", () => {
    const ours = negotiator();
    const version = (sdp: string) => /o=- 42 (\d+) /.exec(sdp)?.[1];
    const answer = (direction: Direction, text = offer(phone)) => {
      const result = ours.answer(text, { ...local, direction });
      return result.type === "fault" ? result.detail : version(result.sdp);
    };
    expect(answer("sendrecv")).toBe("1");
    expect(answer("sendrecv")).toBe("1");
    expect(answer("sendrecv", offer(`${phone}\na=sendonly`))).toBe("2");
    expect(answer("sendrecv")).toBe("3");
    expect(version(ours.offer({ ...local, direction: "sendonly" }))).toBe("4");
  });

  test("SDP re-offer: keeps payload types, lines and keys of the call (RFC 3264 §8.3.2)", () => {
    const ours = negotiator();
    const crypto = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 3).toString("base64")}`;
    const first = ours.answer(
      offer(
        "m=video 5000 RTP/AVP 31",
        `m=audio 4000 RTP/SAVP 107 96\na=rtpmap:107 opus/48000/2\na=rtpmap:96 telephone-event/48000\n${crypto}`,
      ),
      local,
    );
    expect(first.type).toBe("answer");
    const again = ours.offer({ ...local, direction: "sendonly" });
    expect(mediaLines(again)).toEqual(["m=video 0 RTP/AVP 31", "m=audio 20000 RTP/SAVP 107 9 0 8 96 101"]);
    expect(again).toContain("a=sendonly\r\n");
    expect(again.match(/a=crypto:.*/g)).toEqual([
      `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 1).toString("base64")}`,
    ]);
  });

  test("SDP re-offer: the codec in use comes first, so that a hold does not change it", () => {
    const ours = negotiator();
    ours.answer(offer("m=audio 4000 RTP/AVP 8"), local);
    expect(mediaLines(ours.offer(local))[0]).toMatch(/^m=audio 20000 RTP\/AVP 8 /);
  });

  test("SDP re-offer: an abandoned offer leaves the agreement, and its late answer is a fault", () => {
    const ours = negotiator();
    ours.answer(offer(phone), local);
    ours.offer({ ...local, direction: "inactive" });
    ours.abandonOffer();
    expect(ours.media?.direction).toBe("sendrecv");
    expect(ours.acceptAnswer(offer(phone))).toMatchObject({ type: "fault", kind: "mismatch" });
  });

  test("SDP re-offer: fewer lines than before are a fault, more are answered (RFC 3264 §8)", () => {
    const ours = negotiator();
    ours.answer(offer(phone, "m=video 5000 RTP/AVP 31"), local);
    expect(ours.answer(offer(phone), local)).toMatchObject({ type: "fault", kind: "mismatch" });
    const more = ours.answer(offer("m=audio 4000 RTP/AVP 3", "m=video 5000 RTP/AVP 31", phone), local);
    expect(more.type === "answer" && mediaLines(more.sdp).map((line) => line.split(" ")[1])).toEqual([
      "0",
      "0",
      "20000",
    ]);
  });
});
