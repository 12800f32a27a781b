import { isJsonObject, type JsonObject } from "../../kit/json.ts";
import type { ResponseStatus } from "./response-queue.ts";
import type { AiUsage } from "./session.ts";

/** A complete function call of a response; the arguments are text and may be invalid JSON. */
export interface FunctionCall {
  readonly callId: string;
  readonly name: string;
  readonly argumentsJson: string;
  /** False when the response was cut off inside the arguments. */
  readonly complete: boolean;
}

/** What a server event means to us, GA and beta names alike. Ids are at most 128 characters. */
export type ServerEvent =
  | { readonly type: "session-created"; readonly expiresAtS: number | undefined }
  | {
      readonly type: "session-updated";
      readonly inputFormat: string;
      readonly outputFormat: string;
      readonly expiresAtS: number | undefined;
    }
  | { readonly type: "error"; readonly code: string; readonly param: string; readonly eventId: string }
  | { readonly type: "speech-started" }
  | { readonly type: "speech-stopped" }
  | { readonly type: "committed"; readonly itemId: string }
  /** `replace`: the text so far, not an addition. */
  | { readonly type: "caller-text"; readonly itemId: string; readonly text: string; readonly replace: boolean }
  | {
      readonly type: "caller-text-final";
      readonly itemId: string;
      readonly text: string;
      readonly usage: Partial<AiUsage>;
    }
  | { readonly type: "response-created"; readonly responseId: string }
  | {
      readonly type: "response-done";
      readonly responseId: string;
      readonly status: ResponseStatus;
      /** Code of the failure, "" when there is none. */
      readonly errorCode: string;
      readonly calls: readonly FunctionCall[];
      readonly usage: Partial<AiUsage> | undefined;
    }
  | { readonly type: "message-added"; readonly responseId: string; readonly itemId: string }
  | { readonly type: "message-done"; readonly responseId: string; readonly itemId: string }
  | { readonly type: "call-added"; readonly responseId: string; readonly callId: string; readonly name: string }
  | { readonly type: "audio"; readonly responseId: string; readonly itemId: string; readonly base64: string }
  | { readonly type: "agent-text"; readonly responseId: string; readonly itemId: string; readonly delta: string }
  /** `name` is "" where the server leaves it out (beta). */
  | { readonly type: "call"; readonly responseId: string; readonly call: FunctionCall }
  | { readonly type: "truncated"; readonly itemId: string }
  /** Something of a response that we need only as a sign of life. */
  | { readonly type: "progress"; readonly responseId: string }
  /** Known and of no use to us. */
  | { readonly type: "unused" }
  | { readonly type: "unknown"; readonly name: string }
  | { readonly type: "malformed" };

const malformed: ServerEvent = { type: "malformed" };
const unused: ServerEvent = { type: "unused" };
const maxIdLength = 128;
const maxTextLength = 64 * 1024;

function fields(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value.slice(0, maxTextLength) : "";
}

function id(value: unknown): string {
  return typeof value === "string" && value.length <= maxIdLength ? value : "";
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
}

/** A word of the protocol fit for a log line: error codes and parameter paths hold nothing the caller said. */
function word(value: unknown): string {
  return typeof value === "string" && /^[\w.[\]-]{1,96}$/.test(value) ? value : "";
}

function expiry(session: JsonObject): number | undefined {
  return typeof session.expires_at === "number" && session.expires_at > 0 ? session.expires_at : undefined;
}

const betaFormats: Readonly<Record<string, string>> = {
  pcm16: "audio/pcm",
  g711_ulaw: "audio/pcmu",
  g711_alaw: "audio/pcma",
};

/** The announced format; a server that announces none speaks the protocol's default. A wrong PCM rate becomes part of the name. */
function announcedFormat(session: JsonObject, side: "input" | "output"): string {
  const format = fields(fields(fields(session.audio)[side]).format);
  const beta = session[`${side}_audio_format`];
  if (typeof beta === "string") return betaFormats[beta] ?? word(beta);
  if (typeof format.type !== "string") return "audio/pcm";
  const rated = format.type === "audio/pcm" && typeof format.rate === "number" && format.rate !== 24000;
  return rated ? `audio/pcm;rate=${format.rate}` : format.type.slice(0, maxIdLength);
}

function functionCall(item: JsonObject): FunctionCall {
  return {
    callId: id(item.call_id),
    name: id(item.name),
    argumentsJson: text(item.arguments),
    complete: item.status === undefined || item.status === "completed",
  };
}

function responseUsage(value: unknown): Partial<AiUsage> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const input = fields(fields(value).input_token_details);
  const output = fields(fields(value).output_token_details);
  return {
    inputTextTokens: count(input.text_tokens),
    inputAudioTokens: count(input.audio_tokens),
    inputCachedTokens: count(input.cached_tokens),
    outputTextTokens: count(output.text_tokens),
    outputAudioTokens: count(output.audio_tokens),
  };
}

function transcriptionUsage(value: unknown): Partial<AiUsage> {
  const usage = fields(value);
  if (usage.type === "duration") return { transcriptionSeconds: count(usage.seconds) };
  return usage.type === "tokens" ? { transcriptionTokens: count(usage.total_tokens) } : {};
}

function responseDone(response: JsonObject): ServerEvent {
  const details = fields(response.status_details);
  const status = response.status;
  return {
    type: "response-done",
    responseId: id(response.id),
    status: status === "cancelled" || status === "failed" || status === "incomplete" ? status : "completed",
    errorCode: word(fields(details.error).code) || (status === "failed" ? word(fields(details.error).type) : ""),
    calls: list(response.output)
      .map(fields)
      .filter((item) => item.type === "function_call")
      .map(functionCall)
      .filter((call) => call.callId !== ""),
    usage: responseUsage(response.usage),
  };
}

function outputItem(event: JsonObject, done: boolean): ServerEvent {
  const responseId = id(event.response_id);
  const item = fields(event.item);
  if (item.type === "message") {
    const itemId = id(item.id);
    return done ? { type: "message-done", responseId, itemId } : { type: "message-added", responseId, itemId };
  }
  if (item.type !== "function_call" || id(item.call_id) === "") return { type: "progress", responseId };
  if (done) return { type: "call", responseId, call: functionCall(item) };
  return { type: "call-added", responseId, callId: id(item.call_id), name: id(item.name) };
}

/** Types that carry nothing we need. */
const unusedTypes: ReadonlySet<string> = new Set([
  "conversation.created",
  "conversation.item.added",
  "conversation.item.created",
  "conversation.item.done",
  "conversation.item.retrieved",
  "conversation.item.deleted",
  "conversation.item.input_audio_transcription.segment",
  "input_audio_buffer.cleared",
  "input_audio_buffer.timeout_triggered",
  "rate_limits.updated",
]);

/** Types that only tell that a response is alive. */
const progressTypes: ReadonlySet<string> = new Set([
  "response.content_part.added",
  "response.content_part.done",
  "response.output_audio.done",
  "response.audio.done",
  "response.output_audio_transcript.done",
  "response.audio_transcript.done",
  "response.output_text.done",
  "response.text.done",
  "response.function_call_arguments.delta",
]);

/** Reads one parsed server event. Never throws: what is not of the shape is `malformed`. */
export function decodeServerEvent(value: unknown): ServerEvent {
  const event = fields(value);
  const type = event.type;
  if (typeof type !== "string") return malformed;
  const responseId = id(event.response_id);
  const itemId = id(event.item_id);
  switch (type) {
    case "session.created":
      return { type: "session-created", expiresAtS: expiry(fields(event.session)) };
    case "session.updated": {
      const session = fields(event.session);
      return {
        type: "session-updated",
        inputFormat: announcedFormat(session, "input"),
        outputFormat: announcedFormat(session, "output"),
        expiresAtS: expiry(session),
      };
    }
    case "error": {
      const error = fields(event.error);
      const code = word(error.code) || word(error.type);
      return { type: "error", code, param: word(error.param), eventId: id(error.event_id) };
    }
    case "input_audio_buffer.speech_started":
      return { type: "speech-started" };
    case "input_audio_buffer.speech_stopped":
      return { type: "speech-stopped" };
    case "input_audio_buffer.committed":
      return itemId === "" ? malformed : { type: "committed", itemId };
    case "conversation.item.input_audio_transcription.delta":
    case "conversation.item.input_audio_transcription.updated": {
      // `updated` is the cumulative variant of some compatible servers.
      if (itemId === "") return malformed;
      const replace = type.endsWith("updated");
      return { type: "caller-text", itemId, text: text(replace ? event.transcript : event.delta), replace };
    }
    case "conversation.item.input_audio_transcription.completed":
      if (itemId === "") return malformed;
      // Some compatible servers send several, all but the last `in_progress`.
      if (event.status === "in_progress") {
        return { type: "caller-text", itemId, text: text(event.transcript), replace: true };
      }
      return {
        type: "caller-text-final",
        itemId,
        text: text(event.transcript),
        usage: transcriptionUsage(event.usage),
      };
    case "conversation.item.input_audio_transcription.failed":
      return itemId === "" ? malformed : { type: "caller-text-final", itemId, text: "", usage: {} };
    case "conversation.item.truncated":
      return { type: "truncated", itemId };
    case "response.created": {
      const created = id(fields(event.response).id);
      return created === "" ? malformed : { type: "response-created", responseId: created };
    }
    case "response.done": {
      const done = responseDone(fields(event.response));
      return done.type === "response-done" && done.responseId === "" ? malformed : done;
    }
    case "response.output_item.added":
    case "response.output_item.done":
      return responseId === "" ? malformed : outputItem(event, type.endsWith("done"));
    case "response.output_audio.delta":
    case "response.audio.delta":
      if (responseId === "" || itemId === "" || typeof event.delta !== "string") return malformed;
      return { type: "audio", responseId, itemId, base64: event.delta };
    case "response.output_audio_transcript.delta":
    case "response.audio_transcript.delta":
    case "response.output_text.delta":
    case "response.text.delta":
      if (responseId === "" || itemId === "") return malformed;
      return { type: "agent-text", responseId, itemId, delta: text(event.delta) };
    case "response.function_call_arguments.done":
      if (responseId === "" || id(event.call_id) === "") return malformed;
      return { type: "call", responseId, call: functionCall(event) };
    default:
      if (progressTypes.has(type)) return { type: "progress", responseId };
      if (unusedTypes.has(type)) return unused;
      return { type: "unknown", name: word(type) };
  }
}
