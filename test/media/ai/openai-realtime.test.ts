import { describe, expect, test } from "vitest";
import { RealtimeDriver, wallStartMs } from "./openai-realtime-driver.ts";

const replied = (driver: RealtimeDriver): number => driver.sent("response.create").length;

describe("realtime session: set-up", () => {
  test("configures on the open socket and is ready when the server confirms the formats it asked for", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    expect(driver.log).toEqual(["connect"]);
    driver.accept();
    expect(driver.log).toEqual(["connect", "session.update"]);
    expect(driver.events).toEqual([{ type: "ready" }]);
  });

  test("a server that announces another format than asked is refused for good", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.input({ type: "socket-open" });
    const pcm = { format: { type: "audio/pcm", rate: 24000 } };
    driver.server({ type: "session.updated", session: { audio: { input: pcm, output: pcm } } });
    expect(driver.reported("error")).toMatchObject([{ kind: "format-mismatch", fatal: true }]);
    expect(driver.reported("ready")).toEqual([]);
    expect(driver.log.at(-1)).toBe("disconnect");
    driver.pass(60_000);
    expect(driver.log.at(-1)).toBe("disconnect");
  });

  test("a server that announces no format is taken to speak the protocol's default", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.input({ type: "socket-open" });
    driver.server({ type: "session.updated", session: {} });
    expect(driver.reported("error")).toMatchObject([{ kind: "format-mismatch" }]);
  });

  test("a configuration the server refuses ends the session with its reason", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.input({ type: "socket-open" });
    const eventId = driver.sent("session.update")[0]?.event_id;
    driver.server({
      type: "error",
      error: { code: "invalid_value", param: "session.audio.output.voice", event_id: eventId },
    });
    expect(driver.reported("error")).toMatchObject([{ kind: "rejected", fatal: true }]);
    expect(driver.reported("error")[0]?.message).toContain("session.audio.output.voice");
  });

  test("a server that never confirms is left for a new socket", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.input({ type: "socket-open" });
    driver.pass(10_300);
    expect(driver.reported("error")).toMatchObject([{ kind: "timeout", fatal: false }]);
    expect(driver.log).toEqual(["connect", "session.update", "disconnect", "connect"]);
  });

  test("audio and orders that come before the session is ready wait, in order, and go out once", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.order({ type: "add-text", role: "system", text: "The caller is Ann." });
    expect(driver.frames(25)).toBe(false);
    driver.order({ type: "commit-turn" });
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.frames(10);
    expect(driver.log).toEqual(["connect"]);
    driver.accept();
    expect(driver.log).toEqual([
      "connect",
      "session.update",
      "conversation.item.create",
      "append",
      "input_audio_buffer.commit",
      "append",
      "response.create",
    ]);
    expect(driver.appended).toEqual([
      { from: 0, to: 4000 },
      { from: 4000, to: 5600 },
    ]);
    expect(driver.frames(1)).toBe(true);
  });

  test("of more than 5 s of audio before the session is ready the newest 5 s are kept, and the loss is told", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.frames(300);
    driver.accept();
    expect(driver.appended).toEqual([{ from: 8000, to: 48000 }]);
    expect(driver.reported("error")).toMatchObject([{ kind: "overflow", fatal: false }]);
    expect(driver.reported("error")[0]?.message).toContain("1000 ms");
  });
});

describe("realtime session: the caller's turns", () => {
  test("with local endpointing a turn is committed and answered on order, and the server gets every frame at once", () => {
    const driver = RealtimeDriver.ready();
    expect(driver.frames(20)).toBe(true);
    driver.order({ type: "commit-turn" });
    driver.order({ type: "respond", reason: "caller-turn" });
    expect(driver.log).toEqual(["input_audio_buffer.commit", "response.create"]);
  });

  test("less audio than the server accepts is never committed", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "commit-turn" });
    driver.frames(4);
    driver.order({ type: "commit-turn" });
    expect(driver.log).toEqual([]);
    driver.frames(1);
    driver.order({ type: "commit-turn" });
    driver.order({ type: "commit-turn" });
    expect(driver.log).toEqual(["input_audio_buffer.commit"]);
  });

  test("minutes of silence are cleared every 15 s, and the last 500 ms sent again so that no word is cut", () => {
    const driver = RealtimeDriver.ready();
    driver.frames(50 * 60);
    expect(driver.sent("input_audio_buffer.clear")).toHaveLength(4);
    expect(driver.appended).toHaveLength(4);
    for (const { from, to } of driver.appended) expect(to - from).toBe(4000);
  });

  test("a caller who talks for a minute without a pause loses nothing to the silence rule", () => {
    const driver = RealtimeDriver.ready();
    driver.frames(50 * 10);
    driver.order({ type: "caller-speech-started" });
    driver.frames(50 * 60, 0x00);
    expect(driver.sent("input_audio_buffer.clear")).toHaveLength(0);
    driver.order({ type: "commit-turn" });
    expect(driver.log).toEqual(["input_audio_buffer.commit"]);
  });

  test("a backchannel that became no turn is forgotten by the server when it is discarded", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "caller-speech-started" });
    driver.frames(20, 0x00);
    driver.order({ type: "discard-turn" });
    expect(driver.log).toEqual(["input_audio_buffer.clear"]);
    driver.order({ type: "commit-turn" });
    expect(driver.log).toEqual(["input_audio_buffer.clear"]);
  });

  test("a turn the server's own ears ended is not committed a second time", () => {
    const driver = RealtimeDriver.ready({ turnDetection: "provider" });
    driver.frames(50, 0x00);
    driver.server({ type: "input_audio_buffer.speech_started", item_id: "u1", audio_start_ms: 0 });
    driver.frames(50);
    driver.server({ type: "input_audio_buffer.speech_stopped", item_id: "u1", audio_end_ms: 1500 });
    expect(driver.events.map((event) => event.type)).toEqual(["turn-started", "turn-ended"]);
    driver.order({ type: "commit-turn" });
    driver.server({ type: "input_audio_buffer.committed", item_id: "u1" });
    driver.order({ type: "respond", reason: "caller-turn" });
    expect(driver.log).toEqual(["response.create"]);
  });

  test("a turn the server has opened but not ended is committed on order", () => {
    const driver = RealtimeDriver.ready({ turnDetection: "provider" });
    driver.server({ type: "input_audio_buffer.speech_started", item_id: "u1", audio_start_ms: 0 });
    driver.frames(50);
    driver.order({ type: "commit-turn" });
    expect(driver.log).toEqual(["input_audio_buffer.commit"]);
    driver.server({ type: "input_audio_buffer.speech_stopped", item_id: "u1", audio_end_ms: 1000 });
    expect(driver.reported("turn-ended")).toEqual([]);
  });

  test("with the server's ears, a silence nobody spoke in is not committed", () => {
    const driver = RealtimeDriver.ready({ turnDetection: "provider" });
    driver.frames(50 * 20);
    driver.order({ type: "commit-turn" });
    expect(driver.log).toEqual([]);
  });

  test("with local endpointing the server's ears are not heard", () => {
    const driver = RealtimeDriver.ready();
    driver.server({ type: "input_audio_buffer.speech_started", item_id: "u1" });
    expect(driver.events).toEqual([]);
  });
});

describe("realtime session: transcripts of the caller", () => {
  const base = "conversation.item.input_audio_transcription";

  test("pieces pile up to partials by item, also when they arrive after the reply, and the whole ends them", () => {
    const driver = RealtimeDriver.ready();
    driver.server({ type: `${base}.delta`, item_id: "u1", delta: "book a " });
    driver.speak("r1", "a1", 100);
    driver.done("r1");
    driver.server({ type: `${base}.delta`, item_id: "u1", delta: "table" });
    const usage = { type: "duration", seconds: 1.5 };
    driver.server({ type: `${base}.completed`, item_id: "u1", transcript: "Book a table. ", usage });
    driver.server({ type: `${base}.delta`, item_id: "u1", delta: "late" });
    expect(driver.reported("caller-transcript")).toEqual([
      { type: "caller-transcript", itemId: "u1", text: "book a ", final: false },
      { type: "caller-transcript", itemId: "u1", text: "book a table", final: false },
      { type: "caller-transcript", itemId: "u1", text: "Book a table.", final: true },
    ]);
    expect(driver.reported("usage").at(-1)?.usage).toEqual({ transcriptionSeconds: 1.5 });
  });

  test("a server that repeats the text so far in each piece is read the same way (xAI)", () => {
    const driver = RealtimeDriver.ready();
    for (const delta of ["I", "I would", "I would like tea"]) {
      driver.server({ type: `${base}.delta`, item_id: "u1", delta });
    }
    driver.server({ type: `${base}.updated`, item_id: "u1", transcript: "I would like coffee" });
    driver.server({ type: `${base}.completed`, item_id: "u1", transcript: "I would like", status: "in_progress" });
    driver.server({ type: `${base}.completed`, item_id: "u1", transcript: "I would like coffee." });
    driver.server({ type: `${base}.completed`, item_id: "u1", transcript: "I would like coffee." });
    expect(driver.reported("caller-transcript").map(({ text, final }) => (final ? `${text}|` : text))).toEqual([
      "I",
      "I would",
      "I would like tea",
      "I would like coffee",
      "I would like",
      "I would like coffee.|",
    ]);
  });

  test("a failed transcription is a final transcript without words", () => {
    const driver = RealtimeDriver.ready();
    driver.server({ type: `${base}.failed`, item_id: "u1", error: { code: "audio_unintelligible" } });
    expect(driver.reported("caller-transcript")).toEqual([
      { type: "caller-transcript", itemId: "u1", text: "", final: true },
    ]);
  });
});

describe("realtime session: replies", () => {
  test("one reply at a time: what is asked meanwhile waits for the terminal event", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.order({ type: "say", text: "One more thing.", reason: "say" });
    expect(replied(driver)).toBe(1);
    driver.speak("r1", "a1", 200);
    expect(replied(driver)).toBe(1);
    driver.done("r1");
    expect(replied(driver)).toBe(2);
    expect(driver.sent("response.create")[1]?.response).toMatchObject({
      conversation: "auto",
      instructions: "Say exactly: One more thing.",
    });
    driver.speak("r2", "a2", 200);
    expect(driver.reported("response-started")).toEqual([
      { type: "response-started", responseId: "r1", reason: "caller-turn" },
      { type: "response-started", responseId: "r2", reason: "say" },
    ]);
  });

  test("two waiting replies from the conversation become one", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "greeting" });
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.speak("r1", "a1", 100);
    driver.done("r1");
    driver.speak("r2", "a2", 100);
    driver.done("r2");
    expect(replied(driver)).toBe(2);
  });

  test("a create refused because a reply of the server's own is active is sent again behind that one", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    const eventId = driver.sent("response.create")[0]?.event_id;
    driver.speak("server-made", "a1", 100);
    driver.error("conversation_already_has_active_response", eventId);
    expect(replied(driver)).toBe(1);
    driver.done("server-made");
    expect(replied(driver)).toBe(2);
    expect(driver.reported("error")).toEqual([]);
  });

  test("a create refused for a response nobody knows is sent again after a moment, and given up after five", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    for (let i = 0; i < 5; i++) {
      driver.error("conversation_already_has_active_response", driver.sent("response.create").at(-1)?.event_id);
      driver.pass(500);
    }
    expect(replied(driver)).toBe(5);
    expect(driver.reported("error")).toMatchObject([{ kind: "rejected", fatal: false }]);
  });

  test("a create nobody answers is sent once more and then given up", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.pass(7_999);
    expect(replied(driver)).toBe(1);
    driver.pass(1);
    expect(replied(driver)).toBe(2);
    driver.pass(8_000);
    expect(replied(driver)).toBe(2);
    expect(driver.reported("error")).toMatchObject([{ kind: "timeout", fatal: false }]);
    driver.order({ type: "respond", reason: "nudge" });
    expect(replied(driver)).toBe(3);
  });

  test("a server that leaves out response.created is understood by its audio (HuggingFace)", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "greeting" });
    expect(driver.audio("r1", "a1", 100)).toBe(false);
    driver.input({ type: "server-event", event: { type: "progress", responseId: "r1" } });
    expect(driver.audio("r1", "a1", 100)).toBe(true);
    expect(driver.reported("response-started")).toMatchObject([{ responseId: "r1", reason: "greeting" }]);
  });

  test("a response that falls silent without an end is given up, so that the next can speak", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.speak("r1", "a1", 100);
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.pass(30_000);
    expect(driver.reported("response-done")).toMatchObject([{ responseId: "r1", status: "failed" }]);
    expect(replied(driver)).toBe(2);
  });

  test("text, item's end and response's end are told in order, with the usage", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.speak("r1", "a1", 100);
    const ids = { response_id: "r1", item_id: "a1" };
    driver.server({ ...ids, type: "response.output_audio_transcript.delta", delta: "Hello " });
    driver.server({ ...ids, type: "response.output_item.done", item: { id: "a1", type: "message" } });
    const usage = {
      input_token_details: { text_tokens: 5, audio_tokens: 20, cached_tokens: 3 },
      output_token_details: { text_tokens: 7, audio_tokens: 40 },
    };
    driver.server({ type: "response.done", response: { id: "r1", status: "completed", output: [], usage } });
    expect(driver.events.slice(1)).toEqual([
      { type: "agent-text", responseId: "r1", itemId: "a1", delta: "Hello " },
      { type: "item-done", responseId: "r1", itemId: "a1" },
      {
        type: "usage",
        usage: {
          inputTextTokens: 5,
          inputAudioTokens: 20,
          inputCachedTokens: 3,
          outputTextTokens: 7,
          outputAudioTokens: 40,
        },
      },
      { type: "response-done", responseId: "r1", status: "completed", toolsPending: false },
    ]);
  });

  test("a reply that fails for its rate limit says so, and the session goes on", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    const details = { type: "failed", error: { code: "rate_limit_exceeded" } };
    driver.server({ type: "response.created", response: { id: "r1" } });
    driver.server({ type: "response.done", response: { id: "r1", status: "failed", status_details: details } });
    expect(driver.reported("error")).toMatchObject([{ kind: "rate-limited", fatal: false }]);
    expect(driver.reported("response-done")).toMatchObject([{ status: "failed" }]);
  });

  test("an unknown event type is counted and ignored; nonsense is told once", () => {
    const driver = RealtimeDriver.ready();
    driver.server({ type: "response.telepathy.delta" });
    driver.server({ type: "rate_limits.updated" });
    driver.server({ type: 5 as unknown as string });
    driver.server({ type: "response.created" });
    expect(driver.events).toEqual([
      { type: "ignored", name: "response.telepathy.delta" },
      { type: "error", kind: "protocol", message: expect.any(String), fatal: false },
      { type: "ignored", name: "malformed" },
    ]);
  });

  test("a server that sends nothing but nonsense is left for a new session", () => {
    const driver = RealtimeDriver.ready();
    for (let i = 0; i < 51; i++) driver.server({});
    expect(driver.log).toEqual(["disconnect"]);
  });
});
