import type { RandomBytes } from "../../kit/ids.ts";
import { masterKeyBytes, type SrtpKeys, type SrtpSuite, srtpShapes } from "./srtp-keys.ts";

/** One `a=crypto` line, after the colon (RFC 4568 §4). */
export interface SdesCrypto {
  readonly tag: number;
  readonly keys: SrtpKeys;
}

/** Why a line is not for us; another line of the offer may be. */
export type SdesFault = "malformed" | "unknown-suite" | "unsupported-parameter";

/** Reads `1 AES_CM_128_HMAC_SHA1_80 inline:<base64>|2^20`; session parameters and MKI are refused (RFC 4568 §6.3). */
export function parseSdes(text: string): SdesCrypto | SdesFault {
  if (text.length > 512) return "malformed";
  const match = /^([1-9][0-9]{0,8}) +(\S+) +inline:([A-Za-z0-9+/=]+)((?:\|[^|\s]+){0,2})((?: +\S+)*) *$/.exec(text);
  if (!match) return "malformed";
  const [, tag, name, base64, parameters = "", session = ""] = match;
  if (!isSuite(name!)) return "unknown-suite";
  // A lifetime we never reach is fine; an MKI (`1:4`) would change the packets.
  if (parameters.includes(":") || session.trim() !== "") return "unsupported-parameter";
  const bytes = Buffer.from(base64!, "base64");
  if (bytes.length !== masterKeyBytes + srtpShapes[name].saltBytes) return "malformed";
  return {
    tag: Number(tag),
    keys: {
      suite: name,
      masterKey: new Uint8Array(bytes.subarray(0, masterKeyBytes)),
      masterSalt: new Uint8Array(bytes.subarray(masterKeyBytes)),
    },
  };
}

/** Writes what `parseSdes` reads. */
export function writeSdes({ tag, keys }: SdesCrypto): string {
  const inline = Buffer.concat([keys.masterKey, keys.masterSalt]).toString("base64");
  return `${tag} ${keys.suite} inline:${inline}`;
}

/** Fresh keys of a suite, for our direction. */
export function makeSrtpKeys(suite: SrtpSuite, randomBytes: RandomBytes): SrtpKeys {
  return {
    suite,
    masterKey: randomBytes(masterKeyBytes),
    masterSalt: randomBytes(srtpShapes[suite].saltBytes),
  };
}

function isSuite(name: string): name is SrtpSuite {
  return Object.hasOwn(srtpShapes, name);
}
