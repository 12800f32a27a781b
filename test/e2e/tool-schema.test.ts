import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import { agentAt, callNumber } from "../kit/calls.ts";
import { startGateway } from "../kit/gateway.ts";

const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test("a tool whose schema has a pattern that backtracks for ever does not hold up the calls of its media process", async () => {
  const sim = await startRealtimeServer({
    replies: (turn) =>
      turn === 0
        ? { toolCalls: [{ name: "note", arguments: { text: `${"a".repeat(60)}b` } }] }
        : { text: "That is noted." },
  });
  closers.push(() => sim.close());
  const tools = createServer((_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => tools.listen(0, "127.0.0.1", resolve));
  closers.push(() => tools.close());
  const gateway = await startGateway({
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: sim.baseUrl,
    TANDEM_ALLOW_PRIVATE_TARGETS: "true",
  });
  closers.push(() => gateway.close());
  await agentAt(gateway, "+15550111", {
    name: "Notes",
    provider: "openai-realtime",
    tools: [
      {
        name: "note",
        description: "Notes a text.",
        parameters: { type: "object", properties: { text: { type: "string", pattern: "^(a+)+$" } } },
        url: `http://127.0.0.1:${(tools.address() as AddressInfo).port}/note`,
      },
    ],
  });
  const { callId } = await callNumber(gateway, "+15550111", [
    { type: "wait-for-agent", quietMs: 500 },
    { type: "hang-up" },
  ]);
  const { body } = await gateway.api("GET", `/calls/${callId}/tool-calls`);
  expect(body.data).toMatchObject([{ name: "note", ok: false }]);
  const { body: transcript } = await gateway.api("GET", `/calls/${callId}/transcript`);
  expect(transcript.data.at(-1)).toMatchObject({ role: "agent", text: "That is noted." });
});
