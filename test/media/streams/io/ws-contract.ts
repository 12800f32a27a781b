import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { listenWs } from "../../../../src/media/streams/io/listen.ts";
import type {
  WsConnection,
  WsHandlers,
  WsServer,
  WsServerOptions,
} from "../../../../src/media/streams/io/ws-server.ts";
import { connectSilently, hungUp, until, WsClient } from "../../../kit/ws-client.ts";

const defaults: Omit<WsServerOptions, "engine"> = {
  host: "127.0.0.1",
  port: 0,
  maxPayloadBytes: 1_000,
  maxBufferedBytes: 100_000,
  idleTimeoutMs: 60_000,
  maxConnections: 10,
};

interface State {
  readonly name: string;
}

interface Heard {
  readonly opened: WsConnection[];
  readonly messages: { readonly text: string; readonly isBinary: boolean; readonly name: string }[];
  readonly closes: number[];
}

/** What every engine behind `WsServer` must do. */
export function wsContract(engine: "uws" | "ws"): void {
  describe(`WebSocket server (${engine})`, () => {
    let server: WsServer | undefined;
    afterEach(async () => {
      await server?.close();
      server = undefined;
    });

    async function start(options: Partial<WsServerOptions> = {}, handlers: Partial<WsHandlers<State>> = {}) {
      const heard: Heard = { opened: [], messages: [], closes: [] };
      server = await listenWs<State>(
        { ...defaults, engine, ...options },
        {
          upgrade: (path, headers) => (path.startsWith("/ok") ? { name: headers("X-Name") } : undefined),
          open: (connection) => heard.opened.push(connection),
          message: (_connection, state, data, isBinary) =>
            heard.messages.push({ text: Buffer.from(data).toString("utf8"), isBinary, name: state.name }),
          close: (_connection, _state, code) => heard.closes.push(code),
          ...handlers,
        },
      );
      return { heard, server, url: `ws://127.0.0.1:${server.port}` };
    }

    test("names its engine and takes a free port for port 0", async () => {
      const { server } = await start();
      expect(server.engine).toBe(engine);
      expect(server.port).toBeGreaterThan(0);
    });

    test("text arrives as UTF-8 bytes and bytes as binary; the query is not part of the path", async () => {
      const { heard, url } = await start();
      const client = await WsClient.connect(`${url}/ok/twilio?token=x`);
      client.send("grüß dich €");
      client.send(new Uint8Array([1, 2, 3]));
      await until(() => heard.messages.length === 2, "two messages");
      expect(heard.opened[0]?.path).toBe("/ok/twilio");
      expect(heard.opened[0]?.remoteAddress).toBe("127.0.0.1");
      expect(heard.messages).toEqual([
        { text: "grüß dich €", isBinary: false, name: "" },
        { text: "\u0001\u0002\u0003", isBinary: true, name: "" },
      ]);
    });

    test("sends strings as text and bytes as binary, and the bytes may be reused at once", async () => {
      const { heard, url } = await start();
      const client = await WsClient.connect(`${url}/ok`);
      await until(() => heard.opened.length === 1, "open");
      const bytes = new Uint8Array([1, 2, 3]);
      for (let turn = 0; turn < 50; turn++) {
        bytes.fill(turn);
        expect(heard.opened[0]!.send(bytes)).toBe("sent");
      }
      expect(heard.opened[0]!.send("žluť")).toBe("sent");
      for (let turn = 0; turn < 50; turn++) expect(await client.next()).toEqual(Buffer.from([turn, turn, turn]));
      expect(await client.next()).toBe("žluť");
    });

    test("does not compress, even when the client offers it (RFC 7692)", async () => {
      const { url } = await start();
      const client = await WsClient.connect(`${url}/ok`);
      expect(client.socket.extensions).toBe("");
    });

    test("answers the first sub-protocol offered (RFC 6455 §4.2.2)", async () => {
      const { url } = await start();
      const client = await WsClient.connect(`${url}/ok`, ["audio.example", "other"]);
      expect(client.socket.protocol).toBe("audio.example");
    });

    test("an unknown path is answered 404, a plain request 426", async () => {
      const { url, server } = await start();
      await expect(WsClient.connect(`${url}/nowhere`)).rejects.toThrow("404");
      const response = await fetch(`http://127.0.0.1:${server.port}/ok`);
      expect(response.status).toBe(426);
    });

    test("one socket more than maxConnections is answered 503, until one leaves", async () => {
      const { heard, url } = await start({ maxConnections: 1 });
      const first = await WsClient.connect(`${url}/ok`);
      await expect(WsClient.connect(`${url}/ok`)).rejects.toThrow("503");
      first.close();
      await until(() => heard.closes.length === 1, "close");
      const next = await WsClient.connect(`${url}/ok`);
      expect(next.socket.readyState).toBe(next.socket.OPEN);
    });

    test("a message above maxPayloadBytes closes with 1009 and is not delivered", async () => {
      const { heard, url } = await start();
      const client = await WsClient.connect(`${url}/ok`);
      client.send("x".repeat(1_000));
      client.send("x".repeat(1_001));
      expect((await client.closed).code).toBe(1009);
      await until(() => heard.closes.length === 1, "close");
      expect(heard.closes).toEqual([1009]);
      expect(heard.messages.map((message) => message.text.length)).toEqual([1_000]);
    });

    test("an absurd message ends the socket without being collected", async () => {
      const { heard, url } = await start();
      const client = await WsClient.connect(`${url}/ok`);
      client.send(Buffer.alloc(10_000_000));
      expect([1006, 1009]).toContain((await client.closed).code);
      await until(() => heard.closes.length === 1, "close");
      expect(heard.messages).toEqual([]);
    });

    test("text that is not UTF-8 ends the socket (RFC 6455 §8.1)", async () => {
      const { heard, url, server } = await start();
      expect(url).toContain(String(server.port));
      const raw = await connectSilently(server.port, "/ok");
      raw.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]));
      await hungUp(raw);
      await until(() => heard.closes.length === 1, "close");
      expect(heard.messages).toEqual([]);
    });

    test("the peer's close code reaches the handler, once", async () => {
      const { heard, url } = await start();
      const client = await WsClient.connect(`${url}/ok`);
      client.close(4001);
      await until(() => heard.closes.length > 0, "close");
      expect(heard.closes).toEqual([4001]);
      expect(heard.opened[0]!.send("late")).toBe("closed");
      heard.opened[0]!.close(1000, "twice is fine");
    });

    test("a cut connection is 1006", async () => {
      const { heard, server } = await start();
      const raw = await connectSilently(server.port, "/ok");
      await until(() => heard.opened.length === 1, "open");
      raw.destroy();
      await until(() => heard.closes.length === 1, "close");
      expect(heard.closes).toEqual([1006]);
    });

    test("close reaches the peer with code and reason, the handler hears the same code once, and not from inside close", async () => {
      let inside = false;
      const seen: string[] = [];
      const { url } = await start(
        {},
        {
          message: (connection) => {
            inside = true;
            connection.close(1008, "not you");
            connection.close(1000, "again");
            expect(connection.send("after")).toBe("closed");
            inside = false;
          },
          close: (_connection, _state, code) => seen.push(inside ? "inside" : String(code)),
        },
      );
      const client = await WsClient.connect(`${url}/ok`);
      client.send("one");
      client.send("two");
      expect(await client.closed).toEqual({ code: 1008, reason: "not you" });
      await until(() => seen.length > 0, "close");
      expect(seen).toEqual(["1008"]);
    });

    test("closing inside open is safe", async () => {
      const closes: number[] = [];
      const { url } = await start(
        {},
        {
          open: (connection) => {
            connection.send("hello");
            connection.close(1011, "no");
          },
          close: (_connection, _state, code) => closes.push(code),
        },
      );
      const client = await WsClient.connect(`${url}/ok`);
      expect((await client.closed).code).toBe(1011);
      expect(await client.next()).toBe("hello");
      expect(closes).toEqual([1011]);
    });

    test("no message is delivered after our close", async () => {
      const texts: string[] = [];
      const { url } = await start(
        {},
        {
          message: (connection, _state, data) => {
            texts.push(Buffer.from(data).toString());
            connection.close(1000, "enough");
          },
        },
      );
      const client = await WsClient.connect(`${url}/ok`);
      for (const text of ["one", "two", "three"]) client.send(text);
      await client.closed;
      expect(texts).toEqual(["one"]);
    });

    test("a peer that stops reading fills the buffer: `full`, then closed with 1013", async () => {
      const { heard, server } = await start();
      const raw = await connectSilently(server.port, "/ok");
      raw.pause();
      await until(() => heard.opened.length === 1, "open");
      const connection = heard.opened[0]!;
      const chunk = new Uint8Array(50_000);
      let answer = connection.send(chunk);
      for (let sent = 0; answer === "sent" && sent < 1_000; sent++) {
        await new Promise((resolve) => setImmediate(resolve));
        answer = connection.send(chunk);
      }
      expect(answer).toBe("full");
      expect(connection.send(chunk)).toBe("closed");
      await until(() => heard.closes.length === 1, "close");
      expect(heard.closes).toEqual([1013]);
      raw.destroy();
    });

    test("a half-open socket is pinged, then given up; one that answers pings stays", async () => {
      const { heard, server, url } = await start({ idleTimeoutMs: 400 });
      const healthy = await WsClient.connect(`${url}/ok/healthy`);
      const raw = await connectSilently(server.port, "/ok/half-open");
      const got: Buffer[] = [];
      raw.on("data", (data) => got.push(data));
      await hungUp(raw);
      expect(Buffer.concat(got).subarray(0, 2)).toEqual(Buffer.from([0x89, 0x00]));
      await until(() => heard.closes.length === 1, "close");
      expect(heard.closes).toEqual([1006]);
      expect(healthy.socket.readyState).toBe(healthy.socket.OPEN);
    });

    test("stopAccepting refuses new sockets and keeps the open ones", async () => {
      const { heard, server, url } = await start();
      const client = await WsClient.connect(`${url}/ok`);
      server.stopAccepting();
      server.stopAccepting();
      await expect(WsClient.connect(`${url}/ok`)).rejects.toThrow();
      client.send("still here");
      await until(() => heard.messages.length === 1, "message");
      expect(heard.opened[0]!.send("me too")).toBe("sent");
      expect(await client.next()).toBe("me too");
    });

    test("close ends every socket with 1001, twice is fine", async () => {
      const { heard, server, url } = await start();
      const clients = await Promise.all([WsClient.connect(`${url}/ok`), WsClient.connect(`${url}/ok`)]);
      await Promise.all([server.close(), server.close()]);
      for (const client of clients) expect((await client.closed).code).toBe(1001);
      expect(heard.closes).toEqual([1001, 1001]);
    });

    test("a broken handshake is refused and harms nobody", async () => {
      const { server, url } = await start();
      const response = await fetch(`http://127.0.0.1:${server.port}/ok`, {
        headers: { "sec-websocket-version": "13" },
      });
      expect(response.status).toBe(426);
      const client = await WsClient.connect(`${url}/ok`);
      expect(client.socket.readyState).toBe(client.socket.OPEN);
    });

    test("an address in use is an error", async () => {
      const stranger = await new Promise<Server>((resolve) => {
        const listening = createServer().listen({ port: 0, host: "127.0.0.1" }, () => resolve(listening));
      });
      const address = stranger.address();
      const port = typeof address === "object" && address ? address.port : 0;
      await expect(start({ port })).rejects.toThrow();
      await new Promise((resolve) => stranger.close(resolve));
    });
  });
}
