import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { RealtimeServer, RealtimeServerBehaviour } from "../../../bench/sim/realtime-server.ts";
import { startRealtimeServer } from "../../../bench/sim/realtime-server.ts";
import {
  encodeSamples,
  loopBytes,
  patternFrames,
  readPatternFrame,
  voiceLoop,
} from "../../../bench/sim/realtime-server-audio.ts";
import { checkClientEvent } from "../../../bench/sim/realtime-server-schema.ts";
import { l16at24k, pcmu8k } from "../../../src/codecs/format.ts";
import { decodeG711, pcmuLaw } from "../../../src/codecs/g711.ts";

type Event = Readonly<Record<string, unknown>>;

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

class Client {
  readonly events: Event[] = [];
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.events.push(JSON.parse(String(data)) as Event));
    socket.on("error", () => {});
  }

  send(event: Event): void {
    this.#socket.send(JSON.stringify(event));
  }

  raw(message: string): void {
    this.#socket.send(message);
  }

  of(type: string): readonly Event[] {
    return this.events.filter((event) => event.type === type);
  }

  /** The n-th event of a type, once it is there. */
  async next(type: string, count = 1): Promise<Event> {
    const giveUpAt = performance.now() + 8_000;
    while (this.of(type).length < count) {
      if (performance.now() > giveUpAt) throw new Error(`never came: ${type} (${count})`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return this.of(type)[count - 1]!;
  }

  /** Code, parameter and event id of the n-th error. */
  async error(count = 1): Promise<readonly unknown[]> {
    const { error } = (await this.next("error", count)) as { error: Event };
    return [error.code, error.param, error.event_id];
  }
}

async function meet(behaviour: RealtimeServerBehaviour = {}): Promise<{ server: RealtimeServer; client: Client }> {
  const server = await startRealtimeServer({ realTimeFactor: Infinity, transcriptDelayMs: 5, ...behaviour });
  closers.push(() => server.close());
  const socket = new WebSocket(`${server.baseUrl.replace("http", "ws")}/realtime?model=gpt-realtime-2.1`, {
    headers: { authorization: "Bearer any" },
  });
  closers.push(() => socket.terminate());
  const client = new Client(socket);
  await client.next("session.created");
  return { server, client };
}

const ulaw = { format: { type: "audio/pcmu" } };
const manual = {
  type: "session.update",
  session: {
    type: "realtime",
    audio: {
      input: { ...ulaw, turn_detection: null, transcription: { model: "gpt-live-transcribe" } },
      output: ulaw,
    },
  },
};

async function manualTalk(
  behaviour: RealtimeServerBehaviour = {},
): Promise<{ server: RealtimeServer; client: Client }> {
  const met = await meet(behaviour);
  met.client.send(manual);
  await met.client.next("session.updated");
  return met;
}

const append = (audio: Uint8Array): Event => ({
  type: "input_audio_buffer.append",
  audio: Buffer.from(audio).toString("base64"),
});
const silence = (ms: number): Buffer => Buffer.alloc(ms * 8, 0xff);
const speech = (ms: number): Buffer => loopBytes(voiceLoop({ type: "voice" }, pcmu8k), pcmu8k, 0, ms);

describe("realtime simulator: the door", () => {
  test.each([
    ["/v1/realtime?model=m", {}, 401],
    ["/v1/realtime?model=m", { authorization: "Bearer wrong" }, 401],
    ["/v1/realtime", { authorization: "Bearer right" }, 400],
    ["/v2/realtime?model=m", { authorization: "Bearer right" }, 404],
  ])("%s with %o is answered with %i", async (path, headers, status) => {
    const server = await startRealtimeServer({ apiKey: "right" });
    closers.push(() => server.close());
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
    closers.push(() => socket.terminate());
    const answered = await new Promise((resolve) => {
      socket.on("unexpected-response", (request, response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      socket.on("error", () => {});
    });
    expect(answered).toBe(status);
    expect(server.refusals).toEqual([status]);
  });

  test("greets with the defaults, and announces what was asked for", async () => {
    const { client } = await manualTalk();
    expect(client.of("session.created")[0]).toMatchObject({
      session: { type: "realtime", audio: { input: { format: { type: "audio/pcm", rate: 24000 } } } },
    });
    expect(client.of("session.updated")[0]).toMatchObject({
      session: { audio: { input: { ...ulaw, turn_detection: null }, output: ulaw }, expires_at: expect.any(Number) },
    });
  });
});

describe("realtime simulator: strictness", () => {
  const session = (fields: Event): Event => ({ type: "session.update", session: { type: "realtime", ...fields } });
  const create = (item: Event): Event => ({ type: "conversation.item.create", item });

  test.each([
    ["a field of the event", { type: "response.cancel", now: true }, "unknown_parameter", "now"],
    ["a field of the session", session({ temperature: 0.8 }), "unknown_parameter", "session.temperature"],
    ["a beta field", session({ input_audio_format: "g711_ulaw" }), "unknown_parameter", "session.input_audio_format"],
    [
      "a field of the input",
      session({ audio: { input: { codec: 1 } } }),
      "unknown_parameter",
      "session.audio.input.codec",
    ],
    [
      "a rate for µ-law",
      session({ audio: { input: { format: { type: "audio/pcmu", rate: 8000 } } } }),
      "unknown_parameter",
      "session.audio.input.format.rate",
    ],
    [
      "another PCM rate",
      session({ audio: { output: { format: { type: "audio/pcm", rate: 16000 } } } }),
      "invalid_value",
      "session.audio.output.format.rate",
    ],
    [
      "an unknown format",
      session({ audio: { input: { format: { type: "audio/opus" } } } }),
      "invalid_value",
      "session.audio.input.format.type",
    ],
    [
      "a field of the detection",
      session({ audio: { input: { turn_detection: { type: "semantic_vad", threshold: 0.5 } } } }),
      "unknown_parameter",
      "session.audio.input.turn_detection.threshold",
    ],
    ["no session type", { type: "session.update", session: {} }, "missing_required_parameter", "session.type"],
    ["a number for text", session({ instructions: 7 }), "invalid_value", "session.instructions"],
    [
      "both modalities",
      session({ output_modalities: ["audio", "text"] }),
      "invalid_value",
      "session.output_modalities",
    ],
    [
      "a tool without a name",
      session({ tools: [{ type: "function" }] }),
      "missing_required_parameter",
      "session.tools[0].name",
    ],
    [
      "the wrong content for a role",
      create({ type: "message", role: "assistant", content: [{ type: "input_text", text: "x" }] }),
      "invalid_value",
      "item.content[0].type",
    ],
    [
      "an output that is no text",
      create({ type: "function_call_output", call_id: "c", output: {} }),
      "invalid_value",
      "item.output",
    ],
    [
      "a float position",
      { type: "conversation.item.truncate", item_id: "x", content_index: 0, audio_end_ms: 1.5 },
      "invalid_value",
      "audio_end_ms",
    ],
    [
      "a response field",
      { type: "response.create", response: { modalities: ["audio"] } },
      "unknown_parameter",
      "response.modalities",
    ],
    ["audio that is no base64", { type: "input_audio_buffer.append", audio: "%%%%" }, "invalid_value", "audio"],
    ["an unknown event", { type: "response.restart" }, "invalid_value", "type"],
    ["no type", {}, "missing_required_parameter", "type"],
    ["a field named like a built-in", { type: "constructor" }, "invalid_value", "type"],
  ])("%s is refused by name", (_what, event, code, param) => {
    expect(checkClientEvent(event, "")).toMatchObject({ code, param });
  });

  test("the refusal names the client's event, and the socket stays open", async () => {
    const { client } = await meet();
    client.send({ type: "response.create", event_id: "mine-1", response: { voice: "marin" } });
    expect(await client.error()).toEqual(["unknown_parameter", "response.voice", "mine-1"]);
    client.raw("{");
    expect(await client.error(2)).toEqual(["invalid_json", null, null]);
    client.send({ type: "response.create" });
    await client.next("response.done");
  });

  test("the model, and the voice once it was heard, cannot be changed", async () => {
    const { client } = await manualTalk();
    client.send({ type: "session.update", session: { type: "realtime", model: "other" } });
    expect((await client.error())[1]).toBe("session.model");
    client.send({ type: "response.create" });
    await client.next("response.done");
    client.send({ type: "session.update", session: { type: "realtime", audio: { output: { voice: "cedar" } } } });
    expect((await client.error(2))[0]).toBe("cannot_update_voice");
  });
});

describe("realtime simulator: the caller", () => {
  test("less than 100 ms cannot be committed; a commit makes an item and no reply", async () => {
    const { client } = await manualTalk();
    client.send(append(silence(99)));
    client.send({ type: "input_audio_buffer.commit", event_id: "c1" });
    expect(await client.error()).toEqual(["input_audio_buffer_commit_empty", null, "c1"]);
    client.send(append(silence(1)));
    client.send({ type: "input_audio_buffer.commit" });
    const committed = await client.next("input_audio_buffer.committed");
    expect(committed).toMatchObject({ item_id: expect.any(String), previous_item_id: null });
    await client.next("conversation.item.input_audio_transcription.completed");
    expect(client.of("response.created")).toEqual([]);
  });

  test("a clear empties the buffer", async () => {
    const { client, server } = await manualTalk();
    client.send(append(silence(500)));
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    client.send({ type: "input_audio_buffer.commit" });
    expect((await client.error())[0]).toBe("input_audio_buffer_commit_empty");
    expect(server.sessions[0]).toMatchObject({ clears: 1, commits: 0, callerAudioBytes: 4000 });
  });

  test("server VAD hears real speech: where it starts, where it ends, and it replies by itself", async () => {
    const { client } = await meet();
    const output = { format: { type: "audio/pcmu" } };
    client.send({ type: "session.update", session: { type: "realtime", audio: { input: ulaw, output } } });
    await client.next("session.updated");
    client.send(append(silence(1000)));
    client.send(append(speech(1200)));
    client.send(append(silence(1000)));
    const started = await client.next("input_audio_buffer.speech_started");
    const stopped = await client.next("input_audio_buffer.speech_stopped");
    const committed = await client.next("input_audio_buffer.committed");
    expect(started.audio_start_ms).toBeGreaterThanOrEqual(700);
    expect(started.audio_start_ms).toBeLessThan(900);
    expect(stopped.audio_end_ms).toBeGreaterThan(2400);
    expect(stopped.audio_end_ms).toBeLessThanOrEqual(2700);
    expect([stopped.item_id, committed.item_id]).toEqual([started.item_id, started.item_id]);
    await client.next("response.done");
  });

  test("speech over a reply interrupts it where the session wants that", async () => {
    const { client } = await meet({ realTimeFactor: 1 });
    client.send({ type: "session.update", session: { type: "realtime", audio: { input: ulaw } } });
    await client.next("session.updated");
    client.send({ type: "response.create" });
    await client.next("response.output_audio.delta");
    client.send(append(speech(500)));
    expect(await client.next("response.done")).toMatchObject({
      response: { status: "cancelled", status_details: { reason: "turn_detected" } },
    });
  });

  test.each([
    [false, ["caller ", "turn ", "1"]],
    [true, ["caller ", "caller turn ", "caller turn 1"]],
  ])("transcripts come in pieces, cumulative: %s", async (cumulativeTranscripts, pieces) => {
    const { client } = await manualTalk({ cumulativeTranscripts });
    client.send(append(silence(200)));
    client.send({ type: "input_audio_buffer.commit" });
    const completed = await client.next("conversation.item.input_audio_transcription.completed");
    expect(completed).toMatchObject({ transcript: "caller turn 1", usage: { type: "duration", seconds: 0.2 } });
    expect(client.of("conversation.item.input_audio_transcription.delta").map(({ delta }) => delta)).toEqual(pieces);
  });

  test("a turn without a script fails to be transcribed", async () => {
    const { client } = await manualTalk({ transcripts: () => undefined });
    client.send(append(silence(200)));
    client.send({ type: "input_audio_buffer.commit" });
    await client.next("conversation.item.input_audio_transcription.failed");
  });
});

describe("realtime simulator: replies", () => {
  test("the events of a spoken reply come in the order of the hosted service", async () => {
    const { client } = await manualTalk({ replies: () => ({ text: "Hello there", audioMs: 400 }) });
    client.send({ type: "response.create", response: { metadata: { why: "test" } } });
    const done = await client.next("response.done");
    expect(client.events.slice(2).map(({ type }) => type)).toEqual([
      "response.created",
      "rate_limits.updated",
      "response.output_item.added",
      "conversation.item.added",
      "response.content_part.added",
      "response.output_audio_transcript.delta",
      "response.output_audio.delta",
      "response.output_audio_transcript.delta",
      "response.output_audio.delta",
      "response.output_audio.done",
      "response.output_audio_transcript.done",
      "response.content_part.done",
      "response.output_item.done",
      "conversation.item.done",
      "response.done",
    ]);
    expect(done).toMatchObject({
      response: {
        status: "completed",
        metadata: { why: "test" },
        output: [{ type: "message", status: "completed" }],
        usage: { output_token_details: { audio_tokens: 8 } },
      },
    });
    expect(new Set(client.events.map(({ event_id }) => event_id)).size).toBe(client.events.length);
  });

  test("a second create beside an active reply is refused and named", async () => {
    const { client } = await manualTalk({ realTimeFactor: 1 });
    client.send({ type: "response.create" });
    client.send({ type: "response.create", event_id: "second" });
    expect(await client.error()).toEqual(["conversation_already_has_active_response", null, "second"]);
  });

  test("a cancel ends the reply as cancelled; a cancel of nothing is an error", async () => {
    const { client } = await manualTalk({ realTimeFactor: 1, deltaMs: 20 });
    client.send({ type: "response.create" });
    await client.next("response.output_audio.delta", 3);
    client.send({ type: "response.cancel" });
    expect(await client.next("response.done")).toMatchObject({ response: { status: "cancelled" } });
    client.send({ type: "response.cancel", event_id: "again" });
    expect(await client.error()).toEqual(["response_cancel_not_active", null, "again"]);
    const { length } = client.of("response.output_audio.delta");
    client.send({ type: "input_audio_buffer.clear" });
    await client.next("input_audio_buffer.cleared");
    expect(client.of("response.output_audio.delta")).toHaveLength(length);
  });

  test("paced at the speed of speech, audio takes as long as it lasts", async () => {
    const { client } = await manualTalk({
      realTimeFactor: 1,
      deltaMs: 100,
      replies: () => ({ text: "x", audioMs: 500 }),
    });
    const startedAt = performance.now();
    client.send({ type: "response.create" });
    await client.next("response.done");
    expect(performance.now() - startedAt).toBeGreaterThan(390);
  });

  test("tools: calls with their arguments, outputs once and only for calls that were made", async () => {
    const toolCalls = [{ name: "weather", arguments: { city: "Oslo" } }];
    const { client } = await manualTalk({ replies: () => ({ toolCalls }) });
    client.send({ type: "response.create" });
    const call = await client.next("response.function_call_arguments.done");
    expect(call).toMatchObject({ name: "weather", arguments: '{"city":"Oslo"}' });
    expect(await client.next("response.done")).toMatchObject({
      response: { output: [{ type: "function_call", call_id: call.call_id, status: "completed" }] },
    });
    const output = { type: "function_call_output", call_id: call.call_id, output: "rain" };
    client.send({ type: "conversation.item.create", item: output });
    client.send({ type: "conversation.item.create", event_id: "twice", item: output });
    expect(await client.error()).toEqual(["duplicate_tool_output", "item.call_id", "twice"]);
    client.send({ type: "conversation.item.create", item: { ...output, call_id: "nobody" } });
    expect((await client.error(2))[0]).toBe("invalid_tool_call_id");
  });

  test("truncation: inside the audio it removes the transcript; elsewhere it is an error and changes nothing", async () => {
    const { client, server } = await manualTalk({ replies: () => ({ text: "Hello there", audioMs: 400 }) });
    client.send({
      type: "conversation.item.create",
      item: { id: "note", type: "message", role: "system", content: [{ type: "input_text", text: "x" }] },
    });
    client.send({ type: "response.create" });
    await client.next("response.done");
    const item = server.sessions[0]!.conversation[1]!;
    const cut = (itemId: string, audioEndMs: number): void =>
      client.send({ type: "conversation.item.truncate", item_id: itemId, content_index: 0, audio_end_ms: audioEndMs });
    cut(item.id, 401);
    expect(await client.error()).toEqual(["invalid_value", "audio_end_ms", null]);
    cut("note", 0);
    expect((await client.error(2))[0]).toBe("unsupported_content_type");
    cut("nobody", 0);
    expect((await client.error(3))[0]).toBe("item_truncate_invalid_item_id");
    expect(item).toMatchObject({ text: "Hello there", audioMs: 400 });
    cut(item.id, 150);
    await client.next("conversation.item.truncated");
    expect(item).toMatchObject({ text: "", audioMs: 150 });
    expect(server.sessions[0]!.truncations).toEqual([
      { itemId: item.id, audioEndMs: 150, audioMs: 400, text: "Hello there" },
    ]);
  });
});

describe("realtime simulator: its voice", () => {
  test("each 20 ms of the pattern can be told from the others, also through µ-law", () => {
    for (const format of [pcmu8k, l16at24k]) {
      const loop = Buffer.from(voiceLoop({ type: "pattern" }, format));
      const perFrame = loop.length / patternFrames;
      for (let frame = 0; frame < patternFrames; frame++) {
        const bytes = loop.subarray(frame * perFrame, (frame + 1) * perFrame);
        const samples = new Int16Array(format === pcmu8k ? perFrame : perFrame / 2);
        if (format === pcmu8k) decodeG711(pcmuLaw, bytes, samples);
        else for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(i * 2);
        expect(readPatternFrame(samples, format.sampleRateHz)).toBe(frame);
      }
    }
    expect(readPatternFrame(new Int16Array(160), 8000)).toBeUndefined();
  });

  test("a recording is what the caller hears, repeated to the length of the reply", async () => {
    const samples = Int16Array.from({ length: 1600 }, (_, i) => Math.round(5000 * Math.sin(i / 7)));
    const voice = { type: "recording", samples, sampleRateHz: 8000 } as const;
    const { client } = await manualTalk({ voice, replies: () => ({ text: "x", audioMs: 400 }) });
    client.send({ type: "response.create" });
    await client.next("response.done");
    const heard = Buffer.concat(
      client.of("response.output_audio.delta").map(({ delta }) => Buffer.from(String(delta), "base64")),
    );
    const once = Buffer.from(encodeSamples(samples, pcmu8k));
    expect(heard.equals(Buffer.concat([once, once]))).toBe(true);
  });

  test("hooks tell when caller audio came and agent audio left", async () => {
    const came: number[] = [];
    const left: number[] = [];
    const { client } = await manualTalk({
      onCallerAudio: (session, payload) => came.push(session.index, payload.length),
      onAgentAudio: (_session, payload) => left.push(payload.length),
      replies: () => ({ text: "x", audioMs: 400 }),
    });
    client.send(append(silence(20)));
    client.send({ type: "response.create" });
    await client.next("response.done");
    expect(came).toEqual([0, 160]);
    expect(left).toEqual([1600, 1600]);
  });
});
