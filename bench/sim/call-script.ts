/**
 * What the caller does, step by step. A script file is text, one step a line, or a JSON array of the same:
 *
 *     # comment                                     [
 *     wait-for-agent            (until he finished)    "wait-for-agent",
 *     wait-for-agent 1500       (silent for 1500 ms)   { "wait-for-agent": 1500 },
 *     play question.wav                               { "play": "question.wav" },
 *     say What are your opening hours?                { "say": "What are your opening hours?" },
 *     dtmf 42#                                        { "dtmf": "42#" },
 *     wait 500                                        { "wait": 500 },
 *     barge-in 1200 play question.wav                 { "barge-in": { "after": 1200, "play": "question.wav" } },
 *     barge-in 1200 say Stop, please.                 { "barge-in": { "after": 1200, "say": "Stop, please." } },
 *     hang-up                                         "hang-up"
 *                                                   ]
 *
 * Paths count from the script's folder. Without `hang-up` the phone stays on the line until the other side ends the call.
 */

/** Where the caller's words come from. */
export type SpeechSource =
  | { readonly type: "wav"; readonly path: string }
  | { readonly type: "text"; readonly text: string };

/** A step as written. */
export type ScriptStep =
  | { readonly type: "wait-for-agent"; readonly quietMs: number }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "play"; readonly source: SpeechSource }
  | { readonly type: "dtmf"; readonly digits: string }
  | { readonly type: "barge-in"; readonly afterMs: number; readonly source: SpeechSource }
  | { readonly type: "hang-up" };

/** A recording the caller plays: Int16Array, mono, 8 kHz. */
export interface CallerClip {
  readonly label: string;
  readonly samples: Int16Array;
}

/** A step ready to be performed. */
export type CallStep =
  | Exclude<ScriptStep, { readonly source: SpeechSource }>
  | { readonly type: "play"; readonly clip: CallerClip }
  | { readonly type: "barge-in"; readonly afterMs: number; readonly clip: CallerClip };

export type CallScript = readonly CallStep[];

/** Silence after which the agent has finished, when the script does not say. */
export const defaultQuietMs = 1000;

/** Most steps of a script and longest wait. */
export const maxSteps = 1000;
const maxWaitMs = 3_600_000;

const forms = "wait-for-agent [MS], play FILE, say TEXT, dtmf KEYS, wait MS, barge-in MS play FILE|say TEXT, hang-up";

/** Reads a script file; throws an Error that names the line (text) or the step (JSON) and what it should look like. */
export function parseScript(text: string): readonly ScriptStep[] {
  const steps = /^\s*[[{]/.test(text) ? parseJsonScript(text) : parseTextScript(text);
  if (steps.length === 0) throw new Error(`the script has no steps; known are: ${forms}`);
  if (steps.length > maxSteps) throw new Error(`the script has ${steps.length} steps; at most ${maxSteps} are played`);
  return steps;
}

function parseTextScript(text: string): readonly ScriptStep[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) return [];
    const [verb, rest] = splitWord(line);
    return [makeStep(verb, rest, `line ${index + 1}`)];
  });
}

function makeStep(verb: string, rest: string, place: string): ScriptStep {
  switch (verb) {
    case "wait-for-agent":
      return {
        type: "wait-for-agent",
        quietMs: rest === "" ? defaultQuietMs : milliseconds(rest, `${place}: ${verb}`),
      };
    case "wait":
      return { type: "wait", ms: milliseconds(rest, `${place}: wait`) };
    case "play":
    case "say":
      return { type: "play", source: speechSource(verb, rest, place) };
    case "dtmf":
      return { type: "dtmf", digits: keys(rest, place) };
    case "barge-in": {
      const [after, speech] = splitWord(rest);
      const [sourceVerb, source] = splitWord(speech);
      const afterMs = milliseconds(after, `${place}: barge-in`);
      return { type: "barge-in", afterMs, source: speechSource(sourceVerb, source, `${place}: barge-in`) };
    }
    case "hang-up":
      if (rest !== "") throw new Error(`${place}: hang-up takes nothing after it`);
      return { type: "hang-up" };
    default:
      throw new Error(`${place}: unknown step "${verb}"; known are: ${forms}`);
  }
}

function speechSource(verb: string, rest: string, place: string): SpeechSource {
  if (verb !== "play" && verb !== "say") throw new Error(`${place}: expected "play FILE" or "say TEXT"`);
  if (rest === "") throw new Error(`${place}: ${verb} needs ${verb === "play" ? "a WAV file" : "a text"} after it`);
  return verb === "play" ? { type: "wav", path: rest } : { type: "text", text: rest };
}

function milliseconds(text: string, place: string): number {
  if (!/^[0-9]{1,7}$/.test(text) || Number(text) > maxWaitMs) {
    throw new Error(`${place} needs whole milliseconds (0 to ${maxWaitMs}), not "${text}"`);
  }
  return Number(text);
}

function keys(text: string, place: string): string {
  if (!/^[0-9A-D*#]{1,64}$/.test(text))
    throw new Error(`${place}: dtmf needs 1 to 64 of 0-9, *, #, A-D, not "${text}"`);
  return text;
}

function splitWord(text: string): readonly [string, string] {
  const match = /^(\S*)\s*(.*)$/.exec(text);
  return [match?.[1] ?? "", match?.[2] ?? ""];
}

function parseJsonScript(text: string): readonly ScriptStep[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(
      `the script looks like JSON and is none: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!Array.isArray(value))
    throw new Error('a JSON script is an array of steps, for example ["wait-for-agent", "hang-up"]');
  return value.map((step: unknown, index) => jsonStep(step, `step ${index + 1}`));
}

function jsonStep(step: unknown, place: string): ScriptStep {
  if (typeof step === "string") return makeStep(step, "", place);
  const entries = isRecord(step) ? Object.entries(step) : [];
  const [entry] = entries;
  if (!entry || entries.length !== 1) {
    throw new Error(`${place}: expected a word or an object with one key, such as { "wait": 500 }`);
  }
  const [verb, argument] = entry;
  if (verb !== "barge-in") return makeStep(verb, scalar(argument, `${place}: ${verb}`), place);
  if (!isRecord(argument))
    throw new Error(`${place}: barge-in needs { "after": MS, "play": FILE } or { "after": MS, "say": TEXT }`);
  const after = scalar(argument.after, `${place}: barge-in.after`);
  const sourceVerb = argument.play === undefined ? "say" : "play";
  return makeStep(
    verb,
    `${after} ${sourceVerb} ${scalar(argument[sourceVerb], `${place}: barge-in.${sourceVerb}`)}`,
    place,
  );
}

function scalar(value: unknown, place: string): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return value.replace(/\s+/g, " ").trim();
  throw new Error(`${place} needs a number or a text`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Loads what the steps play. `loadSpeech` gives 8 kHz mono samples and throws what is wrong with a source. */
export async function prepareScript(
  steps: readonly ScriptStep[],
  loadSpeech: (source: SpeechSource) => Promise<Int16Array>,
): Promise<CallScript> {
  const script: CallStep[] = [];
  for (const step of steps) {
    if (step.type !== "play" && step.type !== "barge-in") {
      script.push(step);
      continue;
    }
    const { source } = step;
    const label = source.type === "wav" ? (source.path.split("/").at(-1) ?? source.path) : source.text;
    const clip = { label, samples: await loadSpeech(source) };
    script.push(step.type === "play" ? { type: "play", clip } : { type: "barge-in", afterMs: step.afterMs, clip });
  }
  return script;
}
