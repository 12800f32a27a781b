import { describe, expect, test } from "vitest";
import { storedRows } from "../gateway.ts";
import { agentCallHouse } from "./agentcall-house.ts";

const inboundExample = {
  mode: "ai",
  systemPrompt:
    "You are the front desk for Acme Plumbing. Greet the caller warmly, take their name and a brief description of the issue, then say someone will call back within 24 hours.",
  voice: "shimmer",
  language: "auto",
  firstMessage: "Hi, thanks for calling Acme Plumbing. How can I help?",
  maxDurationSecs: 300,
  notify: {
    emailTo: "owner@acmeplumbing.com",
    smsTo: "+14155551234",
    businessName: "Acme Plumbing",
    agencyName: "Acme Plumbing",
  },
};
const managed = { voiceMode: "managed", hasByokKey: false, byokOpenaiApiKeyPreview: null };

/** A number that is answered as in the example. */
async function receptionist() {
  const house = await agentCallHouse();
  const { id, number } = await house.buy();
  const configured = await house.ask("POST", `/v1/numbers/${id}/inbound-config`, inboundExample);
  return { ...house, id, number, configured };
}

describe("AgentCall, numbers", () => {
  test("provision: the documented request is answered with the number", async () => {
    const { ask, clock } = await agentCallHouse();
    const answer = await ask("POST", "/v1/numbers/provision", { type: "local", country: "US", label: "my-agent" });
    const now = new Date(clock.wall()).toISOString();
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^num_[0-9a-z]{26}$/),
        number: expect.stringMatching(/^\+1[0-9]{10}$/),
        type: "local",
        country: "US",
        areaCode: expect.stringMatching(/^[0-9]{3}$/),
        label: "my-agent",
        capabilities: ["voice", "sms"],
        monthlyPrice: 2,
        inbound: null,
        outbound: null,
        createdAt: now,
        updatedAt: now,
      },
    ]);
    const { id } = answer.body;
    expect((await ask("GET", `/v1/numbers/${id}`)).body).toEqual(answer.body);
  });

  test.each([
    ["local", 2],
    ["tollfree", 2.5],
    ["mobile", 2],
  ])("provision: a %s number costs $%d a month", async (type, monthlyPrice) => {
    const { ask } = await agentCallHouse();
    const answer = await ask("POST", "/v1/numbers/provision", { type, country: type === "mobile" ? "GB" : "US" });
    expect([answer.status, answer.body.type, answer.body.monthlyPrice]).toEqual([201, type, monthlyPrice]);
  });

  test("provision: a bare body is a local number of the United States", async () => {
    const { ask } = await agentCallHouse();
    expect((await ask("POST", "/v1/numbers/provision", {})).body).toMatchObject({ type: "local", country: "US" });
  });

  test("list: ?limit=20&country=US&type=local narrows it; pages follow the cursor, newest first", async () => {
    const { ask, buy, clock } = await agentCallHouse();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      ids.unshift((await buy()).id);
      clock.ms += 1000;
    }
    await ask("POST", "/v1/numbers/provision", { type: "tollfree" });
    const all = await ask("GET", "/v1/numbers?limit=20&country=US&type=local");
    expect(all.body.data.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect([all.body.hasMore, all.body.nextCursor]).toEqual([false, null]);
    const first = await ask("GET", "/v1/numbers?limit=2&type=local");
    expect(first.body).toMatchObject({ data: [{ id: ids[0] }, { id: ids[1] }], hasMore: true });
    const second = await ask("GET", `/v1/numbers?limit=2&type=local&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ data: [{ id: ids[2] }], hasMore: false, nextCursor: null });
    expect((await ask("GET", "/v1/numbers?country=GB")).body.data).toEqual([]);
  });

  test("release: the number is gone for good", async () => {
    const { ask, buy } = await agentCallHouse();
    const { id } = await buy();
    expect(await ask("DELETE", `/v1/numbers/${id}`)).toMatchObject({ status: 200, body: { id, released: true } });
    for (const method of ["GET", "DELETE"] as const) {
      const again = await ask(method, `/v1/numbers/${id}`);
      expect([again.status, again.body.error.code]).toEqual([404, "not_found"]);
    }
  });

  test.each([
    [{ label: "Hermes assistant" }, { label: "Hermes assistant" }, {}],
    [{ voice: "marin" }, { label: null }, { voice: "marin" }],
    [{ language: "es" }, { label: null }, { language: "es" }],
    [{ label: "Hermes", voice: "coral", language: "fr" }, { label: "Hermes" }, { voice: "coral", language: "fr" }],
  ])("change: %j alone is changed, the rest of the configuration stays", async (change, ofNumber, ofInbound) => {
    const { ask, id, configured } = await receptionist();
    const answer = await ask("PATCH", `/v1/numbers/${id}`, change);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, ...ofNumber, inbound: { ...configured.body, ...ofInbound } });
    expect((await ask("GET", `/v1/numbers/${id}`)).body).toEqual(answer.body);
  });

  test("change: a voice for a number that nobody answers is refused", async () => {
    const { ask, buy } = await agentCallHouse();
    const { id } = await buy();
    const answer = await ask("PATCH", `/v1/numbers/${id}`, { voice: "marin" });
    expect([answer.status, answer.body.error.code]).toEqual([409, "inbound_ai_not_configured"]);
  });
});

describe("AgentCall, inbound AI", () => {
  test("configure: the documented request is answered with all that is set", async () => {
    const { ask, id, configured } = await receptionist();
    const set = { contextWebhook: null, contextSource: "none", liveTranscript: false, smsMode: "off", record: false };
    const none = { tools: [], actionWebhook: null };
    expect([configured.status, configured.body]).toEqual([200, { ...inboundExample, ...set, ...none, ...managed }]);
    expect((await ask("GET", `/v1/numbers/${id}/inbound-config`)).body).toEqual(configured.body);
    expect((await ask("GET", `/v1/numbers/${id}`)).body.inbound).toEqual(configured.body);
  });

  test("configure: replaces all of it, what is missing has its default", async () => {
    const { ask, id } = await receptionist();
    const again = await ask("POST", `/v1/numbers/${id}/inbound-config`, { mode: "ai", systemPrompt: "Be brief." });
    expect(again.body).toEqual({
      mode: "ai",
      systemPrompt: "Be brief.",
      voice: "shimmer",
      language: "auto",
      firstMessage: null,
      maxDurationSecs: 600,
      record: false,
      notify: null,
      contextWebhook: null,
      contextSource: "none",
      liveTranscript: false,
      tools: [],
      actionWebhook: null,
      smsMode: "off",
      ...managed,
    });
  });

  test("voice tools: kept and told, but for the webhook's secret; refused without a webhook or with a bad one", async () => {
    const { ask, id, dataDir } = await receptionist();
    const path = `/v1/numbers/${id}/inbound-config`;
    const tools = [
      {
        name: "check_calendar",
        description: "Whether a day is free.",
        parameters: { type: "object", properties: { day: { type: "string" } }, required: ["day"] },
      },
    ];
    const signingSecret = "another secret of at least 32 characters";
    const actionWebhook = { url: "https://example.com/actions", signingSecret };
    const answer = await ask("POST", path, { ...inboundExample, tools, actionWebhook });
    expect(answer.body).toMatchObject({ tools, actionWebhook: { url: actionWebhook.url, timeoutMs: 10_000 } });
    expect(JSON.stringify((await ask("GET", path)).body)).not.toContain(signingSecret);
    expect(await storedRows(dataDir, "numbers")).not.toContain(signingSecret);
    const refused = async (body: object) => (await ask("POST", path, { ...inboundExample, ...body })).body.error.field;
    expect(await refused({ tools })).toBe("actionWebhook");
    expect(await refused({ tools, actionWebhook: { ...actionWebhook, signingSecret: "short" } })).toBe(
      "actionWebhook.signingSecret",
    );
    expect(await refused({ tools, actionWebhook: { ...actionWebhook, url: "ftp://example.com" } })).toBe(
      "actionWebhook.url",
    );
    const misnamed = [{ ...tools[0], name: "hang_up" }];
    expect(await refused({ tools: misnamed, actionWebhook })).toBe("tools[0].name");
  });

  test("context webhook: kept without telling its secret, and the source follows it", async () => {
    const { ask, id, dataDir } = await receptionist();
    const contextWebhook = {
      url: "https://hermes.your-domain.com/agentcall/precall",
      signingSecret: "a secret of at least 32 characters",
      timeoutMs: 1200,
    };
    const path = `/v1/numbers/${id}/inbound-config`;
    const answer = await ask("POST", path, { ...inboundExample, contextWebhook });
    expect(answer.body.contextWebhook).toEqual({ url: contextWebhook.url, timeoutMs: 1200 });
    expect(answer.body.contextSource).toBe("webhook");
    expect(await storedRows(dataDir, "numbers")).not.toContain(contextWebhook.signingSecret);
    for (const contextSource of ["none", "agentcall_memory", "merge"]) {
      const kept = await ask("POST", path, { ...inboundExample, contextWebhook, contextSource });
      expect(kept.body.contextSource).toBe(contextSource);
    }
  });

  test("before it was ever configured: off, and managed", async () => {
    const { ask, buy } = await agentCallHouse();
    const { id } = await buy();
    const { status, body } = await ask("GET", `/v1/numbers/${id}/inbound-config`);
    expect([status, body]).toEqual([200, expect.objectContaining({ mode: "off", systemPrompt: null, ...managed })]);
  });

  test("disable: nobody answers any more", async () => {
    const { ask, id, number, services } = await receptionist();
    expect(await services.callRecords.resolveAgent(number as never, "+14155550100")).toBeDefined();
    const answer = await ask("DELETE", `/v1/numbers/${id}/inbound-config`);
    expect([answer.status, answer.body.mode]).toEqual([200, "off"]);
    expect((await ask("GET", `/v1/numbers/${id}/inbound-config`)).body).toEqual(answer.body);
    expect(await services.callRecords.resolveAgent(number as never, "+14155550100")).toBeUndefined();
  });

  test("BYOK: the key is set, replaced and removed, seen only by its last characters", async () => {
    const { ask, id, configured, dataDir } = await receptionist();
    const path = `/v1/numbers/${id}/byok-key`;
    const set = await ask("POST", path, { openaiApiKey: "sk-test-0123456789abcd" });
    const byok = { voiceMode: "byok", hasByokKey: true, byokOpenaiApiKeyPreview: "sk-...abcd" };
    expect([set.status, set.body]).toEqual([200, byok]);
    const config = await ask("GET", `/v1/numbers/${id}/inbound-config`);
    expect(config.body).toEqual({ ...configured.body, ...byok });
    const rotated = await ask("POST", path, { openaiApiKey: "sk-test-0123456789wxyz" });
    expect(rotated.body.byokOpenaiApiKeyPreview).toBe("sk-...wxyz");
    expect(await storedRows(dataDir, "numbers")).not.toContain("0123456789");
    expect(await ask("DELETE", path)).toMatchObject({ status: 200, body: managed });
    expect((await ask("GET", `/v1/numbers/${id}/inbound-config`)).body).toEqual(configured.body);
  });
});

describe("AgentCall, saved outbound agent", () => {
  const example = {
    systemPrompt: "You are calling on behalf of Acme Plumbing to confirm tomorrow's 10am appointment.",
    voice: "shimmer",
    language: "auto",
    firstMessage: "Hi, calling to confirm tomorrow's appointment.",
    maxDurationSecs: 300,
    record: false,
    templateId: "outbound-callback-confirmation",
  };

  test("saved, read and removed as documented, beside what answers the number", async () => {
    const { ask, id, configured } = await receptionist();
    const path = `/v1/numbers/${id}/outbound-defaults`;
    expect(await ask("GET", path)).toMatchObject({ status: 200, body: null });
    expect(await ask("POST", path, example)).toMatchObject({ status: 200, body: example });
    expect((await ask("GET", path)).body).toEqual(example);
    const number = await ask("GET", `/v1/numbers/${id}`);
    expect([number.body.inbound, number.body.outbound]).toEqual([configured.body, example]);
    expect(await ask("DELETE", path)).toMatchObject({ status: 200, body: null });
    expect((await ask("GET", `/v1/numbers/${id}`)).body.inbound).toEqual(configured.body);
  });
});

describe("AgentCall, bad input about numbers", () => {
  const inbound = (change: object) => ["inbound-config", { ...inboundExample, ...change }] as const;
  const secret = "x".repeat(32);
  test.each([
    ["provision", { type: "sim" }, "type"],
    ["provision", { country: "usa" }, "country"],
    ["provision", { label: 7 }, "label"],
    [...inbound({ mode: "webhook" }), "mode"],
    [...inbound({ systemPrompt: "" }), "systemPrompt"],
    ["inbound-config", { mode: "ai" }, "systemPrompt"],
    [...inbound({ voice: "robot" }), "voice"],
    [...inbound({ language: "xx" }), "language"],
    [...inbound({ maxDurationSecs: 1 }), "maxDurationSecs"],
    [...inbound({ notify: { smsTo: "4155551234" } }), "notify.smsTo"],
    [...inbound({ notify: { emailTo: "nobody" } }), "notify.emailTo"],
    [...inbound({ contextSource: "webhook" }), "contextWebhook"],
    [...inbound({ contextWebhook: { url: "http://a.example", signingSecret: secret } }), "contextWebhook.url"],
    [...inbound({ contextWebhook: { url: "https://a.example", signingSecret: "x" } }), "contextWebhook.signingSecret"],
    [...inbound({ smsMode: "relay" }), "smsMode"],
    ["byok-key", { openaiApiKey: "no key" }, "openaiApiKey"],
    ["byok-key", {}, "openaiApiKey"],
    ["outbound-defaults", { voice: "alloy" }, "systemPrompt"],
    ["outbound-defaults", { systemPrompt: "x", maxDurationSecs: 1.5 }, "maxDurationSecs"],
  ])("%s %j: 422, and %s is named", async (what, body, field) => {
    const { ask, buy } = await agentCallHouse();
    const path = what === "provision" ? "/v1/numbers/provision" : `/v1/numbers/${(await buy()).id}/${what}`;
    const { status, body: answer } = await ask("POST", path, body);
    expect([status, answer.error.code, answer.error.field]).toEqual([422, "validation_error", field]);
    expect(answer.error.message).not.toContain("no key");
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=x", "limit"],
    ["country=us", "country"],
    ["type=sim", "type"],
    ["cursor=!", "cursor"],
  ])("list ?%s: 422", async (query, field) => {
    const { ask } = await agentCallHouse();
    const { status, body } = await ask("GET", `/v1/numbers?${query}`);
    expect([status, body.error.field]).toEqual([422, field]);
  });

  test("change: a voice that is none of the ten is named", async () => {
    const { ask, buy } = await agentCallHouse();
    const { status, body } = await ask("PATCH", `/v1/numbers/${(await buy()).id}`, { voice: "robot" });
    expect([status, body.error.field]).toEqual([422, "voice"]);
  });

  test("fields that are not known are passed over", async () => {
    const { ask, buy } = await agentCallHouse();
    const { id } = await buy();
    const body = { ...inboundExample, smsSystemPrompt: "x", allowedSenders: [], somethingNew: { a: 1 } };
    expect((await ask("POST", `/v1/numbers/${id}/inbound-config`, body)).status).toBe(200);
  });
});
