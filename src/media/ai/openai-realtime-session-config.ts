import type { RealtimeAudioFormats, SessionUpdateEvent } from "openai/resources/realtime/realtime";
import type { AudioFormat } from "../../codecs/format.ts";
import { l16at24k, pcma8k, pcmu8k } from "../../codecs/format.ts";
import { languageCode } from "./language-code.ts";
import type { RealtimeDialect } from "./openai-realtime-dialect.ts";
import type { OpenAiRealtimeOptions } from "./openai-realtime-options.ts";

/** Where the service is when the settings name no other. */
export const defaultRealtimeBaseUrl = "https://api.openai.com/v1";
/** Model when the agent names none. */
export const defaultRealtimeModel = "gpt-realtime-2.1";
const defaultVoices = { ga: "marin", beta: "alloy" } as const satisfies Record<RealtimeDialect, string>;

/** Where the socket of a session is: `http` becomes `ws`, `https` becomes `wss`, and the base URL's own query stays. */
export function realtimeUrl(baseUrl: string, model: string): string {
  const url = new URL(baseUrl);
  if (url.protocol === "http:") url.protocol = "ws:";
  if (url.protocol === "https:") url.protocol = "wss:";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/realtime`;
  url.searchParams.set("model", model);
  return url.href;
}

/** The format a session speaks and hears: the leg's own where the protocol has it, else 24 kHz linear (its only linear rate). */
export function modelFormat(leg: AudioFormat): AudioFormat {
  if (leg.encoding === "pcmu") return pcmu8k;
  if (leg.encoding === "pcma") return pcma8k;
  return l16at24k;
}

/** How the protocol names a format; the name alone tells the rate, since each type has exactly one. */
export function formatName(format: AudioFormat): "audio/pcmu" | "audio/pcma" | "audio/pcm" {
  if (format.encoding === "pcmu") return "audio/pcmu";
  return format.encoding === "pcma" ? "audio/pcma" : "audio/pcm";
}

function wireFormat(format: AudioFormat): RealtimeAudioFormats {
  const type = formatName(format);
  return type === "audio/pcm" ? { type, rate: 24000 } : { type };
}

/**
 * The `session.update` of a session. It always holds the whole audio block: servers were seen to reset formats that a
 * later update left out. With server VAD the server only listens: replies and interruptions are ours to decide.
 */
export function writeSessionUpdate(options: OpenAiRealtimeOptions, eventId: string): SessionUpdateEvent {
  const format = wireFormat(modelFormat(options.legFormat));
  const language = languageCode(options.language);
  return {
    type: "session.update",
    event_id: eventId,
    session: {
      type: "realtime",
      model: options.model ?? defaultRealtimeModel,
      output_modalities: ["audio"],
      instructions: options.instructions,
      audio: {
        input: {
          format,
          ...(options.transcriptionModel !== "" && {
            transcription: { model: options.transcriptionModel, ...(language && { language }) },
          }),
          turn_detection:
            options.turnDetection === "provider"
              ? {
                  type: "server_vad",
                  threshold: 0.5,
                  prefix_padding_ms: 300,
                  silence_duration_ms: 500,
                  create_response: false,
                  interrupt_response: false,
                }
              : null,
        },
        output: { format, voice: options.voice ?? defaultVoices[options.dialect ?? "ga"] },
      },
      tools: options.tools.map((tool) => ({
        type: "function",
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters,
      })),
      tool_choice: "auto",
    },
  };
}
