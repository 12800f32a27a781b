import type { RandomBytes } from "../../kit/ids.ts";
import { type DigestAlgorithm, parseAlgorithm } from "../../sip/digest.ts";
import { type DigestRefusal, type DigestSecret, DigestServer, defaultDigestServer } from "../../sip/digest-server.ts";
import { type AuthValue, authorizationField, wwwAuthenticateField } from "../../sip/headers/fields.ts";
import { SipHeaders } from "../../sip/headers/headers.ts";
import type { SipRequest } from "../../sip/message.ts";
import { Md5Clients } from "./md5-clients.ts";

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
  readonly #md5Clients = new Md5Clients();

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

  /** `address` is the source of the request; `wallMs` is the date, which nonces carry. */
  check(request: SipRequest, address: string, wallMs: number): Credentials {
    const { realm, secretOf } = this.#options;
    const offered = request.headers.all(authorizationField);
    // Credentials for somebody else's realm are for a server behind or before us.
    const own = offered.find(({ params }) => params.get("realm") === realm);
    if (own === undefined) return this.#challenge(request, address, wallMs);
    this.#md5Clients.answered(request, address);
    const verdict = this.#server.check(own, request.method, secretOf, wallMs);
    switch (verdict.type) {
      case "ok":
        return verdict;
      case "stale":
        return this.#challengeAgain(own, wallMs);
      case "refused":
        return verdict.reason === "nonce" ? this.#challengeAgain(own, wallMs) : verdict;
    }
  }

  #challenge(request: SipRequest, address: string, wallMs: number): Credentials {
    const needsMd5 = this.#options.allowMd5 && this.#md5Clients.needsMd5(request, address);
    return this.#offer(wallMs, false, needsMd5 ? "MD5" : undefined);
  }

  /** Only the nonce was wrong, so the client is asked for the algorithm it has answered with. */
  #challengeAgain({ params }: AuthValue, wallMs: number): Credentials {
    const isMd5 = this.#options.allowMd5 && parseAlgorithm(params.get("algorithm")) === "MD5";
    return this.#offer(wallMs, true, isMd5 ? "MD5" : undefined);
  }

  /** `only`: no other algorithm. */
  #offer(wallMs: number, isStale: boolean, only: DigestAlgorithm | undefined): Credentials {
    const headers = new SipHeaders();
    for (const challenge of this.#server.challenges(wallMs, isStale)) {
      if (only === undefined || challenge.params.get("algorithm") === only)
        headers.put(wwwAuthenticateField, challenge);
    }
    return { type: "challenge", headers, isStale };
  }
}
