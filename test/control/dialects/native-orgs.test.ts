import { describe, expect, test } from "vitest";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { testGateway } from "../gateway.ts";

describe("native API, organisations", () => {
  test("orgs: an operator makes one, and what is not said has its default", async () => {
    const { ask } = await testGateway();
    const made = await ask("POST", "/orgs", { name: "Acme" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^org_[0-9a-z]{26}$/),
      name: "Acme",
      plan: "pro",
      billing: "postpaid",
      price_book: "agentcall",
      has_payment_method: false,
      spending_cap_micros: null,
    });
    expect((await ask("GET", `/orgs/${made.body.id}`)).body).toEqual(made.body);
    const list = await ask("GET", "/orgs");
    expect(list.body.data.map(({ id }: { id: string }) => id).sort()).toEqual([firstOrgId, made.body.id].sort());
  });

  test("orgs: a change keeps what is missing, and takes the cap away with null", async () => {
    const { ask, clock } = await testGateway();
    const settings = { plan: "free", billing: "prepaid", price_book: "jagcall", spending_cap_micros: 5_000_000 };
    const { id } = (await ask("POST", "/orgs", { name: "Acme", has_payment_method: true, ...settings })).body;
    clock.ms = 1000;
    const changed = await ask("PATCH", `/orgs/${id}`, { spending_cap_micros: null });
    expect(changed.body).toMatchObject({ ...settings, has_payment_method: true, spending_cap_micros: null });
    expect(changed.body.updated_at).not.toBe(changed.body.created_at);
    expect((await ask("PATCH", `/orgs/${id}`, { has_payment_method: false })).body.has_payment_method).toBe(false);
  });

  test("orgs: two changes at once both count", async () => {
    const { ask } = await testGateway();
    await Promise.all([
      ask("PATCH", `/orgs/${firstOrgId}`, { name: "One" }),
      ask("PATCH", `/orgs/${firstOrgId}`, { plan: "free" }),
    ]);
    expect((await ask("GET", `/orgs/${firstOrgId}`)).body).toMatchObject({ name: "One", plan: "free" });
  });

  test("orgs: wrong members are refused with their name", async () => {
    const { ask } = await testGateway();
    const faulty = [
      [{ name: "" }, "name"],
      [{ name: "   " }, "name"],
      [{ name: "x", plan: "gold" }, "plan"],
      [{ name: "x", spending_cap_micros: -1 }, "spending_cap_micros"],
      [{ name: "x", spending_cap_micros: 1.5 }, "spending_cap_micros"],
      [{ name: "x", owner: "me" }, "owner"],
    ] as const;
    for (const [body, field] of faulty) {
      const refused = await ask("POST", "/orgs", body);
      expect([refused.status, refused.body.error.field]).toEqual([400, field]);
    }
    expect((await ask("PATCH", "/orgs/org_none", { name: "x" })).status).toBe(404);
  });

  test("orgs: a key that is no operator's sees its own organisation and no list", async () => {
    const { app, services } = await testGateway();
    const org = await services.orgs.create({ name: "Other" });
    const { secret } = await services.keys.create({ orgId: org.id, dialect: "native", name: "theirs" });
    const headers = { authorization: `Bearer ${secret}` };
    const own = await app.inject({ url: "/api/v1/org", headers });
    expect(own.json()).toMatchObject({ id: org.id, name: "Other" });
    for (const url of ["/api/v1/orgs", `/api/v1/orgs/${org.id}`]) {
      const refused = await app.inject({ url, headers });
      expect([refused.statusCode, refused.json().error.reason]).toEqual([403, "missing_scope"]);
    }
  });
});
