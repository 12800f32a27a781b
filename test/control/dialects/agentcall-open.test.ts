/** What AgentCall tells without a key. */
import { describe, expect, test } from "vitest";
import { testGateway } from "../gateway.ts";

describe("AgentCall, without a key", () => {
  test("voices: the ten, and which one is spoken with when nothing is said", async () => {
    const { app } = await testGateway();
    const answer = await app.inject("/v1/calls/voices");
    const { voices, defaultVoice } = answer.json();
    expect([answer.statusCode, defaultVoice]).toEqual([200, "shimmer"]);
    expect(voices.map(({ id }: { id: string }) => id).sort()).toEqual(
      "alloy ash ballad cedar coral echo marin sage shimmer verse".split(" "),
    );
    for (const voice of voices) {
      expect(Object.keys(voice).sort()).toEqual(["bestFor", "description", "id", "name", "trait"]);
    }
  });

  test.each([
    ["", ["receptionist", "lead-qualifier", "appointment-booker", "customer-support", "call-screener"]],
    [
      "?direction=inbound",
      ["receptionist", "lead-qualifier", "appointment-booker", "customer-support", "call-screener"],
    ],
    ["?direction=outbound", ["outbound-appointment-booker", "outbound-info-request", "outbound-callback-confirmation"]],
  ])("prompt templates%s: those documented, with places to fill in", async (query, ids) => {
    const { app } = await testGateway();
    const answer = await app.inject(`/v1/calls/prompt-templates${query}`);
    const { templates } = answer.json();
    expect([answer.statusCode, templates.map(({ id }: { id: string }) => id)]).toEqual([200, ids]);
    for (const template of templates) {
      expect(template).toEqual({
        id: expect.any(String),
        title: expect.any(String),
        description: expect.any(String),
        recommendedVoice: expect.any(String),
        maxDurationSecs: expect.any(Number),
        firstMessage: expect.any(String),
        systemPrompt: expect.stringMatching(/\[[A-Z]/),
      });
    }
  });

  test("prompt templates: the voices they recommend are the documented ones", async () => {
    const { app } = await testGateway();
    const { templates } = (await app.inject("/v1/calls/prompt-templates")).json();
    expect(templates.map((one: { recommendedVoice: string }) => one.recommendedVoice)).toEqual(
      "shimmer coral sage ash verse".split(" "),
    );
  });

  test("prompt templates: a direction that is none is named", async () => {
    const { app } = await testGateway();
    const answer = await app.inject("/v1/calls/prompt-templates?direction=up");
    expect([answer.statusCode, answer.json().error.field]).toEqual([422, "direction"]);
  });
});

describe("/llms.txt", () => {
  test("names every route of AgentCall and of the native API, with their fields, and is plain text", async () => {
    const { app } = await testGateway();
    const answer = await app.inject("/llms.txt");
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
    const lines = answer.body.split("\n");
    const routes = app.routeBook
      .filter(({ url, schema }) => /^\/(agentcall|api\/v1)\//.test(url) && schema !== undefined && !schema.hide)
      .map(({ method, url }) => `${method} ${url.replace(/^\/agentcall/, "")}`);
    expect(routes.length).toBeGreaterThan(80);
    for (const route of routes)
      expect(lines.filter((line) => line.replace(" (no key needed)", "") === route)).toEqual([expect.any(String)]);
    expect(answer.body).toContain("  - systemPrompt* (string, at most 32768 characters)");
    expect(answer.body).toContain("GET /v1/calls/voices (no key needed)");
    expect(answer.body).not.toMatch(/undefined|\[object/);
  });

  test("what is not AgentCall's or ours is not on it", async () => {
    const { app } = await testGateway();
    const { body } = await app.inject("/agentcall/llms.txt");
    expect(body).not.toMatch(/\/jagcall|\/agentnumber|\/api\/v0|\/webhooks\/twilio|\/agentcall\//i);
  });

  test("says each shape once: the whole fits into what a model reads at a time", async () => {
    const { app } = await testGateway();
    const { body } = await app.inject("/llms.txt");
    expect(body).toContain("Answer 200: a list of what POST /v1/numbers/provision answers");
    expect(body.length).toBeLessThan(100_000);
  });
});
