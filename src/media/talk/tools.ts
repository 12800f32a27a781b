import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import type { ToolDeclaration } from "../ai/session.ts";
import type { ToolSpec, TransferTarget } from "../protocol.ts";

/** Tools that every agent has; the gateway runs them itself. */
export const builtInTools = [
  {
    name: "hang_up",
    description:
      "Ends the call once everything you said was played to the caller. Say goodbye first. Use it when the caller is done.",
    parameters: {
      type: "object",
      properties: { reason: { type: "string", maxLength: 200, description: "Why the call ends, in a few words." } },
    },
  },
  {
    name: "send_dtmf",
    description: "Presses keys on the telephone line, for example to get through another company's menu.",
    parameters: {
      type: "object",
      properties: {
        digits: { type: "string", pattern: "^[0-9*#A-D]{1,32}$", description: "Keys in order: 0-9, *, #, A-D." },
      },
      required: ["digits"],
    },
  },
] as const satisfies readonly ToolDeclaration[];

/** Name of the built-in tool of agents that have somebody to put callers through to. */
export const transferToolName = "transfer_call";

/** Names of the built-in tools. */
export type BuiltInToolName = (typeof builtInTools)[number]["name"] | typeof transferToolName;

type BuiltInTool = ToolDeclaration & { readonly name: BuiltInToolName };

/** The built-in tools of an agent that may put callers through to these. */
export function builtInToolsOf(transfers: readonly TransferTarget[]): readonly BuiltInTool[] {
  return transfers.length === 0 ? builtInTools : [...builtInTools, transferTool(transfers)];
}

/** What the model may call in a call: the agent's tools and the built-in ones, which win a clash of names. */
export function toolCatalogue(
  tools: readonly ToolSpec[],
  transfers: readonly TransferTarget[],
): readonly ToolDeclaration[] {
  const builtIns = builtInToolsOf(transfers);
  const own = tools.filter((tool) => !builtIns.some((builtIn) => builtIn.name === tool.name));
  return [...own.map(({ name, description, parameters }) => ({ name, description, parameters })), ...builtIns];
}

const maxBriefingChars = 2_000;

function transferTool(transfers: readonly TransferTarget[]): BuiltInTool {
  const people = transfers.map(({ name, description }) => (description === "" ? name : `${name}: ${description}`));
  const target = { type: "string", enum: transfers.map(({ name }) => name), description: people.join("\n") };
  const briefing = {
    type: "string",
    maxLength: maxBriefingChars,
    description: "What the other side is to know before the two talk: who calls and why, in one or two sentences.",
  };
  const hasBriefing = transfers.some(({ mode }) => mode === "attended");
  return {
    name: transferToolName,
    description:
      "Puts the caller through to somebody else. Tell the caller so first: the transfer begins once everything you said " +
      "was played. When it does not work out the caller is back with you, and you are told why.",
    parameters: {
      type: "object",
      properties: { target, ...(hasBriefing && { briefing }) },
      required: ["target"],
    },
  };
}

/** What went wrong with a tool call, told to the model as data. */
export interface ToolError {
  readonly code:
    | "invalid_arguments"
    | "unknown_tool"
    | "misconfigured_tool"
    | "too_many_calls"
    | "call_ended"
    | "caller_spoke"
    | "timeout"
    | "unreachable"
    | "answer_too_large"
    | "http_status"
    | "not_possible";
  readonly message: string;
  /** The argument that is wrong, as a dotted path. */
  readonly field?: string;
  /** The start of what the tool answered. */
  readonly answer?: string;
}

/** How a tool call ended; `output` is what the model reads, an error too. */
export interface ToolOutcome {
  readonly ok: boolean;
  readonly output: string;
  readonly durationMs: number;
}

/** A tool error as the text the model reads. */
export function toolErrorOutput(error: ToolError): string {
  return JSON.stringify({ error });
}

/** Arguments as the tool gets them, or what is wrong. */
export type CheckedArguments =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly error: ToolError };

/** Longest arguments that are looked at. */
const maxArgumentsChars = 64 * 1024;

/** Checks a model's arguments against the tool's schema; "" counts as no arguments. */
export function checkArguments(tool: ToolDeclaration, argumentsJson: string): CheckedArguments {
  if (argumentsJson.length > maxArgumentsChars) return invalid("The arguments are too long.");
  let value: unknown;
  try {
    value = argumentsJson.trim() === "" ? {} : JSON.parse(argumentsJson);
  } catch {
    return invalid("The arguments are not valid JSON.");
  }
  if (!isObject(value)) return invalid("The arguments must be a JSON object.");
  const validate = validatorOf(tool.parameters);
  if (!validate) {
    return { ok: false, error: { code: "misconfigured_tool", message: "The tool's parameter schema is not usable." } };
  }
  if (validate(value) === true) return { ok: true, value };
  const first = validate.errors?.[0];
  return invalid(first?.message ? `It ${first.message}.` : "The arguments do not fit the schema.", fieldOf(first));
}

function invalid(message: string, field?: string): CheckedArguments {
  return { ok: false, error: { code: "invalid_arguments", message, ...(field && { field }) } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `/items/0/name` as `items.0.name`; a missing property is named itself. */
function fieldOf(error: ErrorObject | undefined): string | undefined {
  if (!error) return undefined;
  const path = error.instancePath.split("/").slice(1);
  const missing: unknown = error.params.missingProperty ?? error.params.additionalProperty;
  if (typeof missing === "string") path.push(missing);
  return path.length > 0 ? path.join(".") : undefined;
}

/** Schemas kept compiled; each call brings the same agents' schemas again. */
const maxValidators = 256;
const validators = new Map<string, ValidateFunction | undefined>();

/** The compiled schema, from the cache when it was seen lately; undefined when it cannot be used. */
function validatorOf(parameters: ToolDeclaration["parameters"]): ValidateFunction | undefined {
  const key = JSON.stringify(parameters);
  const known = validators.has(key);
  const validator = known ? validators.get(key) : compile(parameters);
  // Again at the end: the oldest used goes first.
  validators.delete(key);
  validators.set(key, validator);
  if (validators.size > maxValidators) validators.delete(validators.keys().next().value as string);
  return validator;
}

function compile(parameters: ToolDeclaration["parameters"]): ValidateFunction | undefined {
  // An asynchronous schema would answer with a promise, and its rejection would be nobody's.
  if ("$async" in parameters) return undefined;
  try {
    // An instance each, because an Ajv keeps whatever it has compiled for ever.
    // Without the `u` flag, because the engine that saves us from endless backtracking does not know it.
    const ajv = new Ajv({
      strict: false,
      logger: false,
      validateSchema: false,
      allErrors: false,
      unicodeRegExp: false,
    });
    addFormats.default(ajv);
    return ajv.compile({ ...parameters, $id: undefined });
  } catch {
    return undefined;
  }
}
