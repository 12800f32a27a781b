import type { Clock } from "../../../kit/clock.ts";
import { GatewayError } from "../../../kit/errors.ts";
import { type OrgId, parseE164, type RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import { TokenBuckets } from "../../../kit/token-buckets.ts";
import { SipHeaders } from "../../../sip/headers/headers.ts";
import type { Hop } from "../../../sip/hop.ts";
import type { SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import { fromOf, respond, type SipRequest, toOf } from "../../../sip/message.ts";
import { makeTag } from "../../../sip/tokens.ts";
import type { ServerKey } from "../../../sip/transaction/key.ts";
import { userOf } from "../../../sip/uri.ts";
import { calledNumber, inboundNumber } from "../number-rewriting.ts";
import { dialledIn, identityOf, type Phone } from "../phone.ts";
import type { NewText, TextCarrier, TextDirection, TextOutcome, TextRecords } from "../text.ts";
import { readTextBody } from "../text-body.ts";
import type { Trunk, TrunkBook } from "../trunk.ts";
import type { PhoneDesk } from "./phone-desk.ts";
import { TextSender } from "./text-sender.ts";

/** What texts need of trunks. */
export type TextTrunks = Pick<
  TrunkBook,
  "matchSource" | "matchContact" | "matchUser" | "mayComeFrom" | "choose" | "targets" | "reportTarget" | "authorize"
>;

export interface TextDeskOptions {
  readonly phones: PhoneDesk;
  readonly trunks: TextTrunks;
  readonly records: TextRecords;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Who wrote a text to us. */
type Writer =
  | { readonly type: "phone"; readonly phone: Phone }
  | { readonly type: "trunk"; readonly trunk: Trunk }
  | { readonly type: "nobody"; readonly status: 401 | 403; readonly headers?: SipHeaders };

/** A final answer to a MESSAGE. */
interface Answer {
  readonly status: number;
  readonly headers?: SipHeaders;
}

/** Texts one phone or trunk may send. */
const perWriter = { burst: 20, perSecond: 2, maxBuckets: 10_000 } as const;
/** A sender that is not told by then is told 202; it would give up after 32 s (RFC 3261 §17.1.2.2). */
const answerWithinMs = 5000;
/** Longest name of a sender that has no number. */
const maxSenderLength = 128;

/** Text messages by SIP MESSAGE, in and out (RFC 3428). */
export class TextDesk implements TextCarrier {
  readonly #options: TextDeskOptions;
  readonly #buckets = new TokenBuckets(perWriter);
  readonly #sender: TextSender;
  #endpoint: Pick<SipEndpoint, "respond" | "request"> | undefined;

  constructor(options: TextDeskOptions) {
    this.#options = options;
    this.#sender = new TextSender(options);
  }

  start(endpoint: Pick<SipEndpoint, "respond" | "request">): void {
    this.#endpoint = endpoint;
    this.#sender.start(endpoint);
  }

  /** Twice is fine. */
  close(): void {
    this.#endpoint = undefined;
    this.#sender.close();
  }

  carry(textId: string, text: NewText, direction: TextDirection): void {
    void this.#carry(textId, text, direction);
  }

  /** Answers a MESSAGE outside a call. */
  message(key: ServerKey, request: SipRequest, from: Hop): void {
    const { log, metrics } = this.#options;
    this.#handle(request, from).then(
      (answer) => this.#respond(key, request, answer),
      (error: unknown) => {
        metrics.errors.inc({ kind: "texts" });
        log.error({ err: error }, "a text could not be kept");
        this.#respond(key, request, { status: 500 });
      },
    );
  }

  async #handle(request: SipRequest, from: Hop): Promise<Answer> {
    const { clock, phones, records, trunks } = this.#options;
    const now = clock.now();
    const writer = this.#writer(request, from, now);
    if (writer.type === "nobody") return writer;
    const waitMs = this.#buckets.take(writer.type === "phone" ? writer.phone.id : writer.trunk.id, now);
    if (waitMs > 0) {
      const headers = SipHeaders.of(["Retry-After", String(Math.ceil(waitMs / 1000))]);
      return { status: 480, headers };
    }
    const body = readTextBody(request);
    if (body.type === "refused") {
      const accepts = body.status === 415 ? SipHeaders.of(["Accept", "text/plain"]) : undefined;
      return { status: body.status, headers: accepts };
    }
    const sender = senderOf(writer, request);
    const to = receiverOf(writer, request);
    if (to === undefined) return { status: 404 };
    const { orgId } = writer.type === "phone" ? writer.phone : writer.trunk;
    const text: NewText = { orgId, from: sender, to, body: body.text };
    const direction: TextDirection = writer.type === "trunk" ? "inbound" : "internal";
    const phone = this.#phoneCalled(to, orgId);
    if (phone) {
      if (phones.bindings(phone, now).length === 0) return { status: 480 };
      return this.#relay(text, direction);
    }
    const owner = await records.ownerOf(to);
    if (owner && (writer.type === "trunk" || owner === orgId)) {
      const textId = await records.add({ ...text, orgId: owner }, direction, "received");
      const by = writer.type === "trunk" ? { trunkId: writer.trunk.id } : { phoneId: writer.phone.id };
      this.#note({ textId, direction, status: "received", ...by });
      return { status: 200 };
    }
    if (writer.type === "trunk") return { status: 404 };
    if (writer.phone.mayCall !== "any") return { status: 403 };
    const [caller, called] = [parseE164(sender), parseE164(to)];
    if (!caller || !called) return { status: 404 };
    if (owner) return this.#post(text);
    if (trunks.choose(orgId, caller, called) === undefined) return { status: 404 };
    return this.#relay(text, "outbound");
  }

  /** To a number of another organisation, who pays for it as for any text. */
  async #post(text: NewText): Promise<Answer> {
    try {
      const textId = await this.#options.records.post(text);
      this.#note({ textId, direction: "outbound", status: "delivered" });
      return { status: 200 };
    } catch (error) {
      if (error instanceof GatewayError && error.code !== "internal") return { status: 403 };
      throw error;
    }
  }

  /** Keeps the text, sends it on, and tells its sender what became of it, if that is known soon. */
  async #relay(text: NewText, direction: TextDirection): Promise<Answer> {
    const textId = await this.#options.records.add(text, direction, "queued");
    const outcome = await withinMs(this.#carry(textId, text, direction), answerWithinMs);
    if (outcome === undefined || outcome.status === "sent") return { status: 202 };
    return { status: outcome.status === "delivered" ? 200 : 480 };
  }

  /** Never rejects. */
  async #carry(textId: string, text: NewText, direction: TextDirection): Promise<TextOutcome> {
    const { records, log, metrics } = this.#options;
    const outcome = await this.#send(text);
    this.#note({ textId, direction, status: outcome.status });
    await records.settle(textId, outcome).catch((error: unknown) => {
      metrics.errors.inc({ kind: "texts" });
      log.error({ err: error, textId }, "what became of a text could not be kept");
    });
    return outcome;
  }

  /** To a phone of ours, or by a trunk. */
  #send(text: NewText): Promise<TextOutcome> | TextOutcome {
    const phone = this.#phoneCalled(text.to, text.orgId);
    if (phone) return this.#sender.toPhone(phone, text);
    const [from, to] = [parseE164(text.from), parseE164(text.to)];
    const trunk = from && to && this.#options.trunks.choose(text.orgId, from, to);
    if (trunk) return this.#sender.byTrunk(trunk, { ...text, from, to });
    return { status: "failed", detail: "there is no such telephone, and no trunk to send it by" };
  }

  #writer(request: SipRequest, from: Hop, now: number): Writer {
    const { phones, trunks } = this.#options;
    const registered = trunks.matchContact(userOf(request.uri) ?? "");
    if (registered) return { type: "trunk", trunk: registered };
    const bySource = trunks.matchSource(from.address);
    if (bySource && bySource.inbound.username === null) return { type: "trunk", trunk: bySource };
    const who = phones.authenticate(request, from, now);
    switch (who.type) {
      case "phone":
        return who;
      case "trunk": {
        const known = trunks.matchUser(who.username)?.trunk;
        if (known && trunks.mayComeFrom(known, from.address)) return { type: "trunk", trunk: known };
        return { type: "nobody", status: 403 };
      }
      case "challenge":
        return { type: "nobody", status: 401, headers: who.headers };
      case "refused":
      case "unknown":
        return { type: "nobody", status: 403 };
    }
  }

  #phoneCalled(to: string, orgId: OrgId): Phone | undefined {
    const { phones } = this.#options;
    const named = phones.findByUsername(to);
    return phones.findByNumber(to, orgId) ?? (named?.orgId === orgId ? named : undefined);
  }

  /** One line a text, never its words. */
  #note(line: { textId: string; direction: TextDirection; status: string; trunkId?: string; phoneId?: string }): void {
    this.#options.metrics.texts.inc({ direction: line.direction, status: line.status });
    this.#options.log.info(line, "text");
  }

  #respond(key: ServerKey, request: SipRequest, { status, headers }: Answer): void {
    const toTag = makeTag(this.#options.randomBytes);
    this.#endpoint?.respond(key, respond(request, status, { headers, toTag }));
  }
}

/** Never what a phone says of itself, which could be anybody's number. */
function senderOf(writer: Exclude<Writer, { type: "nobody" }>, request: SipRequest): string {
  if (writer.type === "phone") return identityOf(writer.phone);
  const user = userOf(fromOf(request).uri) ?? "anonymous";
  return inboundNumber(user, writer.trunk.rewriting.inbound) ?? user.slice(0, maxSenderLength);
}

function receiverOf(writer: Exclude<Writer, { type: "nobody" }>, request: SipRequest): string | undefined {
  const user = userOf(request.uri);
  if (writer.type === "phone") return dialledIn(request.uri) ?? user;
  return calledNumber([user, userOf(toOf(request).uri)], writer.trunk.rewriting.inbound);
}

/** What a promise gives, if it does so in time. */
async function withinMs<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
