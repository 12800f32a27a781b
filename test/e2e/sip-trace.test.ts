import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tandem } from "../kit/cli.ts";
import { startGateway, type TestGateway } from "../kit/gateway.ts";

const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";

describe("tandem sip trace beside a running gateway", () => {
  let gateway: TestGateway;
  let env: Record<string, string>;

  beforeAll(async () => {
    gateway = await startGateway();
    env = { TANDEM_DATA_DIR: gateway.dataDir, TANDEM_HTTP: gateway.httpUrl.replace("http://", "") };
  }, 120_000);
  afterAll(() => gateway?.close());

  /** Calls a number and acknowledges; resolves with the final response. */
  async function call(number: string, sipCallId: string): Promise<string> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    const { port } = socket.address();
    const head = (method: string, to: string) => [
      `${method} sip:${number}@127.0.0.1:${gateway.sipPort} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${sipCallId};rport`,
      "From: <sip:+15550199@127.0.0.1>;tag=a",
      `To: ${to}`,
      `Call-ID: ${sipCallId}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:caller@127.0.0.1:${port}>`,
      "Max-Forwards: 70",
    ];
    const invite = [...head("INVITE", `<sip:${number}@127.0.0.1>`), "Content-Type: application/sdp"];
    socket.send(`${invite.join("\r\n")}\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`, gateway.sipPort, "127.0.0.1");
    for (;;) {
      const [bytes] = (await once(socket, "message")) as [Buffer];
      const text = bytes.toString();
      const status = Number(text.slice("SIP/2.0 ".length, 11));
      if (status < 200) continue;
      const to = /^To: (.*)$/m.exec(text)?.[1]?.trim() ?? "";
      const ack = `${head("ACK", to).join("\r\n")}\r\nContent-Length: 0\r\n\r\n`;
      await new Promise<void>((resolve) => socket.send(ack, gateway.sipPort, "127.0.0.1", () => resolve()));
      socket.close();
      return text;
    }
  }

  test("a refused call is listed, and its ladder drawn by its Call-ID", async () => {
    expect(await call("+15550999", "refused@127.0.0.1")).toMatch(/^SIP\/2\.0 404 /);
    const list = await tandem(["sip", "trace"], env);
    expect(list).toMatchObject({ code: 0, stderr: "" });
    expect(list.stdout).toMatch(/INVITE {2}404 {2}sip:\+15550199@127\.0\.0\.1 > .* {2}refused@127\.0\.0\.1$/m);
    const ladder = await tandem(["sip", "trace", "refused@127.0.0.1"], env);
    expect(ladder.stdout).toMatch(/ {7}0\.0 {2}\|<-+ INVITE sip:\+15550999@127\.0\.0\.1:\d+ \(PCMU\) -+\|/);
    expect(ladder.stdout).toMatch(/\|-+ 404 Not Found -+>\|/);
  });

  test("a call's ladder is drawn by the call's id", async () => {
    expect(await call("+15550100", "taken@127.0.0.1")).toMatch(/^SIP\/2\.0 200 /);
    const { body } = await gateway.api("GET", "/sip/dialogs?limit=1");
    expect(body.data[0]).toMatchObject({ sip_call_id: "taken@127.0.0.1", method: "INVITE", status: 200 });
    const callId = body.data[0].call_id;
    const ladder = await tandem(["sip", "trace", callId], env);
    expect(ladder).toMatchObject({ code: 0, stderr: "" });
    expect(ladder.stdout).toMatch(/\|-+ 200 OK \(PCMU\) -+>\|/);
    expect((await gateway.api("GET", `/calls/${callId}/sip`)).body.messages[0].raw).toContain("m=audio 9 RTP/AVP 0");
  });
});
