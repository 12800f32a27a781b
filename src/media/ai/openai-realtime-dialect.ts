import type {
  ConversationItem as BetaItem,
  SessionUpdateEvent as BetaSessionUpdate,
} from "openai/resources/beta/realtime/realtime";
import type {
  ConversationItem,
  RealtimeAudioFormats,
  RealtimeClientEvent,
  RealtimeSessionCreateRequest,
} from "openai/resources/realtime/realtime";

/** The shape of client events: the hosted service's present one, or that of servers from before it. */
export type RealtimeDialect = "ga" | "beta";

/** Sent with the upgrade to a beta server; those who know both dialects choose by it. */
export const betaHeaders: Readonly<Record<string, string>> = { "OpenAI-Beta": "realtime=v1" };

const betaFormats = { "audio/pcm": "pcm16", "audio/pcmu": "g711_ulaw", "audio/pcma": "g711_alaw" } as const;

/** A client event as a beta server reads it. What both dialects write alike stays as it is. */
export function writeBetaEvent(event: RealtimeClientEvent): object {
  switch (event.type) {
    case "session.update":
      return event.session.type === "realtime" ? { ...event, session: betaSession(event.session) } : event;
    case "conversation.item.create":
      return { ...event, item: betaItem(event.item) };
    default:
      return event;
  }
}

/** No `type`, which beta servers refuse, and no `model`, which the address names. */
function betaSession(session: RealtimeSessionCreateRequest): object {
  const { instructions, tools, tool_choice, audio = {} } = session;
  const { input = {}, output = {} } = audio;
  return {
    modalities: ["audio", "text"],
    instructions,
    voice: output.voice,
    input_audio_format: betaFormat(input.format),
    output_audio_format: betaFormat(output.format),
    input_audio_transcription: input.transcription,
    turn_detection: input.turn_detection,
    tools,
    tool_choice,
  } satisfies { readonly [Name in keyof BetaSessionUpdate.Session]: unknown };
}

function betaFormat(format: RealtimeAudioFormats | undefined): (typeof betaFormats)[keyof typeof betaFormats] {
  return betaFormats[format?.type ?? "audio/pcm"];
}

/** What the assistant said is `text` here. */
function betaItem(item: ConversationItem): ConversationItem | BetaItem {
  if (item.type !== "message" || item.role !== "assistant") return item;
  const content = item.content.map(({ text }) => ({ type: "text" as const, ...(text !== undefined && { text }) }));
  return { type: "message", role: "assistant", content };
}
