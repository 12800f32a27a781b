import { describe, expect, test } from "vitest";
import type { MountedDialect } from "../../../src/control/http/mounted-dialects.ts";
import type { Dialect } from "../../../src/control/service/orgs/keys.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { type TestGateway, testGateway } from "../gateway.ts";

/** An API with one closed and one open route, which says its name. */
function api(dialect: Dialect, change: Partial<MountedDialect> = {}): MountedDialect {
  return {
    dialect,
    mount: `/${dialect}`,
    answer: ({ status, code }) => ({ status, body: { [dialect]: code } }),
    limits: { routes: { "GET /v1/calls": { perMinute: 3 } } },
    openRoutes: (scope) => {
      scope.get("/v1/voices", async () => ({ voicesOf: dialect }));
    },
    routes: (scope) => {
      scope.get("/v1/calls", async (request) => ({ callsOf: dialect, org: request.tenant.orgId }));
    },
    ...change,
  };
}

async function keyOf({ services }: TestGateway, dialect: Dialect, name = "test"): Promise<string> {
  return (await services.keys.create({ orgId: firstOrgId, dialect, name })).secret;
}

const asked = async ({ app }: TestGateway, url: string, key?: string, headers: Record<string, string> = {}) => {
  const reply = await app.inject({ url, headers: { ...headers, ...(key && { authorization: `Bearer ${key}` }) } });
  return { status: reply.statusCode, body: reply.json(), headers: reply.headers };
};

const dialects = [api("jagcall"), api("agentcall")];

describe("mounted APIs", () => {
  test("shared paths: the key decides; without one AgentCall answers; a mount decides against the key", async () => {
    const gateway = await testGateway({ dialects });
    const [jagcall, agentcall] = [await keyOf(gateway, "jagcall"), await keyOf(gateway, "agentcall")];
    expect((await asked(gateway, "/v1/calls", jagcall)).body).toEqual({ callsOf: "jagcall", org: firstOrgId });
    expect((await asked(gateway, "/v1//calls?a=1", agentcall)).body.callsOf).toBe("agentcall");
    expect((await asked(gateway, "/v1/voices")).body).toEqual({ voicesOf: "agentcall" });
    expect(await asked(gateway, "/v1/calls")).toMatchObject({ status: 401, body: { agentcall: "unauthorized" } });
    expect(await asked(gateway, "/agentcall/v1/calls", jagcall)).toMatchObject({
      status: 401,
      body: { agentcall: "unauthorized" },
    });
    expect((await asked(gateway, "/jagcall/v1/calls", jagcall)).status).toBe(200);
    expect((await asked(gateway, "/v1/calls", gateway.key)).status).toBe(401);
  });

  test("unreadable paths: answered by the API they are in, or natively", async () => {
    const gateway = await testGateway({ dialects });
    const jagcall = await keyOf(gateway, "jagcall");
    const unreadable = await asked(gateway, "/v1/calls/%zz", jagcall);
    expect(unreadable.body).toEqual({ jagcall: "invalid-request" });
    expect(unreadable.headers["x-content-type-options"]).toBe("nosniff");
    expect((await asked(gateway, "/api/v1/calls/%zz", gateway.key)).body.error.code).toBe("invalid_request");
  });

  test("limits: an organisation's keys count together, each API by itself", async () => {
    const gateway = await testGateway({ dialects });
    const keys = [await keyOf(gateway, "jagcall", "one"), await keyOf(gateway, "jagcall", "two")];
    const left = [];
    for (const n of [0, 1, 0]) {
      left.push((await asked(gateway, "/v1/calls", keys[n])).headers["x-ratelimit-remaining"]);
    }
    expect(left).toEqual(["2", "1", "0"]);
    expect(await asked(gateway, "/v1/calls", keys[1])).toMatchObject({
      status: 429,
      body: { jagcall: "rate-limited" },
      headers: { "retry-after": "60", "x-ratelimit-limit": "3", "x-ratelimit-remaining": "0" },
    });
    const other = await asked(gateway, "/v1/calls", await keyOf(gateway, "agentcall"));
    expect(other.headers["x-ratelimit-remaining"]).toBe("2");
  });

  test("limits: may follow the organisation's plan, from the next request on", async () => {
    const byPlan = { free: { perMinute: 1 }, pro: { perMinute: 9 } };
    const gateway = await testGateway({ dialects: [api("jagcall", { limits: { global: { byPlan } } })] });
    const key = await keyOf(gateway, "jagcall");
    expect((await asked(gateway, "/v1/calls", key)).headers["x-ratelimit-limit"]).toBe("9");
    await gateway.services.orgs.update(firstOrgId, { plan: "free" });
    expect(await asked(gateway, "/v1/calls", key)).toMatchObject({
      status: 429,
      headers: { "x-ratelimit-limit": "1" },
    });
  });

  test("limits: open routes count by address, which a trusted proxy tells and a stranger cannot", async () => {
    const open = { limits: { global: { perMinute: 1 } } };
    const config = { publicUrl: "https://gw.example.com", twilioAuthToken: "" };
    const trusting = await testGateway({
      dialects: [api("agentcall", open)],
      config: { ...config, trustedProxies: ["127.0.0.1"] },
    });
    const ask = async (gateway: TestGateway, from: string) =>
      (await asked(gateway, "/v1/voices", undefined, { "x-forwarded-for": from })).status;
    expect([await ask(trusting, "192.0.2.1"), await ask(trusting, "192.0.2.1")]).toEqual([200, 429]);
    expect(await ask(trusting, "192.0.2.2")).toBe(200);
    const wary = await testGateway({ dialects: [api("agentcall", open)] });
    expect([await ask(wary, "192.0.2.1"), await ask(wary, "192.0.2.2")]).toEqual([200, 429]);
  });

  test("limits: by setting so many times as high, or none; then keys may ask as often as they like too", async () => {
    const config = { publicUrl: "https://gw.example.com", twilioAuthToken: "" };
    const rateLimits = { keyPerSecond: 1, keyBurst: 1, failuresPerSecond: 1, failureBurst: 1 };
    const tenfold = await testGateway({ dialects, rateLimits, config: { ...config, rateLimitFactor: 10 } });
    const key = await keyOf(tenfold, "jagcall");
    expect((await asked(tenfold, "/v1/calls", key)).headers["x-ratelimit-limit"]).toBe("30");
    const free = await testGateway({ dialects, rateLimits, config: { ...config, rateLimitFactor: 0 } });
    const freeKey = await keyOf(free, "jagcall");
    for (let n = 0; n < 10; n++) {
      const { status, headers } = await asked(free, "/v1/calls", freeKey);
      expect([status, headers["x-ratelimit-limit"]]).toEqual([200, undefined]);
    }
    expect((await asked(free, "/v1/calls", "jc_live_guess")).status).toBe(401);
    expect((await asked(free, "/v1/calls", "jc_live_guess")).status).toBe(429);
  });
});
