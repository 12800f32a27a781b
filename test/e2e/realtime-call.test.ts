import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import { type CallResult, placeCall } from "../../bench/sim/twilio-phone.ts";
import { parseWav } from "../../src/codecs/wav.ts";
import { checkSignature } from "../../src/kit/signature.ts";
import { followEvents, type StreamedEvent } from "../kit/event-stream.ts";
import { eventually, type Json, startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";
import { StallWatch } from "../kit/stalls.ts";

const greeting = "Welcome to the harbour office, this is a recorded line.";
const longAnswer =
  "The ferry to the northern islands leaves every day at seven in the morning, at noon, and at six in the evening, " +
  "and the crossing takes about two hours in good weather, and a little longer when the wind is up.";
/** The simulated model takes 60 ms a character. */
const answerMs = longAnswer.length * 60;
/** Length of the pieces in which the recording is compared with what the telephone heard. */
const pieceMs = 300;
const toolAnswer = "Your berth is number forty two.";

interface ToolRequest {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A customer's tool server. */
async function toolServer(requests: ToolRequest[]): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      requests.push({ headers: request.headers, body });
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ berth: 42 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("a call with a realtime agent", () => {
  const requests: ToolRequest[] = [];
  let sim: RealtimeServer;
  let tools: Server;
  let gateway: TestGateway;
  let result: CallResult;
  let callId: string;
  let toolSecret: string;
  let live: readonly StreamedEvent[];
  let call: Json;
  let watch: StallWatch;
  let stood: Awaited<ReturnType<StallWatch["seen"]>>;

  beforeAll(async () => {
    sim = await startRealtimeServer({
      apiKey: "sk-test",
      replies: (turn, history) => {
        if (history.at(-1)?.type === "function_call_output") return { text: toolAnswer };
        if (turn === 0) return { text: longAnswer };
        return { toolCalls: [{ name: "find_berth", arguments: { boat: "Heron" } }] };
      },
      transcripts: (turn) => ["when does the ferry leave", "wait I need my berth instead"][turn] ?? "thank you",
    });
    tools = await toolServer(requests);
    gateway = await startGateway({
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: sim.baseUrl,
      TANDEM_ALLOW_PRIVATE_TARGETS: "true",
    });
    const agent = await gateway.api("POST", "/agents", {
      name: "Harbour",
      instructions: "You are the harbour office.",
      provider: "openai-realtime",
      first_message: greeting,
      record: true,
      tools: [
        {
          name: "find_berth",
          description: "Finds a boat's berth.",
          parameters: {
            type: "object",
            properties: { boat: { type: "string" } },
            required: ["boat"],
            additionalProperties: false,
          },
          url: `http://127.0.0.1:${(tools.address() as AddressInfo).port}/berth`,
        },
      ],
    });
    expect(agent.status).toBe(201);
    toolSecret = String(agent.body.tools?.[0]?.secret ?? agent.body.signing_secret);
    const number = await gateway.api("POST", "/numbers", { number: "+15550111", inbound_agent_id: agent.body.id });
    expect(number.status).toBe(201);
    const events = await followEvents(`${gateway.httpUrl}/api/v1/events`, gateway.apiKey);
    const ticket = await gateway.api("POST", "/streams", {
      carrier: "twilio",
      to: "+15550111",
      from: "+15550122",
      metadata: { order: "7" },
    });
    expect(ticket.status).toBe(201);
    callId = ticket.body.call_id;
    watch = await StallWatch.begin(gateway);
    result = await placeCall({
      url: ticket.body.url,
      token: ticket.body.token,
      maxMs: 60_000,
      script: [
        { type: "wait-for-agent", quietMs: 700 },
        { type: "play", clip: { label: "question", samples: speech("queue-thankyou") } },
        { type: "barge-in", afterMs: 2500, clip: { label: "interruption", samples: speech("vm-tocallnum") } },
        { type: "wait-for-agent", quietMs: 700 },
        { type: "hang-up" },
      ],
    });
    stood = await watch.seen();
    call = await eventually("the call has its ending", async () => {
      const { body } = await gateway.api("GET", `/calls/${callId}`);
      return body.status === "ended" ? body : undefined;
    });
    await eventually("the ending is told live", () => events.events.find(({ type }) => type === "call.ended"));
    live = [...events.events];
    events.close();
  }, 120_000);

  afterAll(async () => {
    watch?.close();
    await gateway?.close();
    await sim?.close();
    tools?.close();
  });

  test("the caller hears the greeting, the answer until he interrupts, and the answer that needed the tool", async () => {
    expect(result.ending).toBe("script");
    expect(result.agentSpeech.length).toBeGreaterThanOrEqual(3);
    expect(await watch.unexplained([{ result, record: call }])).toEqual([]);
    expect(result.faults).toEqual([]);
  });

  test("carrier and model speak the same encoding: nothing is converted", () => {
    expect(sim.sessions[0]?.config).toMatchObject({
      audio: { input: { format: { type: "audio/pcmu" } }, output: { format: { type: "audio/pcmu" } } },
    });
  });

  test("the agent falls silent when the caller speaks over it, and the carrier's buffer is cleared", () => {
    const [bargeIn] = result.bargeIns;
    expect(bargeIn?.silentMs).toBeDefined();
    // How fast is the bench's business; here, that it was the clear which did it, while much was left to say.
    expect(Math.abs((bargeIn?.silentMs ?? 0) - (bargeIn?.clearedMs ?? 0))).toBeLessThan(400 + stood.longestMs);
    expect((bargeIn?.silentMs ?? 0) - (bargeIn?.onsetMs ?? 0)).toBeLessThan(answerMs / 2);
    expect(result.messages.clear).toBeGreaterThanOrEqual(1);
  });

  test("the model is told the played position: what the phone heard of the answer, not what had been sent", () => {
    const session = sim.sessions[0];
    expect(session?.truncations.length).toBe(1);
    const truncation = session?.truncations[0];
    const answer = result.agentSpeech.find((span) =>
      result.bargeIns.some(({ onsetMs }) => span.startMs < onsetMs && span.endMs > onsetMs),
    );
    const heardMs = (answer?.endMs ?? 0) - (answer?.startMs ?? 0);
    expect(truncation?.text).toBe(longAnswer);
    expect(truncation?.audioEndMs).toBeLessThan(truncation?.audioMs ?? 0);
    // The voice begins and ends a little inside its audio.
    expect(Math.abs((truncation?.audioEndMs ?? 0) - heardMs)).toBeLessThan(300 + stood.longestMs);
    expect(session?.errors).toEqual([]);
  });

  test("the transcript holds what was heard: the interrupted answer ends early and says so", async () => {
    const { body } = await gateway.api("GET", `/calls/${callId}/transcript`);
    const lines = body.data.map(({ role, text, interrupted }: Json) => ({ role, text, interrupted }));
    expect(lines[0]).toEqual({ role: "agent", text: greeting, interrupted: false });
    expect(lines[1]).toEqual({ role: "caller", text: "when does the ferry leave", interrupted: false });
    expect(lines[2]).toMatchObject({ role: "agent", interrupted: true });
    expect(longAnswer.startsWith(String(lines[2]?.text))).toBe(true);
    expect(String(lines[2]?.text).length).toBeLessThan(longAnswer.length / 2);
    expect(lines[3]).toMatchObject({ role: "caller", text: "wait I need my berth instead" });
    expect(lines.at(-1)).toEqual({ role: "agent", text: toolAnswer, interrupted: false });
  });

  test("the tool is called once, signed, with checked arguments, and its answer reaches the model", () => {
    expect(requests.length).toBe(1);
    const [request] = requests;
    const body = request?.body ?? "";
    expect(JSON.parse(body)).toMatchObject({
      name: "find_berth",
      arguments: { boat: "Heron" },
      call: { id: callId, from: "+15550122", to: "+15550111" },
    });
    const header = String(request?.headers["x-tandem-signature"]);
    expect(checkSignature({ header, rawBody: body, secret: toolSecret, nowS: Date.now() / 1000 })).toBeUndefined();
    const outputs = sim.sessions[0]?.conversation.filter(({ type }) => type === "function_call_output");
    expect(outputs?.map(({ payload }) => JSON.parse(payload))).toEqual([{ berth: 42 }]);
  });

  test("partial transcripts of both sides, the tool call and the turns come live, in order, numbered per call", () => {
    const mine = live.filter(({ data }) => data.call_id === callId);
    expect(mine.map(({ data }) => data.sequence)).toEqual(mine.map((_, index) => index + 1));
    const partials = mine.filter(({ type }) => type === "transcript.partial");
    expect(new Set(partials.map(({ data }) => (data.data as { role: string }).role))).toEqual(
      new Set(["agent", "caller"]),
    );
    const types = mine.map(({ type }) => type);
    for (const type of [
      "call.ringing",
      "call.started",
      "tool.started",
      "tool.ended",
      "turn.completed",
      "interruption",
      "call.ended",
    ]) {
      expect(types).toContain(type);
    }
    expect(types.indexOf("tool.started")).toBeLessThan(types.indexOf("tool.ended"));
  });

  test("a client that lost its connection catches up from the last event it saw", async () => {
    const mine = live.filter(({ data, type }) => data.call_id === callId && type !== "transcript.partial");
    const seen = mine[2]?.id ?? 0;
    const again = await followEvents(`${gateway.httpUrl}/api/v1/calls/${callId}/events`, gateway.apiKey, seen);
    const rest = mine.filter(({ id }) => id > seen);
    await eventually("the rest is replayed", () => (again.events.length >= rest.length ? true : undefined));
    expect(again.events.map(({ id }) => id)).toEqual(rest.map(({ id }) => id));
    again.close();
  });

  test("the timeline shows each turn's latency parts and the interruption", async () => {
    const { body } = await gateway.api("GET", `/calls/${callId}/timeline`);
    const answered = body.turns.filter(({ reason }: Json) => reason === "caller-turn");
    expect(answered.length).toBeGreaterThanOrEqual(1);
    expect(body.interruptions.map(({ outcome }: Json) => outcome)).toContain("yielded");
  });

  test("the recording has the caller left and the agent as heard right, as long as the call", async () => {
    const link = await gateway.api("GET", `/calls/${callId}/recording`);
    const bytes = new Uint8Array(await (await fetch(link.body.url)).arrayBuffer());
    const wav = parseWav(bytes);
    if ("fault" in wav) throw new Error(wav.fault);
    expect(wav.channels).toBe(2);
    const durationMs = wav.samples.length / 2 / 8;
    expect(Math.abs(durationMs - call.duration_ms)).toBeLessThan(500);
    const side = (channel: 0 | 1) =>
      Int16Array.from({ length: wav.samples.length / 2 }, (_, i) => wav.samples[i * 2 + channel] ?? 0);
    for (const [channel, heardByPhone, spans] of [
      [1, result.heard, result.agentSpeech],
      [0, result.said, result.callerSpeech],
    ] as const) {
      const recorded = side(channel);
      // In pieces, so that a telephone which stalls for a moment under load moves only what comes after.
      const pieces = spans.flatMap(({ startMs, endMs }) =>
        Array.from({ length: Math.floor((endMs - startMs) / pieceMs) }, (_, n) => startMs + n * pieceMs),
      );
      const nearMs = 150 + stood.longestMs;
      const matches = pieces.map((startMs) => alike(recorded, heardByPhone, startMs, startMs + pieceMs, nearMs));
      expect(pieces.length).toBeGreaterThan(3);
      // A stall may leave a gap at the telephone, which is in one piece.
      expect(matches.filter((likeness) => likeness <= 0.95).length).toBeLessThanOrEqual(stood.stalls);
    }
  });

  test("a wrong signature on the recording's link is refused", async () => {
    const link = await gateway.api("GET", `/calls/${callId}/recording`);
    const forged = String(link.body.url).replace(/signature=.{4}/, "signature=0000");
    expect((await fetch(forged)).status).toBe(403);
  });

  test("the record tells cause, usage and metadata", () => {
    expect(call).toMatchObject({ status: "ended", cause: "caller-hung-up", metadata: { order: "7" } });
    expect(call.usage.output_audio_tokens).toBeGreaterThan(0);
  });

  test("the log has the call's id on its lines, and neither words nor secrets", () => {
    const log = gateway.lines.join("\n");
    expect(log).toContain(callId);
    for (const secret of ["sk-test", gateway.apiKey, toolSecret, "ferry", "berth is", "Heron"])
      expect(log).not.toContain(secret);
  });
});

/** How alike two signals are between two moments (1: the same sound), the first shifted by up to `nearMs`. */
function alike(recorded: Int16Array, heard: Int16Array, startMs: number, endMs: number, nearMs: number): number {
  let best = 0;
  for (let shift = -Math.round(nearMs * 8); shift <= nearMs * 8; shift++) {
    let ab = 0;
    let aa = 0;
    let bb = 0;
    for (let i = Math.round(startMs * 8); i < endMs * 8; i += 3) {
      const x = heard[i] ?? 0;
      const y = recorded[i + shift] ?? 0;
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    best = Math.max(best, ab / Math.sqrt(aa * bb || 1));
  }
  return best;
}
