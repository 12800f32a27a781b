/** Each example of AgentNumber's documentation: the request as it stands there, and the answer member by member. */
import { describe, expect, test } from "vitest";
import { type VendorHouse, vendorHouse, writeRecording } from "./vendor-house.ts";

const prepaid = { billing: "prepaid", priceBook: "agentnumber" } as const;
const agentnumber = () => vendorHouse("agentnumber", "/api/v0", prepaid);
const now = "2026-11-22T12:00:00.000Z";

const managed = {
  system_prompt: "You are a helpful sales assistant for Acme Corp.",
  first_message: "Hello, how can I help you?",
  area_code: "415",
};
const webhook = { webhook_url: "https://your-agent.com/voice", area_code: "415" };
const everything = {
  system_prompt: "You are a helpful assistant.",
  webhook_url: "https://your-agent.com/voice",
  area_code: "415",
  voice_id: "cgSgspJ2msm6clMCkdW9",
  first_message: "Hello!",
  inbound_mode: "autopilot",
  metadata: {},
};

/** Credits for a number and more, and a managed number; its id. */
async function withNumber(house: VendorHouse): Promise<string> {
  expect((await house.request("POST", "/credits/purchase", { amount_cents: 1000 })).status).toBe(201);
  const { status, body } = await house.request("POST", "/numbers", managed);
  expect(status).toBe(201);
  return body.data.id;
}

describe("AgentNumber, quick start and credits", () => {
  test("POST /credits/purchase, GET /credits/balance: packs of ten dollars, a number for five", async () => {
    const { request } = await agentnumber();
    const bought = await request("POST", "/credits/purchase", { amount_cents: 1000 });
    expect([bought.status, bought.body]).toEqual([
      201,
      { success: true, data: { amount_cents: 1000, balance_cents: 1000, currency: "USD" } },
    ]);
    expect((await request("POST", "/numbers", managed)).status).toBe(201);
    const left = await request("GET", "/credits/balance");
    expect([left.status, left.body]).toEqual([
      200,
      { success: true, data: { balance_cents: 500, held_cents: 0, currency: "USD" } },
    ]);
  });

  test("POST /credits/purchase: less than a pack is refused; one Idempotency-Key buys once", async () => {
    const { request } = await agentnumber();
    const refused = await request("POST", "/credits/purchase", { amount_cents: 1500 });
    expect([refused.status, refused.body]).toEqual([
      400,
      {
        success: false,
        error: { message: "credits are sold in packs of $10", code: "validation_error", field: "amount_cents" },
      },
    ]);
    const key = { "idempotency-key": "order-1" };
    for (let n = 0; n < 2; n++) await request("POST", "/credits/purchase", { amount_cents: 2000 }, key);
    expect((await request("GET", "/credits/balance")).body.data.balance_cents).toBe(2000);
  });

  test("402: insufficient credits, in the documented words", async () => {
    const { request } = await agentnumber();
    const refused = await request("POST", "/numbers", managed);
    expect([refused.status, refused.body]).toEqual([
      402,
      { success: false, error: { message: "Insufficient credits.", code: "insufficient_credits" } },
    ]);
    expect((await request("GET", "/numbers")).body).toEqual({ success: true, data: [] });
  });
});

describe("AgentNumber, numbers", () => {
  test("POST /numbers, managed: an agent of the number's own answers it and calls from it", async () => {
    const house = await agentnumber();
    await house.request("POST", "/credits/purchase", { amount_cents: 1000 });
    const made = await house.request("POST", "/numbers", managed);
    expect([made.status, made.body]).toEqual([
      201,
      {
        success: true,
        data: {
          id: expect.stringMatching(/^num_[0-9a-z]{26}$/),
          phone_number: expect.stringMatching(/^\+141555501[0-7][0-9]$/),
          status: "active",
          mode: "managed",
          system_prompt: managed.system_prompt,
          webhook_url: null,
          first_message: managed.first_message,
          voice_id: null,
          inbound_mode: "autopilot",
          record: true,
          area_code: "415",
          country: "US",
          capabilities: ["voice", "sms"],
          metadata: {},
          created_at: now,
          updated_at: now,
        },
      },
    ]);
    const agent = await house.services.callRecords.resolveAgent(made.body.data.phone_number, "+15550123");
    expect(agent).toMatchObject({
      instructions: managed.system_prompt,
      record: true,
      firstMessage: `This call may be recorded for quality. ${managed.first_message}`,
    });
    // The agent is the number's own: nobody else sees it in a list.
    expect((await house.ask("GET", "/agents")).body.data).toEqual([]);
  });

  test("POST /numbers, webhook: the customer's server thinks for it", async () => {
    const house = await agentnumber();
    await house.request("POST", "/credits/purchase", { amount_cents: 1000 });
    const made = await house.request("POST", "/numbers", webhook);
    expect([made.status, made.body.data]).toMatchObject([
      201,
      { mode: "webhook", webhook_url: webhook.webhook_url, system_prompt: "", inbound_mode: "autopilot" },
    ]);
    expect(await house.services.callRecords.resolveAgent(made.body.data.phone_number, "")).toMatchObject({
      provider: "chat-webhook",
      model: "custom",
      webhook: { url: webhook.webhook_url },
    });
  });

  test("POST /numbers: every documented member", async () => {
    const house = await agentnumber();
    await house.request("POST", "/credits/purchase", { amount_cents: 1000 });
    const made = await house.request("POST", "/numbers", everything);
    expect([made.status, made.body.data]).toMatchObject([201, { ...everything, mode: "webhook" }]);
    // No provider of ours has that voice: somebody speaks in its place.
    expect(await house.services.callRecords.resolveAgent(made.body.data.phone_number, "")).toMatchObject({
      voice: "marin",
      instructions: "You are a helpful assistant.",
    });
  });

  test("GET /numbers, GET /numbers/:id: the same number", async () => {
    const house = await agentnumber();
    const id = await withNumber(house);
    const one = await house.request("GET", `/numbers/${id}`);
    expect([one.status, one.body.data]).toMatchObject([200, { id, ...managed }]);
    const all = await house.request("GET", "/numbers");
    expect([all.status, all.body]).toEqual([200, { success: true, data: [one.body.data] }]);
  });

  test("PATCH /numbers/:id: what is said is changed, the rest stays; a webhook comes and goes", async () => {
    const house = await agentnumber();
    const id = await withNumber(house);
    house.clock.ms += 1000;
    const changed = await house.request("PATCH", `/numbers/${id}`, { ...webhook, metadata: { team: "sales" } });
    expect([changed.status, changed.body.data]).toMatchObject([
      200,
      {
        mode: "webhook",
        webhook_url: webhook.webhook_url,
        system_prompt: managed.system_prompt,
        first_message: managed.first_message,
        metadata: { team: "sales" },
        updated_at: "2026-11-22T12:00:01.000Z",
      },
    ]);
    const back = await house.request("PATCH", `/numbers/${id}`, { webhook_url: null, voice_id: "sage" });
    expect(back.body.data).toMatchObject({ mode: "managed", webhook_url: null, voice_id: "sage" });
    const { phone_number: number } = back.body.data;
    const agent = await house.services.callRecords.resolveAgent(number, "");
    expect(agent).toMatchObject({ provider: "local", model: undefined, webhook: undefined });
  });

  test("PATCH /numbers/:id, inbound_mode: off, nobody answers; autopilot, the agent does again", async () => {
    const house = await agentnumber();
    const id = await withNumber(house);
    const { phone_number: number } = (await house.request("GET", `/numbers/${id}`)).body.data;
    const answers = async () => (await house.services.callRecords.resolveAgent(number, "")) !== undefined;
    for (const [inbound_mode, isAnswered] of [
      ["off", false],
      ["autopilot", true],
    ] as const) {
      const { body } = await house.request("PATCH", `/numbers/${id}`, { inbound_mode });
      expect([body.data.inbound_mode, await answers()]).toEqual([inbound_mode, isAnswered]);
      expect(body.data).toMatchObject(managed);
    }
  });

  test("record: false, nothing is recorded and the caller is greeted in the customer's own words", async () => {
    const house = await agentnumber();
    const id = await withNumber(house);
    const { body } = await house.request("PATCH", `/numbers/${id}`, { record: false });
    expect(body.data).toMatchObject({ ...managed, record: false });
    expect(await house.services.callRecords.resolveAgent(body.data.phone_number, "")).toMatchObject({
      record: false,
      firstMessage: managed.first_message,
    });
  });

  test("DELETE /numbers/:id: released", async () => {
    const house = await agentnumber();
    const id = await withNumber(house);
    const released = await house.request("DELETE", `/numbers/${id}`);
    expect([released.status, released.body]).toEqual([200, { success: true, data: { id, deleted: true } }]);
    expect((await house.request("GET", `/numbers/${id}`)).status).toBe(404);
  });
});

describe("AgentNumber, calls", () => {
  test("POST /calls and all that is asked of a call", async () => {
    const house = await agentnumber();
    const from = await withNumber(house);
    const { phone_number: number } = (await house.request("GET", `/numbers/${from}`)).body.data;
    const placed = await house.request("POST", "/calls", { from, to: "+15551234567", metadata: {} });
    expect([placed.status, placed.body]).toEqual([
      201,
      {
        success: true,
        data: {
          id: expect.stringMatching(/^call_[0-9a-z]{26}$/),
          direction: "outbound",
          from: number,
          to: "+15551234567",
          status: "queued",
          duration_seconds: null,
          cost_cents: 0,
          has_recording: false,
          metadata: {},
          created_at: now,
          started_at: null,
          ended_at: null,
        },
      },
    ]);
    expect(house.control.placed).toMatchObject([
      { from: number, to: "+15551234567", agent: { instructions: managed.system_prompt } },
    ]);
    const { id } = placed.body.data;
    await house.converse(id);
    house.clock.ms += 61_000;
    writeRecording(house, id);
    await house.end(id);

    const one = await house.request("GET", `/calls/${id}`);
    expect([one.status, one.body.data]).toMatchObject([
      200,
      // Five cents for each started minute.
      { id, status: "completed", duration_seconds: 61, cost_cents: 10, started_at: now, has_recording: true },
    ]);
    expect((await house.request("GET", "/calls")).body).toEqual({ success: true, data: [one.body.data] });
    const transcript = await house.request("GET", `/calls/${id}/transcript`);
    expect([transcript.status, transcript.body]).toEqual([
      200,
      {
        success: true,
        data: {
          call_id: id,
          summary: expect.toSatisfy((summary) => summary === null || typeof summary === "string"),
          transcript: [
            { role: "assistant", content: "Hi, this is JagCall...", timestamp: 0.5 },
            { role: "user", content: "Hello, I am interested in...", timestamp: 3.2 },
          ],
        },
      },
    ]);
    const recording = await house.request("GET", `/calls/${id}/recording`);
    expect([recording.status, recording.body]).toEqual([
      200,
      {
        success: true,
        data: {
          call_id: id,
          recording_url: expect.stringMatching(`^https://gw.example.com/recordings/${id}\\?expires=`),
          expires_at: expect.stringMatching(/^2026-11-22T13:01:01/),
        },
      },
    ]);
  });

  test("POST /calls: said again under one Idempotency-Key it is one call; without credits it is none", async () => {
    const house = await agentnumber();
    const from = await withNumber(house);
    const order = { from, to: "+15551234567" };
    const key = { "idempotency-key": "once" };
    const first = await house.request("POST", "/calls", order, key);
    const again = await house.request("POST", "/calls", order, key);
    expect([again.body, again.headers["idempotent-replayed"]]).toEqual([first.body, "true"]);
    expect(house.control.placed).toHaveLength(1);
  });

  test("GET /calls: goes on where the Link header says, until there is no more", async () => {
    const house = await agentnumber();
    const from = await withNumber(house);
    await house.services.own.billing.buyCredits({ amountMicros: 1_000_000_000 });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      house.clock.ms += 1000;
      ids.unshift((await house.request("POST", "/calls", { from, to: "+15551234567" })).body.data.id);
    }
    const seen: string[] = [];
    let path: string | undefined = "/calls?limit=2";
    while (path) {
      const { body, headers } = await house.request("GET", path);
      expect(Object.keys(body)).toEqual(["success", "data"]);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      const next: RegExpExecArray | null = /^<(\?limit=2&cursor=[^>]+)>; rel="next"$/.exec(String(headers.link));
      path = next ? `/calls${next[1]}` : undefined;
    }
    expect(seen).toEqual(ids);
  });
});

describe("AgentNumber, SMS", () => {
  test("POST /sms, GET /sms, GET /sms/:id: sent from a number by its id; what comes in is there too", async () => {
    const house = await agentnumber();
    const from = await withNumber(house);
    const { phone_number: number } = (await house.request("GET", `/numbers/${from}`)).body.data;
    const order = { from, to: "+15551234567", body: "Hello from my agent!", metadata: {} };
    const sent = await house.request("POST", "/sms", order);
    const shown = {
      id: expect.stringMatching(/^sms_[0-9a-z]{26}$/),
      direction: "outbound",
      from: number,
      to: "+15551234567",
      body: "Hello from my agent!",
      status: "queued",
      segments: 1,
      metadata: {},
      created_at: now,
      updated_at: now,
    };
    expect([sent.status, sent.body]).toEqual([201, { success: true, data: shown }]);
    const { id } = sent.body.data;
    await house.services.texts.records.settle(id.replace("sms_", "text_"), { status: "delivered", detail: null });
    const one = await house.request("GET", `/sms/${id}`);
    expect([one.status, one.body]).toEqual([200, { success: true, data: { ...shown, status: "delivered" } }]);
    house.clock.ms += 1000;
    await house.services.texts.receive({ from: "+15551234567", to: number, body: "Hi!" });
    const all = await house.request("GET", "/sms");
    expect([all.status, all.body]).toMatchObject([
      200,
      {
        success: true,
        data: [
          { direction: "inbound", from: "+15551234567", to: number, body: "Hi!", status: "received" },
          { id, direction: "outbound" },
        ],
      },
    ]);
  });
});
