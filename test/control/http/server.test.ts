import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { ringingCall, type TestGateway, testGateway } from "../gateway.ts";

const get = ({ app }: TestGateway, url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });

describe("HTTP server, keys", () => {
  test.each([
    ["is missing", {}],
    ["is not a bearer token", { authorization: "Basic dXNlcjpwYXNz" }],
    ["is unknown", { authorization: "Bearer tk_live_00000000000000000000000000000000" }],
    ["is empty", { authorization: "Bearer " }],
    ["stands in the wrong header", { "x-api-key": "tk_live_00000000000000000000000000000000" }],
  ])("key: 401 when it %s, for every path of the API", async (_what, headers) => {
    const gateway = await testGateway();
    for (const path of ["/agents", "/numbers", "/calls", "/events", "/calls/call_0/recording"]) {
      const answer = await get(gateway, `/api/v1${path}`, headers);
      expect([path, answer.statusCode]).toEqual([path, 401]);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
      expect(answer.json().error.code).toBe("unauthorized");
    }
  });

  test("key: a revoked one is refused from the next request on", async () => {
    const gateway = await testGateway();
    expect((await gateway.ask("GET", "/agents")).status).toBe(200);
    const [key] = await gateway.services.keys.list();
    await gateway.services.keys.revoke(firstOrgId, key?.id ?? "");
    expect((await gateway.ask("GET", "/agents")).status).toBe(401);
  });

  test("key: the body is not even read without one", async () => {
    const { app } = await testGateway();
    const headers = { "content-type": "application/json" };
    const answer = await app.inject({ method: "POST", url: "/api/v1/agents", headers, payload: "{ not json" });
    expect(answer.statusCode).toBe(401);
  });

  const limits = { keyPerSecond: 1, keyBurst: 3, failuresPerSecond: 1, failureBurst: 2 };

  test("limits: a key that asks too often gets 429 with Retry-After, another one goes on", async () => {
    const gateway = await testGateway({ rateLimits: limits });
    for (let index = 0; index < 3; index++) expect((await gateway.ask("GET", "/agents")).status).toBe(200);
    const refused = await gateway.ask("GET", "/agents");
    expect(refused.status).toBe(429);
    expect(refused.body.error.code).toBe("rate_limited");
    expect(refused.headers["retry-after"]).toBe("1");
    const { secret } = await gateway.services.keys.create({ orgId: firstOrgId, dialect: "native", name: "other" });
    const other = await get(gateway, "/api/v1/agents", { authorization: `Bearer ${secret}` });
    expect(other.statusCode).toBe(200);
    gateway.clock.ms += 1000;
    expect((await gateway.ask("GET", "/agents")).status).toBe(200);
  });

  test("limits: an address that guesses keys gets 429, the right key still passes from there", async () => {
    const gateway = await testGateway({ rateLimits: limits });
    const guess = () => get(gateway, "/api/v1/agents", { authorization: "Bearer tk_live_guess" });
    expect([(await guess()).statusCode, (await guess()).statusCode]).toEqual([401, 401]);
    expect((await guess()).statusCode).toBe(429);
    expect((await gateway.ask("GET", "/agents")).status).toBe(200);
  });
});

describe("HTTP server, bad requests", () => {
  test.each([
    ["text that is not JSON", "{ not json", 400],
    ["an empty text", "", 400],
    ["a list", "[]", 400],
    ["a word", '"agent"', 400],
    ["null", "null", 400],
    ["an attack on prototypes", '{"name":"a","__proto__":{"admin":true}}', 400],
    ["a body over 1 MiB", JSON.stringify({ name: "x".repeat(1_100_000) }), 413],
    ["JSON nested without end", `{"name":"a","tools":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, 400],
    [
      "a schema nested without end",
      `{"name":"a","tools":[{"name":"a","description":"","url":"https://x.example.com","parameters":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}]}`,
      400,
    ],
  ])("body: %s", async (_what, payload, status) => {
    const { app, key } = await testGateway();
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await app.inject({ method: "POST", url: "/api/v1/agents", headers, payload });
    expect(answer.statusCode).toBe(status);
    expect(answer.json().error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
  });

  test.each(["text/plain", "application/xml", "application/x-www-form-urlencoded"])(
    "body: content type %s is 415",
    async (type) => {
      const { app, key } = await testGateway();
      const headers = { authorization: `Bearer ${key}`, "content-type": type };
      const answer = await app.inject({ method: "POST", url: "/api/v1/agents", headers, payload: "name=a" });
      expect(answer.statusCode).toBe(415);
      expect(answer.json().error.code).toBe("invalid_request");
    },
  );

  test("paths: what is not there is 404 in the shape of the API, or of the server", async () => {
    const gateway = await testGateway();
    expect((await gateway.ask("GET", "/nothing")).body.error.code).toBe("not_found");
    expect((await gateway.ask("PATCH", "/calls")).status).toBe(404);
    const elsewhere = await get(gateway, "/nothing");
    expect(elsewhere.statusCode).toBe(404);
    expect(elsewhere.json().error.code).toBe("not_found");
  });

  test("errors of ours: say nothing of themselves, are counted", async () => {
    const gateway = await testGateway();
    const id = await ringingCall(gateway);
    gateway.control.refuse = Object.assign(new Error("secret path /var/x")) as never;
    const answer = await gateway.ask("POST", `/calls/${id}/hangup`);
    expect(answer.status).toBe(500);
    expect(answer.body.error).toEqual({ code: "internal", message: "something went wrong here" });
    const counted = await gateway.metrics.registry.getSingleMetricAsString("tandem_errors_total");
    expect(counted).toContain('kind="http"} 1');
  });

  test("headers: every answer is closed to sniffing and framing, and names no server", async () => {
    const gateway = await testGateway();
    for (const path of ["/healthz", "/nothing", "/api/v1/agents", "/api/v1/openapi.json"]) {
      const { headers } = await get(gateway, path);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=31536000",
      });
      expect(headers).not.toHaveProperty("server");
      expect(headers).not.toHaveProperty("x-powered-by");
    }
  });

  test("log: one line a request with route, status and call, and no word of keys, bodies or queries", async () => {
    const lines: string[] = [];
    const { pino } = await import("pino");
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    const gateway = await testGateway({ log });
    const id = await ringingCall(gateway);
    await gateway.ask("POST", `/calls/${id}/say`, { text: "my secret words" });
    await get(gateway, `/recordings/${id}?expires=1&signature=sig-secret`);
    await get(gateway, "/healthz");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { method: "POST", route: "/api/v1/calls/:id/say", status: 202, callId: id },
      { method: "GET", route: "/recordings/:callId", status: 403, callId: id },
    ]);
    expect(lines).toHaveLength(2);
    expect(lines.join("")).not.toMatch(/secret|tk_live_/);
  });
});

describe("HTTP server, for operators", () => {
  test("healthz and readyz: alive, ready, and not ready with the part that is to blame", async () => {
    const gateway = await testGateway();
    expect((await get(gateway, "/healthz")).json()).toEqual({ status: "ok" });
    const ready = await get(gateway, "/readyz");
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toEqual({ status: "ready", detail: { media: "1 of 1 processes", database: "ok" } });
    gateway.control.ready = { ready: false, detail: { media: "0 of 1 processes" } };
    const notReady = await get(gateway, "/readyz");
    expect(notReady.statusCode).toBe(503);
    expect(notReady.json().detail.media).toBe("0 of 1 processes");
  });

  test("readyz: not ready when the database does not answer", async () => {
    const gateway = await testGateway();
    await gateway.services.close();
    const answer = await get(gateway, "/readyz");
    expect(answer.statusCode).toBe(503);
    expect(answer.json().detail.database).toBe("does not answer");
  });

  test("metrics: every process's figures, told apart by the label process", async () => {
    const gateway = await testGateway();
    const media = [createMetrics(), createMetrics()];
    media[0]?.callsActive.set(3);
    media[1]?.callsActive.set(4);
    media[1]?.turnLatencySeconds.observe(0.3);
    gateway.metrics.errors.inc({ kind: "x" });
    gateway.control.metrics = await Promise.all(media.map((one) => one.registry.getMetricsAsJSON()));
    const { body, headers, statusCode } = await get(gateway, "/metrics");
    expect(statusCode).toBe(200);
    expect(headers["content-type"]).toContain("text/plain");
    const lines = body.split("\n");
    expect(lines).toContain('tandem_calls_active{process="media-0"} 3');
    expect(lines).toContain('tandem_calls_active{process="media-1"} 4');
    expect(lines).toContain('tandem_errors_total{kind="x",process="control"} 1');
    expect(lines).toContain('tandem_turn_latency_seconds_bucket{le="0.4",process="media-1"} 1');
    expect(lines.filter((line) => line === "# TYPE tandem_calls_active gauge")).toHaveLength(1);
    for (const name of ["control", "media-0", "media-1"]) {
      expect(body).toMatch(new RegExp(`^tandem_event_loop_lag_p99_seconds\\{process="${name}"\\} `, "m"));
    }
  });

  test("metrics: still ours when the media processes give none", async () => {
    const gateway = await testGateway();
    gateway.control.collectMetrics = async () => Promise.reject(new Error("timeout"));
    const answer = await get(gateway, "/metrics");
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('process="control"');
  });
});

describe("OpenAPI", () => {
  test("description: is served without a key, is 3.1, and names every route", async () => {
    const gateway = await testGateway();
    const answer = await get(gateway, "/api/v1/openapi.json");
    expect(answer.statusCode).toBe(200);
    const description = answer.json();
    expect(description.openapi).toMatch(/^3\.1/);
    const ours = gateway.app.routeBook.filter(({ url, schema }) => url.startsWith("/api/v1/") && schema?.hide !== true);
    const registered = new Set(ours.map(({ url }) => url.replace(/:(\w+)/g, "{$1}")));
    expect(Object.keys(description.paths).sort()).toEqual([...registered].sort());
    for (const noun of [
      "agents",
      "calls",
      "numbers",
      "texts",
      "trunks",
      "phones",
      "webhooks",
      "orgs",
      "keys",
      "ledger",
    ]) {
      expect(registered).toContain(`/api/v1/${noun}`);
    }
    expect(description.components.securitySchemes.key).toMatchObject({ type: "http", scheme: "bearer" });
    for (const path of Object.values(description.paths) as Record<string, { operationId?: string }>[]) {
      for (const operation of Object.values(path)) expect(operation.operationId).toMatch(/^[a-zA-Z]+$/);
    }
  });

  test("description: answers are as it says, member for member", async () => {
    const gateway = await testGateway();
    const { ask, services } = gateway;
    const { paths } = (await get(gateway, "/api/v1/openapi.json")).json();
    const ajv = addFormats.default(new Ajv({ strict: false }));
    const holds = async (method: "GET" | "POST" | "PATCH", path: string, described: string, body?: unknown) => {
      const answer = await ask(method, path, body);
      const response = paths[`/api/v1${described}`][method.toLowerCase()].responses[answer.status];
      const schema = response.content["application/json"].schema;
      const valid = ajv.validate(schema, answer.body);
      expect([method, path, answer.status, valid ? "as described" : ajv.errorsText()]).toEqual([
        method,
        path,
        answer.status,
        "as described",
      ]);
      const members = Object.keys(schema.properties).sort();
      if (answer.status < 300) expect(Object.keys(answer.body).sort()).toEqual(members);
      return answer.body;
    };
    const tools = [{ name: "a", description: "", parameters: { type: "object" }, url: "https://x.example.com" }];
    const agent = await holds("POST", "/agents", "/agents", { name: "A", tools, turn: { max_nudges: 1 } });
    await holds("GET", "/agents", "/agents");
    await holds("GET", `/agents/${agent.id}`, "/agents/{id}");
    await holds("PATCH", `/agents/${agent.id}`, "/agents/{id}", { name: "B" });
    await holds("POST", `/agents/${agent.id}/rotate-secret`, "/agents/{id}/rotate-secret");
    await holds("POST", "/agents", "/agents", {});
    const number = await holds("POST", "/numbers", "/numbers", { number: "+15550123", inbound_agent_id: agent.id });
    await holds("GET", `/numbers/${number.id}`, "/numbers/{id}");
    await holds("GET", "/numbers", "/numbers");
    const opening = { carrier: "twilio", to: "+15550123", from: "", metadata: {} };
    const { call_id } = await holds("POST", "/streams", "/streams", opening);
    await holds("POST", "/streams", "/streams", { ...opening, to: "+15550999" });
    await holds("GET", `/calls/${call_id}`, "/calls/{id}");
    await services.own.calls.applyMediaEvent({
      type: "call-ended",
      callId: call_id,
      wallMs: 5,
      durationMs: 3,
      cause: "agent-hung-up",
      detail: "",
      stats: { framesIn: 1, framesOut: 1, underruns: 0, ignoredMessages: 0, faults: 0 },
      recording: undefined,
    });
    await holds("GET", `/calls/${call_id}`, "/calls/{id}");
    await holds("GET", "/calls", "/calls");
    await holds("GET", `/calls/${call_id}/transcript`, "/calls/{id}/transcript");
    await holds("GET", `/calls/${call_id}/tool-calls`, "/calls/{id}/tool-calls");
    await holds("GET", `/calls/${call_id}/timeline`, "/calls/{id}/timeline");
    await holds("GET", `/calls/${call_id}/recording`, "/calls/{id}/recording");
    await holds("POST", `/calls/${call_id}/say`, "/calls/{id}/say", { text: "a" });
  });
});
