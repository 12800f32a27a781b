import type { WebSocket } from "ws";
import type { Hop } from "../hop.ts";
import { messageBounds } from "../parse.ts";
import type { Connection, ConnectionTable } from "./connection-table.ts";
import type { ConnectionOptions, TransportUser } from "./transport.ts";
import { plainAddress } from "./udp-transport.ts";

/** The WebSocket subprotocol both sides must name (RFC 7118 §4.1). */
export const webSocketProtocol = "sip";

/** Where a WebSocket came from. */
export interface WebSocketOrigin {
  readonly address: string;
  readonly port: number;
  /** It came by wss. */
  readonly isSecure: boolean;
}

/** SIP over WebSockets that an HTTP server has accepted (RFC 7118). */
export class WebSocketTransport {
  readonly #user: TransportUser;
  readonly #table: ConnectionTable;
  readonly #options: ConnectionOptions;

  constructor(parts: {
    readonly user: TransportUser;
    readonly table: ConnectionTable;
    readonly options: ConnectionOptions;
  }) {
    this.#user = parts.user;
    this.#table = parts.table;
    this.#options = parts.options;
  }

  /** Takes a socket over; closes it when there is no room. */
  accept(socket: WebSocket, origin: WebSocketOrigin): void {
    const address = plainAddress(origin.address);
    socket.on("error", () => socket.terminate());
    if (!this.#table.hasRoomFor(address)) {
      socket.close(1013);
      return;
    }
    const transport = origin.isSecure ? "WSS" : "WS";
    const hop: Hop = { transport, address, port: origin.port, connection: this.#table.makeId() };
    const { idleMs, firstMessageMs, maxQueuedBytes } = this.#options;
    let idle = setTimeout(() => socket.terminate(), firstMessageMs);
    let hasSpoken = false;
    const heard = (): void => {
      clearTimeout(idle);
      idle = setTimeout(() => socket.terminate(), idleMs);
    };
    const connection: Connection = {
      hop,
      write: (bytes) => {
        if (socket.readyState !== socket.OPEN) return false;
        if (socket.bufferedAmount > maxQueuedBytes) {
          socket.terminate();
          return false;
        }
        // Text, as browsers' stacks expect it (RFC 7118 §4.2).
        socket.send(bytes, { binary: false });
        return true;
      },
      close: () => socket.close(1001),
    };
    this.#table.add(connection);
    socket.on("message", (data) => {
      const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? undefined : Buffer.from(data);
      if (bytes === undefined || bytes.length > messageBounds.messageBytes) {
        socket.close(1009);
        return;
      }
      hasSpoken = true;
      heard();
      if (bytes.length > 4) this.#user.onMessage(bytes, hop);
      else if (bytes.toString("latin1") === "\r\n\r\n") connection.write(Buffer.from("\r\n", "latin1"));
    });
    // A registered telephone may have nothing to say for an hour; that it answers pings is a sign of life (RFC 7118 §6).
    socket.on("pong", () => {
      if (hasSpoken) heard();
    });
    socket.on("close", () => {
      clearTimeout(idle);
      if (this.#table.remove(connection)) this.#user.onConnectionClosed(hop.connection!);
    });
  }

  /** Sends to a browser; nobody can be called that has no connection open. */
  send(bytes: Uint8Array, to: Hop, onError: () => void): void {
    if (this.#table.find(to)?.write(bytes) !== true) onError();
  }
}
