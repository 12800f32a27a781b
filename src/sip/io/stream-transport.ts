import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import {
  connect as connectTls,
  createServer as createTlsServer,
  rootCertificates,
  type TLSSocket,
  Server as TlsServer,
} from "node:tls";
import type { Hop } from "../hop.ts";
import { StreamFramer } from "../stream-framer.ts";
import type { Connection, ConnectionTable } from "./connection-table.ts";
import type { ConnectionOptions, ListenAddress, TransportUser } from "./transport.ts";
import { plainAddress } from "./udp-transport.ts";

/** Certificates of our side, PEM. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  /** Whom to trust besides the system's authorities. */
  readonly ca?: string;
  /** False: a far end's certificate is not checked when we call (private networks). */
  readonly checksServers: boolean;
}

const ping = Buffer.from("\r\n\r\n", "latin1");
const pong = Buffer.from("\r\n", "latin1");

/** SIP over TCP or TLS: takes connections, opens them, and cuts their bytes into messages (RFC 3261 §18). */
export class StreamTransport {
  readonly #transport: "TCP" | "TLS";
  readonly #user: TransportUser;
  readonly #table: ConnectionTable;
  readonly #options: ConnectionOptions;
  readonly #tls: TlsOptions | undefined;
  /** Connections we have opened; they are kept open through NATs (RFC 5626 §4.4.1). */
  readonly #opened = new Set<Connection>();
  readonly #pinging: NodeJS.Timeout;
  /** Who is to hear when a connection does not come about. Bounded by the bytes that may wait. */
  readonly #waiting = new Map<Connection, (() => void)[]>();
  #server: Server | undefined;
  #isClosed = false;

  constructor(
    transport: "TCP" | "TLS",
    parts: {
      readonly user: TransportUser;
      readonly table: ConnectionTable;
      readonly options: ConnectionOptions;
      readonly tls?: TlsOptions;
    },
  ) {
    this.#transport = transport;
    this.#user = parts.user;
    this.#table = parts.table;
    this.#options = parts.options;
    this.#tls = parts.tls;
    this.#pinging = setInterval(() => {
      for (const connection of this.#opened) connection.write(ping);
    }, parts.options.pingMs).unref();
  }

  /** Takes connections at an address; without it connections are only opened. */
  async listen(at: ListenAddress): Promise<void> {
    const tls = this.#tls;
    const server =
      this.#transport === "TCP"
        ? createServer((socket) => this.#accept(socket))
        : createTlsServer(
            { cert: tls?.cert, key: tls?.key, handshakeTimeout: this.#options.connectTimeoutMs },
            (socket) => this.#accept(socket),
          );
    // A handshake that came to nothing is the far end's affair.
    server.on("tlsClientError", () => undefined);
    server.listen(at.port, at.address);
    await once(server, "listening");
    this.#server = server;
  }

  /** Takes another certificate from the next connection on; those that are open keep theirs. */
  renewCertificate(parts: Pick<TlsOptions, "cert" | "key">): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(parts);
  }

  /** Where it listens. */
  get address(): ListenAddress | undefined {
    const address = this.#server?.address();
    return address === null || typeof address !== "object"
      ? undefined
      : { address: address.address, port: address.port };
  }

  /** Sends over an open connection, or opens one. */
  send(bytes: Uint8Array, to: Hop, onError: () => void): void {
    const connection = this.#table.find(to) ?? this.#open(to);
    if (connection?.write(bytes) !== true) onError();
    // Before the connection stands nothing has been sent yet, so its failure is this message's failure.
    else this.#waiting.get(connection)?.push(onError);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#pinging);
    this.#server?.close();
  }

  #accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? "");
    const { remotePort: port } = socket;
    if (this.#isClosed || port === undefined || !this.#table.hasRoomFor(address)) {
      socket.on("error", () => undefined);
      socket.destroy();
      return;
    }
    socket.setTimeout(this.#options.firstMessageMs);
    this.#attach(socket, { transport: this.#transport, address, port, connection: this.#table.makeId() });
  }

  #open(to: Hop): Connection | undefined {
    // A connection somebody opened to us has a port at their side that nobody listens at.
    if (this.#isClosed || to.connection !== undefined || !this.#table.hasRoomFor(to.address)) return undefined;
    const { address: host, port, serverName } = to;
    const { ca, checksServers = true } = this.#tls ?? {};
    const socket =
      this.#transport === "TCP"
        ? connect({ host, port })
        : connectTls({ host, port, servername: serverName, ca: withSystem(ca), rejectUnauthorized: checksServers });
    socket.setTimeout(this.#options.connectTimeoutMs);
    const ready = this.#transport === "TCP" ? "connect" : "secureConnect";
    const connection = this.#attach(socket, { ...to, connection: this.#table.makeId() });
    this.#opened.add(connection);
    this.#waiting.set(connection, []);
    socket.once(ready, () => {
      socket.setTimeout(this.#options.idleMs);
      this.#waiting.delete(connection);
    });
    socket.on("close", () => {
      this.#opened.delete(connection);
      const failed = this.#waiting.get(connection) ?? [];
      this.#waiting.delete(connection);
      for (const onError of failed) onError();
    });
    return connection;
  }

  #attach(socket: Socket | TLSSocket, hop: Hop): Connection {
    const framer = new StreamFramer();
    const { maxQueuedBytes, idleMs } = this.#options;
    const connection: Connection = {
      hop,
      write: (bytes) => {
        if (socket.destroyed || socket.writableLength > maxQueuedBytes) {
          socket.destroy();
          return false;
        }
        socket.write(bytes);
        return true;
      },
      close: () => socket.destroy(),
    };
    this.#table.add(connection);
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      for (const item of framer.push(chunk)) {
        switch (item.type) {
          case "message":
            socket.setTimeout(idleMs);
            this.#user.onMessage(item.bytes, hop);
            break;
          case "ping":
            connection.write(pong);
            break;
          case "pong":
            break;
          case "fault":
            // Behind this point nobody knows where a message begins (RFC 3261 §18.3).
            socket.destroy();
            return;
        }
      }
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.#table.remove(connection)) this.#user.onConnectionClosed(hop.connection!);
    });
    return connection;
  }
}

/** Node's `ca` takes the place of the authorities it knows; ours is to stand beside them. */
function withSystem(ca: string | undefined): string[] | undefined {
  return ca === undefined ? undefined : [...rootCertificates, ca];
}
