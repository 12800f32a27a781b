import { describe, expect, test } from "vitest";
import { checkClientEvent } from "../../../bench/sim/realtime-server-schema.ts";
import { l16at16k, l16at24k, pcma8k, pcmu8k } from "../../../src/codecs/format.ts";
import { modelFormat, realtimeUrl, writeSessionUpdate } from "../../../src/media/ai/openai-realtime-session-config.ts";
import { realtimeOptions } from "./openai-realtime-driver.ts";

describe("realtime session.update", () => {
  test.each([
    { leg: pcmu8k, model: pcmu8k, wire: { type: "audio/pcmu" } },
    { leg: pcma8k, model: pcma8k, wire: { type: "audio/pcma" } },
    { leg: l16at16k, model: l16at24k, wire: { type: "audio/pcm", rate: 24000 } },
    {
      leg: { encoding: "opus", sampleRateHz: 48000 } as const,
      model: l16at24k,
      wire: { type: "audio/pcm", rate: 24000 },
    },
  ])("a leg of $leg.encoding is $wire.type both ways", ({ leg, model, wire }) => {
    expect(modelFormat(leg)).toEqual(model);
    const { session } = writeSessionUpdate({ ...realtimeOptions, legFormat: leg }, "e1");
    expect(session).toMatchObject({ audio: { input: { format: wire }, output: { format: wire } } });
  });

  test("every variant passes the strict check of field names", () => {
    for (const turnDetection of ["local", "provider"] as const) {
      for (const transcriptionModel of ["", "gpt-live-transcribe"]) {
        for (const legFormat of [pcmu8k, l16at24k]) {
          const update = writeSessionUpdate({ ...realtimeOptions, turnDetection, transcriptionModel, legFormat }, "e1");
          expect(checkClientEvent(JSON.parse(JSON.stringify(update)), "")).toBeUndefined();
        }
      }
    }
  });

  test("with local endpointing turn detection is off; with the provider's it neither replies nor interrupts by itself", () => {
    expect(writeSessionUpdate(realtimeOptions, "e1").session).toMatchObject({
      audio: { input: { turn_detection: null } },
    });
    const update = writeSessionUpdate({ ...realtimeOptions, turnDetection: "provider" }, "e1");
    expect(update.session).toMatchObject({
      audio: { input: { turn_detection: { type: "server_vad", create_response: false, interrupt_response: false } } },
    });
  });

  test("the transcription gets the language without its region, and is left out when no model is named", () => {
    const { session } = writeSessionUpdate(realtimeOptions, "e1");
    expect(session).toMatchObject({
      audio: { input: { transcription: { model: "gpt-live-transcribe", language: "en" } } },
    });
    const none = JSON.stringify(writeSessionUpdate({ ...realtimeOptions, transcriptionModel: "" }, "e1"));
    expect(none).not.toContain("transcription");
  });

  test.each([
    ["https://api.openai.com/v1", "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1"],
    ["http://127.0.0.1:9001/v1/", "ws://127.0.0.1:9001/v1/realtime?model=gpt-realtime-2.1"],
    ["wss://example.net/openai/v1?zone=eu", "wss://example.net/openai/v1/realtime?zone=eu&model=gpt-realtime-2.1"],
  ])("the base URL %s gives the socket %s", (baseUrl, url) => {
    expect(realtimeUrl(baseUrl, "gpt-realtime-2.1")).toBe(url);
  });
});
