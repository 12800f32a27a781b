import { describe, expect, test } from "vitest";
import { cryptoLines, writeCrypto } from "../../../src/sip/sdp/crypto.ts";
import { codecOf, opusParameters, packetTimeMs, rtpFormats } from "../../../src/sip/sdp/formats.ts";
import { parseSdp, type SdpSession, sdpBounds, writeSdp } from "../../../src/sip/sdp/session.ts";

function session(text: string): SdpSession {
  const read = parseSdp(text);
  if ("type" in read) throw new Error(read.detail);
  return read;
}

const head = "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\n";

describe("SDP", () => {
  test("SDP: sections have their own address and attributes, or the session's (RFC 8866 §5)", () => {
    const read = session(
      `${head}c=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\nm=audio 4000 RTP/AVP 0 8\r\nc=IN IP6 2001:db8::1\r\na=ptime:20\r\nm=video 0 RTP/AVP 31\r\n`,
    );
    expect(read).toMatchObject({
      origin: { username: "-", sessionId: "1", version: "2", address: "192.0.2.1" },
      connection: "192.0.2.1",
      attributes: [{ name: "sendonly" }],
      media: [
        { kind: "audio", port: 4000, protocol: "RTP/AVP", formats: ["0", "8"], connection: "2001:db8::1" },
        { kind: "video", port: 0 },
      ],
    });
    expect(session(writeSdp(read))).toEqual(read);
  });

  test("SDP: bare line feeds, blank lines at the end and unknown lines do no harm", () => {
    expect(
      session("v=0\no=- 1 1 IN IP4 h.example.com\ns=x\nz=0 0\nb=AS:64\nm=audio 2 RTP/AVP 0\n\n").media,
    ).toHaveLength(1);
  });

  test("SDP: nonsense is a fault with a kind, and nothing is thrown", () => {
    const kindOf = (text: string) => {
      const read = parseSdp(text);
      return "type" in read ? read.kind : "read";
    };
    expect(kindOf("")).toBe("malformed");
    expect(kindOf("v=1\r\n")).toBe("malformed");
    expect(kindOf("v=0\r\ns=-\r\n")).toBe("malformed");
    for (const line of [
      "x",
      "o=- a 1 IN IP4 h",
      "o=- 1 1 ATM IP4 h",
      "c=IN IP4 2001:db8::1",
      "c=IN IP6 192.0.2.1",
      "c=IN IP4 a b",
      "c=IN IP4 <x>",
      "m=audio",
      "m=audio 1 RTP/AVP",
      "m=audio 70000 RTP/AVP 0",
      "m=audio x RTP/AVP 0",
      "m=au;dio 1 RTP/AVP 0",
      "m=audio 1 RTP/AVP 0\u0000",
    ]) {
      expect(kindOf(`${head}${line}\r\n`), line).toBe("malformed");
    }
    expect(kindOf(head + "m=audio 1 RTP/AVP 0\r\n".repeat(sdpBounds.media + 1))).toBe("too-large");
    expect(kindOf(head + "a=x\r\n".repeat(sdpBounds.lines))).toBe("too-large");
    expect(kindOf(head + "a".repeat(sdpBounds.bytes))).toBe("too-large");
    const formats = Array.from({ length: 1000 }, (_, i) => i).join(" ");
    expect(session(`${head}m=audio 1 RTP/AVP ${formats}\r\n`).media[0]?.formats).toHaveLength(sdpBounds.formats);
  });
});

describe("SDP formats", () => {
  const formatsOf = (lines: string) => rtpFormats(session(`${head}m=audio 2 RTP/AVP ${lines}`).media[0]!);

  test("SDP formats: static payload types need no rtpmap, dynamic ones without it mean nothing (RFC 3551 §6)", () => {
    expect(formatsOf("0 8 9 13 96 200 x 0\r\n").map(({ name, payloadType }) => `${payloadType} ${name}`)).toEqual([
      "0 pcmu",
      "8 pcma",
      "9 g722",
      "13 cn",
    ]);
  });

  test("SDP formats: an rtpmap wins over the static meaning, in any case of letters", () => {
    const [format] = formatsOf(
      "0\r\na=rtpmap:0 Opus/48000/2\r\na=fmtp:0 useinbandfec=1; maxaveragebitrate=24000;usedtx=1\r\n",
    );
    expect(codecOf(format!)).toBe("opus");
    expect(opusParameters(format!.fmtp)).toEqual({
      useInbandFec: true,
      useDtx: true,
      maxAverageBitrate: 24000,
      maxPlaybackRateHz: undefined,
    });
  });

  test("SDP formats: codecs count only at clocks and channels their RFC gives them", () => {
    const codecs = formatsOf(
      "96 97 98 99 11 100\r\na=rtpmap:96 opus/48000\r\na=rtpmap:97 L16/16000\r\na=rtpmap:98 L16/16000/2\r\na=rtpmap:99 PCMU/16000\r\na=rtpmap:100 G722/8000\r\n",
    ).map(codecOf);
    expect(codecs).toEqual([undefined, "l16", undefined, undefined, undefined, "g722"]);
  });

  test("SDP formats: an absurd ptime is none", () => {
    const ptime = (value: string) => packetTimeMs([{ name: "ptime", value }], "ptime");
    expect(["20", "30.5", "0", "-20", "1e9", "x", ""].map(ptime)).toEqual([
      20,
      30,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("SDP crypto", () => {
  const key30 = Buffer.alloc(30, 5).toString("base64");
  const key28 = Buffer.alloc(28, 6).toString("base64");
  const lines = (...values: string[]) => cryptoLines(values.map((value) => ({ name: "crypto", value })));

  test("SDP crypto: the three suites are read and written alike (RFC 4568 §9.1, RFC 7714 §14.2)", () => {
    const values = [
      `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}`,
      `2 AES_CM_128_HMAC_SHA1_32 inline:${key30}`,
      `3 AEAD_AES_128_GCM inline:${key28}`,
    ];
    const read = lines(...values);
    expect(read.map(({ tag, suite, key }) => [tag, suite, key.length])).toEqual([
      [1, "AES_CM_128_HMAC_SHA1_80", 30],
      [2, "AES_CM_128_HMAC_SHA1_32", 30],
      [3, "AEAD_AES_128_GCM", 28],
    ]);
    expect(read.map((line) => writeCrypto(line).value)).toEqual(values);
  });

  test("SDP crypto: a lifetime and WSH are taken, a master key identifier and weakened sessions are not", () => {
    const base = `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}`;
    expect(lines(`${base}|2^20`)).toHaveLength(1);
    expect(lines(`${base} WSH=64`)).toHaveLength(1);
    expect(lines(`${base}|2^20|1:4`)).toHaveLength(0);
    expect(lines(`${base} UNENCRYPTED_SRTP`)).toHaveLength(0);
    expect(lines(`${base};inline:${key30}`)).toHaveLength(0);
  });

  test("SDP crypto: keys of the wrong length, unknown suites and tags twice are left out", () => {
    expect(
      lines(
        `1 AES_CM_128_HMAC_SHA1_80 inline:${key28}`,
        `2 AES_256_CM_HMAC_SHA1_80 inline:${key30}`,
        `3 toString inline:${key30}`,
        `4 AES_CM_128_HMAC_SHA1_80 inline:${key30}`,
        `4 AES_CM_128_HMAC_SHA1_32 inline:${key30}`,
        "5 AES_CM_128_HMAC_SHA1_80 inline:",
        "",
      ).map(({ tag, suite }) => `${tag} ${suite}`),
    ).toEqual(["4 AES_CM_128_HMAC_SHA1_80"]);
  });
});
