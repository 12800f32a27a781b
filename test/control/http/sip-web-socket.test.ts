import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { defaultSipWebSocketOptions, SipWebSockets } from "../../../src/control/http/sip-web-socket.ts";
import { systemRandom } from "../../../src/kit/io/random.ts";
import { systemClock } from "../../../src/kit/io/system-clock.ts";
import { SipHeaders } from "../../../src/sip/headers/headers.ts";
import { SipEndpoint } from "../../../src/sip/io/sip-endpoint.ts";
import { respond } from "../../../src/sip/message.ts";
import { testGateway } from "../gateway.ts";

/** An exchange that registers everybody, behind the HTTP server of a gateway. */
async function startExchange({ isOpen = true } = {}) {
  const heard: string[] = [];
  const endpoint = await SipEndpoint.open({
    clock: systemClock,
    random: systemRandom,
    handlers: {
      onCall: () => undefined,
      onRequest: (key, request, from) => {
        heard.push(`${request.method} ${from.transport} ${from.address}`);
        const headers = new SipHeaders();
        if (request.method === "REGISTER") headers.copy("Contact", request.headers);
        endpoint.respond(key, respond(request, 200, { toTag: "t", headers }));
      },
      onEvent: () => undefined,
      onClosed: () => undefined,
      onError: (error) => {
        throw error;
      },
    },
  });
  onTestFinished(() => endpoint.close());
  const gateway = await testGateway({
    sipDesk: () => (isOpen ? endpoint : undefined),
    config: { publicUrl: "http://127.0.0.1:8080", twilioAuthToken: "", trustedProxies: ["127.0.0.1"] },
  });
  const address = await gateway.app.listen({ host: "127.0.0.1", port: 0 });
  return { ...gateway, heard, endpoint, port: Number(new URL(address).port) };
}

interface Opened {
  readonly socket: WebSocket;
  /** The next message of the exchange. */
  next(): Promise<string>;
}

function open(port: number, protocols: string[] = ["sip"], path = "/sip", headers = {}): Promise<Opened> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers });
  onTestFinished(() => socket.terminate());
  const next = async () => String(((await once(socket, "message")) as [Buffer])[0]);
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve({ socket, next }));
    socket.once("error", () => undefined);
    socket.once("unexpected-response", (_request, response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => reject(new Error(`${response.statusCode} ${body.trim()}`)));
    });
  });
}

const request = (method: string, extra: readonly string[] = []): string =>
  [
    `${method} sip:gateway.example.com SIP/2.0`,
    "Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-1;rport",
    "From: <sip:alice@gateway.example.com>;tag=a",
    "To: <sip:alice@gateway.example.com>",
    `Call-ID: ws-${method}`,
    `CSeq: 1 ${method}`,
    ...extra,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

describe("SIP over WebSocket on the HTTP port (RFC 7118)", () => {
  test("SIP over WebSocket: a browser's telephone registers, is probed and keeps its connection", async () => {
    const { port, heard } = await startExchange();
    const { socket, next } = await open(port);
    expect(socket.protocol).toBe("sip");
    socket.send(request("REGISTER", ["Contact: <sip:abc@df7jal23ls0d.invalid;transport=ws>;expires=600"]));
    const registered = await next();
    expect(registered).toMatch(/^SIP\/2\.0 200 OK\r\n/);
    expect(registered).toContain("Contact: <sip:abc@df7jal23ls0d.invalid;transport=ws>;expires=600\r\n");
    socket.send(request("OPTIONS"));
    expect(await next()).toContain("CSeq: 1 OPTIONS\r\n");
    socket.send("\r\n\r\n");
    expect(await next()).toBe("\r\n");
    expect(heard).toEqual(["REGISTER WS 127.0.0.1", "OPTIONS WS 127.0.0.1"]);
  });

  test("SIP over WebSocket: behind a proxy a stranger is seen where he is", async () => {
    const { port, heard } = await startExchange();
    const headers = { "x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https" };
    const { socket, next } = await open(port, ["sip"], "/sip", headers);
    socket.send(request("OPTIONS"));
    await next();
    expect(heard).toEqual(["OPTIONS WSS 198.51.100.7"]);
  });

  test.each<[string, string[], string, Record<string, string>, string]>([
    ["another subprotocol", ["chat"], "/sip", {}, "400 the subprotocol must be sip"],
    ["none", [], "/sip", {}, "400 the subprotocol must be sip"],
    ["another path", ["sip"], "/api/v1/sip", {}, "404 there is no WebSocket"],
    ["another origin", ["sip"], "/sip", { origin: "https://evil.example" }, "403 pages of this origin"],
  ])("SIP over WebSocket: refused: %s", async (_what, protocols, path, headers, expected) => {
    const { port, endpoint } = await startExchange();
    await expect(open(port, protocols, path, headers)).rejects.toThrow(expected);
    expect(endpoint.counts.connections).toBe(0);
  });

  test("SIP over WebSocket: 503 while the exchange is not open", async () => {
    const { port } = await startExchange({ isOpen: false });
    await expect(open(port)).rejects.toThrow("503 ");
  });

  test("SIP over WebSocket: a message beyond the bound ends the connection, and nobody hears of it", async () => {
    const { port, heard } = await startExchange();
    const { socket } = await open(port);
    socket.send("x".repeat(65_537));
    const [code] = await once(socket, "close");
    expect([code, heard]).toEqual([1009, []]);
  });

  test("SIP over WebSocket: when the gateway stops, its telephones are told and it does not wait for the deaf", async () => {
    const { app, port } = await startExchange();
    const { socket } = await open(port);
    const deaf = connect(port, "127.0.0.1");
    onTestFinished(() => void deaf.destroy());
    deaf.write(
      [
        "GET /sip HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: sip",
        "",
        "",
      ].join("\r\n"),
    );
    await once(deaf, "data");
    const closed = once(socket, "close");
    await app.close();
    expect((await closed)[0]).toBe(1001);
  });

  test("SIP over WebSocket: who answers no ping is cut", async () => {
    const { app } = await testGateway();
    const accepted: WebSocket[] = [];
    const desk = { acceptWebSocket: (socket: WebSocket) => void accepted.push(socket) };
    const options = {
      ...defaultSipWebSocketOptions,
      publicUrl: "http://127.0.0.1",
      origins: [],
      proxies: [],
      pingMs: 1e6,
    };
    const sockets = new SipWebSockets(app.server, () => desk, options);
    onTestFinished(() => sockets.close());
    const port = Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
    const { socket: awake } = await open(port);
    const deaf = new WebSocket(`ws://127.0.0.1:${port}/sip`, "sip", { autoPong: false });
    await once(deaf, "open");
    const answered = once(accepted[0]!, "pong");
    sockets.ping();
    await answered;
    sockets.ping();
    await Promise.all([once(deaf, "close"), once(accepted[1]!, "close")]);
    expect([awake.readyState, sockets.size]).toEqual([WebSocket.OPEN, 1]);
  });

  test("HTTP: other upgrades are left alone and the request is answered, body and all (RFC 9110 §7.8)", async () => {
    const { port, key } = await startExchange();
    const body = JSON.stringify({ name: "Upgraded" });
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.write(
      [
        "POST /api/v1/agents HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        `Authorization: Bearer ${key}`,
        "Content-Type: application/json",
        `Content-Length: ${body.length}`,
        "",
        body.slice(0, 5),
      ].join("\r\n"),
    );
    socket.write(body.slice(5));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 201 /);
  });
});
