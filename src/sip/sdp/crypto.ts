import type { SdpAttribute } from "./session.ts";

/** Suites we speak (RFC 4568 §6.2, RFC 7714 §14.2). */
export type CryptoSuite = "AES_CM_128_HMAC_SHA1_80" | "AES_CM_128_HMAC_SHA1_32" | "AEAD_AES_128_GCM";

/** Bytes of master key and master salt together: what stands behind `inline:`. */
export const cryptoKeyBytes = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AEAD_AES_128_GCM: 28,
} as const satisfies Record<CryptoSuite, number>;

/** One `a=crypto` line (RFC 4568 §9.1). */
export interface CryptoLine {
  /** 0–999999999, the same in offer and answer. */
  readonly tag: number;
  readonly suite: CryptoSuite;
  /** Master key and salt, `cryptoKeyBytes[suite]` long; a secret. */
  readonly key: Uint8Array;
}

/**
 * The crypto lines of a section that we can use, in order. Left out: unknown suites, several keys or a master key
 * identifier, and session parameters that turn protection off.
 */
export function cryptoLines(attributes: readonly SdpAttribute[]): readonly CryptoLine[] {
  const lines: CryptoLine[] = [];
  for (const { name, value } of attributes) {
    const line = name === "crypto" && value !== undefined ? parseCrypto(value) : undefined;
    if (line !== undefined && !lines.some(({ tag }) => tag === line.tag)) lines.push(line);
  }
  return lines;
}

function parseCrypto(value: string): CryptoLine | undefined {
  const match =
    /^(\d{1,9}) +([A-Z0-9_]{1,64}) +inline:([A-Za-z0-9+/]{8,128}={0,2})((?:\|[^|\s]{1,32}){0,2})((?: +\S+){0,8})$/.exec(
      value,
    );
  if (match === null) return undefined;
  const [, tag, suite, keyText, extras = "", parameters = ""] = match;
  if (!isSuite(suite!)) return undefined;
  // An MKI would have to be in every packet; nobody known needs it.
  if (extras.includes(":")) return undefined;
  if (!parameters.split(/ +/).every((parameter) => parameter === "" || parameter.startsWith("WSH="))) return undefined;
  const key = Buffer.from(keyText!, "base64");
  return key.length === cryptoKeyBytes[suite] ? { tag: Number(tag), suite, key } : undefined;
}

function isSuite(text: string): text is CryptoSuite {
  return Object.hasOwn(cryptoKeyBytes, text);
}

/** Writes an `a=crypto` line (RFC 4568 §9.1). */
export function writeCrypto({ tag, suite, key }: CryptoLine): SdpAttribute {
  return { name: "crypto", value: `${tag} ${suite} inline:${Buffer.from(key).toString("base64")}` };
}
