import { createHmac, timingSafeEqual } from "node:crypto";
import { type DigestAlgorithm, digestResponse, hashA1, parseAlgorithm } from "./digest.ts";
import type { AuthValue } from "./headers/auth.ts";
import { NonceCounts } from "./nonce-counts.ts";

export interface DigestServerOptions {
  readonly realm: string;
  /** Key of the nonces, at least 16 bytes; the same in all processes that answer for the realm. */
  readonly nonceKey: Uint8Array;
  /** Offered in this order (RFC 8760 §2.4). */
  readonly algorithms: readonly DigestAlgorithm[];
  /** A nonce older than this is stale. */
  readonly nonceLifetimeMs: number;
  /** Nonces in use that are remembered to refuse replays. */
  readonly maxNonces: number;
}

/** Settings when nothing else is asked for; MD5 is added where a trunk or user allows it. */
export const defaultDigestServer = {
  algorithms: ["SHA-256", "SHA-512-256"],
  nonceLifetimeMs: 300_000,
  maxNonces: 10_000,
} as const satisfies Partial<DigestServerOptions>;

/** What is known of a user: the password, or H(A1) in hex by algorithm. */
export type DigestSecret =
  | { readonly type: "password"; readonly password: string }
  | { readonly type: "ha1"; readonly ha1: Readonly<Partial<Record<DigestAlgorithm, string>>> };

/** Result of a check. `stale`: right but with an old nonce, so challenge anew with stale=true. */
export type DigestVerdict =
  | { readonly type: "ok"; readonly username: string }
  | { readonly type: "stale" }
  | { readonly type: "refused"; readonly reason: DigestRefusal };

export type DigestRefusal = "malformed" | "realm" | "algorithm" | "nonce" | "credentials" | "replay";

/** Challenges and checks credentials without a table of nonces given out: a nonce proves its own age (RFC 7616 §3.3). */
export class DigestServer {
  readonly #options: DigestServerOptions;
  readonly #counts: NonceCounts;
  /** Tells apart nonces of one millisecond, which would share their nonce counts. */
  #serial = 0;

  constructor(options: DigestServerOptions) {
    if (options.nonceKey.length < 16) throw new Error("nonceKey must have at least 16 bytes");
    this.#options = options;
    this.#counts = new NonceCounts(options.maxNonces);
  }

  /** One challenge an algorithm, best first; each is a header line of its own. `wallMs` is the date. */
  challenges(wallMs: number, isStale = false): AuthValue[] {
    const { algorithms, realm } = this.#options;
    return algorithms.map((algorithm) => {
      const params = new Map<string, string | undefined>([
        ["realm", realm],
        ["nonce", this.#makeNonce(wallMs)],
        ["algorithm", algorithm],
        ["qop", "auth"],
      ]);
      if (isStale) params.set("stale", "true");
      return { scheme: "Digest", params };
    });
  }

  /** Checks credentials for a request. `secretOf` gives what is known of a user, undefined for nobody. */
  check(
    credentials: AuthValue,
    method: string,
    secretOf: (username: string) => DigestSecret | undefined,
    wallMs: number,
  ): DigestVerdict {
    const read = readCredentials(credentials);
    if (read === undefined) return refused("malformed");
    const { realm, algorithms, nonceLifetimeMs } = this.#options;
    if (read.realm !== realm) return refused("realm");
    const { algorithm, nonce, nc } = read;
    if (algorithm === undefined || !algorithms.includes(algorithm)) return refused("algorithm");
    const issuedAt = this.#readNonce(nonce);
    if (issuedAt === undefined) return refused("nonce");
    const secret = secretOf(read.username);
    // For nobody the same work is done, so that the time does not tell who exists.
    const ha1 = ha1Of(secret, algorithm, read.username, realm);
    const auth = { nc, cnonce: read.cnonce };
    // Departs from RFC 7616 §3.4.6: `uri` is not held against the Request-URI, which proxies on the way rewrite
    // (RFC 3261 §22.4); the nonce count keeps the credentials from being used twice.
    const expected = digestResponse({ algorithm, ha1: ha1 ?? "", method, uri: read.uri, nonce, auth });
    const matches = sameHex(expected, read.response);
    if (!matches || ha1 === undefined) return refused("credentials");
    if (wallMs - issuedAt > nonceLifetimeMs || issuedAt > wallMs + 1000) return { type: "stale" };
    const use = this.#counts.use(nonce, issuedAt, Number.parseInt(nc, 16));
    if (use === "forgotten") return { type: "stale" };
    return use === "replay" ? refused("replay") : { type: "ok", username: read.username };
  }

  /** `time-serial-mac`, hex. */
  #makeNonce(wallMs: number): string {
    this.#serial = (this.#serial + 1) % 0x1_0000_0000;
    const text = `${Math.floor(wallMs).toString(16)}-${this.#serial.toString(16)}`;
    return `${text}-${this.#mac(text)}`;
  }

  /** When a nonce of ours was made; undefined when it is not ours. */
  #readNonce(nonce: string): number | undefined {
    const match = /^([0-9a-f]{1,12})-([0-9a-f]{1,8})-([0-9a-f]{32})$/.exec(nonce);
    if (match === null || !sameHex(this.#mac(`${match[1]}-${match[2]}`), match[3]!)) return undefined;
    return Number.parseInt(match[1]!, 16);
  }

  #mac(text: string): string {
    const { nonceKey, realm } = this.#options;
    return createHmac("sha256", nonceKey).update(`${text}:${realm}`).digest("hex").slice(0, 32);
  }
}

interface ReadCredentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly algorithm: DigestAlgorithm | undefined;
  readonly nc: string;
  readonly cnonce: string;
}

/** What every answer with qop=auth must hold; without a nonce count replays could not be told, so it is required. */
function readCredentials({ scheme, params }: AuthValue): ReadCredentials | undefined {
  const [username, realm, nonce, uri] = ["username", "realm", "nonce", "uri"].map((name) => params.get(name));
  const [response, nc, cnonce] = ["response", "nc", "cnonce"].map((name) => params.get(name));
  if (scheme.toLowerCase() !== "digest" || params.get("qop")?.toLowerCase() !== "auth") return undefined;
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined) return undefined;
  if (response === undefined || nc === undefined || cnonce === undefined || cnonce === "") return undefined;
  if (username.length > 256 || cnonce.length > 256 || !/^[0-9a-f]{8}$/i.test(nc)) return undefined;
  return { username, realm, nonce, uri, response, algorithm: parseAlgorithm(params.get("algorithm")), nc, cnonce };
}

function ha1Of(
  secret: DigestSecret | undefined,
  algorithm: DigestAlgorithm,
  username: string,
  realm: string,
): string | undefined {
  if (secret?.type === "ha1") return secret.ha1[algorithm]?.toLowerCase();
  const ha1 = hashA1(algorithm, username, realm, secret?.password ?? "");
  return secret === undefined ? undefined : ha1;
}

/** Compares in a time that tells nothing about where they differ. */
function sameHex(expected: string, given: string): boolean {
  const a = Buffer.from(expected, "latin1");
  const b = Buffer.from(given.toLowerCase(), "latin1");
  return a.length === b.length && timingSafeEqual(a, b);
}

function refused(reason: DigestRefusal): DigestVerdict {
  return { type: "refused", reason };
}
