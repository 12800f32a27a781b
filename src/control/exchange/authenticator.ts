import type { RandomBytes } from "../../kit/ids.ts";
import { type DigestRefusal, type DigestSecret, DigestServer, defaultDigestServer } from "../../sip/digest-server.ts";
import { authorizationField, wwwAuthenticateField } from "../../sip/headers/fields.ts";
import { SipHeaders } from "../../sip/headers/headers.ts";
import type { SipRequest } from "../../sip/message.ts";

export interface AuthenticatorOptions {
  readonly realm: string;
  /** Offer MD5 behind SHA-256, for phones that know nothing else (RFC 8760 §2.4). */
  readonly allowMd5: boolean;
  readonly randomBytes: RandomBytes;
  /** What is known of a user; undefined for nobody. */
  readonly secretOf: (username: string) => DigestSecret | undefined;
}

/** Who sent a request, as far as its credentials tell. */
export type Credentials =
  | { readonly type: "ok"; readonly username: string }
  /** None, or with a nonce that is old or not ours: to be answered with these headers. */
  | { readonly type: "challenge"; readonly headers: SipHeaders; readonly isStale: boolean }
  | { readonly type: "refused"; readonly reason: DigestRefusal };

/** Checks the credentials of requests for our realm (RFC 3261 §22, RFC 8760). */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #server: DigestServer;

  constructor(options: AuthenticatorOptions) {
    const { realm, allowMd5, randomBytes } = options;
    this.#options = options;
    this.#server = new DigestServer({
      ...defaultDigestServer,
      realm,
      // New in each life of the process: nonces of the last one are answered as stale, which phones retry by themselves.
      nonceKey: randomBytes(32),
      algorithms: allowMd5 ? ["SHA-256", "MD5"] : ["SHA-256"],
    });
  }

  /** `wallMs` is the date, which nonces carry. */
  check(request: SipRequest, wallMs: number): Credentials {
    const { realm, secretOf } = this.#options;
    const offered = request.headers.all(authorizationField);
    // Credentials for somebody else's realm are for a server behind or before us.
    const own = offered.find(({ params }) => params.get("realm") === realm);
    if (own === undefined) return this.#challenge(wallMs, false);
    const verdict = this.#server.check(own, request.method, secretOf, wallMs);
    switch (verdict.type) {
      case "ok":
        return verdict;
      case "stale":
        return this.#challenge(wallMs, true);
      case "refused":
        return verdict.reason === "nonce" ? this.#challenge(wallMs, true) : verdict;
    }
  }

  #challenge(wallMs: number, isStale: boolean): Credentials {
    const headers = new SipHeaders();
    for (const challenge of this.#server.challenges(wallMs, isStale)) headers.put(wwwAuthenticateField, challenge);
    return { type: "challenge", headers, isStale };
  }
}
