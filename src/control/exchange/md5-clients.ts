import { cseqOf, type SipRequest, sipCallIdOf } from "../../sip/message.ts";

/** Most clients, and most REGISTERs without an answer, that are remembered. */
const maxRemembered = 10_000;
const maxNameLength = 128;

/**
 * Clients that give up at a challenge they do not know instead of taking the next one (RFC 8760 §2.4), so that they must
 * be offered MD5 alone. Known by their User-Agent, or by coming back unchanged: a client that could answer would have.
 * Never by the user they name, which would tell who exists.
 */
export class Md5Clients {
  /** Address and User-Agent of those that came back. */
  readonly #learned = new Set<string>();
  /** CSeq of the last challenged REGISTER, by address and Call-ID. */
  readonly #challenged = new Map<string, number>();

  /** Asked for each request to be challenged: true when MD5 is to be offered alone. */
  needsMd5(request: SipRequest, address: string): boolean {
    const name = request.headers.get("User-Agent")?.slice(0, maxNameLength) ?? "";
    const client = `${address} ${name}`;
    if (knowsMd5Only(name) || this.#learned.has(client)) return true;
    if (request.method !== "REGISTER") return false;
    const key = `${address} ${sipCallIdOf(request)}`;
    const before = this.#challenged.get(key);
    const { seq } = cseqOf(request);
    if (before !== undefined && seq > before) {
      this.#challenged.delete(key);
      this.#learned.add(client);
      if (this.#learned.size > maxRemembered) this.#learned.delete(this.#learned.values().next().value!);
      return true;
    }
    this.#challenged.set(key, seq);
    if (this.#challenged.size > maxRemembered) this.#challenged.delete(this.#challenged.keys().next().value!);
    return false;
  }

  /** The request has credentials: its client understood the challenge. A refresh begins without them again. */
  answered(request: SipRequest, address: string): void {
    if (request.method === "REGISTER") this.#challenged.delete(`${address} ${sipCallIdOf(request)}`);
  }
}

/** Quirk (baresip before 3.11, PJSIP before 2.11, SIP.js, JsSIP): an unknown algorithm in a challenge ends the attempt. */
function knowsMd5Only(userAgent: string): boolean {
  if (/^(SIP\.js\/|JsSIP )/.test(userAgent)) return true;
  const [, name, major, minor] = /^(baresip|PJSUA) v(\d{1,3})\.(\d{1,3})\b/.exec(userAgent) ?? [];
  if (name === undefined) return false;
  const least = name === "baresip" ? 3 : 2;
  return Number(major) < least || (Number(major) === least && Number(minor) < 11);
}
