import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { ServerOptions, WebSocket } from "ws";
import { WebSocketServer } from "ws";
import type { RealtimeSocketOptions } from "../../../../src/media/ai/io/realtime-socket.ts";
import { defaultRealtimeSocketOptions, openRealtimeSocket } from "../../../../src/media/ai/io/realtime-socket.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function peer(options: ServerOptions, met: (socket: WebSocket) => void = () => {}): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  closers.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  server.on("connection", met);
  await new Promise((resolve) => server.once("listening", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens a socket; resolves with the first news of the given kinds. */
function news(
  options: Partial<RealtimeSocketOptions> & { url: string },
  onOpen: (send: (text: string) => void) => void = () => {},
): Promise<string> {
  return new Promise((resolve) => {
    const socket = openRealtimeSocket(
      { ...defaultRealtimeSocketOptions, apiKey: undefined, ...options },
      {
        open: () => onOpen((text) => socket.send(text)),
        message: () => {},
        refused: (httpStatus) => resolve(`refused ${httpStatus}`),
        overflow: () => resolve("overflow"),
        closed: (code) => resolve(`closed ${code}`),
      },
    );
    closers.push(() => socket.close());
  });
}

describe("realtime socket", () => {
  test("a peer that stops reading is noticed when more than the bound waits to be sent", async () => {
    const url = await peer({}, (socket) => socket.pause());
    const told = await news({ url, maxBufferedBytes: 256 * 1024 }, (send) => {
      const text = "x".repeat(64 * 1024);
      for (let i = 0; i < 1_000; i++) send(text);
    });
    expect(told).toBe("overflow");
  });

  test("a peer that answers no ping and says nothing is dead after the tolerance", async () => {
    const url = await peer({ autoPong: false });
    expect(await news({ url, pingIntervalMs: 10, silenceToleranceMs: 40 })).toBe("closed 1006");
  });

  test("a peer that answers pings is alive however silent", async () => {
    let ended = false;
    const url = await peer({}, (socket) => setTimeout(() => socket.close(4000), 1_500));
    const told = await news({ url, pingIntervalMs: 10, silenceToleranceMs: 1_000 });
    ended = true;
    expect([told, ended]).toEqual(["closed 4000", true]);
  });

  test("a message beyond the bound closes the socket", async () => {
    const url = await peer({}, (socket) => socket.send("x".repeat(2_000)));
    expect(await news({ url, maxPayloadBytes: 1_000 })).toMatch(/^closed 1(006|009)$/);
  });

  test("an upgrade refused with a status tells it", async () => {
    const url = await peer({ verifyClient: (_info, answer) => answer(false, 429) });
    expect(await news({ url })).toBe("refused 429");
  });

  test("an upgrade nobody answers is given up after the handshake timeout", async () => {
    const url = await peer({ verifyClient: (_info, _answer) => undefined });
    expect(await news({ url, handshakeTimeoutMs: 50 })).toBe("refused undefined");
  });
});
