import net from "node:net";
import { WebSocket } from "ws";

/** What a test client received: text as a string, binary as bytes. */
export type Received = string | Buffer;

/** A WebSocket client that keeps what it received until the test asks for it. */
export class WsClient {
  readonly socket: WebSocket;
  /** The code and reason the socket closed with; 1006 when it broke. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #received: Received[] = [];
  #wake: (() => void) | undefined;
  #over = false;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data, isBinary) => {
      this.#received.push(isBinary ? (data as Buffer) : (data as Buffer).toString("utf8"));
      this.#wake?.();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.#over = true;
        this.#wake?.();
        resolve({ code, reason: reason.toString("utf8") });
      });
    });
  }

  /** Connects; rejects with the library's "Unexpected server response: 404" when the upgrade is refused. */
  static connect(url: string, protocols: string[] = []): Promise<WsClient> {
    const socket = new WebSocket(url, protocols, { perMessageDeflate: true });
    const client = new WsClient(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(client));
      socket.on("error", reject);
    });
  }

  send(data: string | Uint8Array): void {
    this.socket.send(data);
  }

  /** The next message, as soon as there is one; rejects when the socket closed and none is left. */
  async next(): Promise<Received> {
    for (;;) {
      const first = this.#received.shift();
      if (first !== undefined) return first;
      if (this.#over) throw new Error("the socket closed and no message is left");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next message as parsed JSON. */
  async nextJson(): Promise<unknown> {
    return JSON.parse(String(await this.next()));
  }

  close(code = 1000): void {
    this.socket.close(code);
  }
}

/** A bare TCP connection that asked for an upgrade and then does nothing: no pong, no close, and no reading when paused. */
export async function connectSilently(port: number, path: string): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  socket.on("error", () => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("close", () => reject(new Error("the server hung up")));
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  return socket;
}

/** Resolves when the peer ended or cut a bare connection. */
export function hungUp(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once("end", () => resolve());
    socket.once("close", () => resolve());
  });
}

/** Waits until a condition holds, looking every few milliseconds; rejects after five seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
