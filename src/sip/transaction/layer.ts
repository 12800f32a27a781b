import type { Machine } from "../../kit/machine.ts";
import { DeadlineQueue } from "../deadline-queue.ts";
import type { SipHeaders } from "../headers/headers.ts";
import { type Hop, isReliable } from "../hop.ts";
import { respond, type SipMessage, type SipRequest, type SipResponse, toTag } from "../message.ts";
import { responseHop, stampReceived } from "../routing-response.ts";
import { makeCancel } from "./ack.ts";
import { InviteClientTransaction } from "./invite-client.ts";
import { InviteServerTransaction } from "./invite-server.ts";
import { type ClientKey, clientKeyOf, mergeKeyOf, type ServerKey, serverKeyOf } from "./key.ts";
import { NonInviteClientTransaction } from "./non-invite-client.ts";
import { NonInviteServerTransaction } from "./non-invite-server.ts";
import type { ClientOrder, ServerOrder, SipTimers, TransactionFault } from "./types.ts";

export interface TransactionLayerOptions {
  readonly timers: SipTimers;
  /** Most client and most server transactions at a time; beyond it requests are refused. */
  readonly maxTransactions: number;
}

export type LayerInput =
  /** A message from the network. */
  | { readonly type: "receive"; readonly message: SipMessage; readonly from: Hop }
  /** A request of ours, its Via on top; ACKs do not come here. */
  | { readonly type: "request"; readonly request: SipRequest; readonly to: Hop }
  | { readonly type: "respond"; readonly key: ServerKey; readonly response: SipResponse }
  /** Gives an INVITE up. `headers` go into the CANCEL (Reason). */
  | { readonly type: "cancel"; readonly key: ClientKey; readonly headers?: SipHeaders }
  /** The message of a `send` with this key could not be sent. */
  | { readonly type: "transport-error"; readonly key: ClientKey | ServerKey };

export type LayerOrder =
  | { readonly type: "send"; readonly message: SipMessage; readonly to: Hop; readonly key?: ClientKey | ServerKey }
  /** A new request. `cancels`: the INVITE a CANCEL means, when there is one. */
  | {
      readonly type: "request";
      readonly key: ServerKey;
      readonly request: SipRequest;
      readonly from: Hop;
      readonly cancels?: ServerKey;
    }
  /** An ACK for a 2xx, or for nothing we know. */
  | { readonly type: "ack"; readonly request: SipRequest; readonly from: Hop }
  | { readonly type: "response"; readonly key: ClientKey; readonly response: SipResponse; readonly from: Hop }
  | { readonly type: "client-failed"; readonly key: ClientKey; readonly fault: TransactionFault }
  | { readonly type: "server-failed"; readonly key: ServerKey; readonly fault: TransactionFault }
  /** An INVITE's transaction is over: nothing more comes under this key. */
  | { readonly type: "client-done"; readonly key: ClientKey }
  | { readonly type: "server-done"; readonly key: ServerKey };

interface ClientEntry {
  readonly machine: InviteClientTransaction | NonInviteClientTransaction;
  readonly to: Hop;
  cancelHeaders?: SipHeaders;
}

interface ServerEntry {
  readonly machine: InviteServerTransaction | NonInviteServerTransaction;
  readonly to: Hop;
  readonly mergeKey: string | undefined;
}

/** All transactions of one user agent: matches messages to them and keeps their time (RFC 3261 §17, RFC 6026). */
export class TransactionLayer implements Machine<LayerInput, LayerOrder> {
  readonly #options: TransactionLayerOptions;
  readonly #clients = new Map<ClientKey, ClientEntry>();
  readonly #servers = new Map<ServerKey, ServerEntry>();
  /** Requests outside dialogs that are being handled, to recognise a copy that came another way. */
  readonly #merges = new Map<string, ServerKey>();
  readonly #queue = new DeadlineQueue();
  #strayResponses = 0;
  #refusedRequests = 0;

  constructor(options: TransactionLayerOptions) {
    this.#options = options;
  }

  get deadline(): number | undefined {
    return this.#queue.next;
  }

  /** What the layer holds and has turned away; counts since the start. */
  get counts() {
    return {
      clients: this.#clients.size,
      servers: this.#servers.size,
      strayResponses: this.#strayResponses,
      refusedRequests: this.#refusedRequests,
    };
  }

  handle(input: LayerInput | { type: "timeout" }, now: number): readonly LayerOrder[] {
    switch (input.type) {
      case "receive":
        return input.message.type === "request"
          ? this.#receiveRequest(input.message, input.from, now)
          : this.#receiveResponse(input.message, input.from, now);
      case "request":
        return this.#request(input.request, input.to, now);
      case "respond": {
        const entry = this.#servers.get(input.key);
        if (entry === undefined) return [];
        return this.#stepServer(input.key, entry, { type: "respond", response: input.response }, now);
      }
      case "cancel": {
        const entry = this.#clients.get(input.key);
        if (entry === undefined) return [];
        entry.cancelHeaders = input.headers;
        return this.#stepClient(input.key, entry, { type: "cancel" }, now);
      }
      case "transport-error":
        return this.#step(input.key, { type: "transport-error" }, now);
      case "timeout":
        return this.#timeout(now);
    }
  }

  #receiveRequest(request: SipRequest, from: Hop, now: number): readonly LayerOrder[] {
    stampReceived(request, from);
    const { method } = request;
    if (method === "ACK") {
      const key = serverKeyOf(request, "INVITE");
      const entry = this.#servers.get(key);
      if (entry === undefined || entry.machine.state === "accepted") return [{ type: "ack", request, from }];
      return this.#stepServer(key, entry, { type: "ack" }, now);
    }
    const key = serverKeyOf(request, method);
    const known = this.#servers.get(key);
    if (known !== undefined) return this.#stepServer(key, known, { type: "repeated" }, now);
    const to = responseHop(request, from);
    if (this.#servers.size >= this.#options.maxTransactions) {
      this.#refusedRequests++;
      return [{ type: "send", message: respond(request, 503), to }];
    }
    const mergeKey = toTag(request) === undefined && method !== "CANCEL" ? mergeKeyOf(request) : undefined;
    const isMerged = mergeKey !== undefined && this.#merges.has(mergeKey);
    const machine =
      method === "INVITE"
        ? new InviteServerTransaction(request, isReliable(from.transport), this.#options.timers, now)
        : new NonInviteServerTransaction(request, isReliable(from.transport), this.#options.timers, now);
    const entry: ServerEntry = { machine, to, mergeKey: isMerged ? undefined : mergeKey };
    this.#servers.set(key, entry);
    this.#queue.set(key, machine.deadline);
    // The same request over another way: answered once only (RFC 3261 §8.2.2.2).
    if (isMerged) return this.#stepServer(key, entry, { type: "respond", response: respond(request, 482) }, now);
    if (mergeKey !== undefined) this.#merges.set(mergeKey, key);
    if (method !== "CANCEL") return [{ type: "request", key, request, from }];
    const target = serverKeyOf(request, "INVITE");
    return [{ type: "request", key, request, from, cancels: this.#servers.has(target) ? target : undefined }];
  }

  #receiveResponse(response: SipResponse, from: Hop, now: number): readonly LayerOrder[] {
    const key = clientKeyOf(response);
    const entry = this.#clients.get(key);
    if (entry === undefined) {
      this.#strayResponses++;
      return [];
    }
    return this.#stepClient(key, entry, { type: "response", response }, now, from);
  }

  #request(request: SipRequest, to: Hop, now: number): readonly LayerOrder[] {
    const key = clientKeyOf(request);
    if (this.#clients.size >= this.#options.maxTransactions) {
      return [{ type: "client-failed", key, fault: "overload" }];
    }
    const { timers } = this.#options;
    const machine =
      request.method === "INVITE"
        ? new InviteClientTransaction(request, isReliable(to.transport), timers)
        : new NonInviteClientTransaction(request, isReliable(to.transport), timers);
    const entry: ClientEntry = { machine, to };
    this.#clients.set(key, entry);
    return this.#stepClient(key, entry, { type: "start" }, now);
  }

  #timeout(now: number): readonly LayerOrder[] {
    const orders: LayerOrder[] = [];
    for (let key = this.#queue.takeDue(now); key !== undefined; key = this.#queue.takeDue(now)) {
      orders.push(...this.#step(key as ClientKey | ServerKey, { type: "timeout" }, now));
    }
    return orders;
  }

  #step(
    key: ClientKey | ServerKey,
    input: { type: "timeout" | "transport-error" },
    now: number,
  ): readonly LayerOrder[] {
    const client = this.#clients.get(key as ClientKey);
    if (client !== undefined) return this.#stepClient(key as ClientKey, client, input, now);
    const server = this.#servers.get(key as ServerKey);
    return server === undefined ? [] : this.#stepServer(key as ServerKey, server, input, now);
  }

  #stepClient(
    key: ClientKey,
    entry: ClientEntry,
    input: Parameters<InviteClientTransaction["handle"]>[0],
    now: number,
    from: Hop = entry.to,
  ): readonly LayerOrder[] {
    const { machine } = entry;
    const acts = machine.handle(input, now);
    this.#queue.set(key, machine.deadline);
    const orders = acts.flatMap((act) => this.#clientOrders(key, entry, act, now, from));
    if (machine.state !== "terminated") return orders;
    this.#clients.delete(key);
    return machine.request.method === "INVITE" ? [...orders, { type: "client-done", key }] : orders;
  }

  #clientOrders(key: ClientKey, entry: ClientEntry, act: ClientOrder, now: number, from: Hop): readonly LayerOrder[] {
    switch (act.type) {
      case "send":
        return [{ type: "send", message: act.request, to: entry.to, key }];
      case "response":
        return [{ type: "response", key, response: act.response, from }];
      case "failed":
        return [{ type: "client-failed", key, fault: act.fault }];
      case "cancel-now":
        return this.#request(makeCancel(entry.machine.request, entry.cancelHeaders), entry.to, now);
    }
  }

  #stepServer(
    key: ServerKey,
    entry: ServerEntry,
    input: Parameters<InviteServerTransaction["handle"]>[0],
    now: number,
  ): readonly LayerOrder[] {
    const { machine, to, mergeKey } = entry;
    const acts = machine.handle(input, now);
    this.#queue.set(key, machine.deadline);
    const orders = acts.map((act) => serverOrder(key, to, act));
    if (machine.state !== "terminated") return orders;
    this.#servers.delete(key);
    if (mergeKey !== undefined) this.#merges.delete(mergeKey);
    return machine.request.method === "INVITE" ? [...orders, { type: "server-done", key }] : orders;
  }
}

function serverOrder(key: ServerKey, to: Hop, act: ServerOrder): LayerOrder {
  return act.type === "send"
    ? { type: "send", message: act.response, to, key }
    : { type: "server-failed", key, fault: act.fault };
}
