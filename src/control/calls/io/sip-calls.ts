import type { Clock } from "../../../kit/clock.ts";
import type { E164, RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { Hop } from "../../../sip/hop.ts";
import { SipEndpoint, type SipEndpointOptions, type SipHandlers } from "../../../sip/io/sip-endpoint.ts";
import type { SipRequest } from "../../../sip/message.ts";
import { defaultSourceGuard, SourceGuard } from "../../../sip/source-guard.ts";
import type { ServerKey } from "../../../sip/transaction/key.ts";
import type { PhoneDesk } from "../../exchange/io/phone-desk.ts";
import type { TrunkBook } from "../../exchange/trunk.ts";
import type { CallRecords, PlaceCallRequest, SourceControl } from "../call-control.ts";
import { bridgeEvents } from "./bridge-events.ts";
import { type ExchangeParts, Network } from "./exchange-parts.ts";
import { FarEndChanges } from "./far-end-changes.ts";
import type { GatewayCalls } from "./gateway-calls.ts";
import { IncomingCalls } from "./incoming-calls.ts";
import { JoinedCalls } from "./joined-calls.ts";
import { OutgoingCalls } from "./outgoing-calls.ts";
import { SipSessions } from "./sip-sessions.ts";
import { TelephoneCalls } from "./telephone-calls.ts";
import { TransferDesk } from "./transfer-desk.ts";

export interface SipCallsOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** SIP over TLS; undefined: nowhere. */
  readonly tls?: SipEndpointOptions["tls"];
  /** Our address for the internet; "": that of the interface. */
  readonly publicIp: string;
  /** Numbers that may be called without authentication, from loopback and private networks. */
  readonly openNumbers: readonly E164[];
  /** Sends back what it hears. */
  readonly echoNumber: E164 | undefined;
  readonly calls: GatewayCalls;
  readonly records: CallRecords;
  readonly trunks: TrunkBook;
  readonly phones: PhoneDesk;
  /** Floods are dropped; strangers who keep calling are banned for an hour. */
  readonly guard?: SourceGuard;
  /** Requests outside calls. */
  readonly onRequest: (key: ServerKey, request: SipRequest, from: Hop) => void;
  readonly onConnectionClosed?: SipHandlers["onConnectionClosed"];
  readonly onTrace?: SipHandlers["onTrace"];
  /** A call's dialog is known. */
  readonly onDialog?: ExchangeParts["onDialog"];
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Our telephone exchange: SIP calls in and out, their media in media processes, both ended together. */
export class SipCalls {
  readonly endpoint: SipEndpoint;
  readonly outgoing: OutgoingCalls;
  readonly #incoming: IncomingCalls;

  private constructor(endpoint: SipEndpoint, incoming: IncomingCalls, outgoing: OutgoingCalls) {
    this.endpoint = endpoint;
    this.#incoming = incoming;
    this.outgoing = outgoing;
  }

  /** Listens over UDP and TCP; rejects when the address is taken. */
  static async open(options: SipCallsOptions): Promise<SipCalls> {
    const { listen, publicIp, calls, clock, randomBytes, log, metrics } = options;
    const address = { address: listen.host, port: listen.port };
    const guard = options.guard ?? new SourceGuard(defaultSourceGuard);
    const exchange: { incoming?: IncomingCalls; sessions?: SipSessions } = {};
    const endpoint = await SipEndpoint.open({
      udp: address,
      tcp: address,
      tls: options.tls,
      publicAddress: publicIp,
      guard,
      clock,
      random: randomBytes,
      handlers: {
        onCall: (call) => exchange.incoming?.incoming(call),
        onRequest: options.onRequest,
        onEvent: (session, event) => exchange.sessions?.event(session, event),
        onClosed: (session) => exchange.sessions?.closed(session),
        onConnectionClosed: options.onConnectionClosed,
        onTrace: options.onTrace,
        onDropped: (reason) => metrics.sipDropped.inc({ reason }),
        onError: (error) => {
          metrics.errors.inc({ kind: "sip" });
          log.error({ err: error }, "internal error in SIP; the call it is about may end");
        },
      },
    });
    const sessions = new SipSessions(endpoint);
    const { records, trunks, phones, openNumbers, echoNumber } = options;
    const parts: ExchangeParts = {
      sessions,
      live: calls.live,
      calls: new TelephoneCalls(calls.bridges),
      bridges: calls.bridges,
      records,
      trunks,
      phones,
      guard,
      open: { agents: openNumbers, echo: echoNumber },
      network: new Network(listen.host, publicIp),
      clock,
      randomBytes,
      log,
      metrics,
      onDialog: options.onDialog ?? (() => undefined),
    };
    const changes = new FarEndChanges(parts, () => outgoing);
    const outgoing = new OutgoingCalls(parts, (call, request) => changes.referred(call, request));
    const incoming = new IncomingCalls(parts, new JoinedCalls(parts, outgoing), changes);
    exchange.sessions = sessions;
    exchange.incoming = incoming;
    const transfers = new TransferDesk(parts, outgoing);
    const placeCall = async (request: PlaceCallRequest) =>
      (await outgoing.place(request, bridgeEvents(request, { live: calls.live, transfers, randomBytes }))).callId;
    const sources: SourceControl = {
      bans: () => {
        const fromNow = clock.wall() - clock.now();
        return guard.bans(clock.now()).map(({ address, until }) => ({ address, until: Math.round(until + fromNow) }));
      },
      forgive: (address) => guard.forgive(address),
    };
    calls.setPlacer({ sources, placeCall, transfers });
    return new SipCalls(endpoint, incoming, outgoing);
  }

  /** The port it listens at. */
  get port(): number {
    return this.endpoint.addressOf("UDP")?.port ?? 0;
  }

  /** Takes no new calls. */
  drain(): void {
    this.#incoming.drain();
  }

  /** Closes the sockets; calls are ended before. Twice is fine. */
  close(): void {
    this.endpoint.close();
  }
}
