/** What was said in a call, and how long things took: made from the rows the media processes reported. */
import type { Interruption, TurnTiming, Utterance } from "../../../media/protocol.ts";
import type { InterruptionRow, ToolCallRow, TurnRow, UtteranceRow } from "../../store/call-details.ts";

/** One thing said, as heard. */
export type TranscriptLine = Utterance;

/** A tool call; what is `null` has not happened (yet). */
export interface ToolCall {
  readonly toolCallId: string;
  readonly name: string;
  readonly argumentsJson: string | null;
  readonly output: string | null;
  readonly ok: boolean | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly durationMs: number | null;
}

/** Where the time of a turn went, in ms; `undefined`: a part's beginning or end did not happen. */
export interface TurnParts {
  /** Caller's last voiced frame to our decision. */
  readonly endpointingMs: number | undefined;
  /** Decision to the provider's first byte of audio. */
  readonly providerMs: number | undefined;
  /** Provider's first byte to the first frame on the wire. */
  readonly playoutMs: number | undefined;
  /** Caller's last voiced frame to the first frame on the wire: what the caller waits. */
  readonly latencyMs: number | undefined;
}

/** Everything with a time in a call. */
export interface CallTimeline {
  readonly turns: readonly { readonly turn: TurnTiming; readonly parts: TurnParts }[];
  readonly interruptions: readonly Interruption[];
  readonly utterances: readonly TranscriptLine[];
}

/** Splits a turn's latency into its parts. */
export function turnParts(turn: TurnTiming): TurnParts {
  const { callerLastVoicedAtMs, decidedAtMs, providerFirstByteAtMs, firstFrameOnWireAtMs } = turn;
  return {
    endpointingMs: span(callerLastVoicedAtMs, decidedAtMs),
    providerMs: span(decidedAtMs, providerFirstByteAtMs),
    playoutMs: span(providerFirstByteAtMs, firstFrameOnWireAtMs),
    latencyMs: span(callerLastVoicedAtMs, firstFrameOnWireAtMs),
  };
}

function span(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.round((to - from) * 1000) / 1000;
}

export function toTimeline(
  turns: readonly TurnRow[],
  interruptions: readonly InterruptionRow[],
  utterances: readonly UtteranceRow[],
): CallTimeline {
  return {
    turns: turns.map((row) => {
      const turn = toTurn(row);
      return { turn, parts: turnParts(turn) };
    }),
    interruptions: interruptions.map(toInterruption),
    utterances: utterances.map(toUtterance),
  };
}

function toTurn(row: TurnRow): TurnTiming {
  return {
    turnId: row.turn_id,
    reason: row.reason,
    callerLastVoicedAtMs: row.caller_last_voiced_at_ms ?? undefined,
    decidedAtMs: row.decided_at_ms,
    providerFirstByteAtMs: row.provider_first_byte_at_ms ?? undefined,
    firstFrameOnWireAtMs: row.first_frame_on_wire_at_ms ?? undefined,
  };
}

function toInterruption(row: InterruptionRow): Interruption {
  return {
    onsetAtMs: row.onset_at_ms,
    silencedAtMs: row.silenced_at_ms,
    decidedAtMs: row.decided_at_ms ?? undefined,
    outcome: row.outcome as Interruption["outcome"],
    heardMs: row.heard_ms ?? undefined,
  };
}

export function toUtterance(row: UtteranceRow): TranscriptLine {
  return {
    utteranceId: row.utterance_id,
    role: row.role as Utterance["role"],
    text: row.text,
    startMs: row.start_ms,
    endMs: row.end_ms,
    interrupted: row.interrupted === 1,
    via: row.via as Utterance["via"],
  };
}

export function toToolCall(row: ToolCallRow): ToolCall {
  return {
    toolCallId: row.tool_call_id,
    name: row.name,
    argumentsJson: row.arguments,
    output: row.output,
    ok: row.ok === null ? null : row.ok === 1,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    durationMs: row.duration_ms,
  };
}
