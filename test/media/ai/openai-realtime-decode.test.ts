import { describe, expect, test } from "vitest";
import { decodeServerEvent } from "../../../src/media/ai/openai-realtime-decode.ts";

const ids = { response_id: "r1", item_id: "a1" };

describe("realtime server events", () => {
  test.each([
    ["response.output_audio.delta", "response.audio.delta", { ...ids, delta: "AAAA" }],
    ["response.output_audio_transcript.delta", "response.audio_transcript.delta", { ...ids, delta: "hi" }],
    ["response.output_text.delta", "response.text.delta", { ...ids, delta: "hi" }],
    ["response.output_audio.done", "response.audio.done", ids],
    ["conversation.item.added", "conversation.item.created", { item: { id: "a1" } }],
  ])("%s and the beta's %s are the same to us", (ga, beta, fields) => {
    const decoded = decodeServerEvent({ type: ga, ...fields });
    expect(["unknown", "malformed"]).not.toContain(decoded.type);
    expect(decodeServerEvent({ type: beta, ...fields })).toEqual(decoded);
  });

  test.each([
    [
      { audio: { input: { format: { type: "audio/pcmu" } }, output: { format: { type: "audio/pcma" } } } },
      "audio/pcmu",
      "audio/pcma",
    ],
    [{ input_audio_format: "g711_ulaw", output_audio_format: "pcm16" }, "audio/pcmu", "audio/pcm"],
    [{ audio: { input: { format: { type: "audio/pcm", rate: 16000 } } } }, "audio/pcm;rate=16000", "audio/pcm"],
    [{ audio: "nonsense" }, "audio/pcm", "audio/pcm"],
  ])("the announced formats are read in both shapes: %o", (session, inputFormat, outputFormat) => {
    expect(decodeServerEvent({ type: "session.updated", session })).toMatchObject({ inputFormat, outputFormat });
  });

  test("an error's code and parameter are kept, its text is not, since it may quote the conversation", () => {
    const error = {
      type: "invalid_request_error",
      code: "invalid_value",
      message: "You said: my PIN is 1234",
      param: "a.b[0]",
    };
    const decoded = decodeServerEvent({ type: "error", error: { ...error, event_id: "create-1" } });
    expect(decoded).toEqual({ type: "error", code: "invalid_value", param: "a.b[0]", eventId: "create-1" });
  });

  test("wrong types, missing ids and absurd sizes are answered, never thrown at", () => {
    const types = [
      "session.updated",
      "error",
      "input_audio_buffer.committed",
      "conversation.item.input_audio_transcription.delta",
      "conversation.item.input_audio_transcription.completed",
      "response.created",
      "response.done",
      "response.output_item.added",
      "response.output_item.done",
      "response.output_audio.delta",
      "response.output_audio_transcript.delta",
      "response.function_call_arguments.done",
      "no.such.type",
    ];
    const values = [undefined, null, 0, "", "x".repeat(200_000), [], [[]], {}, { id: 3 }, true];
    const names = [
      "session",
      "error",
      "item_id",
      "response",
      "response_id",
      "item",
      "delta",
      "call_id",
      "transcript",
      "usage",
    ];
    for (const type of types) {
      for (const value of values) {
        const event = Object.fromEntries(names.map((name) => [name, value]));
        const decoded = decodeServerEvent({ type, ...event });
        for (const field of Object.values(decoded)) {
          if (typeof field === "string" && decoded.type !== "audio") expect(field.length).toBeLessThanOrEqual(65_536);
        }
      }
    }
    for (const value of [undefined, null, 1, "text", [], { type: 1 }]) {
      expect(decodeServerEvent(value)).toEqual({ type: "malformed" });
    }
  });

  test("usage of tokens and of seconds is read, nonsense in it counts as nothing", () => {
    const usage = {
      input_token_details: { text_tokens: -1, audio_tokens: "7" },
      output_token_details: { audio_tokens: 9 },
    };
    expect(
      decodeServerEvent({ type: "response.done", response: { id: "r1", status: "completed", usage } }),
    ).toMatchObject({
      usage: { inputTextTokens: 0, inputAudioTokens: 0, outputAudioTokens: 9 },
    });
    const completed = "conversation.item.input_audio_transcription.completed";
    const tokens = { type: "tokens", total_tokens: 12 };
    expect(decodeServerEvent({ type: completed, item_id: "u1", transcript: "x", usage: tokens })).toMatchObject({
      usage: { transcriptionTokens: 12 },
    });
  });
});
