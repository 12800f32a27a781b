import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../src/kit/errors.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { ringingCall } from "../gateway.ts";
import { type Ask, agentCallHouse } from "./agentcall-house.ts";

const to = "+14155551234";
const aiCall = (from: string) => ["POST", "/v1/calls/ai", { from, to, systemPrompt: "x" }] as const;
const inboundConfig = (id: string) =>
  ["POST", `/v1/numbers/${id}/inbound-config`, { mode: "ai", systemPrompt: "x" }] as const;

describe("AgentCall, documented errors", () => {
  test.each([undefined, "Bearer ac_live_wrong", "Basic abc", "KEY-OF-NATIVE"])("401: %s is no key", async (header) => {
    const { app, key } = await agentCallHouse();
    const authorization = header === "KEY-OF-NATIVE" ? `Bearer ${key}` : header;
    const answer = await app.inject({ url: "/v1/numbers", headers: authorization ? { authorization } : {} });
    expect([answer.statusCode, answer.json()]).toEqual([
      401,
      { error: { code: "unauthorized", message: expect.stringContaining("ac_live_") } },
    ]);
  });

  test("401: a key that was revoked", async () => {
    const { app, services } = await agentCallHouse();
    const { key, secret } = await services.keys.create({
      orgId: firstOrgId,
      dialect: "agentcall",
      name: "x",
    });
    await services.keys.revoke(firstOrgId, key.id);
    const answer = await app.inject({ url: "/v1/numbers", headers: { authorization: `Bearer ${secret}` } });
    expect(answer.statusCode).toBe(401);
  });

  test("402 payment_method_required: a Pro organisation without a card, with where to put one on file", async () => {
    const { askAs } = await agentCallHouse();
    const ask = await askAs({ plan: "pro", billing: "postpaid", hasPaymentMethod: false });
    const answer = await ask("POST", "/v1/numbers/provision", { type: "local" });
    expect([answer.status, answer.body.error]).toEqual([
      402,
      {
        code: "payment_method_required",
        message: expect.any(String),
        setupUrl: expect.stringMatching(/^https:\/\/gw\.example\.com\//),
      },
    ]);
  });

  test("402: prepaid credit that is used up, and a spending cap that is reached", async () => {
    const { askAs } = await agentCallHouse();
    const poor = await askAs({ billing: "prepaid", hasPaymentMethod: true });
    const capped = await askAs({ hasPaymentMethod: true, spendingCapMicros: 1 });
    const codes = await Promise.all(
      [poor, capped].map(async (ask) => {
        const { status, body } = await ask("POST", "/v1/numbers/provision", { type: "local" });
        return [status, body.error.code];
      }),
    );
    expect(codes).toEqual([
      [402, "insufficient_credits"],
      [402, "spending_cap_reached"],
    ]);
  });

  /** An organisation on the Free plan, with its one number. */
  async function free() {
    const house = await agentCallHouse();
    const ask = await house.askAs({ plan: "free", hasPaymentMethod: false });
    return { ...house, ask, own: await house.buy(ask) };
  }
  const refusal = async (ask: Ask, ...order: Parameters<Ask>) => {
    const { status, body } = await ask(...order);
    expect(body.error.upgradeUrl).toMatch(/^https:\/\/gw\.example\.com\//);
    return [status, body.error.code];
  };

  test("403 plan_limit_numbers: a second number, or another than a local one", async () => {
    const { ask } = await free();
    const order = { type: "local" };
    expect(await refusal(ask, "POST", "/v1/numbers/provision", order)).toEqual([403, "plan_limit_numbers"]);
  });

  test("403 plan_limit_voice_ai: outbound AI", async () => {
    const { ask, own } = await free();
    expect(await refusal(ask, ...aiCall(own.id))).toEqual([403, "plan_limit_voice_ai"]);
    const defaults = ["POST", `/v1/numbers/${own.id}/outbound-defaults`, { systemPrompt: "x" }] as const;
    expect(await refusal(ask, ...defaults)).toEqual([403, "plan_limit_voice_ai"]);
  });

  test("403 plan_limit_recording: record on the Free plan", async () => {
    const { ask, own } = await free();
    const body = { mode: "ai", systemPrompt: "x", record: true };
    const order = ["POST", `/v1/numbers/${own.id}/inbound-config`, body] as const;
    expect(await refusal(ask, ...order)).toEqual([403, "plan_limit_recording"]);
  });

  test("403 plan_limit_sms: the eleventh text of a month", async () => {
    const { ask, own } = await free();
    const order = ["POST", "/v1/sms/send", { from: own.id, to, body: "x" }] as const;
    for (let n = 0; n < 10; n += 1) expect((await ask(...order)).status).toBe(201);
    expect(await refusal(ask, ...order)).toEqual([403, "plan_limit_sms"]);
  });

  test("403 plan_limit_otp: the sixth code of a month", async () => {
    const { ask, own, arrive, clock } = await free();
    for (let n = 0; n < 5; n += 1) await arrive(own.number, `Your code is 48291${n}`);
    clock.ms += 120_000;
    expect(await refusal(ask, "GET", `/v1/sms/otp/${own.id}?timeout=0`)).toEqual([403, "plan_limit_otp"]);
  });

  test("403 plan_limit_inbound_ai_trial_exhausted: five minutes of inbound AI are used up", async () => {
    const house = await free();
    const { ask, own } = house;
    expect((await ask(...inboundConfig(own.id))).status).toBe(200);
    const callId = await ringingCall(house, { orgId: ask.orgId, to: own.number as never });
    await house.talk(callId, [], 5 * 60_000);
    const refused = await refusal(ask, ...inboundConfig(own.id));
    expect(refused).toEqual([403, "plan_limit_inbound_ai_trial_exhausted"]);
  });

  test("403 insufficient_scope: a key that may only read", async () => {
    const { app, services } = await agentCallHouse();
    const { secret } = await services.keys.create({
      orgId: firstOrgId,
      dialect: "agentcall",
      name: "reader",
      scopes: ["read"],
    });
    const headers = { authorization: `Bearer ${secret}` };
    const answer = await app.inject({ method: "POST", url: "/v1/numbers/provision", headers, payload: {} });
    expect([answer.statusCode, answer.json().error.code]).toEqual([403, "insufficient_scope"]);
  });

  test("400 carrier_not_supported: AI voice on a number of neither the United States nor Canada", async () => {
    const { ask } = await agentCallHouse();
    const { id } = (await ask("POST", "/v1/numbers/provision", { country: "GB" })).body;
    const orders: readonly Parameters<Ask>[] = [[...inboundConfig(id)], [...aiCall(id)]];
    for (const order of orders) {
      const { status, body } = await ask(...order);
      expect([status, body.error.code]).toEqual([400, "carrier_not_supported"]);
    }
    const { id: canadian } = (await ask("POST", "/v1/numbers/provision", { country: "CA" })).body;
    expect((await ask(...inboundConfig(canadian))).status).toBe(200);
  });

  test("429: 100 requests a minute, 10 of them AI calls; the headers say when to go on", async () => {
    const { ask, buy, clock } = await agentCallHouse();
    const { id } = await buy();
    for (let n = 0; n < 10; n += 1) expect((await ask(...aiCall(id))).status).toBe(201);
    const { status, body, headers } = await ask(...aiCall(id));
    expect([status, body.error.code]).toEqual([429, "rate_limit_exceeded"]);
    expect([headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]]).toEqual(["10", "0"]);
    expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    let passed = 0;
    while ((await ask("GET", "/v1/calls")).status === 200) passed += 1;
    expect(passed).toBe(100 - 11);
    clock.ms += 60_000;
    expect((await ask(...aiCall(id))).status).toBe(201);
  });

  test("503 voice_ai_unavailable, and any other 503", async () => {
    const { ask, buy, control } = await agentCallHouse();
    const { id } = await buy();
    control.refuse = new GatewayError("unavailable", "no agent can talk now", undefined, {
      reason: "voice-ai-unavailable",
    });
    expect(await ask(...aiCall(id))).toMatchObject({ status: 503, body: { error: { code: "voice_ai_unavailable" } } });
    control.refuse = new GatewayError("unavailable", "no trunk can take it");
    expect(await ask(...aiCall(id))).toMatchObject({ status: 503, body: { error: { code: "service_unavailable" } } });
  });

  test("bodies that cannot be read, are too large or of another kind answer in this API's shape", async () => {
    const { ask, app } = await agentCallHouse();
    expect(await ask("POST", "/v1/sms/send", "{oops")).toMatchObject({
      status: 400,
      body: { error: { code: "bad_request" } },
    });
    expect((await ask("POST", "/v1/sms/send", "[]")).body.error.code).toBe("validation_error");
    const large = JSON.stringify({ body: "x".repeat(1_100_000) });
    expect(await ask("POST", "/v1/sms/send", large)).toMatchObject({
      status: 413,
      body: { error: { code: "payload_too_large" } },
    });
    const page = await app.inject("/agentcall/v1/nothing");
    expect([page.statusCode, page.json().error.code]).toEqual([404, "not_found"]);
    expect(await ask("GET", "/v1/contacts")).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
  });
});

describe("AgentCall, other organisations", () => {
  test("what is another's is not there: every route with an id", async () => {
    const house = await agentCallHouse();
    const { app, ask, buy, arrive, askAs } = house;
    const { id: number, number: digits } = await buy();
    await arrive(digits, "Hello");
    const { data: conversations } = (await ask("GET", "/v1/sms-conversations")).body;
    const { data: messages } = (await ask("GET", `/v1/sms/inbox/${number}`)).body;
    const { body: call } = await ask(...aiCall(number));
    const { body: webhook } = await ask("POST", "/v1/webhooks", { url: "https://example.com", events: ["sms.otp"] });
    const idOf = (path: string) => {
      if (path.startsWith("/v1/numbers/") || path.includes(":numberId")) return number;
      if (path.startsWith("/v1/sms-conversations/")) return conversations[0].id;
      if (path.startsWith("/v1/sms/")) return messages[0].id;
      return path.startsWith("/v1/calls/") ? call.id : webhook.id;
    };
    const bodies: Readonly<Record<string, object>> = {
      "PATCH /v1/numbers/:id": { label: "x" },
      "POST /v1/numbers/:numberId/inbound-config": { mode: "ai", systemPrompt: "x" },
      "POST /v1/numbers/:numberId/outbound-defaults": { systemPrompt: "x" },
      "POST /v1/numbers/:numberId/byok-key": { openaiApiKey: "sk-test-0123456789" },
      "POST /v1/sms-conversations/:id/reply": { body: "x" },
    };
    const foreign = await askAs({ hasPaymentMethod: true });
    const routes = app.routeBook
      .filter(({ url }) => url.startsWith("/agentcall/") && url.includes(":"))
      .map(({ method, url }) => ({ method, path: url.slice("/agentcall".length) }));
    expect(routes.length).toBeGreaterThan(20);
    for (const { method, path } of routes) {
      const url = path.replace(/:\w+/, idOf(path));
      const answer = await foreign(method as "GET", url, bodies[`${method} ${path}`]);
      expect([method, path, answer.status, answer.body.error?.code]).toEqual([method, path, 404, "not_found"]);
    }
    for (const path of ["/v1/numbers", "/v1/calls", "/v1/sms-conversations", "/v1/webhooks"]) {
      expect([path, (await foreign("GET", path)).body.data]).toEqual([path, []]);
    }
  });
});
