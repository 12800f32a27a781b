import { createHash } from "node:crypto";
import type { AuthValue } from "./headers/auth.ts";

/** Hash of a challenge, as it is spelled on the wire (RFC 8760 §2.2). */
export type DigestAlgorithm = "MD5" | "SHA-256" | "SHA-512-256";

const hashNames = { MD5: "md5", "SHA-256": "sha256", "SHA-512-256": "sha512-256" } as const satisfies Record<
  DigestAlgorithm,
  string
>;

/** Reads an algorithm's name; a missing one means MD5 (RFC 7616 §3.3), an unknown one or a -sess variant is undefined. */
export function parseAlgorithm(text: string | undefined): DigestAlgorithm | undefined {
  const wanted = (text ?? "MD5").toUpperCase();
  return wanted === "MD5" || wanted === "SHA-256" || wanted === "SHA-512-256" ? wanted : undefined;
}

/** The hash as hex digits. */
export function digestHash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(hashNames[algorithm]).update(text, "utf8").digest("hex");
}

/** H(A1) of a user: what a store may keep instead of the password (RFC 7616 §3.4.2). */
export function hashA1(algorithm: DigestAlgorithm, username: string, realm: string, password: string): string {
  return digestHash(algorithm, `${username}:${realm}:${password}`);
}

/** What a response is computed from. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  /** H(A1), hex. */
  readonly ha1: string;
  readonly method: string;
  /** The `uri` parameter, as text. */
  readonly uri: string;
  readonly nonce: string;
  /** Undefined: without quality of protection, as RFC 2069 had it. */
  readonly auth?: { readonly nc: string; readonly cnonce: string };
}

/** The `response` parameter (RFC 7616 §3.4.1). */
export function digestResponse(input: DigestInput): string {
  const { algorithm, ha1, method, uri, nonce, auth } = input;
  const ha2 = digestHash(algorithm, `${method}:${uri}`);
  const middle = auth === undefined ? nonce : `${nonce}:${auth.nc}:${auth.cnonce}:auth`;
  return digestHash(algorithm, `${ha1}:${middle}:${ha2}`);
}

/** Algorithms a client answers, all we know. */
export const allAlgorithms = ["SHA-512-256", "SHA-256", "MD5"] as const satisfies readonly DigestAlgorithm[];

/** The topmost challenge that can be answered, which is the server's preference (RFC 8760 §2.4). */
export function pickChallenge(
  challenges: readonly AuthValue[],
  allowed: readonly DigestAlgorithm[] = allAlgorithms,
): AuthValue | undefined {
  return challenges.find(({ scheme, params }) => {
    const algorithm = parseAlgorithm(params.get("algorithm"));
    const isAnswerable = algorithm !== undefined && allowed.includes(algorithm) && qopOf(params.get("qop")) !== "other";
    return scheme.toLowerCase() === "digest" && isAnswerable && params.has("nonce") && params.has("realm");
  });
}

function qopOf(text: string | undefined): "auth" | "none" | "other" {
  if (text === undefined) return "none";
  return text.split(",").some((option) => option.trim().toLowerCase() === "auth") ? "auth" : "other";
}

/** Who answers a challenge, for which request. */
export interface ChallengeAnswer {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  /** The Request-URI as it goes on the wire. */
  readonly uri: string;
  /** Random hex digits, new for each answer. */
  readonly cnonce: string;
  /** How often this nonce has been answered, this time included; from 1. */
  readonly nonceCount: number;
}

/** The credentials for a challenge that pickChallenge() gave; undefined for one it would not give (RFC 7616 §3.4). */
export function answerChallenge(challenge: AuthValue, answer: ChallengeAnswer): AuthValue | undefined {
  const { params } = challenge;
  const algorithm = parseAlgorithm(params.get("algorithm"));
  const realm = params.get("realm");
  const nonce = params.get("nonce");
  const qop = qopOf(params.get("qop"));
  if (algorithm === undefined || realm === undefined || nonce === undefined || qop === "other") return undefined;
  const { username, password, method, uri, cnonce, nonceCount } = answer;
  const auth = qop === "auth" ? { nc: nonceCount.toString(16).padStart(8, "0"), cnonce } : undefined;
  const ha1 = hashA1(algorithm, username, realm, password);
  const response = digestResponse({ algorithm, ha1, method, uri, nonce, auth });
  const out = new Map<string, string | undefined>([
    ["username", username],
    ["realm", realm],
    ["nonce", nonce],
    ["uri", uri],
    ["response", response],
  ]);
  if (params.has("algorithm")) out.set("algorithm", algorithm);
  if (params.has("opaque")) out.set("opaque", params.get("opaque"));
  if (auth !== undefined) out.set("qop", "auth").set("nc", auth.nc).set("cnonce", auth.cnonce);
  return { scheme: "Digest", params: out };
}
