/** Each example of JagCall's API reference: the request as it stands there, and the answer member by member. */
import { describe, expect, test } from "vitest";
import { type E164, firstOrgId } from "../../../src/kit/ids.ts";
import type { EndCause } from "../../../src/media/protocol.ts";
import { type VendorHouse, vendorHouse, writeRecording } from "./vendor-house.ts";

const jagcall = () => vendorHouse("jagcall", "/v1");
const now = "2026-11-22T12:00:00Z";
const agentId = expect.stringMatching(/^agt_[0-9a-z]{26}$/);
const supportAgent = { name: "Support Agent", system_prompt: "You are a helpful support agent...", voice_id: "rachel" };

/** An agent with the number +14155550100; their ids. */
async function agentWithNumber({ request }: VendorHouse): Promise<{ agent: string; number: string }> {
  const agent = await request("POST", "/agents", supportAgent);
  const number = await request("POST", "/phone-numbers", { number: "+14155550100", agent_id: agent.body.id });
  expect([agent.status, number.status]).toEqual([201, 201]);
  return { agent: agent.body.id, number: number.body.id };
}

describe("JagCall, agents", () => {
  test("POST /v1/agents: an agent is made", async () => {
    const { request, services } = await jagcall();
    const made = await request("POST", "/agents", { ...supportAgent, language: "en" });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: agentId, name: "Support Agent", status: "active", created_at: now });
    const inner = made.body.id.replace("agt_", "agent_");
    expect(await services.own.agents.get(inner)).toMatchObject({
      instructions: "You are a helpful support agent...",
      voice: "rachel",
      language: "en",
    });
    // No provider of ours has a voice of that name: somebody speaks in her place.
    expect(await services.own.agents.resolve(inner)).toMatchObject({ voice: "shimmer", language: "en" });
  });

  test("GET /v1/agents: all agents, newest first, with their numbers, by pages", async () => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    house.clock.ms += 1000;
    await house.request("POST", "/agents", { name: "Sales Agent" });
    const listed = await house.request("GET", "/agents");
    expect([listed.status, listed.body]).toEqual([
      200,
      {
        data: [
          {
            id: agentId,
            name: "Sales Agent",
            status: "active",
            phone_number: null,
            voice_id: null,
            created_at: "2026-11-22T12:00:01Z",
          },
          {
            id: agent,
            name: "Support Agent",
            status: "active",
            phone_number: "+14155550100",
            voice_id: "rachel",
            created_at: now,
          },
        ],
        pagination: { page: 1, per_page: 20, total: 2 },
      },
    ]);
    const second = await house.request("GET", "/agents?page=2&per_page=1");
    expect(second.body).toMatchObject({ data: [{ id: agent }], pagination: { page: 2, per_page: 1, total: 2 } });
    expect((await house.request("GET", "/agents?page=3&per_page=1")).body).toEqual({
      data: [],
      pagination: { page: 3, per_page: 1, total: 2 },
    });
  });

  test("PUT /v1/agents/:id: what is said is changed, the rest stays", async () => {
    const { request, clock } = await jagcall();
    const { id } = (await request("POST", "/agents", supportAgent)).body;
    clock.ms += 60_000;
    const changed = await request("PUT", `/agents/${id}`, { name: "Updated Agent Name" });
    expect([changed.status, changed.body]).toEqual([
      200,
      { id, name: "Updated Agent Name", status: "active", updated_at: "2026-11-22T12:01:00Z" },
    ]);
    expect((await request("GET", `/agents/${id}`)).body).toEqual({
      id,
      name: "Updated Agent Name",
      status: "active",
      phone_number: null,
      voice_id: "rachel",
      created_at: now,
      system_prompt: supportAgent.system_prompt,
      language: "en-US",
      record: true,
      updated_at: "2026-11-22T12:01:00Z",
    });
    const both = { name: "Updated Agent Name", system_prompt: "Updated prompt..." };
    expect((await request("PUT", `/agents/${id}`, both)).status).toBe(200);
    expect((await request("GET", `/agents/${id}`)).body).toMatchObject(both);
  });

  test("DELETE /v1/agents/:id: the agent is gone; one that a number points at is in use", async () => {
    const house = await jagcall();
    const { agent, number } = await agentWithNumber(house);
    const refused = await house.request("DELETE", `/agents/${agent}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, "conflict"]);
    await house.request("PUT", `/phone-numbers/${number}`, { agent_id: null });
    const deleted = await house.request("DELETE", `/agents/${agent}`);
    expect([deleted.status, deleted.body]).toEqual([200, { deleted: true, id: agent }]);
    expect((await house.request("DELETE", `/agents/${agent}`)).status).toBe(404);
  });
});

describe("JagCall, calls", () => {
  test("POST /v1/calls: the agent calls from its number", async () => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    const placed = await house.request("POST", "/calls", {
      agent_id: agent,
      to: "+14155559876",
      metadata: { lead_id: "lead_123" },
    });
    expect([placed.status, placed.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^call_[0-9a-z]{26}$/),
        status: "queued",
        agent_id: agent,
        to: "+14155559876",
        created_at: now,
      },
    ]);
    expect(house.control.placed).toEqual([
      expect.objectContaining({
        from: "+14155550100",
        to: "+14155559876",
        metadata: { lead_id: "lead_123" },
        agent: expect.objectContaining({ name: "Support Agent" }),
      }),
    ]);
    const plain = await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" });
    expect(plain.body).toMatchObject({ status: "queued" });
  });

  test("recordings: both directions are recorded and say so, unless the agent has record: false", async () => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    const spoken = async () => {
      await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" });
      const out = house.control.placed.at(-1);
      const incoming = await house.services.callRecords.resolveAgent("+14155550100" as E164, "+14155559876");
      return [out?.record, out?.agent?.firstMessage, incoming?.record, incoming?.firstMessage];
    };
    const disclosure = "This call may be recorded for quality.";
    // Whom we call says hello; who calls waits to be greeted.
    expect(await spoken()).toEqual([true, disclosure, true, `${disclosure} How can I help you?`]);
    await house.request("PUT", `/agents/${agent}`, { record: false });
    expect(await spoken()).toEqual([false, undefined, false, undefined]);
  });

  test("POST /v1/calls: said again under one Idempotency-Key it is one call", async () => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    const order = { agent_id: agent, to: "+14155559876" };
    const key = { "idempotency-key": "once" };
    const first = await house.request("POST", "/calls", order, key);
    const again = await house.request("POST", "/calls", order, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect(house.control.placed).toHaveLength(1);
  });

  test("POST /v1/calls: an agent without a number cannot call, one that is not there is not found", async () => {
    const { request } = await jagcall();
    const agent = await request("POST", "/agents", supportAgent);
    const refused = await request("POST", "/calls", { agent_id: agent.body.id, to: "+14155559876" });
    expect([refused.status, refused.body.error]).toEqual([
      422,
      expect.objectContaining({ code: "validation_error", status: 422, field: "agent_id" }),
    ]);
    for (const agent_id of ["agt_xxx", "nonsense id"]) {
      const unknown = await request("POST", "/calls", { agent_id, to: "+14155559876" });
      expect([unknown.status, unknown.body.error.field]).toEqual([404, "agent_id"]);
    }
  });

  test("GET /v1/calls: by agent, status and dates", async () => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    const place = async () =>
      (await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" })).body.id as string;
    const done = await place();
    await house.converse(done);
    house.clock.ms += 142_000;
    await house.end(done);
    house.clock.ms += 86_400_000;
    const waiting = await place();
    const ids = async (query: string) =>
      (await house.request("GET", `/calls${query}`)).body.data.map(({ id }: { id: string }) => id);

    const completed = await house.request("GET", `/calls?agent_id=${agent}&status=completed`);
    expect([completed.status, completed.body]).toEqual([
      200,
      {
        data: [
          {
            id: done,
            agent_id: agent,
            to: "+14155559876",
            from: "+14155550100",
            status: "completed",
            duration_seconds: 142,
            started_at: now,
          },
        ],
        pagination: { page: 1, per_page: 20, total: 1 },
      },
    ]);
    expect(await ids("")).toEqual([waiting, done]);
    expect(await ids("?status=queued")).toEqual([waiting]);
    expect(await ids("?agent_id=agt_xxx")).toEqual([]);
    expect(await ids("?start_date=2026-11-23")).toEqual([waiting]);
    expect(await ids("?end_date=2026-11-22")).toEqual([done]);
    expect(await ids("?start_date=2026-11-22T12:00:00Z&end_date=2026-11-22T12:00:00Z")).toEqual([done]);
    expect(await ids("?page=2&per_page=1")).toEqual([done]);
    expect((await house.request("GET", `/calls/${waiting}`)).body).toEqual({
      id: waiting,
      agent_id: agent,
      to: "+14155559876",
      from: "+14155550100",
      status: "queued",
      duration_seconds: null,
      started_at: null,
      direction: "outbound",
      metadata: {},
      created_at: "2026-11-23T12:02:22Z",
      ended_at: null,
    });
  });

  test.each([
    ["busy", "busy"],
    ["no-answer", "no_answer"],
    ["cancelled", "canceled"],
    ["call-unreachable", "failed"],
    ["api-hung-up", "canceled"],
  ] as const)("GET /v1/calls: one that was never answered, %s, is %s and found so", async (cause: EndCause, status) => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    const { id } = (await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" })).body;
    await house.end(id, cause);
    expect((await house.request("GET", `/calls?status=${status}`)).body.data).toMatchObject([{ id, status }]);
    expect((await house.request("GET", "/calls?status=completed")).body.data).toEqual([]);
  });

  test("GET /v1/calls/:id/transcript: who said what, and when in seconds", async () => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    const { id } = (await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" })).body;
    await house.converse(id);
    const told = await house.request("GET", `/calls/${id}/transcript`);
    expect([told.status, told.body]).toEqual([
      200,
      {
        call_id: id,
        transcript: [
          { role: "agent", text: "Hi, this is JagCall...", timestamp: 0.5 },
          { role: "user", text: "Hello, I am interested in...", timestamp: 3.2 },
        ],
      },
    ]);
  });

  test("GET /v1/calls/:id/recording: a signed link that expires; 404 without a recording", async () => {
    const house = await jagcall();
    const { agent } = await agentWithNumber(house);
    const { id } = (await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" })).body;
    expect((await house.request("GET", `/calls/${id}/recording`)).status).toBe(404);
    writeRecording(house, id);
    await house.end(id);
    const told = await house.request("GET", `/calls/${id}/recording`);
    expect([told.status, told.body]).toEqual([
      200,
      {
        call_id: id,
        recording_url: expect.stringMatching(`^https://gw.example.com/recordings/${id}\\?expires=[0-9]+&signature=.+`),
        expires_at: "2026-11-22T13:00:00Z",
      },
    ]);
    const file = await house.app.inject(told.body.recording_url.replace("https://gw.example.com", ""));
    expect([file.statusCode, file.headers["content-type"]]).toEqual([200, "audio/wav"]);
  });
});

describe("JagCall, phone numbers", () => {
  test("POST /v1/phone-numbers/search: numbers that can be bought, and what they cost a month", async () => {
    const { request } = await jagcall();
    for (const wish of [
      { country: "US", area_code: "415", capabilities: ["voice", "sms"] },
      { country: "US", area_code: "415" },
    ]) {
      const found = await request("POST", "/phone-numbers/search", wish);
      expect(found.status).toBe(200);
      expect(Object.keys(found.body)).toEqual(["data"]);
      expect(found.body.data[0]).toEqual({
        number: "+14155550100",
        capabilities: ["voice", "sms"],
        monthly_cost: 2,
      });
    }
  });

  test("POST /v1/phone-numbers: bought with its agent; a second buyer is told", async () => {
    const { request, services } = await jagcall();
    const agent = (await request("POST", "/agents", supportAgent)).body.id;
    const order = { number: "+14155550100", agent_id: agent };
    const bought = await request("POST", "/phone-numbers", order);
    expect([bought.status, bought.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^pn_[0-9a-z]{26}$/),
        number: "+14155550100",
        agent_id: agent,
        status: "active",
      },
    ]);
    expect((await services.own.billing.account()).spentMicros).toBe(2_000_000);
    const again = await request("POST", "/phone-numbers", order);
    expect([again.status, again.body.error]).toMatchObject([
      409,
      { code: "number_not_available", status: 409, field: "number" },
    ]);
    expect((await services.own.billing.account()).spentMicros).toBe(2_000_000);
  });

  test("GET /v1/phone-numbers: all numbers", async () => {
    const house = await jagcall();
    const { agent, number } = await agentWithNumber(house);
    const shown = {
      id: number,
      number: "+14155550100",
      agent_id: agent,
      capabilities: ["voice", "sms"],
      country: "US",
    };
    expect((await house.request("GET", "/phone-numbers")).body).toEqual({
      data: [shown],
      pagination: { page: 1, per_page: 100, total: 1 },
    });
    expect((await house.request("GET", `/phone-numbers/${number}`)).body).toEqual(shown);
  });

  test("PUT /v1/phone-numbers/:id: given to another agent, both ways", async () => {
    const house = await jagcall();
    const { number } = await agentWithNumber(house);
    const other = (await house.request("POST", "/agents", { name: "Other" })).body.id;
    house.clock.ms += 1000;
    const changed = await house.request("PUT", `/phone-numbers/${number}`, { agent_id: other });
    expect([changed.status, changed.body]).toEqual([
      200,
      { id: number, number: "+14155550100", agent_id: other, updated_at: "2026-11-22T12:00:01Z" },
    ]);
    const inner = other.replace("agt_", "agent_");
    expect(await house.services.own.numbers.find("+14155550100")).toMatchObject({
      inboundAgentId: inner,
      outboundAgentId: inner,
    });
  });

  test("DELETE /v1/phone-numbers/:id: released", async () => {
    const house = await jagcall();
    const { number } = await agentWithNumber(house);
    const released = await house.request("DELETE", `/phone-numbers/${number}`);
    expect([released.status, released.body]).toEqual([200, { deleted: true, id: number }]);
    expect((await house.request("GET", "/phone-numbers")).body.data).toEqual([]);
    expect((await house.request("DELETE", `/phone-numbers/${number}`)).status).toBe(404);
  });
});

describe("JagCall, SMS and billing", () => {
  const body = "Hi! Your appointment is confirmed for tomorrow at 2pm.";

  /** A conversation: we write, they answer. */
  async function conversation(house: VendorHouse): Promise<{ from: string; sent: string }> {
    await agentWithNumber(house);
    const from = "+14155550100";
    const sent = await house.request("POST", "/sms", { from, to: "+14155559876", body });
    expect([sent.status, sent.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^sms_[0-9a-z]{26}$/),
        status: "sent",
        from,
        to: "+14155559876",
        created_at: now,
      },
    ]);
    const inner = sent.body.id.replace("sms_", "text_");
    await house.services.texts.records.settle(inner, { status: "delivered", detail: null });
    house.clock.ms += 300_000;
    await house.services.texts.receive({ from: "+14155559876", to: from as never, body: "Thanks!" });
    return { from, sent: sent.body.id };
  }

  test("POST /v1/sms and its conversation: sent, delivered, answered", async () => {
    const house = await jagcall();
    const { sent } = await conversation(house);
    const conversations = await house.request("GET", "/sms/conversations");
    expect([conversations.status, conversations.body]).toEqual([
      200,
      {
        data: [
          {
            id: expect.stringMatching(/^conv_[0-9a-z]{26}$/),
            contact: "+14155559876",
            last_message: "Thanks!",
            updated_at: "2026-11-22T12:05:00Z",
            message_count: 2,
          },
        ],
        pagination: { page: 1, per_page: 100, total: 1 },
      },
    ]);
    const { id } = conversations.body.data[0];
    const messages = await house.request("GET", `/sms/conversations/${id}/messages`);
    expect([messages.status, messages.body]).toEqual([
      200,
      {
        data: [
          {
            id: expect.stringMatching(/^sms_/),
            direction: "inbound",
            body: "Thanks!",
            status: "received",
            created_at: "2026-11-22T12:05:00Z",
          },
          { id: sent, direction: "outbound", body, status: "delivered", created_at: now },
        ],
        pagination: { page: 1, per_page: 100, total: 2 },
      },
    ]);
    const last = await house.request("GET", `/sms/conversations/${id}/messages?page=2&per_page=1`);
    expect(last.body.data).toMatchObject([{ id: sent }]);
    expect((await house.request("GET", "/sms/conversations/conv_xxx/messages")).status).toBe(404);
  });

  test("GET /v1/billing/balance: dollars left, and what the month used", async () => {
    const house = await jagcall();
    await house.services.own.billing.buyCredits({ amountMicros: 150_000_000 });
    await conversation(house);
    const agent = (await house.request("GET", "/agents")).body.data[0].id;
    const { id } = (await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" })).body;
    await house.converse(id);
    house.clock.ms += 90_000;
    await house.end(id);
    const told = await house.request("GET", "/billing/balance");
    expect(told.status).toBe(200);
    const { availableMicros } = await house.services.own.billing.account();
    expect(told.body).toEqual({
      balance: availableMicros / 1_000_000,
      currency: "USD",
      usage_this_month: { calls: 1, call_minutes: 2, sms_sent: 1, sms_received: 1 },
    });
    expect(told.body.balance).toBeLessThan(150);
  });

  test("GET /v1/billing/balance: a key may be kept from it", async () => {
    const { services, app } = await jagcall();
    const { secret } = await services.keys.create({
      orgId: firstOrgId,
      dialect: "jagcall",
      name: "no money",
      scopes: ["read", "write"],
    });
    const headers = { authorization: `Bearer ${secret}` };
    const refused = await app.inject({ url: "/v1/billing/balance", headers });
    expect([refused.statusCode, refused.json().error]).toMatchObject([
      403,
      { code: "insufficient_permissions", status: 403 },
    ]);
    expect((await app.inject({ url: "/v1/agents", headers })).statusCode).toBe(200);
  });
});
