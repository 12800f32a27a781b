import type { InjectOptions } from "fastify";
import { describe, expect, test } from "vitest";
import { type TestGateway, testGateway } from "../gateway.ts";

/** Asks with a key that may do everything of its own organisation. */
async function customer({ app, services }: TestGateway) {
  const { id: orgId } = await services.orgs.create({ name: "Customer" });
  const { secret } = await services.keys.create({ orgId, dialect: "native", name: "all" });
  return async (method: "POST" | "PATCH", path: string, payload: object) => {
    const headers = { authorization: `Bearer ${secret}` };
    const request: InjectOptions = { method, url: `/api/v1${path}`, headers, payload };
    const { statusCode, body } = await app.inject(request);
    return { status: statusCode, body: JSON.parse(body) };
  };
}

describe("native API, whose a number is", () => {
  test("numbers: a customer cannot say that somebody's number is his, and so read what others send to it", async () => {
    const gateway = await testGateway();
    const ask = await customer(gateway);
    expect((await ask("POST", "/numbers", { number: "+15550177" })).status).toBe(403);
    expect((await gateway.ask("POST", "/numbers", { number: "+15550177" })).status).toBe(201);
  });

  test("phones: a customer chooses extensions; telephone numbers are given by operators", async () => {
    const gateway = await testGateway();
    const ask = await customer(gateway);
    const refused = await ask("POST", "/phones", { username: "spy", number: "+15550177" });
    expect([refused.status, refused.body.error.field]).toEqual([403, "number"]);
    const made = await ask("POST", "/phones", { username: "desk", number: "201" });
    expect(made.status).toBe(201);
    expect((await ask("PATCH", `/phones/${made.body.id}`, { number: "+15550177" })).status).toBe(403);
    expect((await ask("PATCH", `/phones/${made.body.id}`, { label: "Desk", number: "201" })).status).toBe(200);
    expect((await gateway.ask("POST", "/phones", { username: "ours", number: "+15550177" })).status).toBe(201);
  });
});
