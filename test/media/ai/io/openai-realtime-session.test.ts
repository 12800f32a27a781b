import pino from "pino";
import { afterEach, describe, expect, test } from "vitest";
import type { RealtimeServer, RealtimeServerBehaviour } from "../../../../bench/sim/realtime-server.ts";
import { startRealtimeServer } from "../../../../bench/sim/realtime-server.ts";
import { frameBytes, l16at16k, l16at24k, pcma8k, pcmu8k, silenceByte } from "../../../../src/codecs/format.ts";
import { createOpenAiRealtimeSession } from "../../../../src/media/ai/io/openai-realtime-session.ts";
import type { OpenAiRealtimeOptions } from "../../../../src/media/ai/openai-realtime-options.ts";
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

interface Talk {
  readonly server: RealtimeServer;
  readonly session: AiSession;
  readonly events: AiEvent[];
  /** Bytes of agent audio by item. */
  readonly heard: Map<string, number>;
  onEvent: (event: AiEvent) => void;
}

function reported<T extends AiEvent["type"]>(talk: Talk, type: T): readonly Extract<AiEvent, { type: T }>[] {
  return talk.events.filter((event): event is Extract<AiEvent, { type: T }> => event.type === type);
}

/** A session and the simulator behind it; not started. */
async function meet(
  behaviour: RealtimeServerBehaviour = {},
  options: Partial<OpenAiRealtimeOptions> = {},
): Promise<Talk> {
  const server = await startRealtimeServer({ transcriptDelayMs: 5, realTimeFactor: Infinity, ...behaviour });
  closers.push(() => server.close());
  const events: AiEvent[] = [];
  const heard = new Map<string, number>();
  const session = createOpenAiRealtimeSession(
    { ...realtimeOptions, baseUrl: server.baseUrl, ...options },
    {
      event(event) {
        events.push(event);
        talk.onEvent(event);
      },
      agentAudio(_responseId, itemId, audio) {
        heard.set(itemId, (heard.get(itemId) ?? 0) + audio.length);
      },
    },
    { now: () => performance.now(), wall: () => Date.now() },
    pino({ level: "silent" }),
  );
  closers.push(() => session.close());
  const talk: Talk = { server, session, events, heard, onEvent: () => {} };
  return talk;
}

async function start(talk: Talk): Promise<void> {
  talk.session.start();
  await until("ready", () => reported(talk, "ready").length > 0);
}

/** The caller speaks (or is silent) for so many frames, all at once. */
function callerFrames(talk: Talk, count: number, loud: boolean): void {
  const { inbound } = talk.session;
  const frame = new Uint8Array(frameBytes(inbound)).fill(silenceByte(inbound));
  if (loud) for (let i = 0; i < frame.length; i++) frame[i] = inbound.encoding === "l16" ? (i & 2) * 32 : (i & 1) * 128;
  for (let i = 0; i < count; i++) talk.session.pushCallerAudio(frame);
}

/** The first item that was heard, and its bytes. */
function firstHeard(talk: Talk): readonly [string, number] {
  const [first] = talk.heard;
  if (!first) throw new Error("nothing was heard");
  return first;
}

const replyDone = (talk: Talk, count = 1): Promise<void> =>
  until(`${count} replies done`, () => reported(talk, "response-done").length >= count);

describe("realtime session over a socket", () => {
  test.each([
    { leg: pcmu8k, inbound: pcmu8k },
    { leg: pcma8k, inbound: pcma8k },
    { leg: l16at16k, inbound: l16at24k },
  ])("a greeting is said and every byte of it arrives ($leg.encoding)", async ({ leg, inbound }) => {
    const talk = await meet({}, { legFormat: leg });
    expect(talk.session.inbound).toEqual(inbound);
    talk.session.order({ type: "say", text: "Welcome to Joe's Pizza.", reason: "greeting" });
    await start(talk);
    await replyDone(talk);
    const [sim] = talk.server.sessions;
    expect(sim?.conversation).toMatchObject([{ role: "assistant", text: "Welcome to Joe's Pizza." }]);
    const [item] = sim!.conversation;
    expect(talk.heard.get(item!.id)).toBe((item!.audioMs * frameBytes(inbound)) / 20);
    expect(
      reported(talk, "agent-text")
        .map(({ delta }) => delta)
        .join(""),
    ).toBe("Welcome to Joe's Pizza.");
    expect(reported(talk, "item-done")).toHaveLength(1);
    expect(sim?.errors).toEqual([]);
  });

  test("a caller's turn is committed, transcribed and answered", async () => {
    const talk = await meet({ transcripts: () => "what is on the menu", replies: () => ({ text: "Pizza." }) });
    await start(talk);
    talk.session.order({ type: "caller-speech-started" });
    callerFrames(talk, 50, true);
    talk.session.order({ type: "commit-turn" });
    talk.session.order({ type: "respond", reason: "caller-turn" });
    await replyDone(talk);
    await until("transcript", () => reported(talk, "caller-transcript").some(({ final }) => final));
    expect(reported(talk, "caller-transcript").at(-1)?.text).toBe("what is on the menu");
    expect(talk.server.sessions[0]?.conversation).toMatchObject([
      { role: "user", audioMs: 1000 },
      { role: "assistant", text: "Pizza." },
    ]);
    expect(talk.server.sessions[0]?.errors).toEqual([]);
  });

  test("the provider's ears end a turn; committing it again makes no error", async () => {
    const talk = await meet({}, { turnDetection: "provider" });
    talk.onEvent = (event) => {
      if (event.type !== "turn-ended") return;
      talk.session.order({ type: "commit-turn" });
      talk.session.order({ type: "respond", reason: "caller-turn" });
    };
    await start(talk);
    callerFrames(talk, 10, false);
    callerFrames(talk, 40, true);
    callerFrames(talk, 40, false);
    await replyDone(talk);
    const [sim] = talk.server.sessions;
    expect(sim?.commits).toBe(1);
    expect(sim?.sent.filter((type) => type === "response.created")).toHaveLength(1);
    expect(sim?.errors).toEqual([]);
  });

  test("barge-in: one cancel, a truncation at the played position, and not a byte of the old reply after it", async () => {
    const talk = await meet({ realTimeFactor: 1, deltaMs: 20, faults: { lateDeltasAfterCancel: 5 } });
    await start(talk);
    talk.session.order({ type: "respond", reason: "greeting" });
    await until("400 ms of audio", () => [...talk.heard.values()].some((bytes) => bytes >= 3200));
    const [itemId, bytes] = firstHeard(talk);
    talk.session.order({ type: "cancel-response" });
    talk.session.order({
      type: "truncate",
      itemId,
      heardMs: 250.9,
      receivedMs: bytes / 8,
      heardText: "This",
    });
    await replyDone(talk);
    const [sim] = talk.server.sessions;
    await until("truncation", () => sim?.truncations.length === 1);
    expect(sim?.truncations).toMatchObject([{ itemId, audioEndMs: 250 }]);
    expect(talk.heard.get(itemId)).toBe(bytes);
    expect(reported(talk, "response-done")).toMatchObject([{ status: "cancelled" }]);
    expect(sim?.errors).toEqual([]);
  });

  test("a server that never ends a cancelled reply does not keep the next one from being asked for", async () => {
    const faults = { noDoneAfterCancel: true, noTruncateAck: true };
    const talk = await meet({ realTimeFactor: 1, faults }, { tuning: { cancelTimeoutMs: 50 } });
    await start(talk);
    talk.session.order({ type: "respond", reason: "caller-turn" });
    await until("audio", () => talk.heard.size === 1);
    talk.session.order({ type: "cancel-response" });
    talk.session.order({ type: "respond", reason: "caller-turn" });
    await until("the next reply", () => talk.heard.size === 2);
    expect(reported(talk, "response-done")).toMatchObject([{ status: "cancelled" }]);
  });

  test("a refused create is asked for again", async () => {
    const talk = await meet({ faults: { refuseFirstCreate: true } }, { tuning: { refusedRetryMs: 20 } });
    await start(talk);
    talk.session.order({ type: "respond", reason: "greeting" });
    await replyDone(talk);
    expect(talk.server.sessions[0]?.errors).toEqual(["conversation_already_has_active_response"]);
    expect(reported(talk, "error")).toEqual([]);
  });

  test("two tools in one reply: two outputs, one further reply", async () => {
    const toolCalls = [
      { name: "weather", arguments: { city: "Oslo" } },
      { name: "weather", arguments: '{"city":' },
    ];
    const talk = await meet({
      replies: (turn) => (turn === 0 ? { text: "Let me look.", toolCalls } : { text: "Rain." }),
    });
    talk.onEvent = (event) => {
      if (event.type !== "tool-call") return;
      const output = `for ${event.argumentsJson}`;
      talk.session.order({ type: "tool-result", toolCallId: event.toolCallId, output, respond: true });
    };
    await start(talk);
    talk.session.order({ type: "respond", reason: "caller-turn" });
    await replyDone(talk, 2);
    const [sim] = talk.server.sessions;
    expect(sim?.conversation.map(({ type }) => type)).toEqual([
      "message",
      "function_call",
      "function_call",
      "function_call_output",
      "function_call_output",
      "message",
    ]);
    expect(sim?.received.filter(({ event }) => event.type === "response.create")).toHaveLength(2);
    expect(sim?.errors).toEqual([]);
  });

  test.each([1001, 1006, 1008, 1011] as const)(
    "a socket closed with %i in the middle of speech: the call goes on over a new one",
    async (code) => {
      const talk = await meet(
        {
          realTimeFactor: 4,
          deltaMs: 20,
          faults: (index) => (index === 0 ? { dropSocket: { code, afterServerEvents: 40 } } : {}),
        },
        { tuning: { reconnectFirstMs: 20 } },
      );
      await start(talk);
      talk.session.order({ type: "add-text", role: "system", text: "The caller is Ann." });
      talk.session.order({ type: "respond", reason: "greeting" });
      await until("the loss", () => reported(talk, "error").length > 0);
      expect(reported(talk, "error")).toMatchObject([{ kind: "socket-closed", fatal: false }]);
      const [itemId] = firstHeard(talk);
      talk.session.order({ type: "heard", itemId, heardText: "This is" });
      callerFrames(talk, 20, true);
      await until("the new session", () => reported(talk, "ready").length === 2);
      talk.session.order({ type: "respond", reason: "caller-turn" });
      await replyDone(talk, 2);
      const sim = talk.server.sessions[1];
      expect(sim?.conversation.slice(0, 2)).toMatchObject([
        { role: "system", text: "The caller is Ann." },
        { role: "assistant", text: "This is", audioMs: 0 },
      ]);
      expect(sim?.callerAudioBytes).toBe(20 * 160);
      expect(sim?.errors).toEqual([]);
    },
  );

  test("an expired session is followed by another", async () => {
    const talk = await meet(
      { faults: (index) => (index === 0 ? { expireAfterMs: 30 } : {}) },
      { tuning: { reconnectFirstMs: 20 } },
    );
    await start(talk);
    await until("the new session", () => reported(talk, "ready").length === 2);
    expect(reported(talk, "error")).toMatchObject([{ kind: "session-expired", fatal: false }]);
  });

  test("audio pushed before session.updated is sent after it, whole and in order", async () => {
    const talk = await meet({ faults: { sessionUpdatedDelayMs: 60 } });
    talk.session.start();
    const sent: number[] = [];
    for (let i = 0; i < 30; i++) {
      sent.push(...new Uint8Array(160).fill(i));
      talk.session.pushCallerAudio(new Uint8Array(160).fill(i));
    }
    await until("ready", () => reported(talk, "ready").length > 0);
    talk.session.pushCallerAudio(new Uint8Array(160).fill(99));
    await until("the audio", () => talk.server.sessions[0]?.callerAudioBytes === 31 * 160);
    expect([...talk.server.sessions[0]!.callerAudio()].slice(0, sent.length)).toEqual(sent);
    const [update] = talk.server.sessions[0]!.received;
    expect(talk.server.sessions[0]!.callerAudioArrivals[0]!.receivedAt).toBeGreaterThan(update!.receivedAt + 50);
  });

  test("a server that announces another format is refused for good", async () => {
    const talk = await meet({ faults: { announceFormat: "audio/pcm" } });
    talk.session.start();
    await until("the refusal", () => reported(talk, "error").length > 0);
    expect(reported(talk, "error")).toMatchObject([{ kind: "format-mismatch", fatal: true }]);
    await until("the socket's end", () => talk.server.sessions[0]?.closedWith !== undefined);
    expect(talk.server.sessions).toHaveLength(1);
  });

  test("nonsense and binary messages are told once and counted, and the talk goes on", async () => {
    const talk = await meet({ faults: { garbage: true } });
    await start(talk);
    talk.session.order({ type: "respond", reason: "greeting" });
    await replyDone(talk);
    expect(reported(talk, "error")).toMatchObject([{ kind: "protocol", fatal: false }]);
    expect(reported(talk, "ignored").length).toBeGreaterThan(5);
  });

  test("a message larger than the bound ends that socket only", async () => {
    const talk = await meet(
      { faults: (index) => (index === 0 ? { hugeMessageBytes: 17 * 1024 * 1024 } : {}) },
      { tuning: { reconnectFirstMs: 20 } },
    );
    await start(talk);
    await until("the new session", () => reported(talk, "ready").length === 2);
    expect(reported(talk, "error")).toMatchObject([{ kind: "socket-closed", fatal: false }]);
  });

  test("a wrong key is told at once and not tried again", async () => {
    const talk = await meet({ apiKey: "the-right-one" });
    talk.session.start();
    await until("the refusal", () => reported(talk, "error").length > 0);
    expect(reported(talk, "error")).toMatchObject([{ kind: "rejected", fatal: true }]);
    expect(reported(talk, "error")[0]?.message).toContain("401");
    expect(talk.server.refusals).toEqual([401]);
  });

  test("nobody there: five more attempts, then the end", async () => {
    const talk = await meet({}, { tuning: { reconnectFirstMs: 2 } });
    await talk.server.close();
    talk.session.start();
    await until("the end", () => reported(talk, "error").some(({ fatal }) => fatal));
    expect(reported(talk, "error")).toHaveLength(6);
    expect(reported(talk, "error").at(-1)).toMatchObject({ kind: "connect-failed", fatal: true });
  });

  test("a key that cannot be written into a header is a failed connection, not an exception", async () => {
    const talk = await meet({}, { apiKey: "line\nbreak" });
    expect(() => talk.session.start()).not.toThrow();
    expect(reported(talk, "error")).toMatchObject([{ kind: "connect-failed" }]);
  });

  test("after close nothing is reported, twice is fine, and the server sees a normal end", async () => {
    const talk = await meet({ realTimeFactor: 1, deltaMs: 20 });
    await start(talk);
    talk.session.order({ type: "respond", reason: "greeting" });
    await until("audio", () => talk.heard.size === 1);
    talk.session.close();
    talk.session.close();
    const { length } = talk.events;
    talk.session.order({ type: "respond", reason: "caller-turn" });
    callerFrames(talk, 1, false);
    await until("the socket's end", () => talk.server.sessions[0]?.closedWith !== undefined);
    expect(talk.server.sessions[0]?.closedWith).toBe(1000);
    expect(talk.events).toHaveLength(length);
  });

  test("closing from inside an event is safe", async () => {
    const talk = await meet();
    talk.onEvent = () => talk.session.close();
    await start(talk);
    await until("the socket's end", () => talk.server.sessions[0]?.closedWith !== undefined);
    expect(talk.events).toHaveLength(1);
  });
});
