import type { Hop } from "../../src/sip/hop.ts";
import {
  defaultSessionOptions,
  type OutgoingCall,
  type SessionCommand,
  type SessionEnd,
  type SessionEvent,
  type SessionOptions,
} from "../../src/sip/invite-session/types.ts";
import { cseqOf, type SipMessage, type SipRequest } from "../../src/sip/message.ts";
import { parseMessage } from "../../src/sip/parse.ts";
import { serializeMessage } from "../../src/sip/serialize.ts";
import { makeTag } from "../../src/sip/tokens.ts";
import { makeSipUri, parseUri } from "../../src/sip/uri.ts";
import { UserAgent } from "../../src/sip/user-agent.ts";
import type { UserAgentInput, UserAgentOptions, UserAgentOrder } from "../../src/sip/user-agent-types.ts";
import { SeededRandom } from "./seeded-random.ts";

export const sdp = (text: string): Uint8Array => Buffer.from(`v=0\r\ns=${text}\r\n`, "latin1");

/** What `sdp()` was made from. */
export const sdpText = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : /s=(.*)\r\n/.exec(Buffer.from(bytes).toString("latin1"))?.[1];

export interface NetworkOptions {
  readonly seed?: number;
  /** Share of UDP packets that vanish. */
  readonly loss?: number;
  /** Share of UDP packets that come twice. */
  readonly doubles?: number;
  /** One way. */
  readonly leastDelayMs?: number;
  readonly mostDelayMs?: number;
}

interface Packet {
  readonly at: number;
  readonly to: Hop;
  readonly from: Hop;
  readonly bytes: Uint8Array;
}

/** User agents on a network of virtual time: messages travel as bytes, get lost, doubled and out of order by a seed. */
export class SipNetwork {
  now = 0;
  /** One line a message when it is sent: `12 alice→bob INVITE`; lost ones end with `✗`. */
  readonly trace: string[] = [];
  readonly random: SeededRandom;
  /** Says which messages vanish, besides chance. */
  drop: (message: SipMessage, from: SimAgent) => boolean = () => false;
  readonly #options: NetworkOptions;
  readonly #agents = new Map<string, SimAgent>();
  readonly #packets: Packet[] = [];
  readonly #scheduled: { at: number; run: () => void }[] = [];

  constructor(options: NetworkOptions = {}) {
    this.#options = options;
    this.random = new SeededRandom(options.seed ?? 1);
  }

  add(
    name: string,
    address: string,
    options: Partial<UserAgentOptions> & { sessionOptions?: Partial<SessionOptions> } = {},
  ): SimAgent {
    const agent = new SimAgent(this, name, address, options);
    this.#agents.set(address, agent);
    return agent;
  }

  /** Does something later. */
  at(at: number, run: () => void): void {
    this.#scheduled.push({ at, run });
  }

  transmit(message: SipMessage, from: SimAgent, to: Hop): void {
    const what = message.type === "request" ? message.method : `${message.status} ${cseqOf(message).method}`;
    const { loss = 0, doubles = 0, leastDelayMs = 5, mostDelayMs = 5 } = this.#options;
    const isUdp = to.transport === "UDP";
    const isLost = (isUdp && this.random.chance(loss)) || this.drop(message, from);
    const name = this.#agents.get(to.address)?.name ?? to.address;
    this.trace.push(`${this.now} ${from.name}→${name} ${what}${isLost ? " ✗" : ""}`);
    if (isLost) return;
    const bytes = serializeMessage(message);
    const back: Hop = {
      transport: to.transport,
      address: from.address,
      port: 5060,
      ...(isUdp ? {} : { connection: 7 }),
    };
    for (let copies = isUdp && this.random.chance(doubles) ? 2 : 1; copies > 0; copies--) {
      const delay = isUdp ? this.random.int(leastDelayMs, mostDelayMs) : leastDelayMs;
      this.#packets.push({ at: this.now + delay, to, from: back, bytes });
    }
  }

  /** Lets time pass until `untilMs`. */
  run(untilMs: number): void {
    for (let steps = 0; ; steps++) {
      if (steps > 1_000_000) throw new Error("the network does not come to rest");
      const next = this.#nextMoment();
      if (next === undefined || next > untilMs) break;
      this.now = Math.max(this.now, next);
      this.#step();
    }
    this.now = Math.max(this.now, untilMs);
  }

  #nextMoment(): number | undefined {
    const moments = [...this.#packets, ...this.#scheduled].map(({ at }) => at);
    for (const { machine } of this.#agents.values()) if (machine.deadline !== undefined) moments.push(machine.deadline);
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  #step(): void {
    for (const list of [this.#packets, this.#scheduled]) {
      for (let i = 0; i < list.length; i++) {
        const item = list[i]!;
        if (item.at > this.now) continue;
        list.splice(i, 1);
        if ("run" in item) item.run();
        else this.#deliver(item);
        return;
      }
    }
    for (const agent of this.#agents.values()) {
      if (agent.machine.deadline !== undefined && agent.machine.deadline <= this.now) agent.handle({ type: "timeout" });
    }
  }

  #deliver({ bytes, to, from }: Packet): void {
    const message = parseMessage(bytes);
    if (message.type === "fault") throw new Error(`unreadable: ${message.detail}\n${Buffer.from(bytes).toString()}`);
    this.#agents.get(to.address)?.handle({ type: "receive", message, from });
  }
}

/** One user agent of the simulated network, with what its user saw. */
export class SimAgent {
  readonly name: string;
  readonly address: string;
  readonly machine: UserAgent;
  /** `12 answered` … in order, all sessions. */
  readonly seen: { at: number; session: string; event: SessionEvent }[] = [];
  readonly incoming: { session: string; request: SipRequest; from: Hop; replaces?: string }[] = [];
  readonly closed: string[] = [];
  readonly results: string[] = [];
  onCall: (session: string, request: SipRequest) => void = () => undefined;
  onEvent: (session: string, event: SessionEvent) => void = () => undefined;
  onOrder: (order: UserAgentOrder) => void = () => undefined;
  readonly #network: SipNetwork;
  readonly #randomBytes: (size: number) => Uint8Array;

  constructor(
    network: SipNetwork,
    name: string,
    address: string,
    options: Partial<UserAgentOptions> & { sessionOptions?: Partial<SessionOptions> },
  ) {
    this.#network = network;
    this.name = name;
    this.address = address;
    const random = new SeededRandom(network.random.int(0, 0xffff_ffff));
    this.#randomBytes = (size) => Uint8Array.from({ length: size }, () => random.int(0, 255));
    this.machine = new UserAgent({
      session: { ...defaultSessionOptions, ...options.sessionOptions },
      maxTransactions: 10_000,
      maxSessions: 1000,
      transports: ["UDP", "TCP"],
      localAddress: () => ({ host: address, port: 5060 }),
      random: this.#randomBytes,
      ...options,
    });
  }

  /** Calls another agent; the session. */
  call(to: SimAgent | string, parts: Partial<OutgoingCall> & { transport?: string } = {}): string {
    const session = makeTag(this.#randomBytes);
    const uri =
      typeof to === "string"
        ? parseUri(to)!
        : makeSipUri({
            user: to.name,
            host: to.address,
            params: parts.transport ? { transport: parts.transport } : {},
          });
    const call: OutgoingCall = {
      uri,
      from: { uri: makeSipUri({ user: this.name, host: "example.com" }), params: new Map() },
      to: { uri, params: new Map() },
      sdp: sdp(`offer of ${this.name}`),
      ...parts,
    };
    this.handle({ type: "call", session, call });
    return session;
  }

  do(session: string, command: SessionCommand): void {
    this.handle({ type: "command", session, command });
  }

  handle(input: UserAgentInput | { type: "timeout" }): void {
    for (const order of this.machine.handle(input, this.#network.now)) this.#perform(order);
  }

  #perform(order: UserAgentOrder): void {
    this.onOrder(order);
    switch (order.type) {
      case "send":
        this.#network.transmit(order.message, this, order.to);
        return;
      case "incoming-call":
        this.incoming.push(order);
        this.onCall(order.session, order.request);
        return;
      case "event":
        this.seen.push({ at: this.#network.now, session: order.session, event: order.event });
        this.onEvent(order.session, order.event);
        return;
      case "closed":
        this.closed.push(order.session);
        return;
      case "response":
        this.results.push(`${order.token} ${order.response.status}`);
        return;
      case "request-failed":
        this.results.push(`${order.token} ${order.fault}`);
        return;
      case "request":
      case "resolve":
        return;
    }
  }

  /** Types of what the user of a session saw, in order. */
  types(session: string): string[] {
    return this.seen.filter((one) => one.session === session).map(({ event }) => event.type);
  }

  events<T extends SessionEvent["type"]>(session: string, type: T): Extract<SessionEvent, { type: T }>[] {
    const events = this.seen.filter((one) => one.session === session).map(({ event }) => event);
    return events.filter((event): event is Extract<SessionEvent, { type: T }> => event.type === type);
  }

  /** How a session ended; throws unless it ended exactly once. */
  end(session: string): SessionEnd {
    const ends = this.events(session, "ended");
    if (ends.length !== 1) throw new Error(`${ends.length} endings`);
    return ends[0]!.end;
  }
}
