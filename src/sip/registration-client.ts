import type { RandomBytes } from "../kit/ids.ts";
import type { Machine } from "../kit/machine.ts";
import {
  callIdField,
  contactField,
  cseqField,
  expiresField,
  fromField,
  minExpiresField,
  type NameAddress,
  retryAfterField,
  toField,
} from "./headers/fields.ts";
import { SipHeaders } from "./headers/headers.ts";
import type { Authorize } from "./invite-session/types.ts";
import { emptyBody, type SipRequest, type SipResponse } from "./message.ts";
import { makeSipCallId, makeTag, randomFraction } from "./tokens.ts";
import type { TransactionFault } from "./transaction/types.ts";
import type { Uri } from "./uri.ts";

export interface RegistrationOptions {
  /** The registrar's domain as Request-URI (RFC 3261 §10.2). */
  readonly registrar: Uri;
  /** The address to register: From and To. */
  readonly address: NameAddress;
  /** How long a binding is asked to live. */
  readonly expiresS: number;
  /** First wait after a failure; doubles up to `mostRetryMs`, with a random part (RFC 5626 §4.5). */
  readonly leastRetryMs: number;
  readonly mostRetryMs: number;
  /** User of the Contact; undefined: that of the address. Calls to the address come with it in their Request-URI. */
  readonly contactUser?: string;
  /** Further header lines. */
  readonly headers?: SipHeaders;
  readonly authorize?: Authorize;
}

export const defaultRegistration = {
  expiresS: 600,
  leastRetryMs: 5000,
  mostRetryMs: 600_000,
} as const satisfies Partial<RegistrationOptions>;

export type RegistrationInput =
  | { readonly type: "start" }
  /** Takes the binding back. */
  | { readonly type: "stop" }
  | { readonly type: "response"; readonly response: SipResponse }
  | { readonly type: "failed"; readonly fault: TransactionFault };

export type RegistrationOrder =
  /** Sends a REGISTER; Via and Contact still missing. Its answer comes back as `response` or `failed`. */
  | { readonly type: "request"; readonly request: SipRequest }
  | { readonly type: "state"; readonly state: RegistrationState };

/** Where a registration stands. */
export type RegistrationState =
  | { readonly type: "registering" }
  /** Said again after each refresh. */
  | { readonly type: "registered"; readonly expiresS: number }
  /** Tried again after `retryInMs`. `status`: what the registrar said, if it said anything. */
  | { readonly type: "failed"; readonly status?: number; readonly fault?: TransactionFault; readonly retryInMs: number }
  | { readonly type: "unregistered" };

/** Longest a registrar may make us wait, or live. */
const maxSeconds = 86_400;

/** Keeps an address of ours registered (RFC 3261 §10.2): refreshes, answers challenges, waits longer after each failure. */
export class RegistrationClient implements Machine<RegistrationInput, RegistrationOrder> {
  readonly #options: RegistrationOptions;
  readonly #random: RandomBytes;
  readonly #sipCallId: string;
  readonly #tag: string;
  #seq = 0;
  #expiresS: number;
  #pending: SipRequest | undefined;
  #challenges = 0;
  #failures = 0;
  #wakeAt: number | undefined;
  #goal: "registered" | "unregistered" | undefined;
  #isRegistered = false;

  constructor(options: RegistrationOptions, random: RandomBytes) {
    this.#options = options;
    this.#random = random;
    this.#sipCallId = makeSipCallId(random);
    this.#tag = makeTag(random);
    this.#expiresS = options.expiresS;
  }

  get deadline(): number | undefined {
    return this.#wakeAt;
  }

  /** User that the Contact of its requests is to have. */
  get contactUser(): string | undefined {
    return this.#options.contactUser;
  }

  handle(input: RegistrationInput | { type: "timeout" }, now: number): readonly RegistrationOrder[] {
    switch (input.type) {
      case "start":
        if (this.#goal === "registered") return [];
        this.#goal = "registered";
        return this.#pending === undefined ? this.#register() : [];
      case "stop":
        return this.#stop();
      case "response":
        return this.#pending === undefined ? [] : this.#respond(this.#pending, input.response, now);
      case "failed":
        if (this.#pending === undefined) return [];
        this.#pending = undefined;
        return this.#goal === "unregistered" ? this.#unregistered() : this.#retry(now, { fault: input.fault });
      case "timeout":
        if (this.#wakeAt === undefined || now < this.#wakeAt) return [];
        this.#wakeAt = undefined;
        return this.#goal === "registered" ? this.#register() : [];
    }
  }

  #stop(): readonly RegistrationOrder[] {
    if (this.#goal === "unregistered") return [];
    this.#goal = "unregistered";
    this.#wakeAt = undefined;
    // A REGISTER under way is waited for, so that the two do not meet (RFC 3261 §10.2).
    if (this.#pending !== undefined) return [];
    return this.#isRegistered ? this.#register() : this.#unregistered();
  }

  #register(): readonly RegistrationOrder[] {
    this.#challenges = 0;
    const { registrar, address, headers: added } = this.#options;
    const headers = SipHeaders.of(["Max-Forwards", "70"]);
    headers.put(fromField, { ...address, params: new Map(address.params).set("tag", this.#tag) });
    headers.put(toField, address).put(callIdField, this.#sipCallId);
    headers.put(cseqField, { seq: ++this.#seq, method: "REGISTER" });
    headers.put(expiresField, this.#goal === "unregistered" ? 0 : this.#expiresS);
    for (const [name, value] of added ?? []) headers.add(name, value);
    return this.#send({ type: "request", method: "REGISTER", uri: registrar, headers, body: emptyBody });
  }

  #send(request: SipRequest): readonly RegistrationOrder[] {
    this.#pending = request;
    const orders: RegistrationOrder[] = [{ type: "request", request }];
    if (!this.#isRegistered && this.#challenges === 0) orders.push({ type: "state", state: { type: "registering" } });
    return orders;
  }

  #respond(request: SipRequest, response: SipResponse, now: number): readonly RegistrationOrder[] {
    const { status, headers } = response;
    if (status < 200) return [];
    this.#pending = undefined;
    if (status === 401 || status === 407) {
      const again = this.#answerChallenge(request, response);
      if (again !== undefined) return this.#send(again);
    }
    const wasLeaving = request.headers.first(expiresField) === 0;
    if (!wasLeaving && status < 300)
      return this.#goal === "registered" ? this.#registered(response, now) : this.#leave();
    if (this.#goal === "unregistered") return this.#unregistered();
    // Wanted again while it was being taken back.
    if (wasLeaving) return this.#register();
    const least = headers.first(minExpiresField);
    if (status === 423 && least !== undefined && least > this.#expiresS && least <= maxSeconds) {
      this.#expiresS = least;
      return this.#register();
    }
    return this.#retry(now, { status, retryAfterS: headers.first(retryAfterField) });
  }

  /** Registered although nobody wants it any more. */
  #leave(): readonly RegistrationOrder[] {
    this.#isRegistered = true;
    return this.#register();
  }

  #unregistered(): readonly RegistrationOrder[] {
    this.#isRegistered = false;
    return [{ type: "state", state: { type: "unregistered" } }];
  }

  #answerChallenge(request: SipRequest, response: SipResponse): SipRequest | undefined {
    // Once, and once more when the nonce had become old.
    if (this.#challenges >= 2) return undefined;
    const lines = this.#options.authorize?.(request, response);
    if (lines === undefined) return undefined;
    this.#challenges++;
    const headers = request.headers.clone();
    headers.remove(response.status === 401 ? "Authorization" : "Proxy-Authorization");
    headers.replace(cseqField, { seq: ++this.#seq, method: "REGISTER" });
    for (const [name, value] of lines) headers.add(name, value);
    return { ...request, headers };
  }

  #registered(response: SipResponse, now: number): readonly RegistrationOrder[] {
    this.#isRegistered = true;
    this.#failures = 0;
    const expiresS = Math.min(Math.max(grantedS(response) ?? this.#expiresS, 10), maxSeconds);
    // Well before the end, so that a few retransmissions still fit; at random, so that not all come at once.
    const share = 0.7 + 0.2 * randomFraction(this.#random);
    this.#wakeAt = now + Math.max(expiresS * share, expiresS - 300) * 1000;
    return [{ type: "state", state: { type: "registered", expiresS } }];
  }

  #retry(
    now: number,
    why: { readonly status?: number; readonly fault?: TransactionFault; readonly retryAfterS?: number },
  ): readonly RegistrationOrder[] {
    const { leastRetryMs, mostRetryMs } = this.#options;
    const waitMs = Math.min(leastRetryMs * 2 ** this.#failures, mostRetryMs);
    this.#failures = Math.min(this.#failures + 1, 30);
    const askedMs = Math.min(why.retryAfterS ?? 0, maxSeconds) * 1000;
    const retryInMs = Math.max(askedMs, Math.round(waitMs * (0.5 + 0.5 * randomFraction(this.#random))));
    this.#wakeAt = now + retryInMs;
    this.#isRegistered = false;
    return [{ type: "state", state: { type: "failed", status: why.status, fault: why.fault, retryInMs } }];
  }
}

/** How long the registrar lets our binding live: in its Contact, or for all in Expires (RFC 3261 §10.2.4). */
function grantedS(response: SipResponse): number | undefined {
  const contacts = response.headers.all(contactField);
  // Other bindings of the address are listed too; with several the shortest is the safe one.
  const each = contacts.map(({ params }) => Number(params.get("expires") ?? Number.NaN)).filter((s) => s > 0);
  return each.length > 0 ? Math.min(...each) : response.headers.first(expiresField);
}
