import type { Fields } from "./realtime-server-records.ts";
import { fields } from "./realtime-server-records.ts";

/** Fields present replace, objects merge, as `session.update` does; `turn_detection` and `format` are replaced whole. */
export function mergeConfig(target: Fields, source: Fields): Fields {
  const merged: Fields = { ...target };
  for (const [name, value] of Object.entries(source)) {
    const whole = name === "turn_detection" || name === "format" || name === "transcription";
    const nested = !whole && typeof value === "object" && value !== null && !Array.isArray(value);
    merged[name] = nested ? mergeConfig(fields(merged[name]), fields(value)) : value;
  }
  return merged;
}

/** What a session is before the first `session.update`. */
export function defaultConfig(index: number, model: string, expiresAtMs: number): Fields {
  const format = { type: "audio/pcm", rate: 24000 };
  const detection = { type: "server_vad", threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500 };
  return {
    type: "realtime",
    object: "realtime.session",
    id: `sess_${index}`,
    model,
    output_modalities: ["audio"],
    instructions: "",
    audio: {
      input: {
        format,
        noise_reduction: null,
        transcription: null,
        turn_detection: { ...detection, create_response: true, interrupt_response: true },
      },
      output: { format, voice: "alloy", speed: 1 },
    },
    tools: [],
    tool_choice: "auto",
    max_output_tokens: "inf",
    truncation: "auto",
    expires_at: Math.floor(expiresAtMs / 1000),
  };
}
