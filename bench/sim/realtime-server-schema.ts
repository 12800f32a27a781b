/** Strict checks of client events of the GA protocol. */
import {
  anything,
  audio,
  type Check,
  type CheckedFields,
  either,
  event,
  flag,
  invalid,
  isObject,
  listOf,
  nullable,
  numberBetween,
  strictObject,
  text,
  variants,
  word,
} from "./realtime-server-checks.ts";

const format = variants("type", {
  "audio/pcm": strictObject({ type: text(), rate: word(24000) }, ["type", "rate"]),
  "audio/pcmu": strictObject({ type: text() }),
  "audio/pcma": strictObject({ type: text() }),
});

const voice = either(
  word("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"),
  strictObject({ id: text(128) }, ["id"]),
);

/** How turns end. */
export const turnDetection = variants("type", {
  server_vad: strictObject({
    type: text(),
    threshold: numberBetween(0, 1, false),
    prefix_padding_ms: numberBetween(0, 10_000, true),
    silence_duration_ms: numberBetween(0, 10_000, true),
    create_response: flag,
    interrupt_response: flag,
    idle_timeout_ms: nullable(numberBetween(5_000, 30_000, true)),
  }),
  semantic_vad: strictObject({
    type: text(),
    eagerness: word("low", "medium", "high", "auto"),
    create_response: flag,
    interrupt_response: flag,
  }),
});

const transcription = strictObject({
  model: text(128),
  language: text(16),
  languages: listOf(text(16), 16),
  prompt: text(),
  keywords: listOf(text(128), 1000),
  delay: word("minimal", "low", "medium", "high", "xhigh"),
});

/** A tool of the model. */
export const tool = variants("type", {
  function: strictObject({ type: text(), name: text(64), description: text(), parameters: anything }, ["name"]),
});

/** Which tools may be called. */
export const toolChoice = either(
  word("auto", "none", "required"),
  strictObject({ type: word("function"), name: text(64) }, ["type", "name"]),
);
/** Longest response. */
export const maxOutputTokens = either(word("inf"), numberBetween(1, 4096, true));
const modalities = either((value, path) =>
  JSON.stringify(value) === '["audio"]' || JSON.stringify(value) === '["text"]'
    ? undefined
    : invalid(path, '["audio"] or ["text"]'),
);
const reasoning = strictObject({ effort: word("minimal", "low", "medium", "high", "xhigh") });
const prompt = nullable(strictObject({ id: text(128), version: nullable(text(64)), variables: anything }, ["id"]));

const session = strictObject(
  {
    type: word("realtime"),
    model: text(128),
    output_modalities: modalities,
    instructions: text(),
    audio: strictObject({
      input: strictObject({
        format,
        noise_reduction: nullable(
          strictObject({ type: word("near_field", "far_field"), strength: numberBetween(0, 1, false) }, ["type"]),
        ),
        transcription: nullable(transcription),
        turn_detection: nullable(turnDetection),
      }),
      output: strictObject({ format, voice, speed: numberBetween(0.25, 1.5, false) }),
    }),
    include: listOf(word("item.input_audio_transcription.logprobs"), 1),
    max_output_tokens: maxOutputTokens,
    parallel_tool_calls: flag,
    reasoning,
    prompt,
    tools: listOf(tool, 128),
    tool_choice: toolChoice,
    tracing: nullable(
      either(word("auto"), strictObject({ workflow_name: text(), group_id: text(), metadata: anything })),
    ),
    truncation: either(
      word("auto", "disabled"),
      strictObject(
        {
          type: word("retention_ratio"),
          retention_ratio: numberBetween(0, 1, false),
          token_limits: strictObject({ post_instructions: numberBetween(0, 1_000_000, true) }),
        },
        ["type", "retention_ratio"],
      ),
    ),
  },
  ["type"],
);

const common: CheckedFields = {
  id: text(64),
  object: word("realtime.item"),
  status: word("completed", "incomplete", "in_progress"),
  type: text(),
};
/** A piece of text. */
export const inputText = strictObject({ type: text(), text: text() }, ["text"]);

function message(content: Readonly<Record<string, Check>>): Check {
  const fields = { ...common, role: text(), content: listOf(variants("type", content), 64) };
  return strictObject(fields, ["role", "content"]);
}

/** An item that a client may create; spoken assistant items cannot be, only restored as text of this content. */
export function itemWith(assistant: Readonly<Record<string, Check>>): Check {
  return variants("type", {
    message: variants("role", {
      system: message({ input_text: inputText }),
      user: message({
        input_text: inputText,
        input_audio: strictObject({ type: text(), audio: text(), transcript: text() }, ["audio"]),
      }),
      assistant: message(assistant),
    }),
    function_call: strictObject({ ...common, call_id: text(64), name: text(64), arguments: text() }, [
      "call_id",
      "name",
      "arguments",
    ]),
    function_call_output: strictObject({ ...common, call_id: text(64), output: text() }, ["call_id", "output"]),
  });
}

const item = itemWith({ output_text: inputText });

/** A response's notes. */
export const metadata = nullable((value, path) =>
  isObject(value) && Object.keys(value).length <= 16 && Object.values(value).every((one) => typeof one === "string")
    ? undefined
    : invalid(path, "at most 16 strings"),
);

const response = strictObject({
  conversation: word("auto", "none"),
  input: listOf(either(strictObject({ type: word("item_reference"), id: text(64) }, ["type", "id"]), item), 1000),
  instructions: text(),
  audio: strictObject({ output: strictObject({ format, voice }) }),
  output_modalities: modalities,
  max_output_tokens: maxOutputTokens,
  metadata,
  prompt,
  reasoning,
  tools: listOf(tool, 128),
  tool_choice: toolChoice,
  parallel_tool_calls: flag,
});

/** Checks a client event whose session, items and responses look so. */
export function clientEvents(parts: {
  readonly session: Check;
  readonly item: Check;
  readonly response: Check;
}): Check {
  return variants("type", {
    "session.update": event({ session: parts.session }, ["session"]),
    "input_audio_buffer.append": event({ audio }, ["audio"]),
    "input_audio_buffer.commit": event(),
    "input_audio_buffer.clear": event(),
    "conversation.item.create": event({ item: parts.item, previous_item_id: nullable(text(64)) }, ["item"]),
    "conversation.item.retrieve": event({ item_id: text(64) }, ["item_id"]),
    "conversation.item.delete": event({ item_id: text(64) }, ["item_id"]),
    "conversation.item.truncate": event(
      { item_id: text(64), content_index: word(0), audio_end_ms: numberBetween(0, 86_400_000, true) },
      ["item_id", "content_index", "audio_end_ms"],
    ),
    "response.create": event({ response: parts.response }),
    "response.cancel": event({ response_id: text(64) }),
  });
}

/** Checks a client event of the GA protocol. */
export const checkClientEvent: Check = clientEvents({ session, item, response });
