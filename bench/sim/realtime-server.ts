import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { RealtimeServerOptions, SimFaults, SimSessionView } from "./realtime-server-options.ts";
import { defaultRealtimeServerOptions } from "./realtime-server-options.ts";
import { SimSession } from "./realtime-server-session.ts";

/**
 * A server that speaks the OpenAI Realtime protocol (GA, or its beta) without a model behind it: strict about every field, with server
 * VAD on the real audio, scripted replies, tools and transcripts, a set latency, and faults to order. It serves tests,
 * benches, and operators who want to hear a whole call without anyone's key:
 *
 *     const server = await startRealtimeServer({ port: 9001, replies: () => ({ text: "Hello." }) });
 *     // OPENAI_BASE_URL=http://127.0.0.1:9001/v1 OPENAI_API_KEY=any npm start
 *     server.sessions[0].truncations
 */
export interface RealtimeServer {
  readonly port: number;
  /** What `OPENAI_BASE_URL` is to be: `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string;
  /** Every session since the start, in the order they came. */
  readonly sessions: readonly SimSessionView[];
  /** Upgrades refused, by HTTP status. */
  readonly refusals: readonly number[];
  /** Closes every socket and stops listening. Twice is fine. */
  close(): Promise<void>;
}

/** Any of `RealtimeServerOptions`; `faults` may also be one set for every session. */
export type RealtimeServerBehaviour = Partial<Omit<RealtimeServerOptions, "faults">> & {
  readonly faults?: SimFaults | ((sessionIndex: number) => SimFaults);
};

const maxPayloadBytes = 16 * 1024 * 1024;

/** Starts the simulator; resolves once it listens. */
export async function startRealtimeServer(behaviour: RealtimeServerBehaviour = {}): Promise<RealtimeServer> {
  const { faults } = behaviour;
  const options: RealtimeServerOptions = {
    ...defaultRealtimeServerOptions,
    ...behaviour,
    faults: typeof faults === "function" ? faults : () => faults ?? {},
  };
  const sessions: SimSession[] = [];
  const refusals: number[] = [];
  const http = createServer((_request, response) => {
    response.writeHead(404, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "Connect with a WebSocket to /v1/realtime?model=…" } }));
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxPayloadBytes, perMessageDeflate: false });

  http.on("upgrade", (request, socket, head) => {
    const url = new URL(request.url ?? "/", "http://simulator");
    const key = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    const model = url.searchParams.get("model") ?? "";
    const known = url.pathname === "/v1/realtime" || url.pathname === "/realtime";
    const allowed = key !== undefined && (options.apiKey === undefined || key === options.apiKey);
    const spoken = options.dialect === "ga" || request.headers["openai-beta"] === "realtime=v1";
    const status = !known ? 404 : !allowed ? 401 : model === "" || !spoken ? 400 : undefined;
    if (status !== undefined) {
      refusals.push(status);
      socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (upgraded) => {
      const session = new SimSession(options, upgraded, sessions.length, model);
      sessions.push(session);
      upgraded.on("message", (data, isBinary) => {
        if (Buffer.isBuffer(data)) session.message(data, isBinary, performance.now());
      });
      upgraded.on("close", (code) => session.closed(code));
      // A broken frame ends the socket; `close` tells the rest.
      upgraded.on("error", () => upgraded.terminate());
      session.start();
    });
  });

  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(options.port, options.host, () => resolve());
  });
  const { port } = http.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    port,
    baseUrl: `http://${options.host}:${port}/v1`,
    sessions,
    refusals,
    close() {
      closing ??= new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        http.close(() => resolve());
        http.closeAllConnections();
      });
      return closing;
    },
  };
}
