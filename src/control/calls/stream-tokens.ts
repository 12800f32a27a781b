import { createHash } from "node:crypto";
import type { CallId } from "../../kit/ids.ts";

interface Grant {
  readonly callId: CallId;
  readonly expiresAt: number;
}

/**
 * Single-use tickets for media streams. Only hashes are kept, so a look-up's time tells nothing of the token, and a
 * token is gone the moment it is taken, right or late.
 */
export class StreamTokens {
  readonly #grants = new Map<string, Grant>();
  readonly #maxGrants: number;

  /** `maxGrants`: tickets out at once; past it the oldest is void. */
  constructor(maxGrants = 10_000) {
    this.#maxGrants = maxGrants;
  }

  /** Binds a token (32 random bytes as text) to a call until `expiresAt` (monotonic ms). */
  grant(token: string, callId: CallId, expiresAt: number): void {
    if (this.#grants.size >= this.#maxGrants) this.#grants.delete(this.#grants.keys().next().value as string);
    this.#grants.set(hash(token), { callId, expiresAt });
  }

  /** Uses a token up; the call it was for, or undefined when it is unknown, used or late. */
  take(token: string, now: number): CallId | undefined {
    const key = hash(token);
    const grant = this.#grants.get(key);
    this.#grants.delete(key);
    return grant !== undefined && now < grant.expiresAt ? grant.callId : undefined;
  }

  /** Voids what is late. Grants are kept in order of making, which is the order of expiry. */
  sweep(now: number): void {
    for (const [key, grant] of this.#grants) {
      if (now < grant.expiresAt) return;
      this.#grants.delete(key);
    }
  }
}

function hash(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
