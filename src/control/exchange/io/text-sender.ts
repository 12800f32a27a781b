import type { Clock } from "../../../kit/clock.ts";
import type { E164, RandomBytes } from "../../../kit/ids.ts";
import { cseqField } from "../../../sip/headers/fields.ts";
import { noParams } from "../../../sip/headers/params.ts";
import type { Hop } from "../../../sip/hop.ts";
import type { Authorize } from "../../../sip/invite-session/types.ts";
import type { SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import { cseqOf, type SipRequest, type SipResponse } from "../../../sip/message.ts";
import { type NewRequest, newRequest } from "../../../sip/new-request.ts";
import { makeSipUri, parseUri, type Uri } from "../../../sip/uri.ts";
import { outboundNumber } from "../number-rewriting.ts";
import type { Phone } from "../phone.ts";
import { addressFor, routeTo } from "../phone-route.ts";
import type { NewText, TextOutcome } from "../text.ts";
import { textContentType } from "../text-body.ts";
import type { Trunk, TrunkBook } from "../trunk.ts";
import type { PhoneDesk } from "./phone-desk.ts";

export interface TextSenderOptions {
  readonly phones: Pick<PhoneDesk, "bindings">;
  readonly trunks: Pick<TrunkBook, "targets" | "reportTarget" | "authorize">;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Final status of a MESSAGE; undefined: none came. */
type Status = number | undefined;

/** A challenge is answered once, and once more when the nonce had become old. */
const maxChallenges = 2;

/** Sends MESSAGE requests, to all devices of a phone or to the targets of a trunk one after the other. */
export class TextSender {
  readonly #options: TextSenderOptions;
  #endpoint: Pick<SipEndpoint, "request"> | undefined;

  constructor(options: TextSenderOptions) {
    this.#options = options;
  }

  start(endpoint: Pick<SipEndpoint, "request">): void {
    this.#endpoint = endpoint;
  }

  close(): void {
    this.#endpoint = undefined;
  }

  async toPhone(phone: Phone, text: NewText): Promise<TextOutcome> {
    const { phones, clock, randomBytes } = this.#options;
    const bindings = phones.bindings(phone, clock.now());
    if (bindings.length === 0) return failed("the telephone is not registered");
    const asked = bindings.map((binding) => {
      const { uri, to: hop, routes } = routeTo(binding);
      const from = { uri: addressFor(binding, text.from), params: noParams };
      const to = { uri: addressFor(binding, text.to), params: noParams };
      return this.#ask(newRequest({ ...messageOf(text.body), uri, from, to, routes }, randomBytes), hop, undefined);
    });
    const statuses = await untilDelivered(asked);
    if (statuses.includes(200)) return { status: "delivered", detail: null };
    if (statuses.some(isSuccess)) return { status: "sent", detail: null };
    return failure(statuses.find((status) => status !== undefined));
  }

  async byTrunk(
    trunk: Trunk,
    { from, to, body }: NewText & { readonly from: E164; readonly to: E164 },
  ): Promise<TextOutcome> {
    const { trunks, clock, randomBytes } = this.#options;
    const { outbound: rules } = trunk.rewriting;
    const written = { from: outboundNumber(from, rules), to: outboundNumber(to, rules) };
    let last: Status;
    for (const target of trunks.targets(trunk, clock.now())) {
      const uri = withUser(target.uri, written.to);
      if (uri === undefined) continue;
      const fromUri = makeSipUri({ user: written.from, host: fromHost(trunk, uri) });
      const parts = { uri, from: { uri: fromUri, params: noParams }, to: { uri, params: noParams } };
      last = await this.#ask(
        newRequest({ ...messageOf(body), ...parts }, randomBytes),
        undefined,
        trunks.authorize(trunk),
      );
      const isDown = last === undefined || last === 408 || (last >= 500 && last < 600);
      trunks.reportTarget(trunk.id, target.uri, !isDown, clock.now());
      if (isSuccess(last)) return { status: "sent", detail: null };
      if (!isDown) break;
    }
    return failure(last);
  }

  /** Sends a request and answers its challenges. */
  async #ask(request: SipRequest, to: Hop | undefined, authorize: Authorize | undefined): Promise<Status> {
    let current = request;
    for (let challenges = 0; ; challenges++) {
      const response = await this.#once(current, to);
      const isChallenge = response?.status === 401 || response?.status === 407;
      const lines = isChallenge && challenges < maxChallenges ? authorize?.(current, response) : undefined;
      if (lines === undefined) return response?.status;
      const headers = current.headers.clone();
      headers.remove(response?.status === 401 ? "Authorization" : "Proxy-Authorization");
      headers.replace(cseqField, { ...cseqOf(current), seq: cseqOf(current).seq + 1 });
      for (const [name, value] of lines) headers.add(name, value);
      current = { ...current, headers };
    }
  }

  #once(request: SipRequest, to: Hop | undefined): Promise<SipResponse | undefined> {
    return new Promise((resolve) => {
      if (this.#endpoint === undefined) resolve(undefined);
      else this.#endpoint.request(request, resolve, to);
    });
  }
}

/** What the devices said, as soon as one has the text, else when all have spoken: a dead one is silent for 32 s. */
function untilDelivered(asked: readonly Promise<Status>[]): Promise<readonly Status[]> {
  const statuses: Status[] = [];
  return new Promise((resolve) => {
    for (const one of asked) {
      void one.then((status) => {
        statuses.push(status);
        if (status === 200 || statuses.length === asked.length) resolve(statuses);
      });
    }
  });
}

function messageOf(body: string): Pick<NewRequest, "method" | "contentType" | "body"> {
  return { method: "MESSAGE", contentType: textContentType, body: Buffer.from(body, "utf8") };
}

/** A target's URI with a user in it. */
function withUser(target: string, user: string): Uri | undefined {
  const uri = parseUri(target);
  return uri?.type === "sip" ? { ...uri, rawUser: makeSipUri({ user, host: uri.host }).rawUser } : undefined;
}

function fromHost(trunk: Trunk, target: Uri): string {
  const registered = trunk.register === null ? undefined : parseUri(trunk.register.aor);
  if (trunk.fromDomain !== null) return trunk.fromDomain;
  if (registered?.type === "sip") return registered.host;
  return target.type === "sip" ? target.host : "invalid";
}

function isSuccess(status: Status): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

function failure(status: Status): TextOutcome {
  return failed(status === undefined ? "nobody answered" : `the far end answered with SIP status ${status}`);
}

function failed(detail: string): TextOutcome {
  return { status: "failed", detail };
}
