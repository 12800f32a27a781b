import { type AddressInfo, createServer, Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { chooseEngine, listenWs, probePort } from "../../../../src/media/streams/io/listen.ts";
import type { WsHandlers, WsServer, WsServerOptions } from "../../../../src/media/streams/io/ws-server.ts";
import { WsClient } from "../../../kit/ws-client.ts";

const options: WsServerOptions = {
  engine: "auto",
  host: "127.0.0.1",
  port: 0,
  maxPayloadBytes: 1_000,
  maxBufferedBytes: 10_000,
  idleTimeoutMs: 60_000,
  maxConnections: 100,
};

function named(name: string): WsHandlers<string> {
  return {
    upgrade: () => name,
    open: (connection, state) => connection.send(state),
    message: () => {},
    close: () => {},
  };
}

const servers: WsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function listen(changes: Partial<WsServerOptions>, name = "one"): Promise<WsServer> {
  const server = await listenWs({ ...options, ...changes }, named(name));
  servers.push(server);
  return server;
}

function listenPlainly(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port }, () => resolve(server));
  });
}

async function freePort(): Promise<number> {
  const server = await listenPlainly(0);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe("listening", () => {
  test("auto takes uWebSockets.js on this platform, and says so", async () => {
    expect(chooseEngine("auto")).toBe("uws");
    expect(chooseEngine("ws")).toBe("ws");
    expect((await listen({ engine: "auto" })).engine).toBe("uws");
  });

  test("uws: two servers share one port (SO_REUSEPORT)", async () => {
    const port = await freePort();
    await listen({ engine: "uws", port }, "first");
    await listen({ engine: "uws", port }, "second");
    const answers = new Set<unknown>();
    for (let dial = 0; dial < 200 && answers.size < 2; dial++) {
      const client = await WsClient.connect(`ws://127.0.0.1:${port}/`);
      answers.add(await client.next());
      client.socket.terminate();
    }
    expect(answers).toEqual(new Set(["first", "second"]));
  });

  test("ws: serves sockets that were accepted elsewhere and handed over paused", async () => {
    const handedOver = new Server();
    const server = await listen({ engine: "ws", port: 8_081, sharedServer: handedOver });
    expect(server.port).toBe(8_081);
    const front = createServer({ pauseOnConnect: true }, (socket) => handedOver.emit("connection", socket));
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    const url = `ws://127.0.0.1:${(front.address() as AddressInfo).port}/`;
    const client = await WsClient.connect(url);
    expect(await client.next()).toBe("one");
    server.stopAccepting();
    expect(handedOver.listenerCount("connection")).toBe(0);
    await server.close();
    expect((await client.closed).code).toBe(1001);
    await new Promise((resolve) => front.close(resolve));
  });

  test("a port is in use while anyone listens on it, with SO_REUSEPORT too, and free afterwards", async () => {
    for (const engine of ["uws", "ws"] as const) {
      const server = await listen({ engine });
      expect(await probePort("127.0.0.1", server.port)).toBe("in-use");
      await server.close();
      expect(await probePort("127.0.0.1", server.port)).toBe("free");
    }
  });

  test("an address that is not ours is an error", async () => {
    await expect(probePort("192.0.2.1", 0)).rejects.toThrow("EADDRNOTAVAIL");
  });
});
