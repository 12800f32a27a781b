import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { Liveness, sweepEveryMs } from "./liveness.ts";
import { plainAddress } from "./remote-address.ts";
import { closeCodes, type WsConnection, type WsHandlers, type WsServer, type WsServerOptions } from "./ws-server.ts";

/** How long a peer may take to answer our close frame before the connection is cut. */
const closeHandshakeMs = 2_000;

/** How long a client may take to send its upgrade request. */
const handshakeMs = 10_000;

/** Connections that have not upgraded yet, held on top of `maxConnections`. */
const maxHandshakes = 256;

/** The WebSocket server on the `ws` package: the engine for platforms without a uWebSockets.js binary. */
export async function listenPlain<State>(options: WsServerOptions, handlers: WsHandlers<State>): Promise<WsServer> {
  const connections = new Set<PlainConnection<State>>();
  let accepting = true;

  const http = createServer({ headersTimeout: handshakeMs, requestTimeout: handshakeMs, noDelay: true });
  http.maxConnections = options.maxConnections + maxHandshakes;
  http.on("request", (_request, response) => {
    response.writeHead(426, { connection: "close" }).end();
  });
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxPayloadBytes,
  });
  http.on("upgrade", (request, socket, head) => {
    if (!accepting || connections.size >= options.maxConnections) return refuse(socket, "503 Service Unavailable");
    const path = (request.url ?? "/").split("?", 1)[0]!;
    const state = handlers.upgrade(path, (name) => headerText(request, name));
    if (state === undefined) return refuse(socket, "404 Not Found");
    acceptor.handleUpgrade(request, socket, head, (ws) => {
      const address = plainAddress(request.socket.remoteAddress ?? "");
      const connection = new PlainConnection(ws, path, address, state, options, handlers);
      connections.add(connection);
      ws.once("close", () => connections.delete(connection));
      handlers.open(connection, state);
    });
  });

  const shared = options.sharedServer;
  let takenOver = 0;
  // What `listen` would do for sockets of its own: bound their number and the time of their handshake, and start reading.
  const takeOver = (socket: Socket) => {
    if (takenOver >= http.maxConnections) return void socket.destroy();
    takenOver++;
    socket.once("close", () => takenOver--);
    socket.setTimeout(handshakeMs, () => socket.destroy());
    http.emit("connection", socket);
    socket.resume();
  };
  if (shared) shared.on("connection", takeOver);
  else await listening(http, options);
  const port = addressPort(shared ?? http) ?? options.port;

  const sweep = setInterval(() => {
    for (const connection of connections) connection.sweep();
  }, sweepEveryMs(options.idleTimeoutMs));
  sweep.unref();

  const stopAccepting = () => {
    accepting = false;
    shared?.off("connection", takeOver);
    http.close();
    http.closeIdleConnections();
  };
  return {
    engine: "ws",
    port,
    stopAccepting,
    async close() {
      stopAccepting();
      clearInterval(sweep);
      for (const connection of connections) connection.close(closeCodes.goingAway, "going away");
      http.closeAllConnections();
      await Promise.all([...connections].map((connection) => connection.gone));
    },
  };
}

function listening(http: HttpServer, { host, port }: WsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen({ host, port }, () => {
      http.off("error", reject);
      resolve();
    });
  });
}

/** Undefined for a server that does not listen. */
function addressPort(server: Server): number | undefined {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : undefined;
}

class PlainConnection<State> implements WsConnection {
  readonly path: string;
  readonly remoteAddress: string;
  readonly #ws: WebSocket;
  readonly #maxBufferedBytes: number;
  readonly #liveness = new Liveness();
  readonly #report: (code: number) => void;
  /** Resolves when the socket itself is closed, after the close handshake. */
  readonly gone: Promise<void>;
  #open = true;

  constructor(
    ws: WebSocket,
    path: string,
    remoteAddress: string,
    state: State,
    options: WsServerOptions,
    handlers: WsHandlers<State>,
  ) {
    this.path = path;
    this.remoteAddress = remoteAddress;
    this.#ws = ws;
    this.#maxBufferedBytes = options.maxBufferedBytes;
    this.#report = (code) => handlers.close(this, state, code);
    let brokenWith: number | undefined;
    ws.on("message", (data, isBinary) => {
      this.#liveness.heard();
      // `binaryType` is left at its default, so messages are Buffers; those still in flight after our close are dropped.
      if (this.#open) handlers.message(this, state, data as Buffer, isBinary);
    });
    ws.on("ping", () => this.#liveness.heard());
    ws.on("pong", () => this.#liveness.heard());
    ws.on("error", (error: NodeJS.ErrnoException) => {
      // The library answers these with the right close frame by itself.
      brokenWith = error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" ? closeCodes.messageTooBig : 1006;
      this.#cutLater();
    });
    this.gone = new Promise((resolve) => ws.once("close", () => resolve()));
    ws.once("close", (code) => {
      if (!this.#open) return;
      this.#open = false;
      this.#report(brokenWith ?? code);
    });
  }

  send(data: string | Uint8Array): "sent" | "full" | "closed" {
    if (!this.#open || this.#ws.readyState !== this.#ws.OPEN) return "closed";
    if (this.#ws.bufferedAmount + data.length > this.#maxBufferedBytes) {
      this.close(closeCodes.tryAgainLater, "not reading");
      return "full";
    }
    // The library keeps a reference to bytes it cannot write at once, and the caller may reuse them: copy.
    if (typeof data === "string") this.#ws.send(data);
    else this.#ws.send(Buffer.from(data));
    return "sent";
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#ws.close(code, reason);
    this.#cutLater();
    queueMicrotask(() => this.#report(code));
  }

  sweep(): void {
    const verdict = this.#liveness.sweep();
    if (verdict === "ping" && this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
    else if (verdict === "dead") this.#ws.terminate();
  }

  /** A peer that does not answer our close frame must not hold the socket. */
  #cutLater(): void {
    const cut = setTimeout(() => this.#ws.terminate(), closeHandshakeMs);
    cut.unref();
    this.#ws.once("close", () => clearTimeout(cut));
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function headerText(request: IncomingMessage, name: string): string {
  const value = request.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}
