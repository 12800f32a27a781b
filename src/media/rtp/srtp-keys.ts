import { createCipheriv } from "node:crypto";

/** Crypto suites of SDES (RFC 4568 §6.2, RFC 7714 §14.2). */
export type SrtpSuite = "AES_CM_128_HMAC_SHA1_80" | "AES_CM_128_HMAC_SHA1_32" | "AEAD_AES_128_GCM";

/** Sizes of a suite, in bytes. */
export interface SrtpShape {
  readonly saltBytes: number;
  readonly rtpTagBytes: number;
  readonly rtcpTagBytes: number;
  readonly aead: boolean;
}

/** Key of every suite here: 128 bits. */
export const masterKeyBytes = 16;

/** What each suite needs. Its RTCP tag is 80 bits even where RTP's is 32 (RFC 4568 §6.2.2). */
export const srtpShapes = {
  AES_CM_128_HMAC_SHA1_80: { saltBytes: 14, rtpTagBytes: 10, rtcpTagBytes: 10, aead: false },
  AES_CM_128_HMAC_SHA1_32: { saltBytes: 14, rtpTagBytes: 4, rtcpTagBytes: 10, aead: false },
  AEAD_AES_128_GCM: { saltBytes: 12, rtpTagBytes: 16, rtcpTagBytes: 16, aead: true },
} as const satisfies Record<SrtpSuite, SrtpShape>;

/** Master key and salt of one direction. Never in a log line or a message. */
export interface SrtpKeys {
  readonly suite: SrtpSuite;
  /** Uint8Array, 16 bytes. */
  readonly masterKey: Uint8Array;
  /** Uint8Array, `saltBytes` of the suite. */
  readonly masterSalt: Uint8Array;
}

/** Keys that work on packets (RFC 3711 §4.3.1). `authKey` is empty for AEAD suites. */
export interface SessionKeys {
  readonly cipherKey: Uint8Array;
  readonly authKey: Uint8Array;
  readonly salt: Uint8Array;
}

const authKeyBytes = 20;

/** Derives the session keys of RTP or RTCP; the derivation rate is 0, so there is one set (RFC 3711 §4.3.1). */
export function deriveSessionKeys(keys: SrtpKeys, what: "rtp" | "rtcp"): SessionKeys {
  const shape = srtpShapes[keys.suite];
  if (keys.masterKey.length !== masterKeyBytes || keys.masterSalt.length !== shape.saltBytes) {
    throw new Error("SRTP: the master key or salt has the wrong size");
  }
  const firstLabel = what === "rtp" ? 0 : 3;
  return {
    cipherKey: derive(keys, firstLabel, masterKeyBytes),
    authKey: derive(keys, firstLabel + 1, shape.aead ? 0 : authKeyBytes),
    salt: derive(keys, firstLabel + 2, shape.saltBytes),
  };
}

function derive(keys: SrtpKeys, label: number, sizeBytes: number): Uint8Array {
  // A 96-bit salt is padded with zeros at its end (RFC 7714 §11).
  const iv = new Uint8Array(16);
  iv.set(keys.masterSalt);
  iv[7]! ^= label;
  return new Uint8Array(createCipheriv("aes-128-ctr", keys.masterKey, iv).update(new Uint8Array(sizeBytes)));
}
