import { Liveness, sweepEveryMs } from "./liveness.ts";
import { plainAddress } from "./remote-address.ts";
import type { Uws, UwsListenToken, UwsSocket } from "./uws-api.ts";
import { closeCodes, type WsConnection, type WsHandlers, type WsServer, type WsServerOptions } from "./ws-server.ts";

/** uWebSockets.js cuts the line without a close frame above its own limit, so that one lies this many times higher. */
const hardPayloadFactor = 4;

/** What the library accepts, in seconds, for its own idle timeout; ours is finer and strikes first. */
const idleTimeoutRangeS = [12, 960] as const;

/** The WebSocket server on uWebSockets.js. Several processes may listen on one port: it sets SO_REUSEPORT, but not for port 0. */
export function listenUws<State>(uws: Uws, options: WsServerOptions, handlers: WsHandlers<State>): Promise<WsServer> {
  const connections = new Set<UwsConnection<State>>();
  let listenToken: UwsListenToken | undefined;
  let accepting = true;

  const report = (connection: UwsConnection<State>, code: number) => {
    connections.delete(connection);
    handlers.close(connection, connection.state, code);
  };

  const app = uws.App();
  app.ws<UserData<State>>("/*", {
    compression: uws.DISABLED,
    maxPayloadLength: options.maxPayloadBytes * hardPayloadFactor,
    maxBackpressure: 0,
    idleTimeout: Math.min(
      Math.max(idleTimeoutRangeS[0], Math.ceil(options.idleTimeoutMs / 1000) * 2),
      idleTimeoutRangeS[1],
    ),
    sendPingsAutomatically: false,
    upgrade(response, request, context) {
      if (!accepting || connections.size >= options.maxConnections) {
        response.writeStatus("503 Service Unavailable").end("", true);
        return;
      }
      const path = request.getUrl();
      const state = handlers.upgrade(path, (name) => request.getHeader(name.toLowerCase()));
      if (state === undefined) {
        response.writeStatus("404 Not Found").end("", true);
        return;
      }
      const address = plainAddress(Buffer.from(response.getRemoteAddressAsText()).toString("latin1"));
      response.upgrade(
        { connection: new UwsConnection(path, address, state, options) },
        request.getHeader("sec-websocket-key"),
        firstProtocol(request.getHeader("sec-websocket-protocol")),
        "",
        context,
      );
    },
    open(socket) {
      const { connection } = socket.getUserData();
      connection.socket = socket;
      connections.add(connection);
      handlers.open(connection, connection.state);
    },
    message(socket, message, isBinary) {
      const { connection } = socket.getUserData();
      connection.liveness.heard();
      if (message.byteLength > options.maxPayloadBytes) {
        connection.close(closeCodes.messageTooBig, "message too big");
        return;
      }
      handlers.message(connection, connection.state, new Uint8Array(message), isBinary);
    },
    ping(socket) {
      socket.getUserData().connection.liveness.heard();
    },
    pong(socket) {
      socket.getUserData().connection.liveness.heard();
    },
    close(socket, code) {
      const { connection } = socket.getUserData();
      connection.socket = undefined;
      // The library calls this from inside `end`; the user must not hear of it there.
      if (connection.closing) queueMicrotask(() => report(connection, code));
      else report(connection, code);
    },
  });
  app.any("/*", (response) => {
    response.writeStatus("426 Upgrade Required").end("", true);
  });

  const sweep = setInterval(() => {
    for (const connection of connections) connection.sweep();
  }, sweepEveryMs(options.idleTimeoutMs));
  sweep.unref();

  const stopAccepting = () => {
    accepting = false;
    if (listenToken) uws.us_listen_socket_close(listenToken);
    listenToken = undefined;
  };

  return new Promise((resolve, reject) => {
    app.listen(options.host, options.port, (token) => {
      if (!token) {
        clearInterval(sweep);
        reject(new Error(`cannot listen on ${options.host}:${options.port}`));
        return;
      }
      listenToken = token;
      resolve({
        engine: "uws",
        port: uws.us_socket_local_port(token),
        stopAccepting,
        async close() {
          stopAccepting();
          clearInterval(sweep);
          for (const connection of connections) connection.close(closeCodes.goingAway, "going away");
        },
      });
    });
  });
}

/** What travels with a native socket. A plain object: the library copies its fields and keeps neither class nor identity. */
interface UserData<State> {
  readonly connection: UwsConnection<State>;
}

class UwsConnection<State> implements WsConnection {
  readonly path: string;
  readonly remoteAddress: string;
  readonly state: State;
  readonly liveness = new Liveness();
  /** Undefined before `open` and after `close`; the library throws on any use then. */
  socket: UwsSocket<UserData<State>> | undefined;
  closing = false;
  readonly #maxBufferedBytes: number;

  constructor(path: string, remoteAddress: string, state: State, options: WsServerOptions) {
    this.path = path;
    this.remoteAddress = remoteAddress;
    this.state = state;
    this.#maxBufferedBytes = options.maxBufferedBytes;
  }

  send(data: string | Uint8Array): "sent" | "full" | "closed" {
    const socket = this.socket;
    if (!socket) return "closed";
    if (socket.getBufferedAmount() + data.length > this.#maxBufferedBytes) {
      this.close(closeCodes.tryAgainLater, "not reading");
      return "full";
    }
    socket.send(data, typeof data !== "string", false);
    return "sent";
  }

  close(code: number, reason: string): void {
    if (!this.socket) return;
    this.closing = true;
    this.socket.end(code, reason);
  }

  sweep(): void {
    const verdict = this.liveness.sweep();
    if (verdict === "ping") this.socket?.ping();
    else if (verdict === "dead") this.socket?.close();
  }
}

/** The first sub-protocol offered, which is what the other engine answers too (RFC 6455 §4.2.2); "" for none. */
function firstProtocol(offered: string): string {
  return offered.split(",", 1)[0]?.trim() ?? "";
}
