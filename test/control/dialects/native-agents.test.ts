import { describe, expect, test } from "vitest";
import { builtInTools } from "../../../src/media/talk/tools.ts";
import { storedRows, testGateway } from "../gateway.ts";

const lookUp = {
  name: "look_up_order",
  description: "Finds an order by its number.",
  parameters: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
  url: "https://shop.example.com/orders",
};

const sales = { name: "Sales", description: "Whoever wants to buy.", to: "201" };

describe("native API, agents", () => {
  test("agents: a name is enough, the rest has its defaults", async () => {
    const { ask, clock } = await testGateway();
    const made = await ask("POST", "/agents", { name: "Receptionist" });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^agent_[0-9a-z]{26}$/),
      name: "Receptionist",
      instructions: "",
      provider: null,
      model: null,
      voice: null,
      language: "en-US",
      first_message: null,
      tools: [],
      transfers: [],
      turn: {},
      max_duration_ms: 1_800_000,
      record: false,
      webhook_url: null,
      created_at: new Date(clock.wall()).toISOString(),
      updated_at: new Date(clock.wall()).toISOString(),
      signing_secret: expect.stringMatching(/^tsec_[0-9A-Za-z]{40}$/),
    });
    const { signing_secret: _, ...shown } = made.body;
    expect((await ask("GET", `/agents/${made.body.id}`)).body).toEqual(shown);
  });

  test("agents: everything that can be set comes back as it was set", async () => {
    const { ask } = await testGateway();
    const settings = {
      name: "Orders",
      instructions: "Help with orders.",
      provider: "openai-realtime",
      model: "gpt-realtime-2.1",
      voice: "marin",
      language: "de-DE",
      first_message: "Guten Tag.",
      tools: [{ ...lookUp, timeout_ms: 3000, headers: { authorization: "Bearer customer-secret" } }],
      transfers: [{ ...sales, mode: "attended", confirm: "key" }],
      turn: { detection: "provider", endpointing_ms: 300, nudge_text: "Noch da?", dtmf_max_digits: 4 },
      max_duration_ms: 600_000,
      record: true,
      webhook_url: "https://shop.example.com/llm",
    };
    const { body } = await ask("POST", "/agents", settings);
    expect(body).toMatchObject(settings);
  });

  test("agents: a transfer is blind when nothing else is said", async () => {
    const { ask } = await testGateway();
    const { body } = await ask("POST", "/agents", { name: "A", transfers: [sales] });
    expect(body.transfers).toEqual([{ ...sales, mode: "blind", confirm: "none" }]);
    const changed = await ask("PATCH", `/agents/${body.id}`, { transfers: [] });
    expect(changed.body.transfers).toEqual([]);
  });

  test("agents: a tool may be called transfer_call where the agent has nobody to put callers through to", async () => {
    const { ask } = await testGateway();
    const { status, body } = await ask("POST", "/agents", { name: "A", tools: [{ ...lookUp, name: "transfer_call" }] });
    expect(status).toBe(201);
    const refused = await ask("PATCH", `/agents/${body.id}`, { transfers: [sales] });
    expect(refused.body.error).toMatchObject({ code: "invalid_request", field: "tools[0].name" });
  });

  test("agents: what a customer puts into tool headers is not readable in the database", async () => {
    const gateway = await testGateway();
    await gateway.ask("POST", "/agents", {
      name: "A",
      tools: [{ ...lookUp, headers: { "x-key": "customer-secret" } }],
    });
    await gateway.services.close();
    const rows = (await storedRows(gateway.dataDir, "agents")) + (await storedRows(gateway.dataDir, "api_keys"));
    expect(rows).toContain("look_up_order");
    expect(rows).not.toContain("customer-secret");
    expect(rows).not.toContain("tsec_");
    expect(rows).not.toContain(gateway.key);
  });

  test("agents: PATCH keeps what is missing, merges turn, clears with null", async () => {
    const { ask, clock } = await testGateway();
    const { body: made } = await ask("POST", "/agents", {
      name: "A",
      voice: "marin",
      turn: { endpointing_ms: 300, max_nudges: 1 },
      tools: [lookUp],
    });
    clock.ms += 1000;
    const changed = await ask("PATCH", `/agents/${made.id}`, {
      voice: null,
      turn: { endpointing_ms: null, interruptible: false },
    });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ name: "A", voice: null, turn: { max_nudges: 1, interruptible: false } });
    expect(changed.body.turn).not.toHaveProperty("endpointing_ms");
    expect(changed.body.tools).toHaveLength(1);
    expect(changed.body.updated_at > changed.body.created_at).toBe(true);
    expect((await ask("GET", `/agents/${made.id}`)).body).toEqual(changed.body);
  });

  test("agents: two changes at once both count", async () => {
    const { ask } = await testGateway();
    const { body: made } = await ask("POST", "/agents", { name: "A" });
    await Promise.all([
      ask("PATCH", `/agents/${made.id}`, { turn: { max_nudges: 3 } }),
      ask("PATCH", `/agents/${made.id}`, { turn: { endpointing_ms: 400 } }),
    ]);
    const { body } = await ask("GET", `/agents/${made.id}`);
    expect(body.turn).toEqual({ max_nudges: 3, endpointing_ms: 400 });
  });

  test("agents: are listed newest first, page by page, each once", async () => {
    const { ask, clock } = await testGateway();
    for (const name of ["one", "two", "three", "four", "five"]) {
      await ask("POST", "/agents", { name });
      clock.ms += name === "two" ? 0 : 10; // two and three share their instant
    }
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "?limit=2" : `?limit=2&cursor=${cursor}`;
      const { body } = await ask("GET", `/agents${query}`);
      names.push(...body.data.map((agent: { name: string }) => agent.name));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(names).toHaveLength(5);
    expect(new Set(names).size).toBe(5);
    expect(names[0]).toBe("five");
    expect(names[4]).toBe("one");
  });

  test("agents: cannot be deleted while a number points at them", async () => {
    const { ask } = await testGateway();
    const { body: agent } = await ask("POST", "/agents", { name: "A" });
    const { body: number } = await ask("POST", "/numbers", { number: "+15550123", outbound_agent_id: agent.id });
    const refused = await ask("DELETE", `/agents/${agent.id}`);
    expect(refused.status).toBe(409);
    expect(refused.body.error.code).toBe("conflict");
    await ask("DELETE", `/numbers/${number.id}`);
    expect((await ask("DELETE", `/agents/${agent.id}`)).status).toBe(204);
    expect((await ask("GET", `/agents/${agent.id}`)).status).toBe(404);
  });

  test("agents: a new signing secret replaces the old one for the next call", async () => {
    const { ask, services } = await testGateway();
    const { body: agent } = await ask("POST", "/agents", { name: "A", tools: [lookUp] });
    await ask("POST", "/numbers", { number: "+15550123", inbound_agent_id: agent.id });
    const before = await services.own.calls.resolveAgent("+15550123" as never, "");
    expect(before?.tools[0]?.secret).toBe(agent.signing_secret);
    const rotated = await ask("POST", `/agents/${agent.id}/rotate-secret`);
    expect(rotated.body.signing_secret).not.toBe(agent.signing_secret);
    const after = await services.own.calls.resolveAgent("+15550123" as never, "");
    expect(after?.tools[0]?.secret).toBe(rotated.body.signing_secret);
  });

  const long = "x".repeat(40_000);
  test.each([
    ["a name is missing", {}, "name"],
    ["a name is empty", { name: "" }, "name"],
    ["a name is a number", { name: 5 }, "name"],
    ["a field is unknown", { name: "A", nam: "B" }, "nam"],
    ["a provider is unknown", { name: "A", provider: "skynet" }, "provider"],
    ["instructions are too long", { name: "A", instructions: long }, "instructions"],
    ["a language is not a tag", { name: "A", language: "english please" }, "language"],
    ["a turn setting is unknown", { name: "A", turn: { endpointing: 3 } }, "turn.endpointing"],
    ["a turn setting is out of bounds", { name: "A", turn: { endpointing_ms: 1 } }, "turn.endpointing_ms"],
    ["keys of a turn are too many", { name: "A", turn: { dtmf_max_digits: 65 } }, "turn.dtmf_max_digits"],
    ["a turn setting is a text", { name: "A", turn: { endpointing_ms: "300" } }, "turn.endpointing_ms"],
    [
      "two turn settings contradict each other",
      { name: "A", turn: { endpointing_ms: 900, max_endpointing_ms: 500 } },
      "turn.max_endpointing_ms",
    ],
    ["a duration is not whole", { name: "A", max_duration_ms: 10_000.5 }, "max_duration_ms"],
    ["a webhook is needed", { name: "A", provider: "chat-webhook" }, "webhook_url"],
    ["a webhook is plain http", { name: "A", webhook_url: "http://shop.example.com" }, "webhook_url"],
    ["a webhook is no URL", { name: "A", webhook_url: "shop" }, "webhook_url"],
    ["a webhook holds a password", { name: "A", webhook_url: "https://u:p@shop.example.com" }, "webhook_url"],
    ["a tool has no name", { name: "A", tools: [{ ...lookUp, name: undefined }] }, "tools[0].name"],
    ["a tool's name has spaces", { name: "A", tools: [{ ...lookUp, name: "look up" }] }, "tools[0].name"],
    ["a tool is named twice", { name: "A", tools: [lookUp, lookUp] }, "tools[1].name"],
    ...builtInTools.map(({ name }): [string, unknown, string] => [
      `a tool takes the built-in name ${name}`,
      { name: "A", tools: [{ ...lookUp, name }] },
      "tools[0].name",
    ]),
    [
      "two transfers have one name",
      { name: "A", transfers: [sales, { ...sales, name: "sales", to: "202" }] },
      "transfers[1].name",
    ],
    ["a transfer leads nowhere", { name: "A", transfers: [{ ...sales, to: "sales" }] }, "transfers[0].to"],
    [
      "a blind transfer waits for a key",
      { name: "A", transfers: [{ ...sales, confirm: "key" }] },
      "transfers[0].confirm",
    ],
    [
      "transfers are too many",
      { name: "A", transfers: Array.from({ length: 17 }, (_, n) => ({ ...sales, name: `Person ${n}` })) },
      "transfers",
    ],
    ["a tool's URL is a file", { name: "A", tools: [{ ...lookUp, url: "file:///etc/passwd" }] }, "tools[0].url"],
    [
      "a tool's parameters are no schema",
      { name: "A", tools: [{ ...lookUp, parameters: { type: 5 } }] },
      "tools[0].parameters",
    ],
    [
      "a tool's parameters are a list",
      { name: "A", tools: [{ ...lookUp, parameters: { type: "array" } }] },
      "tools[0].parameters",
    ],
    [
      "a tool's parameters name a schema language nobody knows",
      { name: "A", tools: [{ ...lookUp, parameters: { type: "object", $schema: "urn:x" } }] },
      "tools[0].parameters",
    ],
    [
      "a header breaks the line",
      { name: "A", tools: [{ ...lookUp, headers: { a: "b\r\nc: d" } }] },
      "tools[0].headers.a",
    ],
    [
      "a header's name has a colon",
      { name: "A", tools: [{ ...lookUp, headers: { "a:": "b" } }] },
      "tools[0].headers.a:",
    ],
    [
      "a header is the gateway's",
      { name: "A", tools: [{ ...lookUp, headers: { Host: "x" } }] },
      "tools[0].headers.host",
    ],
  ])("agents: refused with the field's name when %s", async (_what, body, field) => {
    const { ask } = await testGateway();
    const refused = await ask("POST", "/agents", body);
    expect(refused.status).toBe(400);
    expect(refused.body.error).toEqual({ code: "invalid_request", message: expect.any(String), field });
    expect((await ask("GET", "/agents")).body.data).toEqual([]);
  });

  test("agents: plain http is for those who allow private targets", async () => {
    const { ask } = await testGateway({}, { allowPrivateTargets: true });
    const made = await ask("POST", "/agents", { name: "A", tools: [{ ...lookUp, url: "http://127.0.0.1:9/x" }] });
    expect(made.status).toBe(201);
  });

  test("agents: an unknown one is 404 for every verb", async () => {
    const { ask } = await testGateway();
    for (const [method, path, body] of [
      ["GET", "/agents/agent_nobody", undefined],
      ["PATCH", "/agents/agent_nobody", {}],
      ["DELETE", "/agents/agent_nobody", undefined],
      ["POST", "/agents/agent_nobody/rotate-secret", undefined],
    ] as const) {
      const answer = await ask(method, path, body);
      expect([method, answer.status]).toEqual([method, 404]);
      expect(answer.body.error.code).toBe("not_found");
    }
  });

  test.each([
    ["limit is 0", "?limit=0", "limit"],
    ["limit is 101", "?limit=101", "limit"],
    ["limit is a word", "?limit=many", "limit"],
    ["cursor is made up", "?cursor=abc", "cursor"],
    ["the query has an unknown member", "?offset=3", "offset"],
  ])("lists: refused when %s", async (_what, query, field) => {
    const { ask } = await testGateway();
    const refused = await ask("GET", `/agents${query}`);
    expect(refused.status).toBe(400);
    expect(refused.body.error.field).toBe(field);
  });
});

describe("native API, numbers", () => {
  test("numbers: made, changed, found, deleted", async () => {
    const { ask } = await testGateway();
    const { body: agent } = await ask("POST", "/agents", { name: "A" });
    const made = await ask("POST", "/numbers", { number: "+15550123", inbound_agent_id: agent.id, label: "Shop" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^num_/),
      number: "+15550123",
      inbound_agent_id: agent.id,
      outbound_agent_id: null,
      label: "Shop",
    });
    const changed = await ask("PATCH", `/numbers/${made.body.id}`, { outbound_agent_id: agent.id, label: null });
    expect(changed.body).toMatchObject({ inbound_agent_id: agent.id, outbound_agent_id: agent.id, label: null });
    expect((await ask("GET", `/numbers/${made.body.id}`)).body).toEqual(changed.body);
    expect((await ask("GET", "/numbers")).body.data).toEqual([changed.body]);
    expect((await ask("DELETE", `/numbers/${made.body.id}`)).status).toBe(204);
    expect((await ask("GET", "/numbers")).body).toEqual({ data: [], next_cursor: null });
    expect((await ask("DELETE", `/numbers/${made.body.id}`)).status).toBe(404);
  });

  test("numbers: the same one twice is a conflict that names the field", async () => {
    const { ask } = await testGateway();
    await ask("POST", "/numbers", { number: "+15550123" });
    const refused = await ask("POST", "/numbers", { number: "+15550123" });
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatchObject({ code: "conflict", field: "number" });
  });

  test.each([
    ["not E.164", { number: "5550123" }, "number"],
    ["missing", {}, "number"],
    ["with an agent that is not there", { number: "+15550123", inbound_agent_id: "agent_nobody" }, "inbound_agent_id"],
    ["with an agent id that is none", { number: "+15550123", outbound_agent_id: "x y" }, "outbound_agent_id"],
    ["with an unknown field", { number: "+15550123", agent: "x" }, "agent"],
  ])("numbers: refused when %s", async (_what, body, field) => {
    const { ask } = await testGateway();
    const refused = await ask("POST", "/numbers", body);
    expect(refused.status).toBe(400);
    expect(refused.body.error.field).toBe(field);
  });

  test("numbers: the number itself cannot be changed", async () => {
    const { ask } = await testGateway();
    const { body: made } = await ask("POST", "/numbers", { number: "+15550123" });
    const refused = await ask("PATCH", `/numbers/${made.id}`, { number: "+15550124" });
    expect(refused.body.error.field).toBe("number");
  });
});
