import { createServer } from "node:net";
import { listenPlain } from "./plain-server.ts";
import { loadUws } from "./uws-api.ts";
import { listenUws } from "./uws-server.ts";
import type { WsHandlers, WsServer, WsServerOptions } from "./ws-server.ts";

/**
 * Starts a WebSocket server; `auto` takes uWebSockets.js where it loads and `ws` elsewhere, and `server.engine` tells which.
 * Rejects when the address cannot be had, and for `uws` where the package has no binary for this machine.
 */
export async function listenWs<State>(options: WsServerOptions, handlers: WsHandlers<State>): Promise<WsServer> {
  if (options.engine === "ws") return listenPlain(options, handlers);
  const uws = loadUws();
  if (uws) return listenUws(uws, options, handlers);
  if (options.engine === "auto") return listenPlain(options, handlers);
  throw new Error(
    `uWebSockets.js has no binary for ${process.platform} ${process.arch}, Node ${process.versions.node}`,
  );
}

/** Which engine `listenWs` would take, so that a parent process knows whether its children need a shared server. */
export function chooseEngine(engine: WsServerOptions["engine"]): "uws" | "ws" {
  if (engine !== "auto") return engine;
  return loadUws() ? "uws" : "ws";
}

/**
 * Whether nobody listens on an address. SO_REUSEPORT would let us share it silently with a stranger who uses it too, so
 * ask, with an exclusive bind, before the first process listens. Rejects when the address is not ours to bind.
 */
export function probePort(host: string, port: number): Promise<"free" | "in-use"> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve("in-use");
      else reject(error);
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve("free")));
  });
}
