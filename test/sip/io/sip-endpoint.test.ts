import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { systemRandom } from "../../../src/kit/io/random.ts";
import { systemClock } from "../../../src/kit/io/system-clock.ts";
import { SipHeaders } from "../../../src/sip/headers/headers.ts";
import type { SessionEvent } from "../../../src/sip/invite-session/types.ts";
import { SipEndpoint, type SipEndpointOptions, type SipHandlers } from "../../../src/sip/io/sip-endpoint.ts";
import { respond, type SipRequest } from "../../../src/sip/message.ts";
import { SourceGuard } from "../../../src/sip/source-guard.ts";
import { makeSipUri } from "../../../src/sip/uri.ts";
import { sdp, sdpText } from "../../kit/sip-network.ts";
import { testCert, testKey } from "../../kit/sip-tls.ts";

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const local = { address: "127.0.0.1", port: 0 };

type TestOptions = Omit<Partial<SipEndpointOptions>, "handlers"> & { handlers?: Partial<SipHandlers> };

/** An endpoint on loopback that answers every call, and promises for what it hears. */
async function open({ handlers: given, ...options }: TestOptions = {}) {
  const waiting: { type: string; resolve: (event: SessionEvent) => void }[] = [];
  const trace: string[] = [];
  const handlers: SipHandlers = {
    onCall: ({ session }) => {
      endpoint.command(session, { type: "progress", status: 180 });
      endpoint.command(session, { type: "answer", sdp: sdp("answer") });
    },
    onRequest: (key, request) => endpoint.respond(key, respond(request, 200, { toTag: "t" })),
    onEvent: (_session, event) => {
      const found = waiting.findIndex(({ type }) => type === event.type);
      if (found >= 0) waiting.splice(found, 1)[0]!.resolve(event);
    },
    onClosed: () => undefined,
    onError: (error) => {
      throw error;
    },
    onTrace: (direction, message, hop) => {
      trace.push(`${direction} ${hop.transport} ${message.type === "request" ? message.method : message.status}`);
    },
    ...given,
  };
  const endpoint: SipEndpoint = await SipEndpoint.open({
    udp: local,
    tcp: local,
    clock: systemClock,
    random: systemRandom,
    ...options,
    handlers,
  });
  opened.push(endpoint);
  const next = (type: SessionEvent["type"]): Promise<SessionEvent> =>
    new Promise((resolve) => waiting.push({ type, resolve }));
  return { endpoint, next, trace };
}

function callTo(port: number, params: Record<string, string> = {}, bodyBytes = 0) {
  const uri = makeSipUri({ user: "bob", host: "127.0.0.1", port, params });
  const from = { uri: makeSipUri({ user: "alice", host: "example.com" }), params: new Map() };
  return { uri, from, to: { uri, params: new Map() }, sdp: sdp("o".repeat(bodyBytes)) };
}

const portOf = (endpoint: SipEndpoint, transport: "UDP" | "TCP" | "TLS"): number => endpoint.addressOf(transport)!.port;

describe("SIP endpoint on loopback", () => {
  test("SIP endpoint: a call over UDP is set up and hung up", async () => {
    const alice = await open();
    const bob = await open();
    const answered = alice.next("answered");
    const session = alice.endpoint.call(callTo(portOf(bob.endpoint, "UDP")));
    expect(sdpText(((await answered) as { sdp?: Uint8Array }).sdp)).toBe("answer");
    const ended = bob.next("ended");
    alice.endpoint.command(session, { type: "hang-up" });
    expect(await ended).toMatchObject({ end: { by: "remote", cause: "bye" } });
    expect(alice.trace[0]).toBe("out UDP INVITE");
  });

  test("SIP endpoint: an INVITE too long for UDP goes by TCP (RFC 3261 §18.1.1)", async () => {
    const alice = await open();
    const bob = await open();
    const answered = alice.next("answered");
    alice.endpoint.call(callTo(portOf(bob.endpoint, "UDP"), {}, 2000));
    await answered;
    expect(alice.trace[0]).toBe("out TCP INVITE");
    expect(bob.trace[0]).toBe("in TCP INVITE");
  });

  test("SIP endpoint: where no TCP is, the long INVITE goes by UDP after all (RFC 3261 §18.1.1)", async () => {
    const alice = await open();
    const bob = await open({ tcp: undefined });
    const answered = alice.next("answered");
    alice.endpoint.call(callTo(portOf(bob.endpoint, "UDP"), {}, 2000));
    await answered;
    expect(alice.trace.slice(0, 2)).toEqual(["out TCP INVITE", "out UDP INVITE"]);
  });

  test("SIP endpoint: a call over TLS", async () => {
    const tls = { ...local, cert: testCert, key: testKey, checksServers: false };
    const alice = await open({ tls });
    const bob = await open({ tls });
    const answered = alice.next("answered");
    const session = alice.endpoint.call(callTo(portOf(bob.endpoint, "TLS"), { transport: "tls" }));
    await answered;
    const ended = bob.next("ended");
    alice.endpoint.command(session, { type: "hang-up" });
    await ended;
    expect(new Set(alice.trace.map((line) => line.split(" ")[1]))).toEqual(new Set(["TLS"]));
  });

  test("SIP endpoint: a certificate nobody trusts is refused, and the call ends", async () => {
    const tls = { ...local, cert: testCert, key: testKey, checksServers: true };
    const alice = await open({ tls });
    const bob = await open({ tls });
    const ended = alice.next("ended");
    alice.endpoint.call(callTo(portOf(bob.endpoint, "TLS"), { transport: "tls" }));
    expect(await ended).toMatchObject({ end: { cause: "transport" } });
  });

  test("SIP endpoint: calls come and go along a WebSocket (RFC 7118)", async () => {
    const gateway = await open({ udp: undefined, tcp: undefined });
    const http = createServer();
    opened.push(http);
    const server = new WebSocketServer({ server: http, handleProtocols: () => "sip" });
    server.on("connection", (socket, request) => {
      const { remoteAddress = "", remotePort = 0 } = request.socket;
      gateway.endpoint.acceptWebSocket(socket, { address: remoteAddress, port: remotePort, isSecure: false });
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const browser = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, "sip");
    opened.push(browser);
    const lines: string[] = [];
    const told = new Promise<void>((resolve) => {
      browser.on("message", (data, isBinary) => {
        expect(isBinary).toBe(false);
        lines.push(data.toString());
        if (lines.length === 2) resolve();
      });
    });
    await once(browser, "open");
    browser.send("\r\n\r\n");
    browser.send(
      [
        "OPTIONS sip:gateway.example.com SIP/2.0",
        "Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKws;rport",
        "From: <sip:alice@example.com>;tag=a",
        "To: <sip:gateway.example.com>",
        "Call-ID: ws-1",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n"),
    );
    await told;
    expect(lines[0]).toBe("\r\n");
    expect(lines[1]).toMatch(/^SIP\/2.0 200 OK\r\n/);
  });

  test("SIP endpoint: CRLF CRLF on a connection is answered with CRLF (RFC 5626 §4.4.1)", async () => {
    const gateway = await open();
    const socket = connect(portOf(gateway.endpoint, "TCP"), "127.0.0.1");
    opened.push({ close: () => socket.destroy() });
    socket.write("\r\n\r\n");
    const [data] = (await once(socket, "data")) as [Buffer];
    expect(data.toString()).toBe("\r\n");
  });

  test("SIP endpoint: nonsense is refused where that is possible, and closes a stream (RFC 3261 §18.3)", async () => {
    const gateway = await open();
    const udp = createSocket("udp4");
    opened.push(udp);
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    udp.send(
      "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\r\n",
      portOf(gateway.endpoint, "UDP"),
      "127.0.0.1",
    );
    const [answer] = (await once(udp, "message")) as [Buffer];
    expect(answer.toString()).toMatch(/^SIP\/2.0 400 /);
    const socket = connect(portOf(gateway.endpoint, "TCP"), "127.0.0.1");
    socket.write("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: nonsense\r\n\r\n");
    await once(socket, "close");
    expect(gateway.endpoint.counts.faults).toBe(1);
  });

  test("SIP endpoint: a flood is dropped in silence by the guard", async () => {
    const guard = new SourceGuard({
      messagesPerS: 0.001,
      burst: 1,
      strikesToBan: 1,
      strikeMemoryMs: 1000,
      banMs: 1000,
      maxSources: 10,
    });
    const gateway = await open({ guard });
    const client = await open();
    const first = await probe(client.endpoint, portOf(gateway.endpoint, "UDP"));
    expect(first).toBe(200);
    client.endpoint.request(options(portOf(gateway.endpoint, "UDP")), () => undefined);
    while (guard.counts.limited === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(gateway.trace).toEqual(["in UDP OPTIONS", "out UDP 200"]);
  });

  test("SIP endpoint: registers, and stays so until it is stopped (RFC 3261 §10)", async () => {
    const contacts: (string | undefined)[] = [];
    const registrar = await open({
      handlers: {
        onRequest: (key, request) => {
          contacts.push(`${request.headers.get("Contact")} ${request.headers.get("Expires")}`);
          registrar.endpoint.respond(key, respond(request, 200, { toTag: "r" }));
        },
      },
    });
    const client = await open();
    const states: string[] = [];
    let tell: () => void = () => undefined;
    const changed = (): Promise<void> =>
      new Promise((resolve) => {
        tell = resolve;
      });
    const first = changed();
    const registration = client.endpoint.register(
      {
        registrar: makeSipUri({ host: "127.0.0.1", port: portOf(registrar.endpoint, "UDP") }),
        address: { uri: makeSipUri({ user: "trunk", host: "example.com" }), params: new Map() },
        expiresS: 60,
        leastRetryMs: 1000,
        mostRetryMs: 10_000,
      },
      (state) => {
        states.push(state.type);
        if (state.type !== "registering") tell();
      },
    );
    await first;
    const second = changed();
    registration.stop();
    await second;
    expect(states).toEqual(["registering", "registered", "unregistered"]);
    expect(contacts).toEqual([
      `<sip:trunk@127.0.0.1:${portOf(client.endpoint, "UDP")}> 60`,
      `<sip:trunk@127.0.0.1:${portOf(client.endpoint, "UDP")}> 0`,
    ]);
  });
});

let probes = 0;

function options(port: number): SipRequest {
  const uri = makeSipUri({ host: "127.0.0.1", port });
  const request = { type: "request", method: "OPTIONS", uri, body: new Uint8Array(0) } as const;
  const headers = SipHeaders.of(
    ["From", "<sip:probe@example.com>;tag=p"],
    ["To", "<sip:gateway@example.com>"],
    ["Call-ID", `probe-${++probes}`],
    ["CSeq", "1 OPTIONS"],
    ["Max-Forwards", "70"],
  );
  return { ...request, headers };
}

function probe(endpoint: SipEndpoint, port: number): Promise<number | undefined> {
  return new Promise((resolve) => endpoint.request(options(port), (response) => resolve(response?.status)));
}
