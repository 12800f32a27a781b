import { describe, expect, inject, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../src/control/store/database.ts";
import { proveLedger } from "../../../src/control/store/ledger-proof.ts";
import type { Schema } from "../../../src/control/store/schema.ts";
import { type E164, firstOrgId } from "../../../src/kit/ids.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { type Answer, databaseOf, seededRandom, type TestGateway, testGateway } from "../gateway.ts";
import { Receiver } from "../webhook-receiver.ts";

const secretKey = "a secret key that all nodes share";
/** Limits are another test's. */
const unlimited = { config: { publicUrl: "https://gw.example.com", twilioAuthToken: "", rateLimitFactor: 0 } };

interface Cluster {
  /** Gateways on one database: two on PostgreSQL; a file of SQLite has one, which is asked for both. */
  readonly nodes: readonly [TestGateway, TestGateway];
  /** Asks the nodes in turn, all at once. */
  all(count: number, ask: (node: TestGateway, n: number) => Promise<Answer>): Promise<Answer[]>;
  rows<Table extends keyof Schema>(table: Table): Promise<readonly Schema[Table][]>;
  faults(): Promise<unknown[]>;
}

async function cluster(): Promise<Cluster> {
  const options = { secretKey, allowPrivateTargets: true };
  const first = await testGateway(unlimited, options);
  const isShared = inject("postgresFolder") !== undefined;
  const databaseUrl = await databaseOf(first.dataDir);
  const second = isShared ? await testGateway(unlimited, { ...options, databaseUrl, random: seededRandom(2) }) : first;
  for (const { services } of new Set([first, second])) await services.texts.connect({ carry: () => undefined });
  const database = await openDatabase(first.dataDir, databaseUrl);
  onTestFinished(() => database.close());
  return {
    nodes: [first, second],
    all: (count, ask) => Promise.all(Array.from({ length: count }, (_, n) => ask(n % 2 === 0 ? first : second, n))),
    rows: async (table) => (await database.db.selectFrom(table).selectAll().execute()) as never,
    faults: () => proveLedger(database.db),
  };
}

/** Asks with headers of one's own; the native API unless the path says otherwise. */
async function post(
  { app, key }: TestGateway,
  url: string,
  payload: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const authorization = `Bearer ${key}`;
  const sent = { authorization, "content-type": "application/json", ...headers };
  const reply = await app.inject({ method: "POST", url, headers: sent, payload: JSON.stringify(payload) });
  return { status: reply.statusCode, body: reply.json(), headers: reply.headers };
}

/** How often each status came. */
function statuses(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function buy(node: TestGateway, number: string): Promise<string> {
  const { status, body } = await node.ask("POST", "/numbers/buy", { number });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.id;
}

const [ours, alsoOurs] = ["+12125550100", "+12125550101"] as [E164, E164];
const order = { from: ours, to: "+15550199", agent: { instructions: "Be brief." }, max_duration_ms: 60_000 };

describe("requests at the same time", () => {
  test("50 requests with one idempotency key place one call, and 49 are told that it was", async () => {
    const { nodes, all, rows, faults } = await cluster();
    await buy(nodes[0], ours);
    const answers = await all(50, (node) => post(node, "/api/v1/calls", order, { "idempotency-key": "one" }));
    expect(statuses(answers)).toEqual({ 201: 50 });
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers["idempotent-replayed"] === "true")).toHaveLength(49);
    expect(await rows("calls")).toHaveLength(1);
    expect(await rows("ledger_holds")).toHaveLength(1);
    expect((await rows("events")).map(({ type }) => type)).toEqual(["call.queued"]);
    expect(await faults()).toEqual([]);
  });

  test("AgentCall: 50 requests with one key from one number place one call, with its header on the replays", async () => {
    const { nodes, all, rows } = await cluster();
    const from = await buy(nodes[0], ours);
    const { secret } = await nodes[0].services.keys.create({ orgId: firstOrgId, dialect: "agentcall", name: "test" });
    const body = { from, to: "+15550199", systemPrompt: "Be brief.", idempotencyKey: "one" };
    const authorization = `Bearer ${secret}`;
    const answers = await all(50, (node) => post(node, "/v1/calls/ai", body, { authorization }));
    expect(statuses(answers)).toEqual({ 201: 50 });
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers["x-agentcall-idempotency-replayed"] === "true")).toHaveLength(49);
    expect(await rows("calls")).toHaveLength(1);
  });

  test("one key with 50 different bodies places one call; the others are refused as another request's", async () => {
    const { nodes, all, rows } = await cluster();
    await buy(nodes[0], ours);
    const answers = await all(50, (node, n) =>
      post(node, "/api/v1/calls", { ...order, to: `+155501${10 + n}` }, { "idempotency-key": "one" }),
    );
    expect(statuses(answers)).toEqual({ 201: 1, 409: 49 });
    expect(await rows("calls")).toHaveLength(1);
  });

  test("20 purchases of one number sell it once and charge once", async () => {
    const { all, rows, faults } = await cluster();
    const answers = await all(20, (node) => node.ask("POST", "/numbers/buy", { number: ours }));
    expect(statuses(answers)).toEqual({ 201: 1, 409: 19 });
    const sold = (await rows("numbers")).filter(({ number }) => number === ours);
    expect(sold.map(({ status }) => status)).toEqual(["active"]);
    const charges = (await rows("ledger_entries")).filter(({ kind }) => kind === "charge");
    expect(charges.map(({ ref }) => ref.split(" ")[0])).toEqual([sold[0]?.id]);
    expect(await faults()).toEqual([]);
  });

  test("20 who want any number of a place get one each", async () => {
    const { all, rows, faults } = await cluster();
    const answers = await all(20, (node) => node.ask("POST", "/numbers/buy", { area_code: "205" }));
    const got = answers.filter(({ status }) => status === 201).map(({ body }) => body.number);
    expect(got.length).toBeGreaterThan(0);
    expect(new Set(got).size).toBe(got.length);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect((await rows("ledger_entries")).filter(({ kind }) => kind === "charge")).toHaveLength(got.length);
    expect((await rows("numbers")).filter(({ status }) => status === "reserved")).toEqual([]);
    expect(await faults()).toEqual([]);
  });

  test("10 releases of one number release it once and tell of it once", async () => {
    const { nodes, all, rows } = await cluster();
    await withListener(nodes);
    const id = await buy(nodes[0], ours);
    const answers = await all(10, (node) => node.ask("DELETE", `/numbers/${id}`));
    expect(statuses(answers)).toEqual({ 204: 1, 404: 9 });
    expect((await rows("webhook_deliveries")).map(({ event }) => event)).toEqual(["number.released"]);
  });

  test("the last credit is set aside once: as many calls begin as it is enough for", async () => {
    const { nodes, all, rows, faults } = await cluster();
    const [node] = nodes;
    await buy(node, ours);
    await node.services.orgs.update(firstOrgId, { billing: "prepaid" });
    const { body: before } = await node.ask("GET", "/billing");
    // What one call of this kind sets aside, found by placing one.
    await node.ask("POST", "/credits", { amount_micros: 100_000_000 - before.available_micros });
    await post(node, "/api/v1/calls", order);
    const perCall = (await rows("ledger_holds"))[0]?.amount_micros ?? 0;
    expect(perCall).toBeGreaterThan(0);
    const { money } = node.services;
    const { available_micros: left } = (await node.ask("GET", "/billing")).body;
    const spare = Math.floor(perCall / 2);
    const database = await openDatabase(node.dataDir, await databaseOf(node.dataDir));
    onTestFinished(() => database.close());
    const take = { kind: "adjustment", ref: "test" } as const;
    await database.db.transaction().execute((trx) => money.credit(trx, firstOrgId, 5 * perCall + spare - left, take));

    const answers = await all(20, (each) => post(each, "/api/v1/calls", order));
    const begun = answers.filter(({ status }) => status === 201);
    expect(statuses(answers)).toEqual({ 201: begun.length, 402: 20 - begun.length });
    // The last one may be given what is left, and end sooner.
    const holds = (await rows("ledger_holds")).filter(({ status }) => status === "open");
    expect(holds).toHaveLength(begun.length + 1);
    const { body: after } = await node.ask("GET", "/billing");
    expect(after.available_micros).toBeGreaterThanOrEqual(0);
    expect(after.available_micros).toBeLessThan(perCall);
    expect(await faults()).toEqual([]);
    await Promise.all(
      holds.map(({ call_id }, n) =>
        nodes[n % 2 === 0 ? 0 : 1].services.callRecords.endCall(call_id as never, "busy", ""),
      ),
    );
    expect((await node.ask("GET", "/billing")).body).toMatchObject({
      available_micros: 6 * perCall + spare,
      held_micros: 0,
    });
    expect(await faults()).toEqual([]);
  });

  test("20 payments with one key bring the credit once", async () => {
    const { nodes, all, faults } = await cluster();
    const { available_micros: before } = (await nodes[0].ask("GET", "/billing")).body;
    const paid = { amount_micros: 10_000_000, idempotency_key: "one" };
    const answers = await all(20, (node) => node.ask("POST", "/credits", paid));
    expect(statuses(answers)).toEqual({ 201: 20 });
    expect((await nodes[0].ask("GET", "/billing")).body.available_micros).toBe(before + 10_000_000);
    expect(await faults()).toEqual([]);
  });

  test("webhooks at their limit: of ten registrations two find room", async () => {
    const { nodes, all, rows } = await cluster();
    const register = (node: TestGateway, n: number) =>
      node.ask("POST", "/webhooks", { url: `https://customer.example/${n}`, events: ["*"] });
    for (let n = 0; n < 48; n++) await register(nodes[0], n);
    const answers = await all(10, (node, n) => register(node, 48 + n));
    expect(statuses(answers)).toEqual({ 201: 2, 409: 8 });
    expect(await rows("webhooks")).toHaveLength(50);
  });

  test("30 texts with one key are one text, paid once, there once", async () => {
    const { nodes, all, rows, faults } = await cluster();
    await buy(nodes[0], ours);
    await buy(nodes[0], alsoOurs);
    const text = { from: ours, to: alsoOurs, text: "Hello", idempotency_key: "one" };
    const answers = await all(30, (node) => node.ask("POST", "/texts", text));
    expect(statuses(answers)).toEqual({ 201: 30 });
    expect((await rows("texts")).map(({ status }) => status).toSorted()).toEqual(["delivered", "received"]);
    const paid = (await rows("ledger_entries")).map(({ item }) => item).filter((item) => item.startsWith("text."));
    expect(paid.toSorted()).toEqual(["text.inbound", "text.outbound"]);
    expect(await faults()).toEqual([]);
  });

  test("STOP while texts are being sent: from the moment it is kept none is, and none is paid", async () => {
    const { nodes, all, rows, faults } = await cluster();
    await buy(nodes[0], ours);
    const contact = "+15550777";
    const send = (node: TestGateway) => node.ask("POST", "/texts", { from: ours, to: contact, text: "Hello" });
    const stop = nodes[1].services.texts.receive({ from: contact, to: ours, body: "STOP" });
    const during = all(20, send);
    const after = stop.then(() => all(10, send));
    const [before, refused] = await Promise.all([during, after]);
    expect(statuses(refused)).toEqual({ 403: 10 });
    const sent = before.filter(({ status }) => status === 201);
    expect(statuses(before)).toEqual({ ...(sent.length > 0 && { 201: sent.length }), ...statusesOf(403, before) });
    const hellos = (await rows("texts")).filter(({ body }) => body === "Hello");
    expect(hellos.map(({ id }) => id).toSorted()).toEqual(sent.map(({ body }) => body.id).toSorted());
    const paid = (await rows("ledger_entries")).filter(({ item }) => item === "text.outbound");
    expect(paid.map(({ ref }) => ref).toSorted()).toEqual(hellos.map(({ id }) => id).toSorted());
    const [conversation] = await rows("conversations");
    expect(conversation?.message_count).toBe((await rows("texts")).length);
    expect(await faults()).toEqual([]);
  });

  test("a key that is revoked opens nothing from that moment on, at no node", async () => {
    const { nodes, all } = await cluster();
    const { key, secret } = await nodes[0].services.keys.create({
      orgId: firstOrgId,
      dialect: "native",
      name: "brief",
    });
    const use = (node: TestGateway) =>
      post(node, "/api/v1/numbers/search", { limit: 1 }, { authorization: `Bearer ${secret}` });
    const before = await all(4, use);
    expect(statuses(before)).toEqual({ 200: 4 });
    const revoked = nodes[0].services.keys.revoke(firstOrgId, key.id);
    const during = all(20, use);
    const after = revoked.then(() => all(20, use));
    expect(statuses(await after)).toEqual({ 401: 20 });
    for (const { status } of await during) expect([200, 401]).toContain(status);
  });
});

describe("two nodes", () => {
  test("each event is told once, whichever node it happened on, and in the order of its call", async () => {
    const { nodes, all, rows } = await cluster();
    const receiver = await withListener(nodes);
    for (const { services, clock } of new Set(nodes)) {
      const worker = services.startWebhooks(createMetrics());
      // What the other node has written for a webhook that this one tells is found by its scan, which goes by the clock.
      const moving = setInterval(() => {
        clock.ms += 20;
      }, 20);
      onTestFinished(() => {
        clearInterval(moving);
        return worker.stop();
      });
    }
    await buy(nodes[0], ours);
    const placed = await all(20, (node) => post(node, "/api/v1/calls", order));
    // A call may end by another node's hand than the one that placed it.
    await all(20, async (_, n) => {
      const node = nodes[(n >> 1) % 2 === 0 ? 0 : 1];
      await node.services.callRecords.noteSignalling(placed[n]!.body.id, { isRinging: true });
      await node.services.callRecords.endCall(placed[n]!.body.id, "busy", "");
      return placed[n]!;
    });
    const told = (await receiver.has(60)).map(({ body }) => JSON.parse(body));
    while ((await rows("webhook_deliveries")).some(({ status }) => status !== "delivered")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(receiver.received).toHaveLength(60);
    expect(new Set(told.map(({ id }) => id)).size).toBe(60);
    for (const { body } of placed) {
      const ofCall = told.filter(({ data }) => data.call.id === body.id);
      expect(ofCall.map(({ type }) => type)).toEqual(["call.initiated", "call.ringing", "call.ended"]);
    }
  });
});

function statusesOf(status: number, answers: readonly Answer[]): Record<string, number> {
  const count = answers.filter((answer) => answer.status === status).length;
  return count > 0 ? { [status]: count } : {};
}

/** A customer's server that is told of everything. */
async function withListener([node]: readonly [TestGateway, TestGateway]): Promise<Receiver> {
  const receiver = await Receiver.open();
  const { status, body } = await node.ask("POST", "/webhooks", { url: receiver.url(), events: ["*"] });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return receiver;
}
