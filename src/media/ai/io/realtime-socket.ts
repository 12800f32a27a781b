import { WebSocket } from "ws";

export interface RealtimeSocketOptions {
  /** `ws:` or `wss:`. */
  readonly url: string;
  /** Sent as Bearer; undefined for servers that want none. */
  readonly apiKey: string | undefined;
  /** Further headers of the upgrade. */
  readonly headers: Readonly<Record<string, string>>;
  readonly handshakeTimeoutMs: number;
  /** A longer message closes the socket with 1009. */
  readonly maxPayloadBytes: number;
  /** More waiting than this and the server is not reading. */
  readonly maxBufferedBytes: number;
  readonly pingIntervalMs: number;
  /** Without a message or pong for this long the socket is dead: a ping's interval and 30 s, since pongs were seen that late. */
  readonly silenceToleranceMs: number;
}

export const defaultRealtimeSocketOptions = {
  headers: {},
  handshakeTimeoutMs: 10_000,
  maxPayloadBytes: 16 * 1024 * 1024,
  maxBufferedBytes: 1024 * 1024,
  pingIntervalMs: 10_000,
  silenceToleranceMs: 40_000,
} as const satisfies Partial<RealtimeSocketOptions>;

/** What a socket tells. After `refused`, `overflow` or `closed` nothing follows. */
export interface RealtimeSocketHandlers {
  open(): void;
  /** One message; the view is valid only during the call. */
  message(data: Buffer, isBinary: boolean): void;
  /** The upgrade failed: with an HTTP status, or undefined when nothing answered. */
  refused(httpStatus: number | undefined): void;
  overflow(): void;
  closed(code: number): void;
}

export interface RealtimeSocket {
  /** Sends one text message, as a text or its UTF-8 bytes, which are copied; dropped when the socket is not open. */
  send(text: string | Buffer): void;
  /** Closes, and silences the handlers. Twice is fine. */
  close(): void;
}

const textMessage = { binary: false };

/** Code of a socket that ended without a close frame (RFC 6455 §7.1.5). */
const abnormalClosure = 1006;

/**
 * Opens a client socket to a realtime provider: our own thin shell over `ws`, since the package's socket insists on `wss:`.
 * No compression (base64 audio does not shrink), no Nagle, bounded both ways, and pings that notice a dead peer.
 */
export function openRealtimeSocket(options: RealtimeSocketOptions, handlers: RealtimeSocketHandlers): RealtimeSocket {
  let over = false;
  let opened = false;
  let aliveAt = performance.now();
  let pings: ReturnType<typeof setInterval> | undefined;
  const socket = new WebSocket(options.url, {
    headers: { ...options.headers, ...(options.apiKey !== undefined && { authorization: `Bearer ${options.apiKey}` }) },
    perMessageDeflate: false,
    maxPayload: options.maxPayloadBytes,
    handshakeTimeout: options.handshakeTimeoutMs,
    followRedirects: false,
  });

  /** Runs the last news once; whatever the socket does later is not heard. */
  const finish = (tell: () => void): void => {
    if (over) return;
    over = true;
    clearInterval(pings);
    socket.terminate();
    tell();
  };
  const keepAlive = (): void => {
    if (performance.now() - aliveAt > options.silenceToleranceMs) finish(() => handlers.closed(abnormalClosure));
    else socket.ping();
  };

  socket.on("open", () => {
    if (over) return;
    opened = true;
    aliveAt = performance.now();
    pings = setInterval(keepAlive, options.pingIntervalMs);
    handlers.open();
  });
  socket.on("message", (data, isBinary) => {
    if (over) return;
    aliveAt = performance.now();
    // With the default binary type every message is one Buffer.
    if (Buffer.isBuffer(data)) handlers.message(data, isBinary);
  });
  socket.on("pong", () => {
    aliveAt = performance.now();
  });
  socket.on("unexpected-response", (request, response) => {
    const { statusCode } = response;
    response.resume();
    request.destroy();
    finish(() => handlers.refused(statusCode));
  });
  // After an open socket `close` follows and tells the code.
  socket.on("error", () => {
    if (!opened) finish(() => handlers.refused(undefined));
  });
  socket.on("close", (code) => finish(() => handlers.closed(code)));

  return {
    send(text) {
      if (over || !opened) return;
      socket.send(text, textMessage);
      if (socket.bufferedAmount > options.maxBufferedBytes) finish(() => handlers.overflow());
    },
    close() {
      if (over) return;
      over = true;
      clearInterval(pings);
      if (opened) socket.close(1000);
      else socket.terminate();
    },
  };
}
