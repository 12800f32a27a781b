import type { Clock } from "../../../kit/clock.ts";
import type { OrgId, RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import { TokenBuckets } from "../../../kit/token-buckets.ts";
import type { DigestSecret } from "../../../sip/digest-server.ts";
import type { SipHeaders } from "../../../sip/headers/headers.ts";
import { noParams } from "../../../sip/headers/params.ts";
import type { Hop } from "../../../sip/hop.ts";
import type { SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import { respond, type SipRequest, toOf } from "../../../sip/message.ts";
import { newRequest } from "../../../sip/new-request.ts";
import type { Binding } from "../../../sip/registrar.ts";
import type { SourceGuard } from "../../../sip/source-guard.ts";
import { makeTag } from "../../../sip/tokens.ts";
import type { ServerKey } from "../../../sip/transaction/key.ts";
import { userOf } from "../../../sip/uri.ts";
import { withToTag } from "../answer.ts";
import { Authenticator } from "../authenticator.ts";
import type { Phone } from "../phone.ts";
import type { PhoneBook } from "../phone-book.ts";
import { addressFor, routeTo } from "../phone-route.ts";

export interface PhoneDeskOptions {
  readonly book: PhoneBook;
  /** TANDEM_SIP_REALM. */
  readonly realm: string;
  /** TANDEM_SIP_ALLOW_MD5. */
  readonly allowMd5: boolean;
  /** The guard of the endpoint: who guesses passwords is banned. */
  readonly guard: Pick<SourceGuard, "strike" | "forgive">;
  /** Digest users that are no phones: trunks. Undefined for nobody. */
  readonly trunkSecret?: (username: string) => DigestSecret | undefined;
  /** Whether any trunk has a digest user; a stranger is challenged only where somebody could answer. */
  readonly hasTrunkUsers?: () => boolean;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Who a request is from. */
export type Authentication =
  | { readonly type: "phone"; readonly phone: Phone }
  /** Right credentials of a trunk's digest user. */
  | { readonly type: "trunk"; readonly username: string }
  /** No credentials, or with an old nonce: answer 401 with these headers. */
  | { readonly type: "challenge"; readonly headers: SipHeaders }
  /** Wrong credentials, of somebody we know or not: answer 403. */
  | { readonly type: "refused" }
  /** No credentials, and nobody who could have any here, or too many attempts: answer 403. */
  | { readonly type: "unknown" };

/** Challenges an address may cause without ever answering one rightly. */
const challenges = { burst: 200, perSecond: 5, maxBuckets: 10_000 } as const;
/** A round is this many steps of a second: most NATs close a UDP path after 30 s or more. */
const stepMs = 1000;
const stepsPerRound = 25;

/** Our registrar: phones authenticate and register here, and are found for calls and texts. */
export class PhoneDesk {
  readonly #options: PhoneDeskOptions;
  readonly #authenticator: Authenticator;
  readonly #unanswered = new TokenBuckets(challenges);
  #endpoint: Pick<SipEndpoint, "respond" | "request"> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #step = 0;
  /** Devices still to be pinged in this round, and how many of them in each step. */
  #unpinged: Binding[] = [];
  #perStep = 0;

  constructor(options: PhoneDeskOptions) {
    const { book, trunkSecret, realm, allowMd5, randomBytes } = options;
    this.#options = options;
    const secretOf = (username: string) => book.secretOf(username) ?? trunkSecret?.(username);
    this.#authenticator = new Authenticator({ realm, allowMd5, randomBytes, secretOf });
  }

  /** Begins to answer through the endpoint. */
  start(endpoint: Pick<SipEndpoint, "respond" | "request">): void {
    this.#endpoint = endpoint;
    this.#timer = setInterval(() => this.#takeStep(), stepMs).unref();
  }

  /** Twice is fine. */
  close(): void {
    clearInterval(this.#timer);
    this.#endpoint = undefined;
  }

  /** The enabled phone with this number. */
  findByNumber(number: string, orgId: OrgId): Phone | undefined {
    return enabled(this.#options.book.findByNumber(number, orgId));
  }

  /** The enabled phone with this user name. */
  findByUsername(username: string): Phone | undefined {
    return enabled(this.#options.book.findByUsername(username));
  }

  /** Where a phone can be reached now, best first; `routeTo` tells how. `now`: monotonic ms. */
  bindings(phone: Phone, now: number): readonly Binding[] {
    return this.#options.book.bindings(phone.id, now);
  }

  /** Checks a request's credentials; a wrong one is a strike against its source. `now`: monotonic ms. */
  authenticate(request: SipRequest, from: Hop, now: number): Authentication {
    const { book, guard, clock, metrics, hasTrunkUsers } = this.#options;
    const { address } = from;
    const credentials = this.#authenticator.check(request, address, clock.wall());
    switch (credentials.type) {
      case "ok": {
        guard.forgive(address);
        this.#unanswered.giveBack(address);
        const phone = enabled(book.findByUsername(credentials.username));
        return phone ? { type: "phone", phone } : { type: "trunk", username: credentials.username };
      }
      case "challenge": {
        if (book.isEmpty && !hasTrunkUsers?.()) return { type: "unknown" };
        // Who only ever asks to be challenged is a scanner; the phones of a house answer.
        if (this.#unanswered.take(address, now) === 0) return { type: "challenge", headers: credentials.headers };
        this.#strike(address, now, "unanswered");
        return { type: "unknown" };
      }
      case "refused":
        metrics.sipAuthFailures.inc({ reason: credentials.reason });
        // A client that merely counts nonces wrongly, or speaks an algorithm we do not, guesses nothing.
        if (credentials.reason === "credentials" || credentials.reason === "malformed") {
          this.#strike(address, now, credentials.reason);
        }
        return { type: "refused" };
    }
  }

  /** Answers a REGISTER (RFC 3261 §10.3). */
  register(key: ServerKey, request: SipRequest, from: Hop): void {
    const { book, clock, log } = this.#options;
    const now = clock.now();
    const who = this.authenticate(request, from, now);
    if (who.type !== "phone" || !isNamedIn(request, who.phone)) {
      this.#refuse(key, request, who);
      return;
    }
    const { phone } = who;
    const before = book.bindings(phone.id, now).length;
    const response = book.register(phone, request, from, now);
    const after = book.bindings(phone.id, now).length;
    this.#endpoint?.respond(key, withToTag(response, makeTag(this.#options.randomBytes)));
    const line = { phoneId: phone.id, transport: from.transport, remoteAddress: from.address, bindings: after };
    if (response.status >= 300) log.warn({ ...line, status: response.status }, "a phone could not be registered");
    else if (before !== after) log.info(line, after > before ? "phone registered" : "phone unregistered");
    this.#count();
  }

  /** Bindings made over the connection lead nowhere any more. */
  connectionClosed(connection: number): void {
    this.#options.book.connectionClosed(connection);
    this.#count();
  }

  #strike(address: string, now: number, reason: string): void {
    const { guard, log } = this.#options;
    if (guard.strike(address, now)) log.warn({ remoteAddress: address, reason }, "source banned");
  }

  #refuse(key: ServerKey, request: SipRequest, who: Authentication): void {
    const toTag = makeTag(this.#options.randomBytes);
    const isChallenge = who.type === "challenge";
    const headers = isChallenge ? who.headers : undefined;
    this.#endpoint?.respond(key, respond(request, isChallenge ? 401 : 403, { headers, toTag }));
  }

  /** Forgets what has expired and keeps NATs open, a share of the devices at a time. */
  #takeStep(): void {
    const { book, clock } = this.#options;
    if (this.#step++ % stepsPerRound === 0) {
      const now = clock.now();
      book.sweep(now);
      this.#count();
      this.#unpinged = book.allBindings(now).filter(({ flow }) => flow?.transport === "UDP");
      this.#perStep = Math.ceil(this.#unpinged.length / stepsPerRound);
    }
    for (const binding of this.#unpinged.splice(0, this.#perStep)) this.#ping(binding);
  }

  /** A phone's answer keeps its NAT open from the inside; the answer itself tells us nothing. */
  #ping(binding: Binding): void {
    const { uri, to } = routeTo(binding);
    const from = { uri: addressFor(binding, undefined), params: noParams };
    const parts = { method: "OPTIONS", uri, from, to: { uri, params: noParams } } as const;
    this.#endpoint?.request(newRequest(parts, this.#options.randomBytes), () => undefined, to);
  }

  #count(): void {
    this.#options.metrics.phonesRegistered.set(this.#options.book.registered);
  }
}

/** Nobody registers in another's name (RFC 3261 §10.3 step 4). */
function isNamedIn(request: SipRequest, phone: Phone): boolean {
  const user = userOf(toOf(request).uri);
  return user !== undefined && (user === phone.username || user === phone.number);
}

function enabled(phone: Phone | undefined): Phone | undefined {
  return phone?.enabled ? phone : undefined;
}
