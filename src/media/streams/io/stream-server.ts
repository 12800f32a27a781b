import { makeId } from "../../../kit/ids.ts";
import { systemRandom } from "../../../kit/io/random.ts";
import { systemClock } from "../../../kit/io/system-clock.ts";
import type { CallLeg, LegEvents } from "../../leg.ts";
import type { StreamOffer } from "../../protocol.ts";
import type { StreamProtocol } from "../protocol.ts";
import * as registry from "../registry.ts";
import { listenWs } from "./listen.ts";
import { StreamConnection, type StreamHost } from "./stream-connection.ts";
import type { WsServer, WsServerOptions } from "./ws-server.ts";

/** How long and how much a stream may take before it is a call. */
export interface StreamLimits {
  /** No valid start within this time after the upgrade: closed with 1008. */
  readonly startTimeoutMs: number;
  /** The control plane did not answer an offer: closed with 1011. */
  readonly acceptTimeoutMs: number;
  /** Caller audio kept between start and accept; the oldest goes first. */
  readonly earlyAudioMs: number;
  /** Messages of nonsense one stream may send. */
  readonly maxFaults: number;
}

type WsLimits = Pick<WsServerOptions, "maxPayloadBytes" | "maxBufferedBytes" | "idleTimeoutMs">;

export interface StreamServerOptions extends Partial<StreamLimits> {
  readonly ws: Omit<WsServerOptions, keyof WsLimits> & Partial<WsLimits>;
}

export const defaultStreamLimits = {
  startTimeoutMs: 10_000,
  acceptTimeoutMs: 10_000,
  earlyAudioMs: 5_000,
  maxFaults: 50,
} as const satisfies StreamLimits;

/** Bounds of a carrier's socket. We never run more than 400 ms ahead, so 64 KiB (six seconds) waiting is a dead reader. */
export const defaultStreamWsLimits = {
  maxPayloadBytes: 65_536,
  maxBufferedBytes: 65_536,
  idleTimeoutMs: 30_000,
} as const satisfies WsLimits;

/** What the stream server tells its owner. */
export interface StreamServerEvents {
  /** A start with a token came; answer with `accept` or `refuse`. */
  offered(connectionId: string, offer: StreamOffer): void;
  /** An offered stream went away, or we gave up on it, before it was accepted or refused. */
  withdrawn(connectionId: string): void;
  /** A stream was turned away; the reason is for the counter. */
  refused(reason: string): void;
  ignored(name: string): void;
  fault(kind: string): void;
  /** Code behind `LegEvents` threw; that call's leg was ended with 1011. */
  failed?(connectionId: string, error: unknown): void;
}

export interface StreamServer {
  readonly engine: "uws" | "ws";
  readonly port: number;
  /**
   * Makes an offered stream the leg of a call. Caller audio and keys kept so far come through `events` right after this
   * returns and before anything newer. Undefined: the stream went away meanwhile.
   */
  accept(connectionId: string, events: LegEvents): CallLeg | undefined;
  /** Turns an offered stream away: closed with 1008. */
  refuse(connectionId: string, reason: string): void;
  /** Monotonic ms of the upgrade, while the stream is offered or accepted. */
  openedAt(connectionId: string): number | undefined;
  /** No new sockets; those there stay. */
  stopAccepting(): void;
  /** Ends everything. Twice is fine. */
  close(): Promise<void>;
}

const pathPrefix = "/media/";

/** Listens for carriers' media streams at `/media/<carrier>` and turns their sockets into call legs. */
export async function startStreamServer(
  options: StreamServerOptions,
  events: StreamServerEvents,
): Promise<StreamServer> {
  const protocols = new Map<string, StreamProtocol>(
    Object.values(registry).map((protocol) => [protocol.carrier, protocol]),
  );
  const connections = new Map<string, StreamConnection>();
  const host: StreamHost = {
    limits: {
      startTimeoutMs: options.startTimeoutMs ?? defaultStreamLimits.startTimeoutMs,
      acceptTimeoutMs: options.acceptTimeoutMs ?? defaultStreamLimits.acceptTimeoutMs,
      earlyAudioMs: options.earlyAudioMs ?? defaultStreamLimits.earlyAudioMs,
      maxFaults: options.maxFaults ?? defaultStreamLimits.maxFaults,
    },
    events,
    enlist(connection) {
      const connectionId = makeId("connection", systemRandom);
      connections.set(connectionId, connection);
      return connectionId;
    },
    strike: (connectionId) => connections.delete(connectionId),
  };
  const server: WsServer = await listenWs<StreamConnection>(
    { ...defaultStreamWsLimits, ...options.ws },
    {
      upgrade(path) {
        const protocol = path.startsWith(pathPrefix) ? protocols.get(path.slice(pathPrefix.length)) : undefined;
        return protocol && new StreamConnection(protocol, host, systemClock.now());
      },
      open: (socket, connection) => connection.opened(socket),
      message: (_socket, connection, data, isBinary) => connection.read(data, isBinary),
      close: (_socket, connection, code) => connection.closed(code),
    },
  );
  return {
    engine: server.engine,
    port: server.port,
    accept: (connectionId, legEvents) => connections.get(connectionId)?.accept(legEvents),
    refuse: (connectionId, reason) => connections.get(connectionId)?.refuse(reason),
    openedAt: (connectionId) => connections.get(connectionId)?.openedAt,
    stopAccepting: () => server.stopAccepting(),
    close: () => server.close(),
  };
}
