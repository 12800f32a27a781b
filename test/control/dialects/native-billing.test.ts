import { describe, expect, test } from "vitest";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { type Answer, type TestGateway, testGateway } from "../gateway.ts";

/** Asks with a key of a new organisation. */
async function newcomer(
  gateway: TestGateway,
  settings: Parameters<TestGateway["services"]["orgs"]["create"]>[0],
): Promise<(method: "GET" | "POST" | "PATCH", path: string, payload?: unknown) => Promise<Answer>> {
  const { id: orgId } = await gateway.services.orgs.create(settings);
  const { secret } = await gateway.services.keys.create({ dialect: "native", name: "theirs", orgId });
  return async (method, path, payload) => {
    const answer = await gateway.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(payload !== undefined && { "content-type": "application/json" }),
      },
      ...(payload !== undefined && { payload: JSON.stringify(payload) }),
    });
    return { status: answer.statusCode, body: JSON.parse(answer.body), headers: answer.headers };
  };
}

describe("native API: money", () => {
  test("billing: a gateway's own organisation pays afterwards, without a cap", async () => {
    const { ask } = await testGateway();
    expect((await ask("GET", "/billing")).body).toEqual({
      available_micros: 0,
      held_micros: 0,
      currency: "USD",
      plan: "pro",
      billing: "postpaid",
      price_book: "agentcall",
      has_payment_method: true,
      spending_cap_micros: null,
      spent_this_month_micros: 0,
    });
  });

  test("billing: credits, charges, the ledger and the month's usage are each organisation's own", async () => {
    const gateway = await testGateway();
    const { services, ask } = gateway;
    const theirs = await newcomer(gateway, { name: "Acme", billing: "prepaid" });
    const order = { amount_micros: 10_000_000, idempotency_key: "order-1" };
    for (let time = 0; time < 2; time += 1) {
      expect(await theirs("POST", "/credits", order)).toMatchObject({
        status: 201,
        body: { available_micros: 10_000_000, held_micros: 0 },
      });
    }
    expect((await ask("GET", "/ledger")).body).toEqual({ data: [], next_cursor: null });
    const { body } = await theirs("GET", "/ledger?kind=purchase");
    expect(body).toEqual({
      data: [
        {
          id: expect.stringMatching(/^txn_/),
          kind: "purchase",
          ref: expect.stringContaining("order-1"),
          amount_micros: 10_000_000,
          lines: [],
          created_at: "2026-11-22T12:00:00.000Z",
        },
      ],
      next_cursor: null,
    });
    expect((await theirs("GET", "/usage?period=2026-11")).body).toMatchObject({ calls: 0, total_micros: 0 });
    expect((await services.tenant(firstOrgId).billing.account()).availableMicros).toBe(0);
  });

  test("billing: the spending cap is set and taken away", async () => {
    const { ask } = await testGateway();
    expect((await ask("PATCH", "/billing", { spending_cap_micros: 5_000_000 })).body).toMatchObject({
      spending_cap_micros: 5_000_000,
    });
    expect((await ask("PATCH", "/billing", { spending_cap_micros: null })).body).toMatchObject({
      spending_cap_micros: null,
    });
  });

  test("billing: a link leads to a page that works without a key", async () => {
    const gateway = await testGateway();
    const theirs = await newcomer(gateway, { name: "Acme" });
    const { status, body } = await theirs("POST", "/billing/links");
    expect(status).toBe(201);
    const page = body.setup_url.replace("https://gw.example.com", "");
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await gateway.app.inject(page)).statusCode).toBe(200);
    const sent = () => gateway.app.inject({ method: "POST", url: page, headers, payload: "action=accept" });
    expect((await sent()).statusCode).toBe(200);
    expect((await sent()).statusCode).toBe(410);
    expect((await theirs("GET", "/billing")).body).toMatchObject({ has_payment_method: true });
  });

  test("billing: a gateway that takes no payments sells no credits and has no page", async () => {
    const gateway = await testGateway({}, { payments: "none" });
    expect(await gateway.ask("POST", "/credits", { amount_micros: 1_000_000 })).toMatchObject({
      status: 402,
      body: { error: { code: "payment_required" } },
    });
    expect((await gateway.ask("POST", "/billing/links")).body).toEqual({ setup_url: null, upgrade_url: null });
    expect((await gateway.app.inject("/billing/setup.org_default.1.00?signature=x")).statusCode).toBe(404);
  });

  test("billing: a key without the scope sees no money", async () => {
    const { services, app } = await testGateway();
    const { secret } = await services.keys.create({
      orgId: firstOrgId,
      dialect: "native",
      name: "reader",
      scopes: ["read", "write"],
    });
    for (const [method, path] of [
      ["GET", "/billing"],
      ["GET", "/ledger"],
      ["GET", "/usage"],
      ["POST", "/billing/links"],
    ] as const) {
      const answer = await app.inject({
        method,
        url: `/api/v1${path}`,
        headers: { authorization: `Bearer ${secret}` },
      });
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ error: { reason: "missing_scope" } });
    }
  });

  test.each([
    ["POST", "/credits", {}, "amount_micros"],
    ["POST", "/credits", { amount_micros: 0.5 }, "amount_micros"],
    ["POST", "/credits", { amount_micros: 1 }, "amount_micros"],
    ["POST", "/credits", { amount_micros: 1_000_000, idempotency_key: "a b" }, "idempotency_key"],
    ["PATCH", "/billing", { spending_cap_micros: -1 }, "spending_cap_micros"],
    ["PATCH", "/billing", { plan: "pro" }, "spending_cap_micros"],
    ["GET", "/usage?period=2026", undefined, "period"],
    ["GET", "/ledger?kind=theft", undefined, "kind"],
    ["GET", "/ledger?cursor=x", undefined, "cursor"],
  ] as const)("billing: %s %s with %j is refused by its field", async (method, path, payload, field) => {
    const { ask } = await testGateway();
    expect(await ask(method, path, payload)).toMatchObject({ status: 400, body: { error: { field } } });
  });
});
