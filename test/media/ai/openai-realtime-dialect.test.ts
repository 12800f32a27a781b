import type { RealtimeClientEvent } from "openai/resources/realtime/realtime";
import { describe, expect, test } from "vitest";
import { checkBetaEvent } from "../../../bench/sim/realtime-server-beta.ts";
import { checkClientEvent } from "../../../bench/sim/realtime-server-schema.ts";
import { l16at24k, pcma8k, pcmu8k } from "../../../src/codecs/format.ts";
import { writeBetaEvent } from "../../../src/media/ai/openai-realtime-dialect.ts";
import { writeSessionUpdate } from "../../../src/media/ai/openai-realtime-session-config.ts";
import { realtimeOptions } from "./openai-realtime-driver.ts";

/** As it is on the wire. */
function written(event: RealtimeClientEvent): Record<string, unknown> {
  return JSON.parse(JSON.stringify(writeBetaEvent(event)));
}

describe("realtime, beta dialect", () => {
  test("every session.update passes a strict check of beta names, which the GA one does not", () => {
    for (const turnDetection of ["local", "provider"] as const) {
      for (const transcriptionModel of ["", "whisper-1"]) {
        for (const legFormat of [pcmu8k, pcma8k, l16at24k]) {
          const options = {
            ...realtimeOptions,
            turnDetection,
            transcriptionModel,
            legFormat,
            dialect: "beta" as const,
          };
          const update = writeSessionUpdate(options, "e1");
          expect(checkBetaEvent(written(update), "")).toBeUndefined();
          expect(checkBetaEvent(JSON.parse(JSON.stringify(update)), "")).toMatchObject({
            code: "unknown_parameter",
            param: "session.type",
          });
          expect(checkClientEvent(written(update), "")).toBeDefined();
        }
      }
    }
  });

  test("formats, transcription, turn detection and voice stand at the top", () => {
    const options = { ...realtimeOptions, legFormat: pcma8k, turnDetection: "provider", dialect: "beta" } as const;
    expect(written(writeSessionUpdate(options, "e1"))).toMatchObject({
      event_id: "e1",
      session: {
        modalities: ["audio", "text"],
        input_audio_format: "g711_alaw",
        output_audio_format: "g711_alaw",
        input_audio_transcription: { language: "en" },
        turn_detection: { type: "server_vad", create_response: false },
        voice: "alloy",
      },
    });
    const local = written(writeSessionUpdate({ ...options, turnDetection: "local", voice: "sage" }, "e1"));
    expect(local.session).toMatchObject({ turn_detection: null, voice: "sage" });
  });

  test("what the agent said is restored as text of the old name; other items stay", () => {
    const say = (role: "assistant" | "user"): RealtimeClientEvent =>
      role === "assistant"
        ? {
            type: "conversation.item.create",
            item: { type: "message", role, content: [{ type: "output_text", text: "Hi." }] },
          }
        : {
            type: "conversation.item.create",
            item: { type: "message", role, content: [{ type: "input_text", text: "Hi." }] },
          };
    expect(checkBetaEvent(say("assistant"), "")).toMatchObject({ param: "item.content[0].type" });
    expect(checkBetaEvent(written(say("assistant")), "")).toBeUndefined();
    expect(written(say("assistant")).item).toMatchObject({ content: [{ type: "text", text: "Hi." }] });
    expect(written(say("user"))).toEqual(say("user"));
    const cancel = { type: "response.cancel", event_id: "e2", response_id: "r" } as const;
    expect(written(cancel)).toEqual(cancel);
  });
});
