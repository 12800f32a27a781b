import type { Machine } from "../kit/machine.ts";
import { DeadlineQueue } from "./deadline-queue.ts";
import { SipHeaders } from "./headers/headers.ts";
import type { Hop } from "./hop.ts";
import { InviteSession } from "./invite-session/session.ts";
import type { SessionInput, SessionOrder } from "./invite-session/types.ts";
import { respond, type SipRequest, type SipResponse, sipCallIdOf, toTag } from "./message.ts";
import { OutboundRequests } from "./outbound.ts";
import { findReplaced } from "./replaces.ts";
import { isBehindNat } from "./routing-dialog.ts";
import { noteSource, type SessionEntry, wayOf, withContact } from "./session-entry.ts";
import { makeSipCallId, makeTag } from "./tokens.ts";
import type { ServerKey } from "./transaction/key.ts";
import { type LayerInput, type LayerOrder, TransactionLayer } from "./transaction/layer.ts";
import { userOf } from "./uri.ts";
import type { SessionId, UserAgentInput, UserAgentOptions, UserAgentOrder } from "./user-agent-types.ts";

/** A whole SIP user agent without sockets: transactions, calls and what is outside of them. */
export class UserAgent implements Machine<UserAgentInput, UserAgentOrder> {
  readonly #options: UserAgentOptions;
  readonly #layer: TransactionLayer;
  readonly #outbound: OutboundRequests;
  readonly #sessions = new Map<SessionId, SessionEntry>();
  /** INVITEs of the far end that a session is to answer, to find what a CANCEL means. */
  readonly #invites = new Map<ServerKey, SessionId>();
  readonly #queue = new DeadlineQueue();
  #orders: UserAgentOrder[] = [];

  constructor(options: UserAgentOptions) {
    this.#options = options;
    this.#layer = new TransactionLayer({ timers: options.session.timers, maxTransactions: options.maxTransactions });
    this.#outbound = new OutboundRequests(options, {
      transmit: (request, to, now) => {
        if (request.method === "ACK") this.#orders.push({ type: "send", message: request, to });
        else this.#runLayer({ type: "request", request, to }, now);
      },
      resolve: (query, uri) => this.#orders.push({ type: "resolve", query, uri }),
    });
  }

  get deadline(): number | undefined {
    const layer = this.#layer.deadline;
    const sessions = this.#queue.next;
    if (layer === undefined) return sessions;
    return sessions === undefined ? layer : Math.min(layer, sessions);
  }

  /** What is held now, and what was turned away since the start. */
  get counts() {
    return { ...this.#layer.counts, sessions: this.#sessions.size };
  }

  /** The state of a call; undefined when it is forgotten. */
  session(id: SessionId): InviteSession | undefined {
    return this.#sessions.get(id)?.machine;
  }

  handle(input: UserAgentInput | { type: "timeout" }, now: number): readonly UserAgentOrder[] {
    this.#take(input, now);
    const orders = this.#orders;
    this.#orders = [];
    return orders;
  }

  #take(input: UserAgentInput | { type: "timeout" }, now: number): void {
    switch (input.type) {
      case "receive":
        this.#runLayer(input, now);
        return;
      case "fault": {
        const { fault, from } = input;
        if (fault.request === undefined || fault.respondWith === undefined) return;
        const message = respond(fault.request, fault.respondWith, { toTag: makeTag(this.#options.random) });
        this.#orders.push({ type: "send", message, to: from });
        return;
      }
      case "call":
        this.#call(input, now);
        return;
      case "command":
        this.#command(input, now);
        return;
      case "send-request":
        this.#sendRequest(input, now);
        return;
      case "respond":
        this.#runLayer(input, now);
        return;
      case "resolved":
        this.#outbound.resolved(input.query, input.hops, now);
        return;
      case "transport-error":
        this.#runLayer(input, now);
        return;
      case "timeout":
        if (this.#layer.deadline !== undefined && this.#layer.deadline <= now) this.#runLayer(input, now);
        for (let id = this.#queue.takeDue(now); id !== undefined; id = this.#queue.takeDue(now)) {
          this.#runSession(id, { type: "timeout" }, now);
        }
        return;
    }
  }

  #call(input: Extract<UserAgentInput, { type: "call" }>, now: number): void {
    const { session, call, to } = input;
    const { random, maxSessions } = this.#options;
    if (this.#sessions.has(session)) return;
    if (this.#sessions.size >= maxSessions) {
      const end = { by: "local", cause: "overload", reasons: [] } as const;
      this.#orders.push({ type: "event", session, event: { type: "ended", end } }, { type: "closed", session });
      return;
    }
    const machine = new InviteSession({
      origin: { type: "outgoing", call, sipCallId: makeSipCallId(random) },
      localTag: session,
      options: input.options ?? this.#options.session,
      random,
    });
    this.#add(session, machine, { fixedHop: to, contactUser: userOf(call.from.uri) });
    this.#runSession(session, { type: "start" }, now);
  }

  #command({ session, command }: Extract<UserAgentInput, { type: "command" }>, now: number): void {
    const entry = this.#sessions.get(session);
    if (entry === undefined) return;
    this.#runSession(session, { type: "command", command }, now);
    const replaced = entry.replaces;
    if (command.type !== "answer" || replaced === undefined || entry.machine.hasEnded) return;
    entry.replaces = undefined;
    this.#runSession(replaced, { type: "replace" }, now);
  }

  #sendRequest(input: Extract<UserAgentInput, { type: "send-request" }>, now: number): void {
    const { token, request, to, contactUser } = input;
    const user = {
      onResponse: (response: SipResponse, from: Hop) => {
        this.#orders.push({ type: "response", token, response, from });
      },
      onFailed: (fault: "timeout" | "transport" | "overload") => {
        this.#orders.push({ type: "request-failed", token, fault });
      },
    };
    this.#outbound.send(request, user, { to, contactUser }, now);
  }

  #add(id: SessionId, machine: InviteSession, parts: Partial<SessionEntry>): SessionEntry {
    const { fixedHop, contactUser, replaces, peer } = parts;
    const entry: SessionEntry = { machine, fixedHop, contactUser, replaces, peer, requests: new Map() };
    this.#sessions.set(id, entry);
    return entry;
  }

  #runLayer(input: LayerInput | { type: "timeout" }, now: number): void {
    for (const order of this.#layer.handle(input, now)) this.#performLayer(order, now);
  }

  #performLayer(order: LayerOrder, now: number): void {
    switch (order.type) {
      case "send":
        this.#orders.push(order);
        return;
      case "request":
        this.#request(order, now);
        return;
      case "ack": {
        const id = toTag(order.request) ?? "";
        if (this.#isOf(id, order.request)) this.#runSession(id, { type: "ack", request: order.request }, now);
        return;
      }
      case "response":
        this.#outbound.response(order.key, order.response, order.from, now);
        return;
      case "client-failed":
        this.#outbound.failed(order.key, order.fault, now);
        return;
      case "client-done":
        this.#outbound.released(order.key);
        return;
      case "server-failed": {
        const id = this.#invites.get(order.key);
        if (id !== undefined) this.#runSession(id, { type: "response-lost", key: order.key }, now);
        return;
      }
      case "server-done":
        this.#invites.delete(order.key);
        return;
    }
  }

  #request(order: Extract<LayerOrder, { type: "request" }>, now: number): void {
    const { key, request, cancels } = order;
    if (request.method === "CANCEL") {
      const id = cancels === undefined ? undefined : this.#invites.get(cancels);
      if (id !== undefined && this.#sessions.has(id))
        this.#runSession(id, { type: "request", key, request, cancels }, now);
      else this.#respond(key, request, cancels === undefined ? 481 : 200, now);
      return;
    }
    const id = toTag(request);
    if (id !== undefined) {
      if (!this.#isOf(id, request)) {
        this.#respond(key, request, 481, now);
        return;
      }
      if (request.method === "INVITE") this.#invites.set(key, id);
      noteSource(this.#sessions.get(id), request, order.from);
      this.#runSession(id, { type: "request", key, request }, now);
      return;
    }
    if (request.method === "INVITE") this.#incoming(order, now);
    else this.#orders.push({ type: "request", key, request, from: order.from });
  }

  #incoming({ key, request, from }: Extract<LayerOrder, { type: "request" }>, now: number): void {
    const { maxSessions, random, session: options } = this.#options;
    if (this.#sessions.size >= maxSessions) {
      const headers = SipHeaders.of(["Retry-After", "5"]);
      this.#runLayer(
        { type: "respond", key, response: respond(request, 503, { headers, toTag: makeTag(random) }) },
        now,
      );
      return;
    }
    const replaced = findReplaced(request, (localTag) => this.#sessions.get(localTag)?.machine);
    if (typeof replaced === "number") {
      this.#respond(key, request, replaced, now);
      return;
    }
    const id = makeTag(random);
    const machine = new InviteSession({ origin: { type: "incoming", key, request }, localTag: id, options, random });
    const peer = { hop: from, isBehindNat: isBehindNat(request, from) };
    this.#add(id, machine, { contactUser: userOf(request.uri), replaces: replaced, peer });
    this.#invites.set(key, id);
    this.#runSession(id, { type: "start" }, now);
    if (machine.hasEnded) return;
    this.#orders.push({ type: "incoming-call", session: id, request, from, replaces: replaced });
  }

  #isOf(id: SessionId, request: SipRequest): boolean {
    return this.#sessions.get(id)?.machine.sipCallId === sipCallIdOf(request);
  }

  #respond(key: ServerKey, request: SipRequest, status: number, now: number): void {
    const response = respond(request, status, { toTag: makeTag(this.#options.random) });
    this.#runLayer({ type: "respond", key, response }, now);
  }

  #runSession(id: SessionId, input: SessionInput | { type: "timeout" }, now: number): void {
    const entry = this.#sessions.get(id);
    if (entry === undefined) return;
    const orders = entry.machine.handle(input, now);
    this.#queue.set(id, entry.machine.deadline);
    for (const order of orders) this.#performSession(id, entry, order, now);
  }

  #performSession(id: SessionId, entry: SessionEntry, order: SessionOrder, now: number): void {
    switch (order.type) {
      case "request":
        this.#sendFor(id, entry, order.ref, order.request, now);
        return;
      case "ack":
        this.#outbound.send(order.request, silent, wayOf(entry, order.request), now);
        return;
      case "cancel": {
        const outbound = entry.requests.get(order.ref);
        const key = outbound && this.#outbound.cancel(outbound);
        if (key !== undefined) this.#runLayer({ type: "cancel", key, headers: order.headers }, now);
        return;
      }
      case "respond":
        this.#runLayer(
          { type: "respond", key: order.key, response: withContact(entry, order.response, this.#options) },
          now,
        );
        return;
      case "event":
        this.#orders.push({ type: "event", session: id, event: order.event });
        return;
      case "closed":
        this.#sessions.delete(id);
        this.#queue.set(id, undefined);
        this.#orders.push({ type: "closed", session: id });
        return;
    }
  }

  #sendFor(id: SessionId, entry: SessionEntry, ref: number, request: SipRequest, now: number): void {
    const user = {
      onResponse: (response: SipResponse, from: Hop, at: number) => {
        const { status } = response;
        // The far end was heard over this hop: requests to come may take it.
        const isFirst = toTag(request) === undefined;
        if (isFirst && status > 100 && status < 300) entry.peer = { hop: from, isBehindNat: false };
        if (status >= 300 || (status >= 200 && request.method !== "INVITE")) entry.requests.delete(ref);
        this.#runSession(id, { type: "response", ref, response }, at);
      },
      onFailed: (fault: "timeout" | "transport" | "overload", at: number) => {
        entry.requests.delete(ref);
        this.#runSession(id, { type: "failed", ref, fault }, at);
      },
    };
    const outbound = this.#outbound.send(request, user, wayOf(entry, request), now);
    if (request.method === "INVITE") entry.requests.set(ref, outbound);
  }
}

/** Nobody waits for the fate of an ACK. */
const silent = { onResponse: () => undefined, onFailed: () => undefined };
