/** AgentNumber's webhooks: managed by REST, told of six events, signed; and the webhook that thinks for a number. */
import { createHmac } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventOf } from "../../../src/control/dialects/agentnumber/words.ts";
import { createChatWebhookMind } from "../../../src/media/ai/io/chat-webhook.ts";
import type { MindPiece } from "../../../src/media/ai/pipeline/parts.ts";
import { Receiver } from "../webhook-receiver.ts";
import { vendorHouse, writeRecording } from "./vendor-house.ts";

const events = [
  "call.started",
  "call.ended",
  "call.transcript.ready",
  "call.recording.ready",
  "sms.sent",
  "sms.received",
];
const agentnumber = () => vendorHouse("agentnumber", "/api/v0", {}, { allowPrivateTargets: true });

describe("AgentNumber, webhooks", () => {
  test("webhooks: one is registered, its secret shown once; listed, changed, deleted", async () => {
    const { request, clock } = await agentnumber();
    const url = "https://your-agent.com/events";
    const made = await request("POST", "/webhooks", { url, events: ["call.ended", "sms.received"] });
    const shown = {
      id: expect.stringMatching(/^hook_[0-9a-z]{26}$/),
      url,
      events: ["call.ended", "sms.received"],
      active: true,
      created_at: "2026-11-22T12:00:00.000Z",
      updated_at: "2026-11-22T12:00:00.000Z",
    };
    expect([made.status, made.body]).toEqual([
      201,
      { success: true, data: { ...shown, secret: expect.stringMatching(/^whsec_[0-9A-Za-z]{40}$/) } },
    ]);
    const listed = await request("GET", "/webhooks");
    expect([listed.status, listed.body]).toEqual([200, { success: true, data: [shown] }]);
    const { id } = made.body.data;
    clock.ms += 1000;
    const changed = await request("PATCH", `/webhooks/${id}`, { active: false, events: ["sms.sent"] });
    expect([changed.status, changed.body]).toEqual([
      200,
      {
        success: true,
        data: { ...shown, active: false, events: ["sms.sent"], updated_at: "2026-11-22T12:00:01.000Z" },
      },
    ]);
    const deleted = await request("DELETE", `/webhooks/${id}`);
    expect([deleted.status, deleted.body]).toEqual([200, { success: true, data: { id, deleted: true } }]);
    expect((await request("PATCH", `/webhooks/${id}`, { active: true })).status).toBe(404);
  });

  test("webhooks: without a list one is told of all six events, and of nothing else", async () => {
    const { request } = await agentnumber();
    const made = await request("POST", "/webhooks", { url: "https://your-agent.com/events" });
    expect(made.body.data.events).toEqual(events);
    expect(
      Object.values(eventOf)
        .filter((name) => name !== undefined)
        .toSorted(),
    ).toEqual(events.toSorted());
  });

  test("events: a call and two texts are told in order, signed over the very bytes, as the API shows them", async () => {
    const house = await agentnumber();
    const receiver = await Receiver.open();
    const made = await house.request("POST", "/webhooks", { url: receiver.url() });
    const { secret } = made.body.data;
    const number = (await house.request("POST", "/numbers", { system_prompt: "Be kind." })).body.data;
    const worker = house.services.startWebhooks(house.metrics);
    onTestFinished(() => worker.stop());

    const call = (await house.request("POST", "/calls", { from: number.id, to: "+15551234567" })).body.data;
    await house.converse(call.id);
    house.clock.ms += 60_000;
    writeRecording(house, call.id);
    await house.end(call.id);
    const sms = (await house.request("POST", "/sms", { from: number.id, to: "+15551234567", body: "Hello!" })).body
      .data;
    const textId = sms.id.replace("sms_", "text_");
    await house.services.texts.records.settle(textId, { status: "sent", detail: null });
    await house.services.texts.receive({ from: "+15551234567", to: number.phone_number, body: "Hi!" });

    const told = (await receiver.has(6)).map(({ body, headers }) => {
      expect(headers["x-agentnumber-signature"]).toBe(createHmac("sha256", secret).update(body).digest("hex"));
      expect(headers["x-tandem-signature"]).toMatch(/^t=[0-9]+,v1=[0-9a-f]{64}$/);
      const event = JSON.parse(body);
      expect(headers["x-agentnumber-event"]).toBe(event.event);
      expect(event).toEqual({
        id: expect.stringMatching(/^evt_/),
        event: expect.any(String),
        sequence: expect.any(Number),
        created_at: expect.stringMatching(/^2026-11-22T12:0/),
        data: expect.any(Object),
      });
      return event;
    });
    const dataOf = (name: string) => told.find(({ event }) => event === name)?.data;
    expect(told.filter(({ event }) => event.startsWith("call.")).map(({ event }) => event)).toEqual([
      "call.started",
      "call.ended",
      "call.recording.ready",
      "call.transcript.ready",
    ]);
    expect(dataOf("call.started")).toMatchObject({ id: call.id, status: "in_progress", to: "+15551234567" });
    expect(dataOf("call.ended")).toEqual((await house.request("GET", `/calls/${call.id}`)).body.data);
    expect(dataOf("call.recording.ready")).toMatchObject({ id: call.id, has_recording: true });
    expect(dataOf("call.transcript.ready")).toEqual(
      (await house.request("GET", `/calls/${call.id}/transcript`)).body.data,
    );
    expect(dataOf("sms.sent")).toEqual((await house.request("GET", `/sms/${sms.id}`)).body.data);
    expect(dataOf("sms.received")).toMatchObject({ direction: "inbound", body: "Hi!", from: "+15551234567" });
  });
});

describe("AgentNumber, a number's webhook", () => {
  test("webhook format: the documented question, the documented answer", async () => {
    const house = await agentnumber();
    const server = await Receiver.open();
    server.answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(
        [
          'data: {"choices":[{"delta":{"content":"Sure, I can"}}]}',
          'data: {"choices":[{"delta":{"content":" help with that."}}]}',
          "data: [DONE]",
          "",
        ].join("\n\n"),
      );
    };
    const made = await house.request("POST", "/numbers", {
      webhook_url: server.url("/voice"),
      system_prompt: "You are a helpful assistant.",
      area_code: "415",
    });
    const number = made.body.data.phone_number;
    const agent = (await house.services.callRecords.resolveAgent(number, "+15551234567"))!;
    expect([agent.provider, agent.webhook?.url]).toEqual(["chat-webhook", server.url("/voice")]);

    const mind = createChatWebhookMind({
      ...agent.webhook!,
      model: "unused",
      allowPrivate: true,
      nowS: () => 1_700_000_000,
    });
    onTestFinished(() => mind.close());
    const call = { id: "call_1", from: "+15551234567", to: number, metadata: {} };
    const pieces: MindPiece[] = [];
    const question = {
      history: [{ role: "caller", text: "Hi, I'd like to schedule an appointment." }],
      reason: "caller-turn",
      instructions: agent.instructions,
      tools: [],
      model: agent.model,
      language: agent.language,
      call,
    } as const;
    for await (const piece of mind.respond(question, new AbortController().signal)) pieces.push(piece);

    expect(JSON.parse(server.received[0]!.body)).toEqual({
      model: "custom",
      messages: [
        { role: "system", content: "You are a helpful assistant." },
        { role: "user", content: "Hi, I'd like to schedule an appointment." },
      ],
      stream: true,
      call,
    });
    expect(pieces).toEqual([
      { type: "text", delta: "Sure, I can" },
      { type: "text", delta: " help with that." },
    ]);
  });
});
