/** One interface over two WebSocket servers, so that the media plane does not know which one runs. */

/** One accepted socket. */
export interface WsConnection {
  /** Path of the upgrade request, without query. */
  readonly path: string;
  readonly remoteAddress: string;
  /**
   * Sends one message. `closed`: the socket is gone. `full`: more than `maxBufferedBytes` would wait; the message was not
   * sent and the socket is being closed with 1013.
   */
  send(data: string | Uint8Array): "sent" | "full" | "closed";
  /** Closes with a code (RFC 6455 §7.4) and a short reason. Twice is fine. */
  close(code: number, reason: string): void;
}

/** What the server's user gives. One object for all connections; views are valid only during the call. */
export interface WsHandlers<State> {
  /** Called before the upgrade. Undefined: 404. The returned state travels with the connection. */
  upgrade(path: string, headers: (name: string) => string): State | undefined;
  open(connection: WsConnection, state: State): void;
  message(connection: WsConnection, state: State, data: Uint8Array, isBinary: boolean): void;
  close(connection: WsConnection, state: State, code: number): void;
}

export interface WsServerOptions {
  readonly engine: "auto" | "uws" | "ws";
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** A longer message closes the socket with 1009. */
  readonly maxPayloadBytes: number;
  /** More waiting than this and the peer is not reading: closed with 1013. */
  readonly maxBufferedBytes: number;
  /** A socket silent (no message, no pong) for this long is closed; pings are sent by the server. */
  readonly idleTimeoutMs: number;
  /** Sockets held at once; further upgrades get 503. */
  readonly maxConnections: number;
}

export interface WsServer {
  readonly engine: "uws" | "ws";
  readonly port: number;
  /** Stops accepting; open sockets stay. */
  stopAccepting(): void;
  /** Closes everything. Twice is fine. */
  close(): Promise<void>;
}
