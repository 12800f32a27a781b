/** A webhook number of AgentNumber's, called on the telephone: the customer's server answers, its events are told. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChatServer, startChatServer } from "../../bench/sim/chat-server.ts";
import { callNumber, type FinishedCall } from "../kit/calls.ts";
import { eventually, type Json, startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";

const firstMessage = "Hello! This is Acme.";
const disclosed = `This call may be recorded for quality. ${firstMessage}`;
const listen = { type: "wait-for-agent", quietMs: 1000 } as const;

describe("a call to AgentNumber's webhook number", () => {
  const told: { readonly signature: unknown; readonly body: string }[] = [];
  const listener = createServer(async (request, response) => {
    let body = "";
    for await (const part of request.setEncoding("utf8")) body += part;
    told.push({ signature: request.headers["x-agentnumber-signature"], body });
    response.writeHead(204).end();
  });
  let customer: ChatServer;
  let gateway: TestGateway;
  let key: string;
  let secret: string;
  let number: Json;
  let call: FinishedCall;

  /** Asks AgentNumber's API as a client of it does. */
  async function ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Json> {
    const response = await fetch(`${gateway.httpUrl}/api/v0${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer: Json = await response.json();
    expect([method, path, response.ok, answer.success]).toEqual([method, path, true, true]);
    return answer.data;
  }

  beforeAll(async () => {
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    customer = await startChatServer();
    customer.transcripts("i would like to schedule an appointment");
    customer.script({ text: "Sure, I can help with that." });
    gateway = await startGateway({
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: customer.baseUrl,
      TANDEM_ALLOW_PRIVATE_TARGETS: "true",
    });
    key = (await gateway.api("POST", "/keys", { name: "acme", dialect: "agentnumber" })).body.secret;
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/events`;
    secret = (await ask("POST", "/webhooks", { url })).secret;
    number = await ask("POST", "/numbers", {
      system_prompt: "You are a helpful assistant.",
      webhook_url: `http://127.0.0.1:${customer.port}/voice/chat/completions`,
      area_code: "415",
      voice_id: "cgSgspJ2msm6clMCkdW9",
      first_message: firstMessage,
    });
    call = await callNumber(gateway, number.phone_number, [
      listen,
      { type: "play", clip: { label: "queue-thankyou", samples: speech("queue-thankyou") } },
      listen,
      { type: "hang-up" },
    ]);
  }, 120_000);

  afterAll(async () => {
    await gateway?.close();
    await customer?.close();
    listener.close();
  });

  test("the customer's server is asked in the documented form", () => {
    const question = customer.requests.find(({ path }) => path === "/voice/chat/completions");
    expect(question?.body).toMatchObject({
      model: "custom",
      messages: [
        { role: "system", content: expect.stringContaining("You are a helpful assistant.") },
        { role: "assistant", content: disclosed },
        { role: "user", content: "i would like to schedule an appointment" },
      ],
      stream: true,
    });
  });

  test("what it answers is what the caller hears, and what the API tells afterwards", async () => {
    expect(call.result.agentSpeech.length).toBeGreaterThanOrEqual(2);
    const { transcript } = await ask("GET", `/calls/${call.callId}/transcript`);
    expect(transcript.map(({ role, content }: Json) => [role, content])).toEqual([
      ["assistant", disclosed],
      ["user", "i would like to schedule an appointment"],
      ["assistant", "Sure, I can help with that."],
    ]);
    expect(await ask("GET", `/calls/${call.callId}`)).toMatchObject({
      direction: "inbound",
      to: number.phone_number,
      status: "completed",
      has_recording: true,
    });
  });

  test("it was recorded, and the link gives the sound", async () => {
    const { recording_url } = await ask("GET", `/calls/${call.callId}/recording`);
    const sound = await fetch(recording_url);
    expect([sound.status, sound.headers.get("content-type")]).toEqual([200, "audio/wav"]);
    expect((await sound.arrayBuffer()).byteLength).toBeGreaterThan(100_000);
  });

  test("its events are told in order, each signed", async () => {
    const names = () => told.map(({ body }) => JSON.parse(body).event);
    await eventually("all events", async () => names().includes("call.transcript.ready") || undefined);
    expect(names()).toEqual(["call.started", "call.ended", "call.recording.ready", "call.transcript.ready"]);
    for (const { signature, body } of told) {
      expect(signature).toBe(createHmac("sha256", secret).update(body).digest("hex"));
    }
  });
});
