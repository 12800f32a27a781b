import { describe, expect, test } from "vitest";
import { storedRows, testGateway } from "../gateway.ts";

const prompt = { instructions: "You are the front desk of Acme Plumbing." };

describe("native API, numbers", () => {
  test("numbers: searched by area code, bought with an agent, listed, given back", async () => {
    const { ask, clock } = await testGateway();
    const wish = { country: "US", area_code: "415", capabilities: ["voice", "sms"], limit: 2 };
    const found = await ask("POST", "/numbers/search", wish);
    expect(found.status).toBe(200);
    expect(found.body.data).toEqual([
      {
        number: "+14155550100",
        country: "US",
        area_code: "415",
        type: "local",
        capabilities: ["voice", "sms"],
        monthly_micros: 2_000_000,
      },
      expect.objectContaining({ number: "+14155550101" }),
    ]);
    const { body: agent } = await ask("POST", "/agents", { name: "Ann" });
    const order = { number: "+14155550100", inbound_agent_id: agent.id, label: "Front", metadata: { team: "sales" } };
    const bought = await ask("POST", "/numbers/buy", order);
    expect(bought.status).toBe(201);
    const now = new Date(clock.wall()).toISOString();
    expect(bought.body).toEqual({
      id: expect.stringMatching(/^num_[0-9a-z]{26}$/),
      number: "+14155550100",
      type: "local",
      country: "US",
      area_code: "415",
      capabilities: ["voice", "sms"],
      carrier: "local",
      inbound_agent_id: agent.id,
      outbound_agent_id: null,
      answers: true,
      label: "Front",
      metadata: { team: "sales" },
      voice_mode: "managed",
      monthly_micros: 2_000_000,
      next_charge_at: "2026-12-22T12:00:00.000Z",
      created_at: now,
      updated_at: now,
    });
    await ask("POST", "/numbers/buy", { country: "CA", type: "tollfree" });
    expect((await ask("GET", "/numbers?country=CA")).body.data).toHaveLength(1);
    expect((await ask("GET", "/numbers?type=local&country=US")).body.data).toEqual([bought.body]);
    const taken = await ask("POST", "/numbers/buy", { number: "+14155550100" });
    expect([taken.status, taken.body.error]).toEqual([
      409,
      { code: "conflict", message: expect.any(String), field: "number", reason: "number_not_available" },
    ]);
    expect((await ask("DELETE", `/numbers/${bought.body.id}`)).status).toBe(204);
    expect((await ask("GET", `/numbers/${bought.body.id}`)).status).toBe(404);
    expect((await ask("DELETE", `/numbers/${bought.body.id}`)).status).toBe(404);
  });

  test("numbers: their next month is charged when it has begun, once", async () => {
    const { ask, services, clock } = await testGateway();
    const { id } = (await ask("POST", "/numbers/buy", { type: "tollfree" })).body;
    clock.ms += 31 * 24 * 3_600_000;
    await services.lookAfterNumbers();
    await services.lookAfterNumbers();
    expect((await ask("GET", `/numbers/${id}`)).body.next_charge_at).toBe("2027-01-22T12:00:00.000Z");
    const { availableMicros } = await services.own.billing.account();
    expect(availableMicros).toBe(-5_000_000);
  });

  test("numbers: of the demo and the echo are never sold, and those that are sold cannot be brought along", async () => {
    const { ask } = await testGateway();
    for (const number of ["+15550100", "+15550101"]) {
      expect((await ask("POST", "/numbers/buy", { number })).body.error.reason).toBe("number_not_available");
    }
    expect((await ask("POST", "/numbers", { number: "+14155550100" })).body.error.reason).toBe("number_not_available");
    expect((await ask("POST", "/numbers", { number: "+15550123" })).status).toBe(201);
  });

  test.each([
    ["/numbers/search", { country: "us" }, "country"],
    ["/numbers/search", { limit: 51 }, "limit"],
    ["/numbers/search", { city: "x" }, "city"],
    ["/numbers/buy", { number: "415" }, "number"],
    ["/numbers/buy", { area_code: "999" }, "area_code"],
    ["/numbers/buy", { inbound_agent_id: "agent_nobody" }, "inbound_agent_id"],
    ["/numbers/buy", { metadata: { n: 5 } }, "metadata.n"],
  ])("numbers: bad input of %s is refused by its name (%#)", async (path, body, field) => {
    const { ask } = await testGateway();
    const { status, body: answer } = await ask("POST", path, body);
    expect([400, 409]).toContain(status);
    expect(answer.error.field).toBe(field);
  });

  test("inbound configuration: replaced, voice and language changed, disabled", async () => {
    const { ask } = await testGateway();
    const { id } = (await ask("POST", "/numbers/buy", {})).body;
    const path = `/numbers/${id}/inbound-config`;
    expect((await ask("GET", path)).status).toBe(404);
    const voiceless = await ask("PATCH", path, { voice: "coral" });
    expect([voiceless.status, voiceless.body.error.reason]).toEqual([409, "inbound_ai_not_configured"]);
    const secret = "a shared secret of thirty-two characters";
    const full = {
      ...prompt,
      voice: "ash",
      language: "es",
      first_message: "Hola.",
      max_duration_ms: 300_000,
      record: true,
      notify: { email_to: "owner@acmeplumbing.com", sms_to: "+14155551234" },
      context_webhook: { url: "https://example.com/precall", signing_secret: secret, timeout_ms: 1200 },
      live_transcript: true,
      tools: [{ name: "check_calendar", description: "Free?", parameters: { type: "object", properties: {} } }],
      action_webhook: { url: "https://example.com/actions", signing_secret: secret, timeout_ms: 3000 },
    };
    const set = await ask("POST", path, full);
    expect(set.body).toEqual({
      ...full,
      mode: "ai",
      agent_id: expect.stringMatching(/^agent_/),
      notify: { ...full.notify, business_name: null, agency_name: null },
      context_webhook: { url: full.context_webhook.url, timeout_ms: 1200 },
      context_source: "webhook",
      action_webhook: { url: full.action_webhook.url, timeout_ms: 3000 },
      voice_mode: "managed",
      byok_key_preview: null,
    });
    expect((await ask("PATCH", path, { voice: "coral", language: "fr" })).body).toEqual({
      ...set.body,
      voice: "coral",
      language: "fr",
    });
    expect((await ask("POST", path, prompt)).body).toMatchObject({
      voice: "shimmer",
      language: "auto",
      first_message: null,
      max_duration_ms: 600_000,
      record: false,
      notify: null,
      context_webhook: null,
      context_source: "none",
      live_transcript: false,
      tools: [],
      action_webhook: null,
    });
    expect((await ask("DELETE", path)).status).toBe(204);
    expect((await ask("GET", path)).body).toMatchObject({ ...prompt, mode: "off" });
    expect((await ask("GET", `/numbers/${id}`)).body.answers).toBe(false);
    expect((await ask("GET", "/agents")).body.data).toEqual([]);
  });

  test("outbound defaults: replaced and removed", async () => {
    const { ask } = await testGateway();
    const { id } = (await ask("POST", "/numbers/buy", {})).body;
    const path = `/numbers/${id}/outbound-defaults`;
    expect((await ask("GET", path)).status).toBe(404);
    const set = await ask("POST", path, { ...prompt, template_id: "outbound-callback-confirmation" });
    expect(set.body).toMatchObject({ ...prompt, voice: "shimmer", template_id: "outbound-callback-confirmation" });
    expect((await ask("GET", path)).body).toEqual(set.body);
    expect((await ask("DELETE", path)).status).toBe(204);
    expect((await ask("GET", path)).status).toBe(404);
  });

  test("a customer's own key: its end is all that is ever told or stored readably, also with a call", async () => {
    const { ask, services, dataDir } = await testGateway();
    const { id, number } = (await ask("POST", "/numbers/buy", {})).body;
    await ask("POST", `/numbers/${id}/inbound-config`, prompt);
    const key = "sk-proj-0123456789abcd";
    const set = await ask("POST", `/numbers/${id}/byok-key`, { openai_api_key: key });
    expect(set.body).toEqual({ voice_mode: "byok", byok_key_preview: "sk-...abcd" });
    const opened = await services.callRecords.resolveAgent(number, "");
    expect(opened?.providerKey).toBe(key);
    expect((await ask("POST", "/streams", { carrier: "twilio", to: number, from: "+14155559876" })).status).toBe(201);
    for (const table of ["numbers", "agents", "calls"] as const) {
      expect(await storedRows(dataDir, table)).not.toContain(key);
    }
    expect(JSON.stringify((await ask("GET", `/numbers/${id}/inbound-config`)).body)).not.toContain(key);
    expect((await ask("DELETE", `/numbers/${id}/byok-key`)).body).toEqual({
      voice_mode: "managed",
      byok_key_preview: null,
    });
    const refused = await ask("POST", `/numbers/${id}/byok-key`, { openai_api_key: "my password" });
    expect([refused.status, refused.body.error.field]).toEqual([400, "openai_api_key"]);
  });

  test("voices and prompt templates need no key", async () => {
    const { app } = await testGateway();
    const get = async (path: string) => (await app.inject({ url: `/api/v1${path}` })).json();
    const { data, default_voice } = await get("/voices");
    expect([data.length, default_voice]).toEqual([10, "shimmer"]);
    expect(data[0]).toEqual({
      id: "marin",
      name: "Marin",
      trait: "soft, natural",
      description: expect.any(String),
      best_for: expect.any(String),
    });
    expect((await get("/prompt-templates")).data).toHaveLength(8);
    expect((await get("/prompt-templates?direction=outbound")).data).toHaveLength(3);
    expect((await get("/numbers")).error.code).toBe("unauthorized");
  });
});
