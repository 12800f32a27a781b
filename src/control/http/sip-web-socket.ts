import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { plainAddress } from "../../sip/io/udp-transport.ts";
import { type WebSocketOrigin, webSocketProtocol } from "../../sip/io/web-socket-transport.ts";
import { messageBounds } from "../../sip/parse.ts";
import { admitSipWebSocket, type SipWebSocketPolicy } from "./sip-web-socket-admission.ts";

/** Who takes the sockets: the telephone exchange. */
export interface SipWebSocketDesk {
  acceptWebSocket(socket: WebSocket, origin: WebSocketOrigin): void;
}

export interface SipWebSocketOptions extends SipWebSocketPolicy {
  readonly maxConnections: number;
  /** How often a client is asked whether it is still there; one that has not answered by the next time is cut. */
  readonly pingMs: number;
  /** A client's time to answer our goodbye. */
  readonly closeMs: number;
}

export const defaultSipWebSocketOptions = {
  maxConnections: 5000,
  pingMs: 30_000,
  closeMs: 1000,
} as const satisfies Omit<SipWebSocketOptions, keyof SipWebSocketPolicy>;

const path = "/sip";

/** SIP over WebSocket on the HTTP port (RFC 7118): shakes hands, keeps NATs and proxies open, hands the sockets on. */
export class SipWebSockets {
  readonly #options: SipWebSocketOptions;
  readonly #desk: () => SipWebSocketDesk | undefined;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  /** Those who have answered since the last question. */
  readonly #alive = new WeakSet<WebSocket>();
  readonly #pinging: NodeJS.Timeout;
  #isClosed = false;

  /** `desk`: gives nobody while the exchange is not open; who comes then gets 503. */
  constructor(server: Server, desk: () => SipWebSocketDesk | undefined, options: SipWebSocketOptions) {
    this.#server = server;
    this.#desk = desk;
    this.#options = options;
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: messageBounds.messageBytes,
      handleProtocols: () => webSocketProtocol,
    });
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#pinging = setInterval(() => this.ping(), options.pingMs).unref();
  }

  /** Connections open now. */
  get size(): number {
    return this.#sockets.clients.size;
  }

  /** Says goodbye to all and cuts those who do not answer. Twice is fine. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#pinging);
    const clients = [...this.#sockets.clients];
    const gone = clients.map((client) => new Promise<void>((resolve) => client.once("close", () => resolve())));
    for (const client of clients) client.close(1001);
    const cut = setTimeout(() => {
      for (const client of clients) client.terminate();
    }, this.#options.closeMs);
    await Promise.all(gone);
    clearTimeout(cut);
  }

  /** Asks all clients whether they are there, and cuts those who have not answered since the last time. */
  ping(): void {
    for (const client of this.#sockets.clients) {
      if (!this.#alive.delete(client)) client.terminate();
      else client.ping();
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== "websocket") {
      this.#ignoreUpgrade(request, socket, head);
      return;
    }
    socket.on("error", () => socket.destroy());
    if ((request.url ?? "").split("?", 1)[0] !== path) {
      refuse(socket, 404, "there is no WebSocket at this path");
      return;
    }
    const peer = plainAddress(request.socket.remoteAddress ?? "");
    const admission = admitSipWebSocket(request.headers, peer, this.#options);
    if (admission.type === "refused") {
      refuse(socket, admission.status, admission.reason);
      return;
    }
    if (this.#isClosed || this.#desk() === undefined || this.size >= this.#options.maxConnections) {
      refuse(socket, 503, "no further connection can be taken now");
      return;
    }
    const { address, isSecure } = admission;
    const port = request.socket.remotePort ?? 0;
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      this.#alive.add(client);
      client.on("pong", () => this.#alive.add(client));
      const desk = this.#desk();
      if (desk === undefined) client.close(1013);
      else desk.acceptWebSocket(client, { address, port, isSecure });
    });
  }

  /**
   * Other upgrades (`h2c`, which Java's client asks for by default) are offers we may leave alone (RFC 9110 §7.8). Node
   * takes the request off the HTTP parser all the same as soon as anybody upgrades, so it is put back without the offer.
   */
  #ignoreUpgrade({ method, url, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
    const lines = [`${method} ${url} HTTP/1.1`];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!;
      if (!/^(?:upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${rawHeaders[i + 1]}`);
    }
    socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
    this.#server.emit("connection", socket);
  }
}

function refuse(socket: Duplex, status: number, reason: string): void {
  const body = `${reason}\n`;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    "Cache-Control: no-store",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
