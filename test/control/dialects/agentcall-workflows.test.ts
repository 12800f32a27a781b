/** The "Common Workflows" of AgentCall's page, step by step. */
import { describe, expect, test } from "vitest";
import { plainAgent, ringingCall } from "../gateway.ts";
import { agentCallHouse } from "./agentcall-house.ts";

describe("AgentCall, common workflows", () => {
  test("set up an AI receptionist on a phone number", async () => {
    const house = await agentCallHouse();
    const { ask, app, services } = house;
    const { id, number } = (await ask("POST", "/v1/numbers/provision", { type: "local" })).body;
    const { templates } = (await app.inject("/v1/calls/prompt-templates")).json();
    const template = templates.find((one: { id: string }) => one.id === "receptionist");
    const systemPrompt = template.systemPrompt.replaceAll("[BUSINESS NAME]", "Acme Plumbing");
    const firstMessage = "Hi, thanks for calling Acme Plumbing. How can I help?";
    const config = { mode: "ai", systemPrompt, voice: "shimmer", firstMessage };
    expect(await ask("POST", `/v1/numbers/${id}/inbound-config`, config)).toMatchObject({ status: 200, body: config });
    const agent = await services.callRecords.resolveAgent(number, "+14155550199");
    expect(agent).toMatchObject({
      voice: "shimmer",
      firstMessage,
      instructions: expect.stringContaining(systemPrompt),
    });
    const callId = await ringingCall(house, { to: number, from: "+14155550199", agent });
    await house.talk(
      callId,
      [
        ["agent", firstMessage],
        ["caller", "My sink is leaking."],
      ],
      53_000,
    );
    expect((await ask("GET", "/v1/calls")).body.data).toMatchObject([
      { id: callId, direction: "inbound", type: "ai", status: "completed", duration: 53, to: number },
    ]);
    const transcript = await ask("GET", `/v1/calls/${callId}/transcript`);
    expect(transcript.body).toMatchObject({ entries: [{ role: "ai" }, { role: "human" }], duration: 53 });
  });

  test("test your app's SMS verification", async () => {
    const { ask, arrive } = await agentCallHouse();
    const { id, number } = (await ask("POST", "/v1/numbers/provision", { type: "local" })).body;
    const waiting = ask("GET", `/v1/sms/otp/${id}?timeout=60000`);
    await arrive(number, "Acme: 482913 is your verification code.");
    expect((await waiting).body).toMatchObject({ otp: "482913", message: { to: number } });
    expect((await ask("DELETE", `/v1/numbers/${id}`)).status).toBe(200);
    expect((await ask("GET", "/v1/numbers")).body.data).toEqual([]);
  });

  test("make an outbound AI voice call", async () => {
    const { ask, talk } = await agentCallHouse();
    const { id: from } = (await ask("POST", "/v1/numbers/provision", { type: "local" })).body;
    const order = { from, to: "+14155551234", systemPrompt: "Ask for an appointment." };
    const { id } = (await ask("POST", "/v1/calls/ai", order)).body;
    await talk(
      id,
      [
        ["agent", "Do you have a slot on Tuesday?"],
        ["caller", "Yes, at 3."],
      ],
      20_000,
    );
    expect((await ask("GET", `/v1/calls/${id}`)).body.status).toBe("completed");
    const { entries } = (await ask("GET", `/v1/calls/${id}/transcript`)).body;
    expect(entries.map(({ text }: { text: string }) => text)).toEqual(["Do you have a slot on Tuesday?", "Yes, at 3."]);
  });

  test("switch an inbound AI number from Managed to BYOK billing", async () => {
    const { ask, buy, services } = await agentCallHouse();
    const { id, number } = await buy();
    const path = `/v1/numbers/${id}/inbound-config`;
    const { body: before } = await ask("POST", path, {
      mode: "ai",
      systemPrompt: "x",
      notify: { emailTo: "a@b.example" },
    });
    await ask("POST", `/v1/numbers/${id}/byok-key`, { openaiApiKey: "sk-test-0123456789abcd" });
    const byok = { voiceMode: "byok", hasByokKey: true, byokOpenaiApiKeyPreview: "sk-...abcd" };
    expect((await ask("GET", path)).body).toEqual({ ...before, ...byok });
    expect(await services.callRecords.resolveAgent(number as never, "")).toMatchObject({
      providerKey: "sk-test-0123456789abcd",
    });
    await ask("DELETE", `/v1/numbers/${id}/byok-key`);
    expect((await ask("GET", path)).body).toEqual(before);
  });

  test("usage: what was done in a month, and what it cost; another month is empty", async () => {
    const house = await agentCallHouse();
    const { ask, talk, arrive } = house;
    const { id: from, number } = await house.buy();
    const { id } = (await ask("POST", "/v1/calls/ai", { from, to: "+14155551234", systemPrompt: "x" })).body;
    await talk(id, [], 90_000);
    const inbound = await ringingCall(house, { to: number as never, agent: plainAgent });
    await talk(inbound, [], 60_000);
    await ask("POST", "/v1/sms/send", { from, to: "+14155551234", body: "Hello!" });
    await arrive(number, "Hi");
    const { status, body } = await ask("GET", "/v1/usage?period=2026-11");
    expect([status, body]).toMatchObject([
      200,
      { period: "2026-11", currency: "USD", calls: 2, callMinutes: 2.5, smsSent: 1, smsReceived: 1, totalCost: 3.023 },
    ]);
    const used = body.breakdown.filter(({ quantity }: { quantity: number }) => quantity > 0);
    expect(used).toEqual([
      { item: "number_local", unit: "number_month", quantity: 1, cost: 2 },
      { item: "sms_outbound", unit: "message", quantity: 1, cost: 0.015 },
      { item: "sms_inbound", unit: "message", quantity: 1, cost: 0.008 },
      { item: "ai_voice_outbound", unit: "minute", quantity: 1.5, cost: 0.6 },
      { item: "ai_voice_inbound", unit: "minute", quantity: 1, cost: 0.4 },
    ]);
    expect((await ask("GET", "/v1/usage")).body).toEqual(body);
    expect((await ask("GET", "/v1/usage?period=2026-04")).body).toMatchObject({ period: "2026-04", totalCost: 0 });
    const wrong = await ask("GET", "/v1/usage?period=april");
    expect([wrong.status, wrong.body.error.field]).toEqual([422, "period"]);
  });
});
