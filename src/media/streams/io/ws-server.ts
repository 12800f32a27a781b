/** One interface over two WebSocket servers, so that the media plane does not know which one runs. */
import type { Server } from "node:net";

/** Codes a server closes with (RFC 6455 §7.4.1; 1013 is in the IANA registry). */
export const closeCodes = {
  normal: 1000,
  goingAway: 1001,
  unsupportedData: 1003,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;

/** One accepted socket. */
export interface WsConnection {
  /** Path of the upgrade request, without query. */
  readonly path: string;
  readonly remoteAddress: string;
  /**
   * Sends one message in one frame: a string as text, bytes as binary; the bytes may be reused when it returns. `closed`: the socket is gone. `full`: more than `maxBufferedBytes` would wait; the message was not
   * sent and the socket is being closed with 1013.
   */
  send(data: string | Uint8Array): "sent" | "full" | "closed";
  /** Closes with a code (RFC 6455 §7.4) and a reason of at most 123 bytes; no message follows. Twice is fine. */
  close(code: number, reason: string): void;
}

/**
 * What the server's user gives. One object for all connections; views are valid only during the call.
 * Nothing here is ever called from inside `send` or `close`, so a caller that holds half-done state is safe.
 */
export interface WsHandlers<State> {
  /** Called before the upgrade. Undefined: 404. The returned state travels with the connection. */
  upgrade(path: string, headers: (name: string) => string): State | undefined;
  open(connection: WsConnection, state: State): void;
  message(connection: WsConnection, state: State, data: Uint8Array, isBinary: boolean): void;
  /** Once for each `open`. The code we closed with, or the peer's; 1006 when the connection broke. */
  close(connection: WsConnection, state: State, code: number): void;
}

export interface WsServerOptions {
  readonly engine: "auto" | "uws" | "ws";
  readonly host: string;
  /** 0: any free port, which then cannot be shared with other processes. */
  readonly port: number;
  /** A longer message closes the socket with 1009. */
  readonly maxPayloadBytes: number;
  /** More waiting than this and the peer is not reading: closed with 1013. */
  readonly maxBufferedBytes: number;
  /** A socket silent (no message, no pong) for this long is closed; pings are sent by the server. */
  readonly idleTimeoutMs: number;
  /** Sockets held at once; further upgrades get 503. */
  readonly maxConnections: number;
  /**
   * For the `ws` engine, whose processes cannot share a port (Node 20 has no SO_REUSEPORT; uWebSockets.js sets it itself):
   * a server that emits `connection` for sockets accepted elsewhere. It need not listen: the parent process accepts with
   * `pauseOnConnect`, sends the socket over IPC, and the child emits it here. `host` is then not used, `port` only told.
   */
  readonly sharedServer?: Server;
}

export interface WsServer {
  readonly engine: "uws" | "ws";
  readonly port: number;
  /** Stops accepting; open sockets stay. */
  stopAccepting(): void;
  /** Closes everything. Twice is fine. */
  close(): Promise<void>;
}
