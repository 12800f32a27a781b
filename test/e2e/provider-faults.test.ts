import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import type { SimFaults } from "../../bench/sim/realtime-server-options.ts";
import { type CallResult, placeCall } from "../../bench/sim/twilio-phone.ts";
import { agentAt, callNumber, endedCall, openStream, transcriptOf } from "../kit/calls.ts";
import { eventually, startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";
import { StallWatch } from "../kit/stalls.ts";

const number = "+15550111";
const numberWithTool = "+15550112";
const answer = "At seven.";
const listen = { type: "wait-for-agent", quietMs: 500 } as const;
const question = { type: "play", clip: { label: "question", samples: speech("vm-goodbye") } } as const;
const conversation = [listen, question, listen, { type: "hang-up" }] as const;

describe("a provider that misbehaves", () => {
  /** What goes wrong in the session that begins next, and in each one after it. */
  let next: SimFaults = {};
  let always: SimFaults = {};
  let sim: RealtimeServer;
  let silentTool: Server;
  let toolRequests = 0;
  let gateway: TestGateway;
  let healthy: Promise<CallResult>;
  let healthyId: string;
  let watch: StallWatch;
  const endHealthy = new AbortController();

  beforeAll(async () => {
    sim = await startRealtimeServer({
      replies: (turn, history) => {
        const last = history.at(-1);
        if (last?.type === "function_call_output") return { text: `The tool said: ${last.payload}`.slice(0, 60) };
        const wantsTool = history.some(({ text }) => text.includes("Use the tool."));
        if (wantsTool && turn === 0) return { toolCalls: [{ name: "find_berth", arguments: {} }] };
        return { text: answer };
      },
      transcripts: () => "when does it leave",
      faults: () => {
        const faults = { ...always, ...next };
        next = {};
        return faults;
      },
    });
    silentTool = createServer(() => {
      toolRequests++;
    });
    await new Promise<void>((resolve) => silentTool.listen(0, "127.0.0.1", resolve));
    gateway = await startGateway({
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: sim.baseUrl,
      TANDEM_ALLOW_PRIVATE_TARGETS: "true",
    });
    const agent = { name: "Harbour", provider: "openai-realtime", first_message: "Harbour office here." };
    await agentAt(gateway, number, agent);
    await agentAt(gateway, numberWithTool, {
      ...agent,
      first_message: "Use the tool.",
      tools: [
        {
          name: "find_berth",
          description: "Finds a berth.",
          parameters: { type: "object", properties: {}, additionalProperties: false },
          url: `http://127.0.0.1:${(silentTool.address() as AddressInfo).port}/`,
          timeout_ms: 200,
        },
      ],
    });
    watch = await StallWatch.begin(gateway);
    const { callId, url, token } = await openStream(gateway, number);
    healthyId = callId;
    const before = sim.sessions.length;
    healthy = placeCall({
      url,
      token,
      script: Array.from({ length: 300 }, () => [listen, question]).flat(),
      maxMs: 600_000,
      signal: endHealthy.signal,
    });
    await eventually("the healthy call has its session", () => (sim.sessions.length > before ? true : undefined));
  }, 120_000);

  afterAll(async () => {
    watch?.close();
    await gateway?.close();
    await sim?.close();
    silentTool?.closeAllConnections();
    silentTool?.close();
  });

  test.each<[string, SimFaults]>([
    ["sends unreadable messages and a huge one", { garbage: true, hugeMessageBytes: 4_000_000 }],
    ["sends an error event", { errorEvent: { code: "server_error", afterServerEvents: 6 } }],
    ["drops the socket in the middle of a word", { dropSocket: { code: 1006, afterServerEvents: 12 } }],
    ["closes the socket before it is ready", { dropSocket: { code: 1011, afterServerEvents: 1 } }],
    ["lets the session expire", { expireAfterMs: 1500 }],
    ["is slow to begin", { sessionUpdatedDelayMs: 1500 }],
  ])(
    "it %s: the call goes on, and the caller's next question is answered",
    async (_what, faults) => {
      next = faults;
      const before = sim.sessions.length;
      const { result, record, callId } = await callNumber(gateway, number, conversation, { maxMs: 60_000 });
      expect({ ending: result.ending, cause: record.cause }).toEqual({ ending: "script", cause: "caller-hung-up" });
      const loses = faults.dropSocket !== undefined || faults.expireAfterMs !== undefined;
      expect(sim.sessions.length - before).toBe(loses ? 2 : 1);
      const lines = await transcriptOf(gateway, callId);
      expect(lines.filter(({ role }) => role === "caller").length).toBe(1);
      expect(lines.at(-1)).toMatchObject({ role: "agent", text: answer, interrupted: false });
    },
    120_000,
  );

  test("it speaks another encoding than was agreed: the call ends as provider-failed instead of playing noise", async () => {
    next = { announceFormat: "audio/pcm" };
    const { result, record } = await callNumber(gateway, number, conversation, { maxMs: 60_000 });
    expect({ ending: result.ending, cause: record.cause }).toEqual({ ending: "gateway", cause: "provider-failed" });
    expect(result.agentSpeech).toEqual([]);
  }, 120_000);

  test("it never lets a session live: the call ends as provider-failed, with a sentence for people", async () => {
    always = { dropSocket: { code: 1011, afterServerEvents: 1 } };
    const { result, record } = await callNumber(gateway, number, conversation, { maxMs: 60_000 });
    always = {};
    expect({ ending: result.ending, cause: record.cause }).toEqual({ ending: "gateway", cause: "provider-failed" });
    expect(String(record.detail).length).toBeGreaterThan(5);
  }, 120_000);

  test("a tool that never answers: the model is told in time, and says so", async () => {
    const { record, callId } = await callNumber(gateway, numberWithTool, conversation, { maxMs: 60_000 });
    expect(record.cause).toBe("caller-hung-up");
    expect(toolRequests).toBe(1);
    const outputs = sim.sessions.at(-1)?.conversation.filter(({ type }) => type === "function_call_output");
    expect(outputs?.map(({ payload }) => JSON.parse(payload).error.code)).toEqual(["timeout"]);
    expect((await transcriptOf(gateway, callId)).at(-1)?.text).toContain("timeout");
  }, 120_000);

  test("a call beside them all is not touched: every question answered, no gap of our making", async () => {
    endHealthy.abort();
    const result = await healthy;
    const { ending, agentSpeech, faults, callerSpeech } = result;
    expect({ ending, faults }).toEqual({ ending: "aborted", faults: [] });
    const record = await endedCall(gateway, healthyId);
    expect(await watch.unexplained([{ result, record }])).toEqual([]);
    expect(callerSpeech.length).toBeGreaterThanOrEqual(3);
    expect(agentSpeech.length).toBeGreaterThanOrEqual(callerSpeech.length);
  });
});
