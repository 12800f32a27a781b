import type { WebSocket } from "ws";
import type { Clock } from "../../kit/clock.ts";
import type { RandomBytes } from "../../kit/ids.ts";
import type { Hop } from "../hop.ts";
import type { InviteSession } from "../invite-session/session.ts";
import {
  defaultSessionOptions,
  type OutgoingCall,
  type SessionCommand,
  type SessionEvent,
  type SessionOptions,
} from "../invite-session/types.ts";
import type { SipMessage, SipRequest, SipResponse } from "../message.ts";
import { parseMessage } from "../parse.ts";
import { RegistrationClient, type RegistrationOptions } from "../registration-client.ts";
import { serializeMessage } from "../serialize.ts";
import type { SourceGuard } from "../source-guard.ts";
import { makeTag, randomFraction } from "../tokens.ts";
import type { ClientKey, ServerKey } from "../transaction/key.ts";
import { UserAgent } from "../user-agent.ts";
import type { SessionId, UserAgentInput, UserAgentOrder } from "../user-agent-types.ts";
import { type Registration, type RegistrationNews, Registrations, type RequestResult } from "./registrations.ts";
import { type AskDns, resolveUri, systemDns } from "./resolver.ts";
import { defaultConnectionOptions, type ListenAddress } from "./transport.ts";
import { Transports, type TransportsOptions } from "./transports.ts";
import type { WebSocketOrigin } from "./web-socket-transport.ts";

export type { Registration, RegistrationNews, RequestResult } from "./registrations.ts";

/** A call that came in; answered by `command`. */
export interface IncomingCall {
  readonly session: SessionId;
  readonly request: SipRequest;
  readonly from: Hop;
  /** The call it is to take the place of (RFC 3891). */
  readonly replaces?: SessionId;
}

/** What the layer above is told. Given at the opening; all are called with nothing else under way. */
export interface SipHandlers {
  onCall(call: IncomingCall): void;
  /** A request outside a call: REGISTER, OPTIONS, MESSAGE, SUBSCRIBE … Answer with `respond(key, …)`. */
  onRequest(key: ServerKey, request: SipRequest, from: Hop): void;
  onEvent(session: SessionId, event: SessionEvent): void;
  /** The session is forgotten: nothing more comes of it. */
  onClosed(session: SessionId): void;
  /** A connection is gone; bindings made over it lead nowhere. */
  onConnectionClosed?(connection: number): void;
  /** A message was dropped unread: its source sends too much, or is banned. */
  onDropped?(why: "limited" | "banned"): void;
  /** A broken rule of ours, thrown while an input was handled. */
  onError(error: unknown): void;
  /** Every message in and out, for a ladder of the call. */
  onTrace?(direction: "in" | "out", message: SipMessage, hop: Hop): void;
}

export interface SipEndpointOptions extends Omit<TransportsOptions, "connections"> {
  readonly connections?: TransportsOptions["connections"];
  readonly session?: SessionOptions;
  readonly maxTransactions?: number;
  readonly maxSessions?: number;
  readonly guard?: SourceGuard;
  readonly dns?: AskDns;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly handlers: SipHandlers;
}

const keepAliveMs = 25_000;
const keepAlive = Buffer.from("\r\n\r\n", "latin1");

/** SIP with sockets: all transports, one user agent, one timer. */
export class SipEndpoint {
  readonly #options: SipEndpointOptions;
  readonly #agent: UserAgent;
  readonly #dns: AskDns;
  readonly #results = new Map<string, RequestResult>();
  readonly #registrations: Registrations;
  readonly #inputs: (UserAgentInput | { type: "timeout" })[] = [];
  #transports!: Transports;
  #isBusy = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #keepAliveTimer: NodeJS.Timeout | undefined;
  #faults = 0;

  private constructor(options: SipEndpointOptions) {
    this.#options = options;
    this.#dns = options.dns ?? systemDns(options.clock);
    this.#registrations = new Registrations(options.clock, (request, onResult, way) =>
      this.#sendRequest(request, onResult, way),
    );
    this.#agent = new UserAgent({
      session: options.session ?? defaultSessionOptions,
      maxTransactions: options.maxTransactions ?? 50_000,
      maxSessions: options.maxSessions ?? 10_000,
      transports: options.udp === undefined ? ["TCP", "TLS"] : ["UDP", "TCP", "TLS"],
      localAddress: (hop) => this.#transports.localAddress(hop),
      random: options.random,
    });
  }

  /** Opens all transports; rejects when one address is taken. */
  static async open(options: SipEndpointOptions): Promise<SipEndpoint> {
    const endpoint = new SipEndpoint(options);
    const connections = options.connections ?? defaultConnectionOptions;
    endpoint.#transports = await Transports.open(
      { ...options, connections },
      {
        onMessage: (bytes, from) => endpoint.#receive(bytes, from),
        onConnectionClosed: (connection) => options.handlers.onConnectionClosed?.(connection),
      },
    );
    endpoint.#keepAliveTimer = setInterval(() => endpoint.#keepAlive(), keepAliveMs).unref();
    return endpoint;
  }

  /** Where a transport listens; undefined when it does not. */
  addressOf(transport: "UDP" | "TCP" | "TLS"): ListenAddress | undefined {
    return this.#transports.addressOf(transport);
  }

  /** What is held now, and what was turned away or unreadable since the start. */
  get counts() {
    return { ...this.#agent.counts, connections: this.#transports.connections, faults: this.#faults };
  }

  /** The state of a call; undefined when it is forgotten. */
  session(id: SessionId): InviteSession | undefined {
    return this.#agent.session(id);
  }

  /** Makes a call. `to`: this next hop, whatever the URI says. `named`: told the session before its first event. */
  call(
    call: OutgoingCall,
    parts: { readonly to?: Hop; readonly options?: SessionOptions } = {},
    named?: (session: SessionId) => void,
  ): SessionId {
    const session = makeTag(this.#options.random);
    named?.(session);
    this.#input({ type: "call", session, call, ...parts });
    return session;
  }

  command(session: SessionId, command: SessionCommand): void {
    this.#input({ type: "command", session, command });
  }

  /** Sends a request outside a call, without Via and Contact. */
  request(request: SipRequest, onResult: RequestResult, to?: Hop): void {
    this.#sendRequest(request, onResult, { to });
  }

  /** Answers a request that came by `onRequest`. */
  respond(key: ServerKey, response: SipResponse): void {
    this.#input({ type: "respond", key, response });
  }

  /** Keeps an address registered until `stop`. `to`: the registrar's hop, whatever its URI says. */
  register(options: RegistrationOptions, onState: RegistrationNews, to?: Hop): Registration {
    const registration = this.#registrations.add(new RegistrationClient(options, this.#options.random), onState, to);
    this.#arm();
    return registration;
  }

  /** Takes over a WebSocket that the HTTP server accepted with the subprotocol `sip` (RFC 7118). */
  acceptWebSocket(socket: WebSocket, origin: WebSocketOrigin): void {
    if (this.#isClosed) socket.close(1001);
    else this.#transports.acceptWebSocket(socket, origin);
  }

  /** Shows another TLS certificate (PEM) from the next connection on. */
  renewCertificate(parts: { readonly cert: string; readonly key: string }): void {
    if (!this.#isClosed) this.#transports.renewCertificate(parts);
  }

  /** Closes all sockets; calls are not ended before it. Twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#keepAliveTimer);
    this.#transports.close();
  }

  #sendRequest(
    request: SipRequest,
    onResult: RequestResult,
    way: { readonly to?: Hop; readonly contactUser?: string },
  ): void {
    const token = makeTag(this.#options.random);
    this.#results.set(token, onResult);
    this.#input({ type: "send-request", token, request, ...way });
  }

  #receive(bytes: Uint8Array, from: Hop): void {
    if (this.#isClosed) return;
    const { guard, clock, handlers } = this.#options;
    const verdict = guard?.admit(from.address, clock.now()) ?? "ok";
    if (verdict !== "ok") {
      handlers.onDropped?.(verdict);
      return;
    }
    const message = parseMessage(bytes);
    if (message.type === "fault") {
      this.#faults++;
      this.#input({ type: "fault", fault: message, from });
      return;
    }
    handlers.onTrace?.("in", message, from);
    this.#input({ type: "receive", message, from });
  }

  /** One input after the other: what the handlers ask for meanwhile waits its turn. */
  #input(input: UserAgentInput | { type: "timeout" }): void {
    if (this.#isClosed) return;
    this.#inputs.push(input);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        this.#step(next);
      }
    } finally {
      this.#isBusy = false;
    }
    this.#arm();
  }

  /** A mistake of ours may cost the call it is about, never the process with all others. */
  #step(input: UserAgentInput | { type: "timeout" }): void {
    try {
      for (const order of this.#agent.handle(input, this.#options.clock.now())) this.#perform(order);
    } catch (error) {
      this.#options.handlers.onError(error);
    }
  }

  #perform(order: UserAgentOrder): void {
    const { handlers } = this.#options;
    switch (order.type) {
      case "send":
        this.#send(order.message, order.to, order.key);
        return;
      case "resolve":
        void this.#resolve(order);
        return;
      case "incoming-call":
        handlers.onCall(order);
        return;
      case "request":
        handlers.onRequest(order.key, order.request, order.from);
        return;
      case "event":
        handlers.onEvent(order.session, order.event);
        return;
      case "closed":
        handlers.onClosed(order.session);
        return;
      case "response":
        if (order.response.status >= 200) this.#takeResult(order.token)?.(order.response, undefined, order.from);
        return;
      case "request-failed":
        this.#takeResult(order.token)?.(undefined, order.fault);
        return;
    }
  }

  #takeResult(token: string): RequestResult | undefined {
    const result = this.#results.get(token);
    this.#results.delete(token);
    return result;
  }

  #send(message: SipMessage, to: Hop, key: ClientKey | ServerKey | undefined): void {
    this.#options.handlers.onTrace?.("out", message, to);
    this.#transports.send(serializeMessage(message), to, () => {
      if (key !== undefined) this.#input({ type: "transport-error", key });
    });
  }

  async #resolve({ query, uri }: Extract<UserAgentOrder, { type: "resolve" }>): Promise<void> {
    const random = (): number => randomFraction(this.#options.random);
    const hops = await resolveUri(uri, this.#dns, { transports: this.#transports.available, random });
    this.#input({ type: "resolved", query, hops });
  }

  /** Keeps the way from our registrars open through NATs; connections have their own pings. */
  #keepAlive(): void {
    for (const hop of this.#registrations.registrars()) {
      if (hop.transport === "UDP") this.#transports.send(keepAlive, hop, () => undefined);
    }
  }

  /** Sets the one timer to the earliest deadline of all. */
  #arm(): void {
    if (this.#isClosed) return;
    const never = Number.POSITIVE_INFINITY;
    const next = Math.min(this.#agent.deadline ?? never, this.#registrations.deadline ?? never);
    // A timer that fires early finds nothing due and is set again; one that fires late would be wrong.
    if (next >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    const delayMs = Math.min(Math.max(0, next - this.#options.clock.now()), 0x7fff_ffff);
    this.#timer = setTimeout(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#registrations.fire();
    this.#input({ type: "timeout" });
  }
}
