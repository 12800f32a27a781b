/** What AgentNumber's API refuses, in its own words: `{success: false, error: {message, code}}`, the field named. */
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { answer } from "../../../src/control/dialects/agentnumber/errors.ts";
import { toRefusal } from "../../../src/control/http/errors.ts";
import { GatewayError } from "../../../src/kit/errors.ts";
import { vendorHouse } from "./vendor-house.ts";

const agentnumber = () => vendorHouse("agentnumber", "/api/v0");
const number = "num_a1b2c3d4e5f6";

describe("AgentNumber, refusals", () => {
  test("keys: a missing, unknown or foreign one is 401", async () => {
    const { app, key: nativeKey } = await agentnumber();
    for (const headers of [
      {},
      { authorization: "Bearer an_live_nobody" },
      { authorization: `Bearer ${nativeKey}` },
      { authorization: "an_live_nobody" },
    ]) {
      const refused = await app.inject({ url: "/api/v0/numbers", headers });
      expect([refused.statusCode, refused.json()]).toEqual([
        401,
        { success: false, error: { message: "Invalid or missing API key.", code: "unauthorized" } },
      ]);
    }
  });

  test.each([
    ["no JSON", "POST", "/numbers", "{ no json", 400, "validation_error", undefined],
    ["no body", "POST", "/numbers", undefined, 400, "validation_error", undefined],
    [
      "a number that nobody thinks for",
      "POST",
      "/numbers",
      { area_code: "415" },
      400,
      "validation_error",
      "system_prompt",
    ],
    ["no webhook and no prompt", "POST", "/numbers", { webhook_url: null }, 400, "validation_error", "system_prompt"],
    [
      "an area code in words",
      "POST",
      "/numbers",
      { system_prompt: "A", area_code: "San" },
      400,
      "validation_error",
      "area_code",
    ],
    [
      "an area code of nobody's",
      "POST",
      "/numbers",
      { system_prompt: "A", area_code: "199" },
      409,
      "number_not_available",
      "area_code",
    ],
    [
      "a mode that is none",
      "POST",
      "/numbers",
      { system_prompt: "A", inbound_mode: "manual" },
      400,
      "validation_error",
      "inbound_mode",
    ],
    [
      "a webhook without TLS",
      "POST",
      "/numbers",
      { webhook_url: "http://your-agent.com" },
      400,
      "validation_error",
      "webhook_url",
    ],
    [
      "a webhook that is no URL",
      "POST",
      "/numbers",
      { webhook_url: "your-agent" },
      400,
      "validation_error",
      "webhook_url",
    ],
    ["a prompt that is none", "POST", "/numbers", { system_prompt: 5 }, 400, "validation_error", "system_prompt"],
    [
      "metadata that is none",
      "POST",
      "/numbers",
      { system_prompt: "A", metadata: { a: { b: 1 } } },
      400,
      "validation_error",
      "metadata.a",
    ],
    [
      "a number in E.164 for an id",
      "POST",
      "/calls",
      { from: "+14155550100", to: "+15551234567" },
      400,
      "validation_error",
      "from",
    ],
    ["a number without +", "POST", "/calls", { from: number, to: "5551234567" }, 400, "validation_error", "to"],
    ["a number that is not there", "POST", "/calls", { from: number, to: "+15551234567" }, 404, "not_found", "from"],
    [
      "a text from nowhere",
      "POST",
      "/sms",
      { from: number, to: "+15551234567", body: "a" },
      404,
      "not_found",
      undefined,
    ],
    [
      "a text without words",
      "POST",
      "/sms",
      { from: number, to: "+15551234567", body: "" },
      400,
      "validation_error",
      "body",
    ],
    ["no amount", "POST", "/credits/purchase", {}, 400, "validation_error", "amount_cents"],
    ["half a cent", "POST", "/credits/purchase", { amount_cents: 0.5 }, 400, "validation_error", "amount_cents"],
    ["money back", "POST", "/credits/purchase", { amount_cents: -1000 }, 400, "validation_error", "amount_cents"],
    [
      "an unknown event",
      "POST",
      "/webhooks",
      { url: "https://a.com", events: ["call.ringing"] },
      400,
      "validation_error",
      "events[0]",
    ],
    ["no events at all", "POST", "/webhooks", { url: "https://a.com", events: [] }, 400, "validation_error", "events"],
    ["a webhook by ftp", "POST", "/webhooks", { url: "ftp://a.com" }, 400, "validation_error", "url"],
    ["a cursor that is none", "GET", "/calls?cursor=zzz", undefined, 400, "validation_error", "cursor"],
    ["too long a page", "GET", "/calls?limit=101", undefined, 400, "validation_error", "limit"],
    ["an unknown number", "PATCH", `/numbers/${number}`, { first_message: "A" }, 404, "not_found", undefined],
    ["an unknown call", "GET", "/calls/call_1/recording", undefined, 404, "not_found", undefined],
    ["an unknown text", "GET", "/sms/sms_1", undefined, 404, "not_found", undefined],
    ["an unknown path", "GET", "/nothing", undefined, 404, "not_found", undefined],
    ["a method a path has not", "PUT", `/numbers/${number}`, {}, 404, "not_found", undefined],
    [
      "too large a body",
      "POST",
      "/numbers",
      { system_prompt: "a".repeat(1_048_600) },
      413,
      "payload_too_large",
      undefined,
    ],
  ] as const)("bad input: %s", async (_what, method, path, payload, status, code, field) => {
    const { request } = await agentnumber();
    const refused = await request(method, path, payload);
    expect([refused.status, refused.body]).toEqual([
      status,
      { success: false, error: { message: expect.stringMatching(/.+/), code, ...(field !== undefined && { field }) } },
    ]);
    expect(refused.headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  test("bad input: what is refused bought nothing", async () => {
    const { request, services } = await agentnumber();
    await request("POST", "/numbers", { webhook_url: "http://your-agent.com" });
    expect((await request("GET", "/numbers")).body.data).toEqual([]);
    expect((await services.own.billing.account()).spentMicros).toBe(0);
  });

  test("foreign things: another organisation's numbers, calls, texts and webhooks are not there", async () => {
    const house = await agentnumber();
    const { id } = (await house.request("POST", "/numbers", { system_prompt: "A" })).body.data;
    const call = (await house.request("POST", "/calls", { from: id, to: "+15551234567" })).body.data.id;
    const sms = (await house.request("POST", "/sms", { from: id, to: "+15551234567", body: "a" })).body.data.id;
    const hook = (await house.request("POST", "/webhooks", { url: "https://a.com" })).body.data.id;
    const other = await house.services.orgs.create({ name: "Other", hasPaymentMethod: true });
    const foreign = { authorization: `Bearer ${await house.keyOf(other.id)}` };
    for (const [method, path, payload] of [
      ["GET", `/numbers/${id}`],
      ["PATCH", `/numbers/${id}`, { first_message: "B" }],
      ["DELETE", `/numbers/${id}`],
      ["POST", "/calls", { from: id, to: "+15551234567" }],
      ["GET", `/calls/${call}`],
      ["GET", `/calls/${call}/transcript`],
      ["GET", `/calls/${call}/recording`],
      ["POST", "/sms", { from: id, to: "+15551234567", body: "a" }],
      ["GET", `/sms/${sms}`],
      ["PATCH", `/webhooks/${hook}`, { active: false }],
      ["DELETE", `/webhooks/${hook}`],
    ] as const) {
      expect([method, path, (await house.request(method, path, payload, foreign)).status]).toEqual([method, path, 404]);
    }
    for (const path of ["/numbers", "/calls", "/sms", "/webhooks"]) {
      expect((await house.request("GET", path, undefined, foreign)).body).toEqual({ success: true, data: [] });
    }
  });

  test.each([
    ["conflict", 409, "conflict"],
    ["gone", 410, "gone"],
    ["forbidden", 403, "forbidden"],
    ["rate-limited", 429, "rate_limited"],
    ["unavailable", 503, "unavailable"],
  ] as const)("statuses: %s is %d", (code, status, word) => {
    const refusal = toRefusal(new GatewayError(code, "why"));
    expect(answer(refusal)).toEqual({ status, body: { success: false, error: { message: "why", code: word } } });
  });

  test("statuses: what is our fault is 500 and says nothing of itself", () => {
    expect(answer(toRefusal(new Error("secret detail")))).toEqual({
      status: 500,
      body: { success: false, error: { message: "Internal error.", code: "internal_error" } },
    });
  });

  test("a client: works against a gateway that listens, only the base URL changed, and under its own prefix", async () => {
    const house = await agentnumber();
    await house.app.listen({ host: "127.0.0.1", port: 0 });
    const origin = `http://127.0.0.1:${(house.app.server.address() as AddressInfo).port}`;
    const headers = { Authorization: `Bearer ${house.vendorKey}`, "Content-Type": "application/json" };
    for (const base of ["/api/v0", "/agentnumber/api/v0"]) {
      const made = await fetch(`${origin}${base}/numbers`, {
        method: "POST",
        headers,
        body: JSON.stringify({ webhook_url: "https://your-agent.com/voice", area_code: "415" }),
      });
      expect([base, made.status, await made.json()]).toMatchObject([base, 201, { success: true }]);
    }
  });
});
