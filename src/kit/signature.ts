import { createHmac, timingSafeEqual } from "node:crypto";

/** The header that carries the signature of a request, `t=<unix s>,v1=<64 hex digits>`. */
export const signatureHeader = "X-Tandem-Signature";

/** How far the `t` of a signature may be from the checker's clock, in seconds. */
export const defaultSignatureToleranceS = 300;

/** What is wrong with a signature: no readable header, too old or from the future, or made with another key or body. */
export type SignatureFault = "malformed" | "expired" | "mismatch";

/** What a checker needs; `nowS` and `toleranceS` in seconds, `header` as received (undefined: absent). */
export interface SignatureCheck {
  readonly header: string | undefined;
  readonly rawBody: string | Uint8Array;
  readonly secret: string;
  readonly nowS: number;
  readonly toleranceS?: number;
}

/** Longest header that is looked at, and most `v1` values in it (two while a key is being changed). */
const maxHeaderLength = 512;
const maxSignatures = 4;

/** The header's value for a body sent at `nowS` (seconds since 1970): HMAC-SHA256 over `${t}.${rawBody}`. */
export function signRequest(rawBody: string | Uint8Array, secret: string, nowS: number): string {
  const t = Math.floor(nowS);
  return `t=${t},v1=${digest(rawBody, secret, t).toString("hex")}`;
}

/** Checks a received signature; undefined when it is good. */
export function checkSignature(check: SignatureCheck): SignatureFault | undefined {
  const { header, rawBody, secret, nowS, toleranceS = defaultSignatureToleranceS } = check;
  // An empty key would let anybody sign.
  if (secret === "" || header === undefined || header.length > maxHeaderLength) return "malformed";
  let t: number | undefined;
  const signatures: string[] = [];
  for (const part of header.split(",")) {
    const [name, value = ""] = part.trim().split("=", 2);
    if (name === "t" && /^[0-9]{1,12}$/.test(value)) t = Number(value);
    if (name === "v1" && /^[0-9a-f]{64}$/.test(value)) signatures.push(value);
  }
  if (t === undefined || signatures.length === 0 || signatures.length > maxSignatures) return "malformed";
  if (Math.abs(nowS - t) > toleranceS) return "expired";
  const expected = digest(rawBody, secret, t);
  // No early end: how long it takes must not tell which one matched.
  let matches = 0;
  for (const signature of signatures) matches += timingSafeEqual(Buffer.from(signature, "hex"), expected) ? 1 : 0;
  return matches > 0 ? undefined : "mismatch";
}

function digest(rawBody: string | Uint8Array, secret: string, t: number): Buffer {
  return createHmac("sha256", secret).update(`${t}.`).update(rawBody).digest();
}
