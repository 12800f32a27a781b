/** The beta dialect on the simulator's wire: what comes is checked strictly and turned into GA, what goes gets its beta names. */
import { type Check, listOf, nullable, numberBetween, strictObject, text, word } from "./realtime-server-checks.ts";
import type { Fields } from "./realtime-server-records.ts";
import { fields } from "./realtime-server-records.ts";
import {
  clientEvents,
  inputText,
  itemWith,
  maxOutputTokens,
  metadata,
  tool,
  toolChoice,
  turnDetection,
} from "./realtime-server-schema.ts";

const formats = { pcm16: "audio/pcm", g711_ulaw: "audio/pcmu", g711_alaw: "audio/pcma" } as const;
const format = word(...Object.keys(formats));
const modalities = listOf(word("audio", "text"), 2);
const voice = word("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse");
const temperature = numberBetween(0.6, 1.2, false);
const item = itemWith({ text: inputText });

/** Checks a client event of the beta protocol. */
export const checkBetaEvent: Check = clientEvents({
  session: strictObject({
    modalities,
    instructions: text(),
    voice,
    speed: numberBetween(0.25, 1.5, false),
    input_audio_format: format,
    output_audio_format: format,
    input_audio_transcription: nullable(strictObject({ model: text(128), language: text(16), prompt: text() })),
    input_audio_noise_reduction: nullable(strictObject({ type: word("near_field", "far_field") }, ["type"])),
    turn_detection: nullable(turnDetection),
    tools: listOf(tool, 128),
    tool_choice: toolChoice,
    temperature,
    max_response_output_tokens: maxOutputTokens,
  }),
  item,
  response: strictObject({
    conversation: word("auto", "none"),
    input: listOf(item, 1000),
    instructions: text(),
    modalities,
    voice,
    output_audio_format: format,
    metadata,
    tools: listOf(tool, 128),
    tool_choice: toolChoice,
    temperature,
    max_response_output_tokens: maxOutputTokens,
  }),
});

/** The fields that have a value. */
function given(all: Fields): Fields {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function gaFormat(name: unknown): Fields | undefined {
  const type = Object.entries(formats).find(([beta]) => beta === name)?.[1];
  return type && { type, ...(type === "audio/pcm" && { rate: 24000 }) };
}

function betaFormat(ga: unknown): unknown {
  const { type } = fields(ga);
  return Object.entries(formats).find(([, name]) => name === type)?.[0] ?? type;
}

/** A beta client event, its shape already checked, as GA. */
export function readBetaEvent(event: Fields): Fields {
  if (event.type !== "session.update") return event;
  const session = fields(event.session);
  const input = given({
    format: gaFormat(session.input_audio_format),
    transcription: session.input_audio_transcription,
    noise_reduction: session.input_audio_noise_reduction,
    turn_detection: session.turn_detection,
  });
  const output = given({ format: gaFormat(session.output_audio_format), voice: session.voice, speed: session.speed });
  const { instructions, tools, tool_choice, max_response_output_tokens: max_output_tokens } = session;
  const ga = given({ instructions, tools, tool_choice, max_output_tokens });
  return { ...event, session: { type: "realtime", ...ga, audio: { input, output } } };
}

const betaNames: Readonly<Record<string, string>> = {
  "conversation.item.added": "conversation.item.created",
  "response.output_audio.delta": "response.audio.delta",
  "response.output_audio.done": "response.audio.done",
  "response.output_audio_transcript.delta": "response.audio_transcript.delta",
  "response.output_audio_transcript.done": "response.audio_transcript.done",
  "response.output_text.delta": "response.text.delta",
  "response.output_text.done": "response.text.done",
};

function betaSession(session: Fields): Fields {
  const { id, object, model, instructions, tools, tool_choice, expires_at } = session;
  const input = fields(fields(session.audio).input);
  const output = fields(fields(session.audio).output);
  return given({
    ...{ id, object, model, instructions, tools, tool_choice, expires_at },
    modalities: ["audio", "text"],
    voice: output.voice,
    input_audio_format: betaFormat(input.format),
    output_audio_format: betaFormat(output.format),
    input_audio_transcription: input.transcription,
    turn_detection: input.turn_detection,
    temperature: 0.8,
    max_response_output_tokens: session.max_output_tokens,
  });
}

function betaItem(value: unknown): unknown {
  const one = fields(value);
  if (!Array.isArray(one.content)) return value;
  const content = one.content.map((part: unknown) => {
    const { type, ...rest } = fields(part);
    return { type: type === "output_text" ? "text" : type === "output_audio" ? "audio" : type, ...rest };
  });
  return { ...one, content };
}

function betaResponse(value: unknown): Fields {
  const { output, output_modalities: _modalities, ...rest } = fields(value);
  return { ...rest, modalities: ["audio", "text"], output: Array.isArray(output) ? output.map(betaItem) : [] };
}

/** A GA server event as a beta server writes it; undefined: it has no such event. */
export function writeBetaEvent(event: Readonly<Fields>): Fields | undefined {
  const type = String(event.type);
  if (type === "conversation.item.done") return undefined;
  const written: Fields = { ...event, type: betaNames[type] ?? type };
  if (written.session !== undefined) written.session = betaSession(fields(written.session));
  if (written.item !== undefined) written.item = betaItem(written.item);
  if (written.response !== undefined) written.response = betaResponse(written.response);
  // Which function it was is told with its item alone.
  if (type === "response.function_call_arguments.done") written.name = undefined;
  return written;
}
