import { describe, expect, test } from "vitest";
import { rtpHeaderBytes, writeRtpHeader } from "../../../src/media/rtp/packet.ts";
import { ReplayWindow } from "../../../src/media/rtp/replay-window.ts";
import { makeSrtpKeys, parseSdes, writeSdes } from "../../../src/media/rtp/sdes.ts";
import { SrtpReceiver, SrtpSender, srtpRoomBytes } from "../../../src/media/rtp/srtp.ts";
import { CounterModeCipher, GcmCipher } from "../../../src/media/rtp/srtp-ciphers.ts";
import { deriveSessionKeys, type SrtpKeys, type SrtpSuite, srtpShapes } from "../../../src/media/rtp/srtp-keys.ts";
import { rtpTimestamp, seqNo } from "../../../src/media/rtp/wrap.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { hex } from "./datagrams.ts";

const suites = Object.keys(srtpShapes) as SrtpSuite[];

/** The master key and salt of RFC 3711 §B.3. */
const rfcKeys: SrtpKeys = {
  suite: "AES_CM_128_HMAC_SHA1_80",
  masterKey: hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
  masterSalt: hex("0EC675AD498AFEEBB6960B3AABE6"),
};

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function keysOf(suite: SrtpSuite, seed = 1): SrtpKeys {
  const random = new SeededRandom(seed);
  return makeSrtpKeys(suite, (size) => Uint8Array.from({ length: size }, () => random.int(0, 255)));
}

/** A packet with `count` as unwrapped number and as payload, with room for a tag. */
function packet(count: number, ssrc = 7): { bytes: Uint8Array; size: number } {
  const size = rtpHeaderBytes + 160;
  const bytes = new Uint8Array(size + srtpRoomBytes);
  writeRtpHeader(bytes, 0, false, seqNo(count), rtpTimestamp(count * 160), ssrc);
  bytes.fill(count & 0xff, rtpHeaderBytes, size);
  return { bytes, size };
}

function sealed(sender: SrtpSender, count: number, ssrc?: number): Uint8Array {
  const { bytes, size } = packet(count, ssrc);
  const protectedSize = sender.protect(bytes, size);
  if (typeof protectedSize === "string") throw new Error(protectedSize);
  return bytes.slice(0, protectedSize);
}

describe("SRTP vectors", () => {
  test("session keys (RFC 3711 §B.3)", () => {
    const { cipherKey, salt, authKey } = deriveSessionKeys(rfcKeys, "rtp");
    expect(toHex(cipherKey)).toBe("c61e7a93744f39ee10734afe3ff7a087");
    expect(toHex(salt)).toBe("30cbbc08863d8c85d49db34a9ae1");
    expect(toHex(authKey)).toBe("cebe321f6ff7716b6fd4ab49af256a156d38baa4");
  });

  test("key stream of AES in counter mode (RFC 3711 §B.2)", () => {
    const cipherKey = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    const salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    const cipher = new CounterModeCipher({ cipherKey, salt, authKey: new Uint8Array(20) }, 10);
    const bytes = new Uint8Array(48 + 10);
    cipher.seal(bytes, 0, 48, 0, 0, new Uint8Array(4));
    expect(toHex(bytes.subarray(0, 48))).toBe(
      "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0",
    );
  });

  test("a packet of AES_CM_128_HMAC_SHA1_80 as other implementations make it", () => {
    const bytes = new Uint8Array(28 + srtpRoomBytes);
    bytes.set(hex("800f1234 decafbad cafebabe abababababababababababababababab"));
    expect(new SrtpSender(rfcKeys).protect(bytes, 28)).toBe(38);
    expect(toHex(bytes.subarray(0, 38))).toBe(
      "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb",
    );
  });

  test("a compound of AES_CM_128_HMAC_SHA1_80 as other implementations make it", () => {
    const bytes = new Uint8Array(24 + srtpRoomBytes);
    bytes.set(hex("81c8000b cafebabe abababababababababababababababab"));
    expect(new SrtpSender(rfcKeys).protectRtcp(bytes, 24)).toBe(38);
    expect(toHex(bytes.subarray(0, 38))).toBe(
      "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798",
    );
  });

  const gcmKey = { cipherKey: hex("000102030405060708090a0b0c0d0e0f"), authKey: new Uint8Array(0) };
  const gcmSalt = hex("517569642070726f2071756f");

  test("a packet of AEAD_AES_128_GCM (RFC 7714 §16.1.1)", () => {
    const plain = hex(
      "8040f17b8041f8d35501a0b2 47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573",
    );
    const bytes = new Uint8Array(plain.length + 16);
    bytes.set(plain);
    const cipher = new GcmCipher({ ...gcmKey, salt: gcmSalt });
    cipher.seal(bytes, 12, plain.length, 0x5501a0b2, 0xf17b, new Uint8Array(0));
    expect(toHex(bytes)).toBe(
      "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
    );
    expect(cipher.open(bytes, 12, plain.length, 0x5501a0b2, 0xf17b, new Uint8Array(0))).toBe(true);
    expect(toHex(bytes.subarray(0, plain.length))).toBe(toHex(plain));
  });
});

describe.each(suites)("SRTP with %s", (suite) => {
  const keys = keysOf(suite);

  test("what one side protects the other opens, and nobody reads it on the way", () => {
    const receiver = new SrtpReceiver(keys);
    const bytes = sealed(new SrtpSender(keys), 500);
    expect(bytes.length).toBe(172 + srtpShapes[suite].rtpTagBytes);
    expect(toHex(bytes)).not.toContain("f4f4f4f4");
    expect(receiver.unprotect(bytes, bytes.length)).toBe(172);
    expect(toHex(bytes.subarray(0, 172))).toBe(toHex(packet(500).bytes.subarray(0, 172)));
  });

  test("the rollover counter goes on across wraps, also where packets overtake one (RFC 3711 §3.3.1)", () => {
    const sender = new SrtpSender(keys);
    const receiver = new SrtpReceiver(keys);
    const order = [65_533, 65_534, 65_536, 65_535, 65_538, 65_537];
    const wire = new Map([65_533, 65_534, 65_535, 65_536, 65_537, 65_538].map((n) => [n, sealed(sender, n)]));
    for (const count of order) {
      const bytes = wire.get(count)!;
      expect(receiver.unprotect(bytes, bytes.length)).toBe(172);
      expect(bytes[20]).toBe(count & 0xff);
    }
  });

  test("a packet is taken once (RFC 3711 §3.3.2)", () => {
    const sender = new SrtpSender(keys);
    const receiver = new SrtpReceiver(keys);
    const wire = Array.from({ length: 300 }, (_, i) => sealed(sender, 1000 + i));
    for (const bytes of wire) expect(receiver.unprotect(bytes.slice(), bytes.length)).toBe(172);
    for (const bytes of wire) expect(receiver.unprotect(bytes.slice(), bytes.length)).toBe("replayed");
    expect(receiver.counters).toEqual({ replays: 300, authenticationFailures: 0 });
  });

  test("any changed byte is found, and the next good packet still opens", () => {
    const sender = new SrtpSender(keys);
    const receiver = new SrtpReceiver(keys);
    const wire = sealed(sender, 1);
    for (const at of [1, 5, 9, 12, 100, 171, wire.length - 1]) {
      const changed = wire.slice();
      changed[at]! ^= 1;
      expect(receiver.unprotect(changed, changed.length)).toBe("not-authentic");
    }
    expect(receiver.counters.authenticationFailures).toBe(7);
    expect(receiver.unprotect(wire, wire.length)).toBe(172);
  });

  test("other keys open nothing", () => {
    const wire = sealed(new SrtpSender(keys), 1);
    expect(new SrtpReceiver(keysOf(suite, 2)).unprotect(wire, wire.length)).toBe("not-authentic");
  });

  test("RTCP: protected, opened, taken once, and its index is authentic (RFC 3711 §3.4)", () => {
    const sender = new SrtpSender(keys);
    const receiver = new SrtpReceiver(keys);
    for (let round = 0; round < 3; round++) {
      const plain = hex("80c90001 00000007 81ca0002 00000007 01016100");
      const bytes = new Uint8Array(plain.length + srtpRoomBytes);
      bytes.set(plain);
      const size = sender.protectRtcp(bytes, plain.length);
      if (typeof size === "string") throw new Error(size);
      const forged = bytes.slice(0, size);
      forged[srtpShapes[suite].aead ? size - 1 : plain.length + 3]! ^= 4;
      expect(receiver.unprotectRtcp(forged, size)).toBe("not-authentic");
      const again = bytes.slice(0, size);
      expect(receiver.unprotectRtcp(bytes.subarray(0, size), size)).toBe(plain.length);
      expect(toHex(bytes.subarray(0, plain.length))).toBe(toHex(plain));
      expect(receiver.unprotectRtcp(again, size)).toBe("replayed");
    }
  });

  test("the same number is never protected twice (RFC 3711 §9.1)", () => {
    const sender = new SrtpSender(keys);
    sealed(sender, 10);
    const { bytes, size } = packet(10);
    expect(sender.protect(bytes, size)).toBe("keys-spent");
  });

  test("random bytes are refused and never throw", () => {
    const random = new SeededRandom(4);
    const receiver = new SrtpReceiver(keys);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: random.int(0, 80) }, () => random.int(0, 255));
      if (bytes.length > 0) bytes[0] = 0x80 | (bytes[0]! & 0x3f);
      expect(typeof receiver.unprotect(bytes, bytes.length)).toBe("string");
      expect(typeof receiver.unprotectRtcp(bytes, bytes.length)).toBe("string");
    }
  });
});

describe("replay window (RFC 3711 §3.3.2)", () => {
  test("takes late packets inside 128, refuses older and known ones", () => {
    const window = new ReplayWindow();
    for (const index of [1000, 1127, 1001]) {
      expect(window.replayed(index)).toBe(false);
      window.accept(index);
    }
    expect([1000, 999, 1001, 1127].map((index) => window.replayed(index))).toEqual([true, true, true, true]);
    expect([1002, 1126, 1128, 2 ** 40].map((index) => window.replayed(index))).toEqual([false, false, false, false]);
  });
});

describe("SDES (RFC 4568)", () => {
  test.each(suites)("%s: what is written is read", (suite) => {
    const crypto = { tag: 3, keys: keysOf(suite) };
    expect(parseSdes(writeSdes(crypto))).toEqual(crypto);
  });

  test("a lifetime is fine; an MKI, session parameters and unknown suites are not for us", () => {
    const key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    const line = `1 AES_CM_128_HMAC_SHA1_80 inline:${key}`;
    expect(parseSdes(`${line}|2^20`)).toMatchObject({ tag: 1 });
    expect(parseSdes(`${line}|2^20|1:4`)).toBe("unsupported-parameter");
    expect(parseSdes(`${line} UNENCRYPTED_SRTP`)).toBe("unsupported-parameter");
    expect(parseSdes(`1 F8_128_HMAC_SHA1_80 inline:${key}`)).toBe("unknown-suite");
    expect(parseSdes("1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=")).toBe("malformed");
    expect(parseSdes(`x ${line}`)).toBe("malformed");
    expect(parseSdes("toString toString inline:AAAA")).toBe("malformed");
    expect(parseSdes(`1 toString inline:${key}`)).toBe("unknown-suite");
  });
});
