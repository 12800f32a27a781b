/** What JagCall's API refuses, in its own words: `{error: {code, message, status}}`, the field named. */
import { describe, expect, test } from "vitest";
import { answer } from "../../../src/control/dialects/jagcall/errors.ts";
import { toRefusal } from "../../../src/control/http/errors.ts";
import { GatewayError } from "../../../src/kit/errors.ts";
import { vendorHouse } from "./vendor-house.ts";

const jagcall = () => vendorHouse("jagcall", "/v1");

describe("JagCall, refusals", () => {
  test("keys: a missing, unknown, revoked or foreign one is answered as documented", async () => {
    const { request, app, services, key: nativeKey, vendorKey } = await jagcall();
    const documented = {
      error: {
        code: "invalid_api_key",
        message: "The API key provided is invalid or has been revoked.",
        status: 401,
      },
    };
    const unknown = await app.inject({ url: "/v1/agents", headers: { authorization: "Bearer jc_live_abc123..." } });
    expect([unknown.statusCode, unknown.json()]).toEqual([401, documented]);
    for (const headers of [{}, { authorization: `Bearer ${nativeKey}` }]) {
      const refused = await app.inject({ url: "/jagcall/v1/agents", headers });
      expect([refused.statusCode, refused.json()]).toEqual([401, documented]);
    }
    const [mine] = (await services.keys.list()).filter(({ dialect }) => dialect === "jagcall");
    expect(vendorKey.startsWith(mine!.prefix)).toBe(true);
    await services.keys.revoke(mine!.orgId, mine!.id);
    expect((await request("GET", "/agents")).body).toEqual(documented);
  });

  test.each([
    ["no JSON", "POST", "/agents", "{ no json", 400, "bad_request", undefined],
    ["a page that is none", "GET", "/agents?page=0", undefined, 400, "bad_request", "page"],
    ["pages too long", "GET", "/agents?per_page=101", undefined, 400, "bad_request", "per_page"],
    ["an unknown status", "GET", "/calls?status=done", undefined, 400, "bad_request", "status"],
    ["no date", "GET", "/calls?start_date=yesterday", undefined, 400, "bad_request", "start_date"],
    ["a day that is none", "GET", "/calls?end_date=2026-13-41", undefined, 400, "bad_request", "end_date"],
    ["a body without its name", "POST", "/agents", {}, 422, "validation_error", "name"],
    ["no body", "POST", "/agents", undefined, 422, "validation_error", undefined],
    ["a wrong type", "POST", "/agents", { name: 5 }, 422, "validation_error", "name"],
    [
      "a language that is none",
      "POST",
      "/agents",
      { name: "A", language: "english!" },
      422,
      "validation_error",
      "language",
    ],
    ["a list for a body", "POST", "/agents", [], 422, "validation_error", undefined],
    ["a number without +", "POST", "/calls", { agent_id: "agt_1", to: "4155559876" }, 422, "validation_error", "to"],
    ["a number to nowhere", "POST", "/calls", { agent_id: "agt_1", to: "+0123" }, 422, "validation_error", "to"],
    ["no agent", "POST", "/calls", { to: "+14155559876" }, 422, "validation_error", "agent_id"],
    [
      "an extension from",
      "POST",
      "/sms",
      { from: "101", to: "+14155559876", body: "a" },
      422,
      "validation_error",
      "from",
    ],
    [
      "a text without words",
      "POST",
      "/sms",
      { from: "+14155550100", to: "+14155559876" },
      422,
      "validation_error",
      "body",
    ],
    [
      "a text from elsewhere",
      "POST",
      "/sms",
      { from: "+14155550100", to: "+14155559876", body: "a" },
      422,
      "validation_error",
      "from",
    ],
    [
      "an unknown capability",
      "POST",
      "/phone-numbers/search",
      { capabilities: ["fax"] },
      422,
      "validation_error",
      "capabilities[0]",
    ],
    ["a country in words", "POST", "/phone-numbers/search", { country: "usa" }, 422, "validation_error", "country"],
    [
      "a number nobody sells",
      "POST",
      "/phone-numbers",
      { number: "+14155559999" },
      409,
      "number_not_available",
      "number",
    ],
    ["no number", "POST", "/phone-numbers", { agent_id: "agt_1" }, 422, "validation_error", "number"],
    [
      "an agent that is not there",
      "POST",
      "/phone-numbers",
      { number: "+14155550100", agent_id: "agt_1" },
      422,
      "validation_error",
      "agent_id",
    ],
    ["an unknown agent", "PUT", "/agents/agt_xxx", { name: "A" }, 404, "not_found", undefined],
    ["an unknown call", "GET", "/calls/call_xxx/transcript", undefined, 404, "not_found", undefined],
    ["an unknown path", "GET", "/nothing", undefined, 404, "not_found", undefined],
    ["a method a path has not", "PATCH", "/agents/agt_xxx", { name: "A" }, 404, "not_found", undefined],
    ["too large a body", "POST", "/agents", { name: "a".repeat(1_048_600) }, 413, "payload_too_large", undefined],
  ] as const)("bad input: %s", async (_what, method, path, payload, status, code, field) => {
    const { request } = await jagcall();
    const refused = await request(method, path, payload);
    expect([refused.status, refused.body]).toEqual([
      status,
      { error: { code, message: expect.stringMatching(/.+/), status, ...(field !== undefined && { field }) } },
    ]);
    expect(refused.headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  test("bad input: metadata beyond the limits is named", async () => {
    const { request } = await jagcall();
    const order = { agent_id: "agt_1", to: "+14155559876" };
    for (const [metadata, field] of [
      [{ lead: 5 }, "metadata.lead"],
      [{ lead: "x".repeat(513) }, "metadata.lead"],
      ["lead", "metadata"],
    ] as const) {
      const { status, body } = await request("POST", "/calls", { ...order, metadata });
      expect([status, body.error.field]).toEqual([422, field]);
    }
  });

  test("unknown fields: are passed over, as clients of the hosted service may send more", async () => {
    const { request } = await jagcall();
    const made = await request("POST", "/agents", { name: "A", temperature: 0.7, hidden: 1 });
    expect(made.status).toBe(201);
  });

  test("foreign things: another organisation's agents, calls, numbers and texts are not there", async () => {
    const house = await jagcall();
    const agent = (await house.request("POST", "/agents", { name: "A" })).body.id;
    const number = (await house.request("POST", "/phone-numbers", { number: "+14155550100", agent_id: agent })).body.id;
    const call = (await house.request("POST", "/calls", { agent_id: agent, to: "+14155559876" })).body.id;
    const sms = { from: "+14155550100", to: "+14155559876", body: "a" };
    await house.request("POST", "/sms", sms);
    const conversation = (await house.request("GET", "/sms/conversations")).body.data[0].id;
    const other = await house.services.orgs.create({ name: "Other", hasPaymentMethod: true });
    const foreign = { authorization: `Bearer ${await house.keyOf(other.id)}` };
    for (const [method, path, payload] of [
      ["GET", `/agents/${agent}`],
      ["PUT", `/agents/${agent}`, { name: "B" }],
      ["DELETE", `/agents/${agent}`],
      ["GET", `/calls/${call}`],
      ["GET", `/calls/${call}/transcript`],
      ["GET", `/calls/${call}/recording`],
      ["POST", "/calls", { agent_id: agent, to: "+14155559876" }],
      ["GET", `/phone-numbers/${number}`],
      ["PUT", `/phone-numbers/${number}`, { agent_id: null }],
      ["DELETE", `/phone-numbers/${number}`],
      ["GET", `/sms/conversations/${conversation}/messages`],
    ] as const) {
      expect([method, path, (await house.request(method, path, payload, foreign)).status]).toEqual([method, path, 404]);
    }
    for (const path of ["/agents", "/calls", "/phone-numbers", "/sms/conversations"]) {
      expect((await house.request("GET", path, undefined, foreign)).body.data).toEqual([]);
    }
    expect((await house.request("POST", "/sms", sms, foreign)).status).toBe(422);
  });

  test("money: who has to pay before is told so, and nothing is bought", async () => {
    const { request } = await vendorHouse("jagcall", "/v1", { billing: "prepaid", priceBook: "jagcall" });
    const refused = await request("POST", "/phone-numbers", { number: "+14155550100" });
    expect([refused.status, refused.body.error]).toMatchObject([402, { code: "insufficient_balance", status: 402 }]);
    expect((await request("GET", "/phone-numbers")).body.data).toEqual([]);
  });

  test.each([
    ["conflict", 409, "conflict"],
    ["gone", 410, "gone"],
    ["unavailable", 503, "service_unavailable"],
    ["internal", 500, "internal_error"],
    ["rate-limited", 429, "rate_limit_exceeded"],
  ] as const)("statuses: %s is %d", (code, status, word) => {
    const refusal = toRefusal(new GatewayError(code, "secret detail"));
    expect(answer(refusal)).toMatchObject({ status, body: { error: { code: word, status } } });
  });

  test("statuses: what is our fault says nothing of itself", () => {
    expect(JSON.stringify(answer(toRefusal(new Error("secret detail"))))).not.toContain("secret");
  });
});

describe("JagCall, limits", () => {
  test.each([
    ["GET", "/agents", undefined, 200],
    ["POST", "/calls", {}, 60],
    ["POST", "/sms", {}, 120],
    ["GET", "/calls/call_xxx/transcript", undefined, 100],
    ["POST", "/agents", {}, 30],
    ["GET", "/billing/balance", undefined, 60],
    ["POST", "/phone-numbers/search", { country: "US" }, 10],
  ] as const)("limits: %s %s as documented", async (method, path, payload, limit) => {
    const { request } = await jagcall();
    for (let n = 1; n < limit; n++) await request(method, path, payload);
    const last = await request(method, path, payload);
    expect(last.status).not.toBe(429);
    expect(last.headers).toMatchObject({ "x-ratelimit-limit": String(limit), "x-ratelimit-remaining": "0" });
    const refused = await request(method, path, payload);
    expect([refused.status, refused.body.error]).toMatchObject([429, { code: "rate_limit_exceeded", status: 429 }]);
    expect(refused.headers["retry-after"]).toBe("60");
  });

  test("limits: routes the documents do not name have none", async () => {
    const { request } = await jagcall();
    expect((await request("GET", "/phone-numbers")).headers["x-ratelimit-limit"]).toBeUndefined();
  });
});
