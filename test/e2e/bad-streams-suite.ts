import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import { type CallResult, placeCall } from "../../bench/sim/twilio-phone.ts";
import { agentAt, endedCall, metric, openStream, type Ticket } from "../kit/calls.ts";
import { eventually, startGateway, type TestGateway } from "../kit/gateway.ts";
import { RawPhone } from "../kit/raw-phone.ts";
import { speech } from "../kit/speech.ts";
import { StallWatch } from "../kit/stalls.ts";
import { WsClient } from "../kit/ws-client.ts";

const number = "+15550111";
const listen = { type: "wait-for-agent", quietMs: 500 } as const;
const question = { type: "play", clip: { label: "question", samples: speech("vm-goodbye") } } as const;

/** What carriers' sockets may do wrong, against the whole gateway; a healthy call goes on beside it all. */
export function badStreamsSuite(engine: "uws" | "ws"): void {
  describe(`bad streams (${engine})`, () => {
    let sim: RealtimeServer;
    let gateway: TestGateway;
    let healthy: Promise<CallResult>;
    let healthyTicket: Ticket;
    let watch: StallWatch;
    const endHealthy = new AbortController();

    beforeAll(async () => {
      sim = await startRealtimeServer({ replies: () => ({ text: "The ferry leaves at seven." }) });
      gateway = await startGateway({
        OPENAI_API_KEY: "sk-test",
        OPENAI_BASE_URL: sim.baseUrl,
        TANDEM_WS_ENGINE: engine,
        TANDEM_MEDIA_IDLE_MS: "8000",
      });
      await agentAt(gateway, number, {
        name: "Harbour",
        provider: "openai-realtime",
        first_message: "Harbour office, good morning to you.",
      });
      watch = await StallWatch.begin(gateway);
      healthyTicket = await openStream(gateway, number);
      let setSpeaks: () => void = () => {};
      const speaks = new Promise<void>((resolve) => {
        setSpeaks = resolve;
      });
      healthy = placeCall({
        ...healthyTicket,
        script: Array.from({ length: 300 }, () => [listen, question]).flat(),
        maxMs: 600_000,
        signal: endHealthy.signal,
        onEvent: () => setSpeaks(),
      });
      await speaks;
    }, 120_000);

    afterAll(async () => {
      watch?.close();
      endHealthy.abort();
      await gateway?.close();
      await sim?.close();
    });

    const refused = (reason: string) => metric(gateway, "tandem_streams_refused_total", { reason });
    const errors = (kind: string) => metric(gateway, "tandem_errors_total", { kind });

    test("the engine asked for is the one that runs", () => {
      expect(gateway.lines.join("\n")).toMatch(new RegExp(`media process\\(es\\), ${engine}\\)`));
    });

    test.each([
      ["a token nobody gave", "bad-token", () => ({ token: "nobody-gave-this-token-0123456789" })],
      ["a token used before", "bad-token", () => ({ token: healthyTicket.token })],
      ["a token of the wrong shape", "no-token", () => ({ token: "short" })],
      ["a token that is far too long", "no-token", () => ({ token: "x".repeat(500) })],
      ["no token", "no-token", () => ({})],
    ])("%s: closed with 1008 and counted", async (_what, reason, parameters) => {
      const before = await refused(reason);
      const active = await metric(gateway, "tandem_calls_active");
      const phone = await RawPhone.connect(healthyTicket.url);
      phone.start(parameters());
      expect((await phone.client.closed).code).toBe(1008);
      expect(await refused(reason)).toBe(before + 1);
      expect(await metric(gateway, "tandem_calls_active")).toBe(active);
    });

    test("a used token does not hurt the call it was for, and a ticket is good for one of two racing sockets only", async () => {
      const ticket = await openStream(gateway, number);
      const phones = await Promise.all([RawPhone.connect(ticket.url), RawPhone.connect(ticket.url)]);
      for (const phone of phones) phone.start({ token: ticket.token });
      const outcomes = await Promise.all(
        phones.map((phone) =>
          Promise.race([phone.nextOf("media").then(() => "heard"), phone.client.closed.then(({ code }) => code)]).catch(
            () => phone.client.closed.then(({ code }) => code),
          ),
        ),
      );
      expect(outcomes.map(String).sort()).toEqual(["1008", "heard"]);
      for (const phone of phones) phone.client.close();
      expect(await endedCall(gateway, ticket.callId)).toMatchObject({ cause: "caller-hung-up" });
    });

    test("media before the start is counted as a fault, and the start is still taken", async () => {
      const before = await errors("stream-out-of-order");
      const ticket = await openStream(gateway, number);
      const phone = await RawPhone.connect(ticket.url);
      phone.media("//////8=");
      phone.media("//////8=");
      phone.start({ token: ticket.token });
      await phone.nextOf("media");
      expect(await errors("stream-out-of-order")).toBe(before + 2);
      phone.stop();
      expect(await endedCall(gateway, ticket.callId)).toMatchObject({ cause: "caller-hung-up" });
    });

    test("garbage before any start is borne for a while, then closed with 1008", async () => {
      const before = await refused("too-many-faults");
      const client = await WsClient.connect(healthyTicket.url);
      for (let i = 0; i < 100; i++) client.send("{{{{");
      expect((await client.closed).code).toBe(1008);
      expect(await refused("too-many-faults")).toBe(before + 1);
    });

    test("unknown events, wrong types and broken JSON inside a call: counted, and the call goes on", async () => {
      const ticket = await openStream(gateway, number);
      const phone = await RawPhone.call(ticket);
      const ignored = await metric(gateway, "tandem_ignored_messages_total", { source: "carrier" });
      phone.send({ event: "weather", weather: { wind: 7 } });
      for (const text of ["", "null", "[]", "{", '{"event":7}', '{"event":"media","media":null}', "\u0000"]) {
        phone.client.send(text);
      }
      phone.media(42);
      phone.media("not base64 at all!");
      phone.client.send(Buffer.from([0xff, 0xfe, 0xfd]));
      phone.start({ token: "again-again-again-again" });
      await phone.nextOf("media");
      expect(await metric(gateway, "tandem_ignored_messages_total", { source: "carrier" })).toBeGreaterThan(ignored);
      phone.stop();
      expect((await phone.client.closed).code).toBe(1000);
      expect(await endedCall(gateway, ticket.callId)).toMatchObject({ cause: "caller-hung-up" });
    });

    test("endless nonsense inside a call ends it as a protocol error", async () => {
      const ticket = await openStream(gateway, number);
      const phone = await RawPhone.call(ticket);
      for (let i = 0; i < 60; i++) phone.client.send("{{{{");
      expect((await phone.client.closed).code).toBe(1008);
      expect(await endedCall(gateway, ticket.callId)).toMatchObject({ cause: "protocol-error", ended_by: "carrier" });
    });

    test("a huge frame is not read: closed with 1009, and the call has its ending", async () => {
      const ticket = await openStream(gateway, number);
      const phone = await RawPhone.call(ticket);
      phone.media("/".repeat(200_000));
      expect((await phone.client.closed).code).toBe(1009);
      expect((await endedCall(gateway, ticket.callId)).cause).toMatch(/^(connection-lost|protocol-error)$/);
    });

    test("a frame beyond every bound only costs its own socket", async () => {
      const client = await WsClient.connect(healthyTicket.url);
      client.send("x".repeat(5_000_000));
      expect([1006, 1009]).toContain((await client.closed).code);
    });

    test("a socket that breaks in a call: the call ends as connection-lost", async () => {
      const ticket = await openStream(gateway, number);
      const phone = await RawPhone.call(ticket);
      phone.client.socket.terminate();
      expect(await endedCall(gateway, ticket.callId)).toMatchObject({ cause: "connection-lost" });
    });

    test("a carrier we do not know is answered 404", async () => {
      const url = healthyTicket.url.replace("twilio", "nobody");
      await expect(WsClient.connect(url)).rejects.toThrow("404");
    });

    test("a peer that stops reading is found out and its call ends with a cause", async () => {
      const ticket = await openStream(gateway, number);
      const phone = await RawPhone.call(ticket);
      // It reads nothing, answers no ping, and holds the line open.
      phone.client.socket.pause();
      for (let i = 0; i < 40; i++) {
        await gateway.api("POST", `/calls/${ticket.callId}/say`, { text: "The ferry is late today. ".repeat(20) });
      }
      let record = (await gateway.api("GET", `/calls/${ticket.callId}`)).body;
      const giveUpAt = Date.now() + 100_000;
      while (record.status !== "ended" && Date.now() < giveUpAt) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        record = (await gateway.api("GET", `/calls/${ticket.callId}`)).body;
      }
      expect(record).toMatchObject({ status: "ended" });
      expect(gateway.lines.filter((line) => line.includes('"stopping'))).toEqual([]);
      expect(record.cause).toMatch(/^(peer-not-reading|connection-lost)$/);
      phone.client.socket.terminate();
    }, 120_000);

    test("the healthy call beside them all: every question answered, no gap of our making", async () => {
      await eventually("three answers of the healthy call", async () => {
        const { body } = await gateway.api("GET", `/calls/${healthyTicket.callId}/transcript`);
        const said = body.data.filter(({ role }: { role: string }) => role === "agent");
        return said.length > 3 ? true : undefined;
      });
      endHealthy.abort();
      const result = await healthy;
      const { ending, agentSpeech, callerSpeech, faults } = result;
      expect({ ending, faults }).toEqual({ ending: "aborted", faults: [] });
      const record = await endedCall(gateway, healthyTicket.callId);
      expect(await watch.unexplained([{ result, record }])).toEqual([]);
      expect(callerSpeech.length).toBeGreaterThanOrEqual(3);
      expect(agentSpeech.length).toBeGreaterThanOrEqual(callerSpeech.length);
      expect(await metric(gateway, "tandem_media_process_restarts_total")).toBe(0);
    });
  });
}
