import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ChatServer, startChatServer } from "../../../../bench/sim/chat-server.ts";
import { pcmu8k } from "../../../../src/codecs/format.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createChatCompletionsMind } from "../../../../src/media/ai/io/chat-completions.ts";
import { createOpenaiSpeech } from "../../../../src/media/ai/io/openai-speech.ts";
import { createOpenaiTranscription } from "../../../../src/media/ai/io/openai-transcription.ts";
import { createPipelineSession } from "../../../../src/media/ai/io/pipeline-session.ts";
import type { PipelineOptions } from "../../../../src/media/ai/pipeline/options.ts";
import type { Mind } from "../../../../src/media/ai/pipeline/parts.ts";
import type { AiEvent, AiSession, AiSessionOptions } from "../../../../src/media/ai/session.ts";

describe("pipeline session", () => {
  let server: ChatServer;
  let session: AiSession;
  let events: AiEvent[];
  let audioBytes: Map<string, number>;

  const options: AiSessionOptions = {
    callId: "call_1",
    model: undefined,
    voice: undefined,
    language: "en",
    instructions: "Be kind.",
    tools: [{ name: "weather", description: "", parameters: { type: "object" } }],
    from: "+15550001",
    to: "+15550100",
    metadata: {},
    legFormat: pcmu8k,
    turnDetection: "local",
    apiKey: "k",
    baseUrl: undefined,
    webhook: undefined,
  };

  function open(mind?: Mind, behaviour: Partial<PipelineOptions> = {}): void {
    const { baseUrl } = server;
    const parts = {
      ears: createOpenaiTranscription({ apiKey: "k", baseUrl, model: "stt", language: "en", legFormat: pcmu8k }),
      mind: mind ?? createChatCompletionsMind({ apiKey: "k", baseUrl, model: "chat", retryAfterMs: 1 }),
      voice: createOpenaiSpeech({ apiKey: "k", baseUrl, model: "tts", voice: undefined }),
    };
    const sink = {
      event: (event: AiEvent) => void events.push(event),
      agentAudio: (_responseId: string, itemId: string, audio: Uint8Array) => {
        expect(audio.length % 2).toBe(0);
        audioBytes.set(itemId, (audioBytes.get(itemId) ?? 0) + audio.length);
      },
    };
    session = createPipelineSession(options, parts, sink, systemClock, createLogger("silent", "test"), behaviour);
    session.start();
  }

  beforeEach(async () => {
    server = await startChatServer();
    events = [];
    audioBytes = new Map();
  });
  afterEach(async () => {
    session.close();
    await server.close();
  });

  function callerSpeaks(ms: number): void {
    session.order({ type: "caller-speech-started" });
    for (let at = 0; at < ms; at += 20) session.pushCallerAudio(new Uint8Array(160).fill(0x80));
    session.order({ type: "commit-turn" });
    session.order({ type: "respond", reason: "caller-turn" });
  }
  const got = <T extends AiEvent["type"]>(type: T) =>
    events.filter((event): event is Extract<AiEvent, { type: T }> => event.type === type);
  const replies = () => got("response-done").length;

  test("says what it is: it hears the leg's format and speaks the voice's", async () => {
    open();
    expect(session.inbound).toEqual(pcmu8k);
    expect(session.outbound).toEqual({ encoding: "l16", sampleRateHz: 24_000 });
    expect(session.capabilities).toEqual({ truncation: "real", endsTurns: false, exactSpeech: true, ears: true });
    expect(events).toEqual([]);
    await expect.poll(() => got("ready").length).toBe(1);
  });

  test("a whole turn: ears, mind, tool, mind again, voice", async () => {
    open();
    server.transcripts("What is the weather?");
    server.script(
      { text: "One second. ", tools: [{ id: "t1", name: "weather", arguments: {} }] },
      { text: "It is sunny today. Enjoy it while it lasts!" },
    );
    callerSpeaks(400);
    await expect.poll(replies).toBe(1);
    const [toolCall] = got("tool-call");
    session.order({ type: "tool-result", toolCallId: toolCall?.toolCallId ?? "", output: "sunny", respond: true });
    await expect.poll(replies).toBe(2);
    expect(got("caller-transcript")[0]).toMatchObject({ text: "What is the weather?", final: true });
    const texts = got("agent-text");
    expect(
      texts
        .map((event) => event.delta)
        .join("|")
        .replace(/\| /g, " ")
        .replace(/\|/g, " / "),
    ).toBe("One second. / It is sunny today. Enjoy it while it lasts!");
    expect([...audioBytes.values()].every((bytes) => bytes > 0)).toBe(true);
    const asked = server.requests.filter((seen) => seen.path.endsWith("/chat/completions"));
    expect(asked[1]?.body.messages).toMatchObject([
      { role: "system" },
      { role: "user", content: "What is the weather?" },
      { role: "assistant", content: "One second.", tool_calls: [{ id: "t1" }] },
      { role: "tool", tool_call_id: "t1", content: "sunny" },
    ]);
    expect(got("response-done").map((event) => event.toolsPending)).toEqual([true, false]);
  });

  test("barge-in aborts the mind's and the voice's requests, and nothing of the reply follows", async () => {
    open();
    server.transcripts("Tell me a story.");
    server.script({ text: "Once there was a king. He had three daughters and a very long beard.", chunkMs: 40 });
    server.speech({ msPerChar: 60, chunkMs: 20 });
    callerSpeaks(400);
    await expect.poll(() => audioBytes.size).toBe(1);
    session.order({ type: "cancel-response" });
    expect(got("response-done").map((event) => event.status)).toEqual(["cancelled"]);
    const before = [...audioBytes.values()][0];
    await expect.poll(() => server.requests.filter((seen) => seen.aborted).length).toBeGreaterThanOrEqual(2);
    expect([...audioBytes.values()][0]).toBe(before);
  });

  test("a mind that hangs is given up with the fallback spoken", async () => {
    open(undefined, { firstPieceTimeoutMs: 60, filler: "" });
    server.transcripts("Hello?");
    server.script({ quirks: ["hangs"] });
    callerSpeaks(200);
    await expect.poll(replies).toBe(1);
    expect(got("error")).toMatchObject([{ kind: "timeout", fatal: false }]);
    expect(
      got("agent-text")
        .map((event) => event.delta)
        .join(""),
    ).toMatch(/^Sorry,/);
    await expect
      .poll(() => server.requests.find((seen) => seen.path.endsWith("/chat/completions"))?.aborted)
      .toBe(true);
  });

  test("an exception of a part tells its name only", async () => {
    const next = () => Promise.reject(new TypeError("the caller said secret"));
    open({ respond: () => ({ [Symbol.asyncIterator]: () => ({ next }) }), close: () => {} });
    session.order({ type: "respond", reason: "nudge" });
    await expect.poll(() => got("error").length).toBe(1);
    expect(got("error")[0]?.message).toBe("mind: failed (TypeError)");
  });

  test("orders given from inside an event are performed after the orders at hand", async () => {
    open();
    server.speech({ msPerChar: 5 });
    const push = events.push.bind(events);
    events.push = (...more) => {
      if (more[0]?.type === "item-done" && got("item-done").length === 0) {
        session.order({ type: "say", reason: "nudge", text: "And more." });
      }
      return push(...more);
    };
    session.order({ type: "say", reason: "greeting", text: "Hello." });
    await expect.poll(replies).toBe(2);
    const types = events.map((event) => event.type).filter((type) => type !== "usage" && type !== "ready");
    const reply = ["response-started", "agent-text", "item-done", "response-done"];
    expect(types.filter((type, at) => type !== "agent-text" || types[at - 1] !== "agent-text")).toEqual([
      ...reply,
      ...reply,
    ]);
  });

  test("nothing is reported after close, and closing twice is fine", async () => {
    open();
    server.speech({ msPerChar: 60, chunkMs: 10 });
    session.order({ type: "say", reason: "say", text: "Hello there, my friend." });
    await expect.poll(() => audioBytes.size).toBe(1);
    session.close();
    session.close();
    const count = events.length;
    session.order({ type: "say", reason: "say", text: "Hello?" });
    session.pushCallerAudio(new Uint8Array(160));
    await expect.poll(() => server.requests.at(-1)?.aborted).toBe(true);
    expect(events.length).toBe(count);
  });
});
