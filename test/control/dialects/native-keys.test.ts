import type { InjectOptions } from "fastify";
import { describe, expect, test } from "vitest";
import type { Scope } from "../../../src/control/service/orgs/scopes.ts";
import { firstOrgId, type OrgId } from "../../../src/kit/ids.ts";
import { storedRows, type TestGateway, testGateway } from "../gateway.ts";

/** Asks with a key of these scopes. */
async function asker({ app, services }: TestGateway, scopes: readonly Scope[], orgId: OrgId = firstOrgId) {
  const { secret, key } = await services.keys.create({ orgId, dialect: "native", name: "asker", scopes });
  const ask = async (method: "GET" | "POST" | "DELETE", path: string, payload?: object) => {
    const headers = { authorization: `Bearer ${secret}` };
    const request: InjectOptions = { method, url: `/api/v1${path}`, headers, ...(payload && { payload }) };
    const { statusCode, body } = await app.inject(request);
    return { status: statusCode, body: body === "" ? undefined : JSON.parse(body) };
  };
  return { ask, key };
}

describe("native API, keys", () => {
  test("keys: one is shown once, opens the API of its dialect, and is kept as a hash", async () => {
    const gateway = await testGateway();
    const made = await gateway.ask("POST", "/keys", { name: "app", dialect: "native" });
    expect(made.status).toBe(201);
    const { secret, id } = made.body;
    expect(secret).toMatch(/^tk_live_[0-9A-Za-z]{32}$/);
    const headers = { authorization: `Bearer ${secret}` };
    expect((await gateway.app.inject({ url: "/api/v1/agents", headers })).statusCode).toBe(200);
    const shown = await gateway.ask("GET", `/keys/${id}`);
    expect(shown.body).toMatchObject({ id, org_id: firstOrgId, prefix: secret.slice(0, 12), revoked_at: null });
    expect(JSON.stringify(shown.body)).not.toContain(secret);
    expect(await storedRows(gateway.dataDir, "api_keys")).not.toContain(secret);
  });

  test.each([
    ["jagcall", "jc_live_"],
    ["agentcall", "ac_live_"],
    ["agentnumber", "an_live_"],
  ])("keys: one of %s begins with %s and does not open the native API", async (dialect, prefix) => {
    const { ask, app } = await testGateway();
    const { secret } = (await ask("POST", "/keys", { name: "app", dialect })).body;
    expect(secret.startsWith(prefix)).toBe(true);
    const answer = await app.inject({ url: "/api/v1/agents", headers: { authorization: `Bearer ${secret}` } });
    expect(answer.statusCode).toBe(401);
  });

  test("keys: none gives a scope it does not have; said nothing, it gives what it has but operator", async () => {
    const gateway = await testGateway();
    const { ask } = await asker(gateway, ["keys", "read"]);
    const refused = await ask("POST", "/keys", { name: "more", scopes: ["read", "write"] });
    expect([refused.status, refused.body.error.field]).toEqual([403, "scopes"]);
    expect((await ask("POST", "/keys", { name: "more", scopes: ["operator"] })).status).toBe(403);
    expect((await ask("POST", "/keys", { name: "same" })).body.scopes).toEqual(["read", "keys"]);
    const { body } = await gateway.ask("POST", "/keys", { name: "by an operator" });
    expect(body.scopes).not.toContain("operator");
    expect((await gateway.ask("POST", "/keys", { name: "another", scopes: ["operator"] })).status).toBe(201);
  });

  test("keys: without the scope keys there is neither list nor making", async () => {
    const { ask, key } = await asker(await testGateway(), ["read", "write", "calls", "texts", "billing"]);
    expect((await ask("GET", "/keys")).status).toBe(403);
    expect((await ask("POST", "/keys", { name: "x" })).status).toBe(403);
    expect((await ask("DELETE", `/keys/${key.id}`)).status).toBe(403);
  });

  test("keys: those of another organisation are there for operators only", async () => {
    const gateway = await testGateway();
    const org = await gateway.services.orgs.create({ name: "Other" });
    const theirs = await asker(gateway, ["keys", "read"], org.id);
    const ours = await asker(gateway, ["keys", "read"]);
    expect((await ours.ask("GET", `/keys?org_id=${org.id}`)).status).toBe(404);
    expect((await ours.ask("GET", `/keys/${theirs.key.id}`)).status).toBe(404);
    expect((await ours.ask("DELETE", `/keys/${theirs.key.id}`)).status).toBe(404);
    expect((await ours.ask("POST", "/keys", { name: "x", org_id: org.id })).status).toBe(404);
    expect((await ours.ask("GET", "/keys")).body.data).not.toContainEqual(expect.objectContaining({ org_id: org.id }));
    const made = await gateway.ask("POST", "/keys", { name: "x", org_id: org.id, dialect: "agentcall" });
    expect(made.body.org_id).toBe(org.id);
    const list = (await gateway.ask("GET", `/keys?org_id=${org.id}`)).body.data;
    expect(list.map(({ id }: { id: string }) => id).sort()).toEqual([made.body.id, theirs.key.id].sort());
    expect((await gateway.ask("POST", "/keys", { name: "x", org_id: "org_none" })).status).toBe(404);
    expect((await gateway.ask("POST", "/keys", { name: "x", org_id: "../x" })).status).toBe(404);
  });

  test("keys: a revoked one opens nothing from the next request on; twice is fine", async () => {
    const gateway = await testGateway();
    const { ask, key } = await asker(gateway, ["keys", "read"]);
    expect((await ask("GET", "/agents")).status).toBe(200);
    for (let i = 0; i < 2; i += 1) expect((await gateway.ask("DELETE", `/keys/${key.id}`)).status).toBe(204);
    expect((await ask("GET", "/agents")).status).toBe(401);
    expect((await gateway.ask("GET", `/keys/${key.id}`)).body.revoked_at).not.toBeNull();
    expect((await gateway.ask("DELETE", "/keys/key_none")).status).toBe(404);
  });

  test("keys: an operator's key is revoked by operators only", async () => {
    const gateway = await testGateway();
    const operator = await asker(gateway, ["operator"]);
    const { ask } = await asker(gateway, ["keys", "read"]);
    const refused = await ask("DELETE", `/keys/${operator.key.id}`);
    expect(refused.status).toBe(403);
    expect((await operator.ask("GET", `/keys/${operator.key.id}`)).body.revoked_at).toBeNull();
    expect((await gateway.ask("DELETE", `/keys/${operator.key.id}`)).status).toBe(204);
  });
});
