import { Type } from "@fastify/type-provider-typebox";
import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  answerOutsideRoutes,
  type DialectScopeOptions,
  type RefusalAnswer,
  registerDialect,
} from "../../../src/control/http/dialect-scope.ts";
import { dispatchUrl } from "../../../src/control/http/dispatch.ts";
import type { Refusal } from "../../../src/control/http/errors.ts";
import { createMemoryLimiter } from "../../../src/control/http/limits/limiter.ts";
import { compileSchema } from "../../../src/control/http/validation.ts";
import { GatewayError } from "../../../src/kit/errors.ts";
import { HeldClock } from "../gateway.ts";

const CallBody = Type.Object({
  to: Type.String(),
  persona: Type.Optional(Type.Object({ voice: Type.String() })),
  metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
});

/** The words of an API like those we mount: wrong shapes are 422 there. */
function answer({ status, code, field, message, stage }: Refusal): RefusalAnswer {
  return { status: stage === "schema" ? 422 : status, body: { oops: { code, field, message } } };
}

interface House {
  readonly app: FastifyInstance;
  readonly clock: HeldClock;
  readonly failures: unknown[];
}

function house(change: Partial<DialectScopeOptions> & { readonly factor?: number } = {}): House {
  const clock = new HeldClock();
  const failures: unknown[] = [];
  const options: DialectScopeOptions = {
    dialect: "jagcall",
    mount: "/jagcall",
    answer,
    authenticate: async (request) => {
      if (!/^Bearer (good|other)$/.test(request.headers.authorization ?? "")) {
        throw new GatewayError("unauthorized", "send a key");
      }
    },
    limits: { global: { perMinute: 5 }, routes: { "POST /v1/calls": { perMinute: 2 } } },
    limitDeps: {
      limiter: createMemoryLimiter(clock),
      factor: change.factor ?? 1,
      clock,
      subjectOf: (request) => request.headers.authorization ?? request.ip,
      planOf: async () => "pro",
    },
    failed: (error) => failures.push(error),
    openRoutes: (scope) => {
      scope.get("/v1/voices", async () => ["shimmer"]);
    },
    routes: (scope) => {
      scope.post("/v1/calls", { schema: { body: CallBody } }, async (request) => request.body);
      scope.get("/v1/calls/:id", async (request) => request.params);
      scope.delete("/v1/calls/:id", async () => ({ deleted: true }));
      scope.get("/v1/broken", async () => {
        throw new Error("secret detail");
      });
    },
    ...change,
  };
  const app = Fastify({
    bodyLimit: 10_000,
    routerOptions: { maxParamLength: 64 },
    rewriteUrl: ({ url = "/", headers }) => dispatchUrl(url, headers),
    frameworkErrors: answerOutsideRoutes([options], (refusal) => ({ status: refusal.status, body: "native" })),
  });
  app.setValidatorCompiler(compileSchema);
  registerDialect(app, options);
  onTestFinished(() => app.close());
  return { app, clock, failures };
}

const authorization = "Bearer good";
const json = { authorization, "content-type": "application/json" };

describe("dialect scope", () => {
  test("key: is asked for before anything else, and what needs none is open", async () => {
    const { app } = house();
    const closed = await app.inject({ method: "POST", url: "/jagcall/v1/calls", payload: "{ no json" });
    expect([closed.statusCode, closed.json().oops.code]).toEqual([401, "unauthorized"]);
    expect((await app.inject("/jagcall/v1/voices")).json()).toEqual(["shimmer"]);
    expect((await app.inject({ url: "/jagcall/v1/calls/a", headers: { authorization } })).json()).toEqual({ id: "a" });
  });

  test.each([
    ["no JSON", "{ no json", 400, "invalid-request", undefined],
    ["a poisoned prototype", '{"to":"a","__proto__":{}}', 400, "invalid-request", undefined],
    ["an empty body", "", 422, "invalid-request", undefined],
    ["a missing field", "{}", 422, "invalid-request", "to"],
    ["a wrong type", '{"to":5}', 422, "invalid-request", "to"],
    ["a wrong type further down", '{"to":"a","persona":{"voice":1}}', 422, "invalid-request", "persona.voice"],
    ["a body that is too large", `{"to":"${"a".repeat(10_000)}"}`, 413, "too-large", undefined],
  ])(
    "bad input: %s is answered in the API's own words with the field named",
    async (_what, payload, status, code, field) => {
      const { app } = house();
      const reply = await app.inject({ method: "POST", url: "/jagcall/v1/calls", headers: json, payload });
      expect([reply.statusCode, reply.json().oops.code, reply.json().oops.field]).toEqual([status, code, field]);
      expect(reply.headers["content-type"]).toBe("application/json; charset=utf-8");
    },
  );

  test("bad input: another content type is 415", async () => {
    const { app } = house();
    const headers = { authorization, "content-type": "text/xml" };
    const reply = await app.inject({ method: "POST", url: "/jagcall/v1/calls", headers, payload: "<a/>" });
    expect([reply.statusCode, reply.json().oops.code]).toEqual([415, "invalid-request"]);
  });

  test.each([
    ["an unknown path", "GET", "/jagcall/v1/nothing", 404],
    ["an unknown shared path", "GET", "/v1/nothing", 404],
    ["a method a path has not", "PUT", "/jagcall/v1/calls", 404],
    ["a preflight, which brings no key", "OPTIONS", "/jagcall/v1/calls", 404],
    ["the mount itself", "GET", "/jagcall", 404],
    ["an id without end", "GET", `/jagcall/v1/calls/${"a".repeat(65)}`, 404],
    ["a path that cannot be read", "GET", "/jagcall/v1/calls/%zz", 400],
  ] as const)("paths: %s is answered in the API's own words", async (_what, method, url, status) => {
    const { app } = house();
    const reply = await app.inject({
      method,
      url,
      headers: { authorization: url.startsWith("/v1") ? "Bearer jc_live_1" : authorization },
    });
    expect([reply.statusCode, Object.keys(reply.json())]).toEqual([status, ["oops"]]);
  });

  test("paths: one that cannot be read and is in no API is answered by the server", async () => {
    const { app } = house();
    const reply = await app.inject("/elsewhere/%zz");
    expect([reply.statusCode, reply.body]).toEqual([400, "native"]);
  });

  test("errors of ours: say nothing of themselves, and those above are told", async () => {
    const { app, failures } = house();
    const reply = await app.inject({ url: "/jagcall/v1/broken", headers: { authorization } });
    expect([reply.statusCode, reply.json().oops.code]).toEqual([500, "internal"]);
    expect(reply.body).not.toContain("secret");
    expect(failures).toEqual([new Error("secret detail")]);
  });

  test("empty body: is none, since clients say application/json even where they send nothing", async () => {
    const { app } = house();
    const reply = await app.inject({ method: "DELETE", url: "/jagcall/v1/calls/a", headers: json, payload: "" });
    expect(reply.json()).toEqual({ deleted: true });
  });

  test("unknown fields: are passed over, also deep inside, for clients send what is not here yet", async () => {
    const { app } = house({ limits: {} });
    for (const payload of [
      { to: "a", colour: "red" },
      { to: "a", persona: { voice: "v", pitch: 1 } },
      { to: "a", metadata: { any: "thing" } },
    ]) {
      const reply = await app.inject({ method: "POST", url: "/jagcall/v1/calls", headers: json, payload });
      expect(reply.statusCode).toBe(200);
    }
  });
});

describe("dialect scope, limits", () => {
  const place = (app: FastifyInstance, key = "good") =>
    app.inject({
      method: "POST",
      url: "/jagcall/v1/calls",
      headers: { ...json, authorization: `Bearer ${key}` },
      payload: { to: "a" },
    });

  test("limit: every answer tells what is left, the first too many is 429 with the time to wait", async () => {
    const { app, clock } = house();
    const first = await place(app);
    const reset = String(Math.ceil((clock.wall() + 60_000) / 1000));
    expect(first.headers).toMatchObject({
      "x-ratelimit-limit": "2",
      "x-ratelimit-remaining": "1",
      "x-ratelimit-reset": reset,
    });
    expect(first.headers).not.toHaveProperty("retry-after");
    clock.ms = 20_500;
    expect((await place(app)).headers["x-ratelimit-remaining"]).toBe("0");
    const refused = await place(app);
    expect([refused.statusCode, refused.json().oops.code]).toEqual([429, "rate-limited"]);
    expect(refused.headers).toMatchObject({ "x-ratelimit-remaining": "0", "retry-after": "40" });
    clock.ms = 60_000;
    expect((await place(app)).statusCode).toBe(200);
  });

  test("limit: refused bodies count, another subject has its own, and all routes share the global one", async () => {
    const { app } = house();
    await place(app);
    await app.inject({ method: "POST", url: "/jagcall/v1/calls", headers: json, payload: "{ no json" });
    expect((await place(app)).statusCode).toBe(429);
    expect((await place(app, "other")).statusCode).toBe(200);
    const read = (method: "GET" | "HEAD" = "GET") =>
      app.inject({ method, url: "/jagcall/v1/calls/a", headers: { authorization } });
    expect((await read()).headers).toMatchObject({ "x-ratelimit-limit": "5", "x-ratelimit-remaining": "2" });
    expect((await read("HEAD")).headers["x-ratelimit-remaining"]).toBe("1");
    expect((await read()).headers["x-ratelimit-remaining"]).toBe("0");
    expect((await read()).statusCode).toBe(429);
  });

  test("limit: open routes count by address, and a request without a good key counts nowhere here", async () => {
    const { app } = house();
    await app.inject({ url: "/jagcall/v1/calls/a" });
    const open = () => app.inject("/jagcall/v1/voices");
    expect((await open()).headers["x-ratelimit-remaining"]).toBe("4");
  });

  test("limit: may be multiplied, and be none", async () => {
    expect((await place(house({ factor: 10 }).app)).headers["x-ratelimit-limit"]).toBe("20");
    expect((await place(house({ factor: 0 }).app)).headers).not.toHaveProperty("x-ratelimit-limit");
  });

  test("limit: a line of the table that names no route is a mistake found at the start", async () => {
    const { app } = house({ limits: { routes: { "POST /v1/uploads": { perHour: 20 } } } });
    await expect(app.ready()).rejects.toThrow("the limits of jagcall name POST /v1/uploads, which is no route of it");
  });
});
