/** What belongs to one organisation is not there for another: every route of the native API is walked, as it describes itself. */
import type { InjectOptions } from "fastify";
import { describe, expect, test } from "vitest";
import type { Schema } from "../../../src/control/store/schema.ts";
import { allMigrations, tableShapes } from "../../../src/control/store/table-shapes.ts";
import { type E164, firstOrgId } from "../../../src/kit/ids.ts";
import { type JsonSchema, sampleOf } from "../../kit/schema-sample.ts";
import { overhearStatements } from "../../kit/statements.ts";
import { ringingCall, storedRows, type TestGateway, testGateway } from "../gateway.ts";

interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly id: string;
  readonly body: JsonSchema | undefined;
  readonly query: Readonly<Record<string, JsonSchema>>;
}

/** Every operation that the gateway says it has. */
async function operationsOf({ app }: TestGateway): Promise<Operation[]> {
  const { paths } = (await app.inject("/api/v1/openapi.json")).json() as {
    paths: Record<string, Record<string, OpenApiOperation>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
      method: method.toUpperCase() as Operation["method"],
      path,
      id: operationId,
      body: requestBody?.content["application/json"]?.schema,
      query: Object.fromEntries(parameters.filter(({ in: place }) => place === "query").map((p) => [p.name, p.schema])),
    })),
  );
}

interface OpenApiOperation {
  readonly operationId: string;
  readonly parameters?: readonly { in: string; name: string; required?: boolean; schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
}

/** What a path's parameter names, by the word before it. */
type Belongings = Readonly<Record<string, string>>;

/** One of everything that an organisation can have. */
async function fill(gateway: TestGateway): Promise<Belongings> {
  const { ask } = gateway;
  const made = async (path: string, body: unknown): Promise<Record<string, string>> => {
    const answer = await ask("POST", path, body);
    expect([path, answer.status, answer.body?.error]).toEqual([path, expect.toSatisfy((s) => s < 300), undefined]);
    return answer.body;
  };
  const webhook = await made("/webhooks", { url: "https://example.com/hook", events: ["*"] });
  const agent = await made("/agents", { name: "Ours" });
  const number = await made("/numbers", { number: "+15550177", inbound_agent_id: agent.id });
  await made("/numbers", { number: "+15550178" });
  const trunk = await made("/trunks", { name: "ours", inbound: { sources: ["192.0.2.7"] } });
  const phone = await made("/phones", { username: "ours", number: "77" });
  const text = await made("/texts", { from: "+15550177", to: "+15550178", text: "our words" });
  const callId = await ringingCall(gateway, { to: "+15550177" as E164 });
  const conference = await made("/conferences", { members: [{ call_id: callId }] });
  const key = await made("/keys", { name: "ours" });
  const conversations = (await ask("GET", "/conversations")).body.data;
  const deliveries = (await ask("GET", `/webhooks/${webhook.id}/deliveries`)).body.data;
  return {
    agents: agent.id!,
    numbers: number.id!,
    trunks: trunk.id!,
    phones: phone.id!,
    texts: text.id!,
    conversations: conversations[0].id,
    calls: callId,
    conferences: conference.id!,
    members: callId,
    webhooks: webhook.id!,
    deliveries: deliveries[0].id,
    keys: key.id!,
    orgs: firstOrgId,
    bans: "192.0.2.1",
  };
}

/** The path with the ids of these belongings in it. */
function fillPath(path: string, belongings: Belongings): string {
  return path.replaceAll(/([^/]+)\/\{[^}]+\}/g, (_, word: string) => {
    const id = belongings[word];
    if (id === undefined) throw new Error(`what is named after ${word} in ${path}? Make one in fill()`);
    return `${word}/${id}`;
  });
}

type Asker = (operation: Operation, body?: unknown) => Promise<{ status: number; text: string }>;

/** Asks for operations on these belongings with a key that is no operator's. */
function asker({ app }: TestGateway, secret: string, belongings: Belongings): Asker {
  return async (operation, body = operation.body && sampleOf(operation.body)) => {
    const needed = Object.entries(operation.query).filter(([name]) => name === "sip_call_id");
    const query = new URLSearchParams(
      needed.map(([name, schema]) => [name, String(sampleOf(schema))] as [string, string]),
    );
    if (operation.id === "waitForOtp") query.set("timeout_ms", "0");
    const request: InjectOptions = {
      method: operation.method,
      url: `${fillPath(operation.path, belongings)}?${query}`,
      headers: { authorization: `Bearer ${secret}` },
      ...(body !== undefined && { payload: body as object }),
    };
    const { statusCode, body: text } = await app.inject(request);
    return { status: statusCode, text };
  };
}

/** Gateway-wide things; to a key that is no operator's they are forbidden, whatever the id. */
const operators = new Set([
  "createNumber",
  "createOrg",
  "listOrgs",
  "getOrg",
  "changeOrg",
  "listSipBans",
  "liftSipBan",
  "listSipDialogs",
  "listSipMessages",
]);
/** Never answer at the end of a request; their tests are test/control/http/event-stream.test.ts. */
const streams = new Set(["followEvents", "followCallEvents"]);

async function house() {
  const gateway = await testGateway();
  const belongings = await fill(gateway);
  const org = await gateway.services.orgs.create({ name: "Other", hasPaymentMethod: true });
  const { secret: foreign } = await gateway.services.keys.create({ orgId: org.id, dialect: "native", name: "foreign" });
  await gateway.services.tenant(org.id).numbers.create(placed.from as E164, {});
  const { secret: own } = await gateway.services.keys.create({ orgId: firstOrgId, dialect: "native", name: "own" });
  return {
    gateway,
    belongings,
    operations: await operationsOf(gateway),
    asForeigner: asker(gateway, foreign, belongings),
    asOwner: asker(gateway, own, belongings),
  };
}

const hasId = ({ path }: Operation): boolean => path.includes("{");

/** From and to whom one may call. */
const placed = { from: "+15550142", to: "+15550143" };

/** Not found, or a field that names what is not there. */
const isRefused = (status: number): boolean => status === 404 || status === 400;

/** Everything stored that has an owner, but for what the foreigner may have made. */
async function ownedRows({ dataDir }: TestGateway): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {};
  for (const name of await ownedTables()) {
    const all = JSON.parse(await storedRows(dataDir, name as keyof Schema)) as Record<string, unknown>[];
    rows[name] = all.filter((row) => row.org_id === firstOrgId).map((row) => ({ ...row, last_used_at: 0 }));
  }
  return rows;
}

async function ownedTables(): Promise<string[]> {
  const shapes = await tableShapes(allMigrations.length);
  return shapes.filter(({ columns }) => columns.includes("org_id")).map(({ name }) => name);
}

describe("a foreign key", () => {
  test("finds nothing by an id that is not its own's, on any route, and changes nothing", async () => {
    const { gateway, operations, asForeigner } = await house();
    const before = await ownedRows(gateway);
    const walked = operations.filter(hasId);
    expect(walked.length).toBeGreaterThan(40);
    for (const operation of walked) {
      const { status, text } = await asForeigner(operation);
      expect([operation.id, status, text]).toEqual([
        operation.id,
        operators.has(operation.id) ? 403 : 404,
        expect.stringContaining(operators.has(operation.id) ? "missing_scope" : '"not_found"'),
      ]);
    }
    expect(await ownedRows(gateway)).toEqual(before);
  });

  test("the owner finds all of it by the same requests, so the walk asks for what is there", async () => {
    const { operations, asOwner } = await house();
    // Nothing is recorded without media.
    const absent = new Set(["getCallRecording", "getCallSip", "getInboundConfig", "getOutboundDefaults"]);
    const walked = operations.filter(({ id, method, ...rest }) => method === "GET" && hasId({ id, method, ...rest }));
    for (const operation of walked) {
      if (streams.has(operation.id) || operators.has(operation.id) || absent.has(operation.id)) continue;
      const { status, text } = await asOwner(operation);
      expect([operation.id, status, text]).toEqual([operation.id, expect.toSatisfy((s) => s < 300), text]);
    }
  });

  test("sees nothing of others in any list", async () => {
    const { operations, asForeigner, asOwner, belongings } = await house();
    const { bans: _ban, orgs, ...owned } = belongings;
    const traces = [...Object.values(owned), String(orgs), "+15550177", "our words"];
    let seenByOwner = 0;
    for (const operation of operations.filter(
      ({ method, ...rest }) => method === "GET" && !hasId({ method, ...rest }),
    )) {
      if (streams.has(operation.id)) continue;
      const { status, text } = await asForeigner(operation);
      expect([operation.id, status]).toEqual([operation.id, operators.has(operation.id) ? 403 : 200]);
      for (const trace of traces)
        expect([operation.id, text]).toEqual([operation.id, expect.not.stringContaining(trace)]);
      const owners = await asOwner(operation);
      if (traces.some((trace) => owners.text.includes(trace))) seenByOwner += 1;
    }
    expect(seenByOwner).toBeGreaterThan(8);
  });

  test("cannot name what is another's in a body either", async () => {
    const { operations, asForeigner, belongings } = await house();
    let named = 0;
    for (const operation of operations.filter((one) => !hasId(one) && one.body && !operators.has(one.id))) {
      for (const name of Object.keys(operation.body?.properties ?? {})) {
        const kind = /(?:^|_)([a-z]+)_id$/.exec(name)?.[1];
        if (kind === undefined) continue;
        const id = belongings[`${kind}s`];
        if (id === undefined) throw new Error(`what does ${name} of ${operation.id} name? Make one in fill()`);
        const sample = { ...(sampleOf(operation.body!) as object), ...(operation.id === "placeCall" && placed) };
        const { status, text } = await asForeigner(operation, { ...sample, [name]: id });
        expect([operation.id, name, status]).toEqual([operation.id, name, expect.toSatisfy(isRefused)]);
        expect(text).toMatch(/there is no/);
        named += 1;
      }
    }
    expect(named).toBeGreaterThan(3);
    const open = operations.find(({ id }) => id === "openConference")!;
    expect((await asForeigner(open, { members: [{ call_id: belongings.calls }] })).status).toBe(404);
  });
});

/** Statements that may go without an organisation, and why; a parameter is `?`. */
const withoutOrg: readonly (readonly [reason: string, statement: RegExp])[] = [
  ["the key is what tells the organisation", /^select \* from "api_keys" where "hash" = \?$/],
  ["by the key that was just recognised", /^update "api_keys" set "last_used_at" = \? where "id" = \?$/],
  ["a number is for sale when nobody has it", /^select "number" from "numbers" where "number" in \([?, ]+\) and \(/],
  [
    "who a text or call is for, among all",
    /^select ("org_id"|\*) from "numbers" where "number" = \? and "status" !?= \?$/,
  ],
  [
    "a purchase goes on by the row it made",
    /^update "numbers" set [^=]+( = \?, [^=]+)* = \? where "id" = \? and "status" = \?$/,
  ],
  [
    "a purchase goes on by the row it made",
    /^select \* from "numbers" where "status" = \? and "carrier_number_id" is not null and "id" = \?$/,
  ],
  [
    "phones log in to one gateway: names are unique in it",
    /^select \* from "phones" where \("username" = \? or "number" = \?\) and "id" != \?$/,
  ],
  ["the exchange learns of all trunks", /^select \* from "trunks" order by "created_at", "id"$/],
];

describe("statements of a tenant's requests", () => {
  test("every one on a table with owners names the organisation", async () => {
    const heard = overhearStatements();
    const { operations, asOwner, asForeigner } = await house();
    const owned = await ownedTables();
    const { statements } = await heard(async () => {
      for (const operation of operations) {
        if (streams.has(operation.id)) continue;
        await asForeigner(operation);
        await asOwner(operation);
      }
    });
    expect(statements.size).toBeGreaterThan(60);
    const mentions = new RegExp(`(?:from|join|update|into) "?(?:${owned.join("|")})"?(?![a-z_])`);
    const about = [...statements].filter((text) => mentions.test(text));
    expect(about.length).toBeGreaterThan(40);
    const loose = about.filter((text) => {
      const plain = text.replaceAll(/\$[0-9]+/g, "?");
      if (withoutOrg.some(([, known]) => known.test(plain))) return false;
      const condition = text.startsWith("insert") ? text : text.slice(text.indexOf(" where "));
      return !condition.includes("org_id") || (!text.startsWith("insert") && !text.includes(" where "));
    });
    expect(loose).toEqual([]);
  });
});
