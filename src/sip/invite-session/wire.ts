import { cseqField } from "../headers/fields.ts";
import type { SipHeaders } from "../headers/headers.ts";
import { respond, type SipRequest, type SipResponse } from "../message.ts";
import type { ServerKey } from "../transaction/key.ts";
import type { TransactionFault } from "../transaction/types.ts";
import type { Authorize, SessionEvent, SessionOrder } from "./types.ts";

/** What becomes of a request of ours. */
export interface RequestHandler {
  onProvisional?(response: SipResponse, now: number): void;
  /** For an INVITE every 2xx comes here, also repeated ones and those of other forks. */
  onFinal(response: SipResponse, now: number): void;
  onFailed(fault: TransactionFault, now: number): void;
  /** The request was sent again with credentials, under this number. */
  onResent?(request: SipRequest, ref: number): void;
  /** Number of a repetition with credentials. */
  nextSeq(): number;
}

interface Pending {
  readonly request: SipRequest;
  readonly handler: RequestHandler;
  readonly tries: number;
  /** A final response was there; only further 2xx matter. */
  isAnswered: boolean;
}

/** Most answers to challenges of one request: one, and one more when the nonce had become old. */
const maxChallenges = 2;

/** Collects the orders of a session and brings answers back to whoever asked. */
export class SessionWire {
  readonly #authorize: Authorize | undefined;
  readonly #pending = new Map<number, Pending>();
  #orders: SessionOrder[] = [];
  #nextRef = 1;

  constructor(authorize: Authorize | undefined) {
    this.#authorize = authorize;
  }

  /** True while an answer to a request of ours may come. */
  get isWaiting(): boolean {
    for (const { isAnswered } of this.#pending.values()) if (!isAnswered) return true;
    return false;
  }

  /** The orders since the last call. */
  takeOrders(): SessionOrder[] {
    const orders = this.#orders;
    this.#orders = [];
    return orders;
  }

  order(order: SessionOrder): void {
    this.#orders.push(order);
  }

  event(event: SessionEvent): void {
    this.#orders.push({ type: "event", event });
  }

  /** Sends a request; its number. */
  send(request: SipRequest, handler: RequestHandler, tries = 0): number {
    const ref = this.#nextRef++;
    this.#pending.set(ref, { request, handler, tries, isAnswered: false });
    this.#orders.push({ type: "request", ref, request });
    return ref;
  }

  respond(key: ServerKey, response: SipResponse): void {
    this.#orders.push({ type: "respond", key, response });
  }

  /** Answers a request with a status and perhaps some lines. */
  refuse(key: ServerKey, request: SipRequest, status: number, headers?: SipHeaders): void {
    this.respond(key, respond(request, status, { headers }));
  }

  /** Brings a response to its handler. True for the first 2xx to an INVITE: more may come, until `forget`. */
  response(ref: number, response: SipResponse, now: number): boolean {
    const pending = this.#pending.get(ref);
    if (pending === undefined) return false;
    const { request, handler } = pending;
    const { status } = response;
    if (status < 200) {
      if (!pending.isAnswered) handler.onProvisional?.(response, now);
      return false;
    }
    const isAccepted = request.method === "INVITE" && status < 300;
    const isFirst = !pending.isAnswered;
    if (!isFirst && !isAccepted) return false;
    pending.isAnswered = true;
    if (!isAccepted) this.#pending.delete(ref);
    if ((status === 401 || status === 407) && this.#resend(pending, response)) return false;
    handler.onFinal(response, now);
    return isAccepted && isFirst;
  }

  failed(ref: number, fault: TransactionFault, now: number): void {
    const pending = this.#pending.get(ref);
    if (pending === undefined) return;
    this.#pending.delete(ref);
    if (!pending.isAnswered) pending.handler.onFailed(fault, now);
  }

  /** No further 2xx can come for this INVITE. */
  forget(ref: number): void {
    this.#pending.delete(ref);
  }

  #resend({ request, handler, tries }: Pending, response: SipResponse): boolean {
    if (tries >= maxChallenges) return false;
    const lines = this.#authorize?.(request, response);
    if (lines === undefined) return false;
    const headers = request.headers.clone();
    headers.remove(response.status === 401 ? "Authorization" : "Proxy-Authorization");
    headers.replace(cseqField, { seq: handler.nextSeq(), method: request.method });
    for (const [name, value] of lines) headers.add(name, value);
    const again: SipRequest = { ...request, headers };
    const ref = this.send(again, handler, tries + 1);
    handler.onResent?.(again, ref);
    return true;
  }
}
