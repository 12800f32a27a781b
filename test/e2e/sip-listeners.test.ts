import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { startGateway, type TestGateway } from "../kit/gateway.ts";
import { testCert, testKey } from "../kit/sip-tls.ts";

const options = (transport: string): string =>
  [
    "OPTIONS sip:localhost SIP/2.0",
    `Via: SIP/2.0/${transport} client.invalid;branch=z9hG4bK-listeners;rport`,
    "From: <sip:a@localhost>;tag=a",
    "To: <sip:localhost>",
    `Call-ID: listeners-${transport}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

/** A port nobody had a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("a gateway's SIP over TLS and WebSocket", () => {
  const folder = mkdtempSync(join(tmpdir(), "tandem-tls-"));
  let gateway: TestGateway;
  let tlsPort: number;

  beforeAll(async () => {
    writeFileSync(join(folder, "cert.pem"), testCert);
    writeFileSync(join(folder, "key.pem"), testKey);
    tlsPort = await freePort();
    gateway = await startGateway({
      TANDEM_SIP_TLS: `127.0.0.1:${tlsPort}`,
      TANDEM_SIP_TLS_CERT: join(folder, "cert.pem"),
      TANDEM_SIP_TLS_KEY: join(folder, "key.pem"),
    });
  }, 120_000);
  afterAll(async () => {
    await gateway?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("SIP over TLS is answered at its own port, with the certificate of the settings", async () => {
    const socket = connect({ host: "127.0.0.1", port: tlsPort, servername: "localhost", ca: testCert });
    onTestFinished(() => void socket.destroy());
    await once(socket, "secureConnect");
    expect(socket.authorized).toBe(true);
    socket.write(options("TLS"));
    expect(String(((await once(socket, "data")) as [Buffer])[0])).toMatch(/^SIP\/2\.0 200 OK\r\n/);
  });

  test("SIP over WebSocket is answered at /sip on the HTTP port", async () => {
    const socket = new WebSocket(`${gateway.httpUrl.replace("http", "ws")}/sip`, "sip");
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    socket.send(options("WS"));
    expect(String(((await once(socket, "message")) as [Buffer])[0])).toMatch(/^SIP\/2\.0 200 OK\r\n/);
  });

  test("the trace has both, by their transports", async () => {
    const { body } = await gateway.api("GET", "/sip/messages?sip_call_id=listeners-TLS");
    expect(body.messages.map(({ transport }: { transport: string }) => transport)).toEqual(["TLS", "TLS"]);
    const over = await gateway.api("GET", "/sip/messages?sip_call_id=listeners-WS");
    expect(over.body.messages.map(({ transport }: { transport: string }) => transport)).toEqual(["WS", "WS"]);
  });

  test("a gateway with telephones on all of them stops in time", async () => {
    const socket = new WebSocket(`${gateway.httpUrl.replace("http", "ws")}/sip`, "sip");
    await once(socket, "open");
    const closed = once(socket, "close");
    await gateway.stop();
    expect((await closed)[0]).toBe(1001);
  });
});
