import type { RandomBytes } from "../kit/ids.ts";
import { allAlgorithms, answerChallenge, type DigestAlgorithm, pickChallenge } from "./digest.ts";
import {
  authorizationField,
  proxyAuthenticateField,
  proxyAuthorizationField,
  wwwAuthenticateField,
} from "./headers/fields.ts";
import type { Authorize } from "./invite-session/types.ts";
import { makeTag } from "./tokens.ts";
import { writeUri } from "./uri.ts";

/** Most nonces whose counts are remembered. */
const maxNonces = 64;

/** Answers challenges with a user name and password, each nonce's count kept (RFC 3261 §22, RFC 8760). */
export function digestAuthorize(
  credentials: { readonly username: string; readonly password: string },
  random: RandomBytes,
  algorithms: readonly DigestAlgorithm[] = allAlgorithms,
): Authorize {
  const counts = new Map<string, number>();
  return (request, response) => {
    const isProxy = response.status === 407;
    const asked = isProxy ? proxyAuthenticateField : wwwAuthenticateField;
    const answered = isProxy ? proxyAuthorizationField : authorizationField;
    const challenge = pickChallenge(response.headers.all(asked), algorithms);
    if (challenge === undefined) return undefined;
    const isStale = challenge.params.get("stale")?.toLowerCase() === "true";
    // Credentials that were refused once are refused again, unless only the nonce was old (RFC 3261 §22.2).
    if (request.headers.has(answered.name) && !isStale) return undefined;
    const nonce = challenge.params.get("nonce") ?? "";
    const nonceCount = (counts.get(nonce) ?? 0) + 1;
    if (counts.size >= maxNonces) counts.delete(counts.keys().next().value!);
    counts.set(nonce, nonceCount);
    const { method, uri } = request;
    const value = answerChallenge(challenge, {
      ...credentials,
      method,
      uri: writeUri(uri),
      cnonce: makeTag(random),
      nonceCount,
    });
    return value === undefined ? undefined : [[answered.name, answered.write(value)]];
  };
}
