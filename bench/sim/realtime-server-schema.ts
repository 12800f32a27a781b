/** Strict checks of client events: every known field has a type, every other field is refused by name. */

/** Why an event is refused, in the protocol's own words. */
export interface Refusal {
  readonly code: "unknown_parameter" | "invalid_value" | "missing_required_parameter" | "string_above_max_length";
  /** Path of the field, `session.audio.input.format`. */
  readonly param: string;
  readonly message: string;
}

/** Looks at one value; undefined when it is fine. */
export type Check = (value: unknown, path: string) => Refusal | undefined;
type Fields = Readonly<Record<string, Check>>;

function invalid(path: string, expected: string): Refusal {
  return { code: "invalid_value", param: path, message: `Invalid value: '${path}'. Expected ${expected}.` };
}

function text(maxLength = 1_000_000): Check {
  return (value, path) => {
    if (typeof value !== "string") return invalid(path, "a string");
    if (value.length <= maxLength) return undefined;
    return {
      code: "string_above_max_length",
      param: path,
      message: `'${path}' is longer than ${maxLength} characters.`,
    };
  };
}

function numberBetween(least: number, most: number, whole: boolean): Check {
  return (value, path) =>
    typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value))
      ? undefined
      : invalid(path, `${whole ? "an integer" : "a number"} from ${least} to ${most}`);
}

const flag: Check = (value, path) => (typeof value === "boolean" ? undefined : invalid(path, "a boolean"));
const anything: Check = () => undefined;

function word(...allowed: readonly (string | number)[]): Check {
  return (value, path) =>
    allowed.some((one) => one === value) ? undefined : invalid(path, `one of ${allowed.join(", ")}`);
}

function nullable(check: Check): Check {
  return (value, path) => (value === null ? undefined : check(value, path));
}

function either(...checks: readonly Check[]): Check {
  return (value, path) => {
    let last: Refusal | undefined;
    for (const check of checks) {
      last = check(value, path);
      if (!last) return undefined;
    }
    return last;
  };
}

function listOf(check: Check, most: number): Check {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > most) return invalid(path, `an array of at most ${most}`);
    for (const [index, one] of value.entries()) {
      const refusal = check(one, `${path}[${index}]`);
      if (refusal) return refusal;
    }
    return undefined;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object with these fields and no others. */
export function strictObject(fields: Fields, required: readonly string[] = []): Check {
  return (value, path) => {
    if (!isObject(value)) return invalid(path, "an object");
    const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
    for (const name of required) {
      if (value[name] !== undefined) continue;
      const message = `Missing required parameter: '${at(name)}'.`;
      return { code: "missing_required_parameter", param: at(name), message };
    }
    for (const [name, one] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!check) return { code: "unknown_parameter", param: at(name), message: `Unknown parameter: '${at(name)}'.` };
      const refusal = check(one, at(name));
      if (refusal) return refusal;
    }
    return undefined;
  };
}

/** An object whose `key` decides which fields it has. */
function variants(key: string, table: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return invalid(path, "an object");
    const name = value[key];
    const at = path === "" ? key : `${path}.${key}`;
    if (name === undefined) {
      return { code: "missing_required_parameter", param: at, message: `Missing required parameter: '${at}'.` };
    }
    const check = typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
    return check ? check(value, path) : invalid(at, `one of ${Object.keys(table).join(", ")}`);
  };
}

const format = variants("type", {
  "audio/pcm": strictObject({ type: text(), rate: word(24000) }, ["type", "rate"]),
  "audio/pcmu": strictObject({ type: text() }),
  "audio/pcma": strictObject({ type: text() }),
});

const voice = either(
  word("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"),
  strictObject({ id: text(128) }, ["id"]),
);

const turnDetection = variants("type", {
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

const tool = variants("type", {
  function: strictObject({ type: text(), name: text(64), description: text(), parameters: anything }, ["name"]),
});

const toolChoice = either(
  word("auto", "none", "required"),
  strictObject({ type: word("function"), name: text(64) }, ["type", "name"]),
);
const maxOutputTokens = either(word("inf"), numberBetween(1, 4096, true));
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

const common: Fields = {
  id: text(64),
  object: word("realtime.item"),
  status: word("completed", "incomplete", "in_progress"),
  type: text(),
};
const inputText = strictObject({ type: text(), text: text() }, ["text"]);

function message(content: Readonly<Record<string, Check>>): Check {
  const fields = { ...common, role: text(), content: listOf(variants("type", content), 64) };
  return strictObject(fields, ["role", "content"]);
}

const item = variants("type", {
  message: variants("role", {
    system: message({ input_text: inputText }),
    user: message({
      input_text: inputText,
      input_audio: strictObject({ type: text(), audio: text(), transcript: text() }, ["audio"]),
    }),
    // Spoken assistant items cannot be created, only restored as text.
    assistant: message({ output_text: inputText }),
  }),
  function_call: strictObject({ ...common, call_id: text(64), name: text(64), arguments: text() }, [
    "call_id",
    "name",
    "arguments",
  ]),
  function_call_output: strictObject({ ...common, call_id: text(64), output: text() }, ["call_id", "output"]),
});

const response = strictObject({
  conversation: word("auto", "none"),
  input: listOf(either(strictObject({ type: word("item_reference"), id: text(64) }, ["type", "id"]), item), 1000),
  instructions: text(),
  audio: strictObject({ output: strictObject({ format, voice }) }),
  output_modalities: modalities,
  max_output_tokens: maxOutputTokens,
  metadata: nullable((value, path) =>
    isObject(value) && Object.keys(value).length <= 16 && Object.values(value).every((one) => typeof one === "string")
      ? undefined
      : invalid(path, "at most 16 strings"),
  ),
  prompt,
  reasoning,
  tools: listOf(tool, 128),
  tool_choice: toolChoice,
  parallel_tool_calls: flag,
});

function event(fields: Fields = {}, required: readonly string[] = []): Check {
  return strictObject({ type: text(), event_id: text(512), ...fields }, required);
}

/** Base64 of at most 15 MiB, in whole groups. */
const audio: Check = (value, path) =>
  typeof value === "string" &&
  value.length <= 15 * 1024 * 1024 &&
  value.length % 4 === 0 &&
  /^[A-Za-z0-9+/]*={0,2}$/.test(value)
    ? undefined
    : invalid(path, "base64 audio of at most 15 MiB");

/** Checks a client event of the GA protocol. */
export const checkClientEvent: Check = variants("type", {
  "session.update": event({ session }, ["session"]),
  "input_audio_buffer.append": event({ audio }, ["audio"]),
  "input_audio_buffer.commit": event(),
  "input_audio_buffer.clear": event(),
  "conversation.item.create": event({ item, previous_item_id: nullable(text(64)) }, ["item"]),
  "conversation.item.retrieve": event({ item_id: text(64) }, ["item_id"]),
  "conversation.item.delete": event({ item_id: text(64) }, ["item_id"]),
  "conversation.item.truncate": event(
    { item_id: text(64), content_index: word(0), audio_end_ms: numberBetween(0, 86_400_000, true) },
    ["item_id", "content_index", "audio_end_ms"],
  ),
  "response.create": event({ response }),
  "response.cancel": event({ response_id: text(64) }),
});
