import pino from "pino";
import { afterEach, expect, test } from "vitest";
import { startRealtimeServer } from "../../../../bench/sim/realtime-server.ts";
import { frameBytes, pcmu8k } from "../../../../src/codecs/format.ts";
import { createOpenAiRealtimeSession } from "../../../../src/media/ai/io/openai-realtime-session.ts";
import type { AiEvent, AiSession } from "../../../../src/media/ai/session.ts";
import { realtimeOptions } from "../openai-realtime-driver.ts";

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function until(what: string, done: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 8_000;
  while (!done()) {
    if (performance.now() > giveUpAt) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function open(baseUrl: string, dialect: "ga" | "beta"): { session: AiSession; events: AiEvent[]; heard: () => number } {
  const events: AiEvent[] = [];
  let bytes = 0;
  const session = createOpenAiRealtimeSession(
    { ...realtimeOptions, baseUrl, dialect, tuning: { reconnectFirstMs: 1, maxReconnects: 2 } },
    {
      event: (event) => {
        events.push(event);
        if (event.type !== "tool-call") return;
        session.order({ type: "tool-result", toolCallId: event.toolCallId, output: '{"sky":"rain"}', respond: true });
      },
      agentAudio: (_responseId, _itemId, audio) => {
        bytes += audio.length;
      },
    },
    { now: () => performance.now(), wall: () => Date.now() },
    pino({ level: "silent" }),
  );
  closers.push(() => session.close());
  session.start();
  return { session, events, heard: () => bytes };
}

test("a whole conversation with a server that is strict about the beta dialect, over a lost socket", async () => {
  const server = await startRealtimeServer({
    dialect: "beta",
    transcriptDelayMs: 5,
    realTimeFactor: Infinity,
    transcripts: () => "what is the weather",
    deltaMs: 20,
    replies: (turn) =>
      [
        { text: "Let me look.", toolCalls: [{ name: "weather", arguments: {} }] },
        { text: "It rains." },
        { text: "A long story.", audioMs: 8_000 },
      ][turn] ?? {},
    // In the middle of the story.
    faults: (index) => (index === 0 ? { dropSocket: { code: 1011, afterServerEvents: 250 } } : {}),
  });
  closers.push(() => server.close());
  const { session, events, heard } = open(server.baseUrl, "beta");
  const of = (type: AiEvent["type"]): AiEvent[] => events.filter((event) => event.type === type);
  await until("ready", () => of("ready").length === 1);
  session.order({ type: "caller-speech-started" });
  const frame = new Uint8Array(frameBytes(pcmu8k)).fill(0x80);
  for (let i = 0; i < 50; i++) session.pushCallerAudio(frame);
  session.order({ type: "commit-turn" });
  session.order({ type: "respond", reason: "caller-turn" });
  await until("both replies", () => of("response-done").length === 2);
  const [first] = server.sessions;
  expect(events).toContainEqual(expect.objectContaining({ type: "tool-call", name: "weather" }));
  await until("words", () =>
    events.some((event) => event.type === "caller-transcript" && event.final && event.text === "what is the weather"),
  );
  expect(first?.conversation.map(({ type, text }) => text || type)).toEqual([
    "what is the weather",
    "Let me look.",
    "function_call",
    "function_call_output",
    "It rains.",
  ]);
  expect(heard()).toBe(
    first?.conversation.reduce((sum, { role, audioMs }) => sum + (role === "user" ? 0 : audioMs * 8), 0),
  );
  expect(first?.sent).toContain("response.audio_transcript.delta");
  expect(first?.sent.filter((type) => type.startsWith("response.output_audio"))).toEqual([]);
  const spoken = first?.conversation.filter(({ role }) => role === "assistant") ?? [];
  for (const { id, text } of spoken) session.order({ type: "heard", itemId: id, heardText: text });
  session.order({ type: "respond", reason: "nudge" });
  await until("a second session", () => of("ready").length === 2);
  const second = server.sessions[1];
  await until("the restored history", () => second?.conversation.length === 5);
  expect(second?.conversation.map(({ role, text }) => [role, text]).filter(([, text]) => text !== "")).toEqual([
    ["user", "what is the weather"],
    ["assistant", "Let me look."],
    ["assistant", "It rains."],
  ]);
  expect([...(first?.errors ?? []), ...(second?.errors ?? [])]).toEqual([]);
});

test("a client that speaks GA is refused by such a server, and the session says so", async () => {
  const server = await startRealtimeServer({ dialect: "beta" });
  closers.push(() => server.close());
  const { events } = open(server.baseUrl, "ga");
  await until("the end", () => events.some((event) => event.type === "error" && event.fatal));
  expect(server.refusals[0]).toBe(400);
  expect(server.sessions).toEqual([]);
});
