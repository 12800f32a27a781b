import type { AiCapabilities } from "../ai/session.ts";
import type { AgentSpec, TurnSettings } from "../protocol.ts";
import { maxTurnDigits } from "./dtmf-turn.ts";

/** How turns are taken, every setting filled in. */
export interface TurnOptions extends Required<TurnSettings> {
  /** Whose ears end the caller's turn: our VAD and a pause, or the provider's. */
  readonly detection: "local" | "provider";
  /** Pause that ends the caller's turn, counted from his last voiced frame. */
  readonly endpointingMs: number;
  /** When the provider ends turns: the pause after which we do it in its place. */
  readonly maxEndpointingMs: number;
  /** Speech over the agent shorter than this is a backchannel; longer takes the floor. */
  readonly bargeInConfirmMs: number;
  /** After the agent yielded: silence without a word this long, and he goes on where he was cut. */
  readonly falseInterruptionMs: number;
  /** Whether the caller may interrupt an ordinary reply. */
  readonly interruptible: boolean;
  /** Whether the caller may interrupt the greeting. */
  readonly greetingInterruptible: boolean;
  /** Silence after which the agent asks whether the caller is there; 0: never. */
  readonly nudgeAfterMs: number;
  readonly maxNudges: number;
  readonly nudgeText: string;
  /** Keys are one turn when none followed for this long. */
  readonly dtmfTimeoutMs: number;
  /** So many keys are one turn without that pause, unless the agent's script expects another number of them. */
  readonly dtmfMaxDigits: number;
  /** Words of the caller come while he speaks, before the turn is committed. False: VAD alone decides a barge-in. */
  readonly wordsExpected: boolean;
  /** Words come once the turn is committed: only then is it known whether a barge-in was noise. */
  readonly wordsFollow: boolean;
  /** How long after the last voiced frame the VAD reports the stop; the confirm deadline waits for that report. */
  readonly speechStopLagMs: number;
  /** Speech of backchannel words may last this long without taking the floor. */
  readonly backchannelMaxMs: number;
  /** The agent yielded to sound that brings no word for this long: noise, he goes on. */
  readonly maxWordlessMs: number;
  /** The provider's ears report the same speech up to this much later than our VAD. */
  readonly providerLagMs: number;
  /** A caller's turn is cut here: sooner or later the agent must answer over a noisy line. */
  readonly maxSpeechMs: number;
  /** No audio this long after a reply was asked for: none will come. */
  readonly replyTimeoutMs: number;
  /** A reply longer than this has stalled. */
  readonly maxReplyMs: number;
  /** Language tag; picks the words that do not take the floor (`backchannel.ts`). */
  readonly language: string;
}

export const defaultTurnOptions = {
  detection: "local",
  endpointingMs: 500,
  maxEndpointingMs: 3000,
  bargeInConfirmMs: 500,
  falseInterruptionMs: 2000,
  interruptible: true,
  greetingInterruptible: false,
  nudgeAfterMs: 8000,
  maxNudges: 2,
  nudgeText: "Are you still there?",
  dtmfTimeoutMs: 2500,
  dtmfMaxDigits: maxTurnDigits,
  wordsExpected: true,
  wordsFollow: false,
  speechStopLagMs: 200,
  backchannelMaxMs: 800,
  maxWordlessMs: 8000,
  providerLagMs: 1000,
  maxSpeechMs: 60_000,
  replyTimeoutMs: 15_000,
  maxReplyMs: 600_000,
  language: "en",
} as const satisfies TurnOptions;

/** What a session knows beside the customer's settings. */
export interface TurnFacts {
  readonly language?: string;
  readonly wordsExpected?: boolean;
  readonly wordsFollow?: boolean;
  readonly speechStopLagMs?: number;
}

/** Longest text of a nudge. */
const maxNudgeChars = 500;

/** Fills in what is not set and holds the rest inside limits a telephone call can bear. */
export function turnOptions(settings: TurnSettings, facts: TurnFacts = {}): TurnOptions {
  const preset = defaultTurnOptions;
  const endpointingMs = clamp(settings.endpointingMs, 100, 5000, preset.endpointingMs);
  const nudgeAfterMs = clamp(settings.nudgeAfterMs, 0, 600_000, preset.nudgeAfterMs);
  return {
    ...preset,
    detection: settings.detection ?? preset.detection,
    endpointingMs,
    maxEndpointingMs: clamp(settings.maxEndpointingMs, endpointingMs, 15_000, preset.maxEndpointingMs),
    bargeInConfirmMs: clamp(settings.bargeInConfirmMs, 0, 5000, preset.bargeInConfirmMs),
    falseInterruptionMs: clamp(settings.falseInterruptionMs, 200, 10_000, preset.falseInterruptionMs),
    interruptible: settings.interruptible ?? preset.interruptible,
    greetingInterruptible: settings.greetingInterruptible ?? preset.greetingInterruptible,
    nudgeAfterMs: nudgeAfterMs === 0 ? 0 : Math.max(nudgeAfterMs, 1000),
    maxNudges: Math.floor(clamp(settings.maxNudges, 0, 20, preset.maxNudges)),
    nudgeText: (settings.nudgeText?.trim() || preset.nudgeText).slice(0, maxNudgeChars),
    dtmfTimeoutMs: clamp(settings.dtmfTimeoutMs, 200, 20_000, preset.dtmfTimeoutMs),
    dtmfMaxDigits: Math.floor(clamp(settings.dtmfMaxDigits, 1, maxTurnDigits, preset.dtmfMaxDigits)),
    wordsExpected: facts.wordsExpected ?? preset.wordsExpected,
    wordsFollow: facts.wordsFollow ?? preset.wordsFollow,
    speechStopLagMs: clamp(facts.speechStopLagMs, 0, 1000, preset.speechStopLagMs),
    language: facts.language ?? preset.language,
  };
}

/** How an agent takes turns with an AI session that can do this. */
export function turnOptionsOf(agent: AgentSpec, { endsTurns, ears }: AiCapabilities): TurnOptions {
  const detection = endsTurns ? (agent.turn.detection ?? "local") : "local";
  // Only a provider whose own ears cut the turns gives words before a turn is committed.
  const wordsExpected = ears && detection === "provider";
  const facts = { language: agent.language, wordsExpected, wordsFollow: ears && !wordsExpected };
  return turnOptions({ ...agent.turn, detection }, facts);
}

function clamp(value: number | undefined, least: number, most: number, preset: number): number {
  const wanted = value !== undefined && Number.isFinite(value) ? value : preset;
  return Math.min(Math.max(wanted, least), most);
}
