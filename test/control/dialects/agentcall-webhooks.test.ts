import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { agentcallVoice } from "../../../src/control/dialects/agentcall/voice.ts";
import { plainAgent, ringingCall } from "../gateway.ts";
import { MovableClock } from "../webhook-house.ts";
import { type Received, Receiver } from "../webhook-receiver.ts";
import { agentCallHouse } from "./agentcall-house.ts";

/** A house whose webhook on loopback has all events that were named. */
async function listening(events: readonly string[]) {
  const receiver = await Receiver.open();
  const house = await agentCallHouse({}, { allowPrivateTargets: true, clock: new MovableClock() });
  const { body: webhook } = await house.ask("POST", "/v1/webhooks", { url: receiver.url(), events });
  const worker = house.services.startWebhooks(house.metrics);
  onTestFinished(() => worker.stop());
  const own = await house.buy();
  /** Bodies of the first so many, in order. */
  const told = async (count: number) => (await receiver.has(count)).map(({ body }) => JSON.parse(body));
  return { ...house, receiver, webhook, own, told };
}

const signedBy = (secret: string, { body }: Received) => createHmac("sha256", secret).update(body).digest("hex");

describe("AgentCall, webhooks", () => {
  test("register: the documented request is answered with the secret, which is not shown again", async () => {
    const { ask } = await agentCallHouse();
    const order = { url: "https://example.com/hook", events: ["sms.inbound", "sms.otp", "call.status"] };
    const made = await ask("POST", "/v1/webhooks", order);
    const { secret, previousSecretExpiresAt, ...shown } = made.body;
    expect([made.status, shown]).toEqual([
      201,
      { id: expect.stringMatching(/^hook_/), ...order, createdAt: expect.any(String) },
    ]);
    expect([secret, previousSecretExpiresAt]).toEqual([expect.stringMatching(/^whsec_/), null]);
    expect((await ask("GET", "/v1/webhooks")).body).toEqual({ data: [shown], hasMore: false, nextCursor: null });
  });

  test("register: every documented event may be asked for", async () => {
    const { ask } = await agentCallHouse();
    const events =
      "sms.inbound, sms.otp, sms.ai_reply, call.inbound, call.ringing, call.status, call.recording, call.transcript, call.report.ready, transcript.partial, number.released".split(
        ", ",
      );
    expect((await ask("POST", "/v1/webhooks", { url: "https://example.com", events })).body.events).toEqual(events);
    expect(agentcallVoice.events).toEqual(events);
  });

  test("rotate: a new secret, and until when the former one signs too", async () => {
    const { ask, clock } = await agentCallHouse();
    const { body } = await ask("POST", "/v1/webhooks", { url: "https://example.com", events: ["sms.otp"] });
    const rotated = await ask("POST", `/v1/webhooks/${body.id}/rotate`);
    expect([rotated.status, rotated.body]).toMatchObject([200, { id: body.id, url: body.url, events: body.events }]);
    expect(rotated.body.secret).not.toBe(body.secret);
    expect(rotated.body.previousSecretExpiresAt).toBe(new Date(clock.wall() + 24 * 3_600_000).toISOString());
  });

  test("delete: it is gone", async () => {
    const { ask } = await agentCallHouse();
    const { body } = await ask("POST", "/v1/webhooks", { url: "https://example.com", events: ["sms.otp"] });
    const path = `/v1/webhooks/${body.id}`;
    expect(await ask("DELETE", path)).toMatchObject({ status: 200, body: { id: body.id, deleted: true } });
    expect((await ask("DELETE", path)).body.error.code).toBe("not_found");
    expect((await ask("GET", "/v1/webhooks")).body.data).toEqual([]);
  });

  test.each([
    [{ events: ["sms.otp"] }, "url"],
    [{ url: "http://example.com", events: ["sms.otp"] }, "url"],
    [{ url: "nowhere", events: ["sms.otp"] }, "url"],
    [{ url: "https://example.com" }, "events"],
    [{ url: "https://example.com", events: [] }, "events"],
    [{ url: "https://example.com", events: ["sms.otp", "call.ended"] }, "events[1]"],
    [{ url: "https://example.com", events: "sms.otp" }, "events"],
  ])("register %j: 422, and %s is named", async (body, field) => {
    const { ask } = await agentCallHouse();
    const answer = await ask("POST", "/v1/webhooks", body);
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([422, "validation_error", field]);
  });
});

describe("AgentCall, what webhooks are told", () => {
  test("texts: sms.inbound and sms.otp, signed over the body", async () => {
    const { own, arrive, receiver, told, webhook } = await listening(["sms.inbound", "sms.otp"]);
    await arrive(own.number, "Your code is 482913");
    const message = { direction: "inbound", from: "+14155550199", to: own.number, otp: "482913", status: "received" };
    expect(await told(2)).toMatchObject([
      { event: "sms.inbound", message },
      { event: "sms.otp", otp: "482913", message },
    ]);
    for (const request of receiver.received) {
      expect(request.headers["x-agentcall-signature"]).toBe(signedBy(webhook.secret, request));
      expect(request.headers["x-agentcall-event"]).toBe(JSON.parse(request.body).event);
    }
  });

  test("a call of ours: each status in order, with its metadata and peerCallId", async () => {
    const { ask, own, talk, told } = await listening(["call.status", "call.ringing"]);
    const metadata = { showId: "show_1" };
    const order = { from: own.id, to: "+14155551234", systemPrompt: "x", metadata };
    const { id: callId, from, to } = (await ask("POST", "/v1/calls/ai", order)).body;
    await talk(callId, [], 0);
    const about = {
      callId,
      from,
      to,
      direction: "outbound",
      metadata,
      peerCallId: null,
      timestamp: expect.any(String),
    };
    expect(await told(4)).toEqual([
      { event: "call.status", ...about, status: "initiated", duration: null },
      { event: "call.ringing", ...about, status: "ringing", duration: null },
      { event: "call.status", ...about, status: "in-progress", duration: null },
      { event: "call.status", ...about, status: "completed", duration: expect.any(Number) },
    ]);
  });

  test("a call that never connects: its status says why", async () => {
    const { ask, own, services, told } = await listening(["call.status"]);
    const { id } = (await ask("POST", "/v1/calls/ai", { from: own.id, to: "+14155551234", systemPrompt: "x" })).body;
    await services.callRecords.endCall(id, "busy", "");
    expect((await told(2)).map(({ status }) => status)).toEqual(["initiated", "busy"]);
  });

  test("a call in: call.inbound, then the documented call.transcript and call.recording", async () => {
    const house = await listening(["call.inbound", "call.transcript", "call.recording"]);
    const callId = await ringingCall(house, { to: house.own.number as never, agent: plainAgent, record: true });
    writeFileSync(house.services.callRecords.recordingPath(callId), Buffer.alloc(44));
    await house.talk(
      callId,
      [
        ["agent", "How can I help?"],
        ["caller", "My name is Ann Lee. My sink is leaking."],
      ],
      0,
    );
    const all = await house.told(3);
    expect(all.map(({ event }) => event)).toEqual(["call.inbound", "call.recording", "call.transcript"]);
    expect(all[0]).toMatchObject({ callId, status: "ringing", direction: "inbound", to: house.own.number });
    expect(all[1]).toMatchObject({ callId, duration: expect.any(Number) });
    expect(all[2]).toEqual({
      event: "call.transcript",
      callId,
      peerCallId: null,
      duration: expect.any(Number),
      transcript: [
        { role: "ai", text: "How can I help?", timestamp: expect.any(String) },
        { role: "human", text: "My name is Ann Lee. My sink is leaking.", timestamp: expect.any(String) },
      ],
      summary: {
        summary: expect.stringContaining("sink"),
        callerName: "Ann Lee",
        intent: "service_request",
        urgency: expect.stringMatching(/^(high|medium|low)$/),
        callbackBy: null,
        spam: false,
      },
    });
  });

  test("liveTranscript: each utterance is told during the call, numbered from 1", async () => {
    const { ask, own, talk, told } = await listening(["transcript.partial"]);
    const order = { from: own.id, to: "+14155551234", systemPrompt: "x", liveTranscript: true };
    const { id: callId } = (await ask("POST", "/v1/calls/ai", order)).body;
    await talk(
      callId,
      [
        ["agent", "Hello."],
        ["caller", "Who is this?"],
      ],
      0,
    );
    const line = { event: "transcript.partial", callId, peerCallId: null, timestamp: expect.any(String) };
    expect(await told(2)).toEqual([
      { ...line, sequence: 1, role: "ai", text: "Hello." },
      { ...line, sequence: 2, role: "human", text: "Who is this?" },
    ]);
  });

  test("numbers: the one that was released is named", async () => {
    const { ask, own, told } = await listening(["number.released"]);
    await ask("DELETE", `/v1/numbers/${own.id}`);
    expect(await told(1)).toMatchObject([{ event: "number.released", numberId: own.id, number: own.number }]);
  });

  test("rotation: both secrets sign, each in its own header", async () => {
    const { ask, own, arrive, receiver, webhook } = await listening(["sms.inbound"]);
    const { secret } = (await ask("POST", `/v1/webhooks/${webhook.id}/rotate`)).body;
    await arrive(own.number, "Hello");
    const [request] = await receiver.has(1);
    expect(request?.headers).toMatchObject({
      "x-agentcall-signature": signedBy(secret, request!),
      "x-agentcall-signature-previous": signedBy(webhook.secret, request!),
    });
  });
});
