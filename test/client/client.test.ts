import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { renderClient } from "../../scripts/make-client.mjs";
import { createClient, everyItem, type StreamedEvent, TandemError, TandemUnreachable } from "../../src/client/index.ts";
import type { E164 } from "../../src/kit/ids.ts";
import { ringingCall, type TestGateway, testGateway } from "../control/gateway.ts";

const root = join(import.meta.dirname, "..", "..");

async function listening(): Promise<TestGateway & { baseUrl: string; client: ReturnType<typeof createClient> }> {
  const gateway = await testGateway();
  const baseUrl = await gateway.app.listen({ port: 0, host: "127.0.0.1" });
  return { ...gateway, baseUrl, client: createClient({ baseUrl, key: gateway.key }) };
}

describe("client", () => {
  test("client: what is committed is made from the routes there are; else run scripts/make-client.mjs", async () => {
    const { app } = await testGateway();
    const openapi = (await app.inject("/api/v1/openapi.json")).json();
    expect(readFileSync(join(root, "src/client/operations.ts"), "utf8")).toBe(renderClient(openapi));
  });

  test("client: makes, finds, changes and deletes", async () => {
    const { client } = await listening();
    const { id, signing_secret } = await client.createAgent({ body: { name: "Reception" } });
    expect(signing_secret).toMatch(/^tsec_/);
    const changed = await client.changeAgent({ id, body: { instructions: "Be brief." } });
    expect(await client.getAgent({ id })).toEqual(changed);
    expect(changed).toMatchObject({ name: "Reception", instructions: "Be brief." });
    expect(await client.deleteAgent({ id })).toBeUndefined();
    await expect(client.getAgent({ id })).rejects.toMatchObject({ status: 404, code: "not_found" });
  });

  test("client: a refusal tells field, code and how long to wait", async () => {
    const { client, baseUrl } = await listening();
    const refused = await client.createAgent({ body: { name: "" } }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TandemError);
    expect(refused).toMatchObject({ status: 400, code: "invalid_request", details: { field: "name" } });
    const stranger = createClient({ baseUrl, key: "tk_live_0000000000000000" });
    await expect(stranger.listAgents()).rejects.toMatchObject({ status: 401, code: "unauthorized" });
    const busy = await served((_request, response) => {
      response.writeHead(429, { "retry-after": "3" });
      response.end('{"error":{"code":"rate_limited","message":"too many","reason":"daily"}}');
    });
    await expect(createClient({ baseUrl: busy, key: "k" }).listCalls()).rejects.toMatchObject({
      message: "too many",
      retryAfterMs: 3000,
      details: { reason: "daily" },
    });
  });

  test("client: nobody there, something else there, or no patience left are told apart from refusals", async () => {
    const other = await served((request, response) => {
      if (request.url?.startsWith("/api/v1/calls")) return;
      response.end("<html>");
    });
    const at = (baseUrl: string) => createClient({ baseUrl, key: "k" });
    await expect(at("http://127.0.0.1:9").listAgents()).rejects.toBeInstanceOf(TandemUnreachable);
    await expect(at(other).listAgents()).rejects.toBeInstanceOf(TandemUnreachable);
    const aborter = new AbortController();
    const waiting = at(other).listCalls({}, { signal: aborter.signal });
    aborter.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(createClient({ baseUrl: other, key: "k", timeoutMs: 20 }).listCalls()).rejects.toThrow("timeout");
  });

  test("client: goes through a list page by page", async () => {
    const { client } = await listening();
    for (let i = 0; i < 5; i += 1) await client.createAgent({ body: { name: `Agent ${i}` } });
    const names: string[] = [];
    for await (const { name } of everyItem((page) => client.listAgents(page), 2)) names.push(name);
    expect(names.sort()).toEqual(["Agent 0", "Agent 1", "Agent 2", "Agent 3", "Agent 4"]);
  });

  test("client: said twice with one idempotency key, one call is placed", async () => {
    const { client, control } = await listening();
    const agent = await client.createAgent({ body: { name: "Caller" } });
    const number = await client.createNumber({ body: { number: "+15550142" } });
    const body = { from: number.number, to: "+15550143", agent_id: agent.id };
    const first = await client.placeCall({ body }, { idempotencyKey: "order-1" });
    const second = await client.placeCall({ body }, { idempotencyKey: "order-1" });
    expect(second.id).toBe(first.id);
    expect(control.placed.length).toBe(1);
  });

  test("client: follows the events of a call, and stops when it is told to", async () => {
    const house = await listening();
    const id = await ringingCall(house, { to: "+15550142" as E164 });
    const events: StreamedEvent[] = [];
    for await (const event of house.client.followCallEvents({ id })) {
      events.push(event);
      break;
    }
    expect(events).toMatchObject([
      { call_id: id, sequence: expect.any(Number), type: expect.stringMatching(/^call\./) },
    ]);
    const nobody = house.client.followCallEvents({ id: "call_none" });
    await expect(nobody[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 404 });
  });

  test("client: an event stream that breaks goes on after the last event, and 204 is its end", async () => {
    const asked: (string | null)[] = [];
    const baseUrl = await served((request, response) => {
      const after = new URL(request.url ?? "", "http://x").searchParams.get("last_event_id");
      asked.push(after);
      if (after === "8") return void response.writeHead(204).end();
      const id = after === null ? 7 : 8;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(
        `retry: 1\n\n: hello\n\nid: ${id}\nevent: call.ringing\ndata: {"type":"call.ringing","sequence":1}\n\n`,
      );
    });
    const ids: number[] = [];
    for await (const { id } of createClient({ baseUrl, key: "k" }).followCallEvents({ id: "call_1" })) ids.push(id);
    expect({ ids, asked }).toEqual({ ids: [7, 8], asked: [null, "7", "8"] });
  });

  test("client: the example of its page runs", async () => {
    const { baseUrl, key } = await listening();
    const page = readFileSync(join(root, "docs/client.md"), "utf8");
    const example = /```js\n(.*?)```/s.exec(page)?.[1] ?? "";
    const body = example.replace(/^import .* from "tandem\/client";$/m, "");
    expect(body).not.toBe(example);
    const lines: unknown[][] = [];
    const names = { createClient, everyItem, TandemError, console: { log: (...said: unknown[]) => lines.push(said) } };
    const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
    const run = new AsyncFunction(...Object.keys(names), "process", body);
    await run(...Object.values(names), { env: { GATEWAY_URL: baseUrl, GATEWAY_KEY: key } });
    expect(lines).toEqual([
      ["+15550142", expect.stringMatching(/^agent_/)],
      [404, "not_found"],
    ]);
  });
});

type Listener = Parameters<typeof createServer>[1];

/** A server that is no gateway; its origin. */
async function served(listener: Listener): Promise<string> {
  const server = createServer(listener as never);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
