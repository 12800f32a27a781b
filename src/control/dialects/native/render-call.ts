/** Calls and what happened in them, in this API's words. */

import type { CallStats, Interruption, TurnTiming } from "../../../media/protocol.ts";
import type { CallEvent, CallEventData, Usage } from "../../service/calls/call-events.ts";
import type { SummaryDelivery } from "../../service/calls/calls.ts";
import type { Call } from "../../service/calls/kept-call.ts";
import { type ToolCall, type TranscriptLine, type TurnParts, turnParts } from "../../service/calls/timeline.ts";
import { toSnakeCase } from "../refusal-words.ts";
import {
  type CallBody,
  endedBy,
  type InterruptionBody,
  type SummaryBody,
  type ToolCallBody,
  type TurnTimingBody,
  type UtteranceBody,
} from "./call-schemas.ts";
import { instant, instantOrNull } from "./shapes.ts";

/** Members of a flat object under their wire names. */
function snakeCased(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [toSnakeCase(name), value]));
}

function renderUsage(usage: Usage): CallBody["usage"] {
  return {
    input_text_tokens: usage.inputTextTokens,
    input_audio_tokens: usage.inputAudioTokens,
    input_cached_tokens: usage.inputCachedTokens,
    output_text_tokens: usage.outputTextTokens,
    output_audio_tokens: usage.outputAudioTokens,
    transcription_tokens: usage.transcriptionTokens,
    transcription_seconds: usage.transcriptionSeconds,
    speech_characters: usage.speechCharacters,
  };
}

function renderStats(stats: CallStats): CallBody["stats"] {
  return {
    frames_in: stats.framesIn,
    frames_out: stats.framesOut,
    underruns: stats.underruns,
    ignored_messages: stats.ignoredMessages,
    faults: stats.faults,
  };
}

export function renderCall(call: Call): CallBody {
  return {
    id: call.id,
    status: call.status,
    direction: call.direction,
    carrier: call.carrier,
    carrier_call_id: call.carrierCallId,
    from: call.from,
    to: call.to,
    agent_id: call.agentId,
    metadata: call.metadata,
    created_at: instant(call.createdAt),
    started_at: instantOrNull(call.startedAt),
    ended_at: instantOrNull(call.endedAt),
    duration_ms: call.durationMs,
    cause: call.cause,
    ended_by: call.cause && endedBy[call.cause],
    detail: call.detail,
    recorded: call.recording !== null,
    stats: call.stats && renderStats(call.stats),
    usage: renderUsage(call.usage),
    trunk_id: call.trunkId,
    phone_id: call.phoneId,
    peer_call_id: call.peerCallId,
    sip_status: call.sipStatus,
    answered_by: call.answeredBy,
    cost_micros: call.costMicros,
    live_transcript: call.liveTranscript,
  };
}

export function renderSummary({ channel, to, status, detail, attempts, ...at }: SummaryDelivery): SummaryBody {
  return {
    channel,
    to,
    status,
    detail,
    attempts,
    next_attempt_at: instantOrNull(at.nextAttemptAt),
    created_at: instant(at.createdAt),
    settled_at: instantOrNull(at.settledAt),
  };
}

export function renderUtterance(line: TranscriptLine): UtteranceBody {
  return {
    id: line.utteranceId,
    role: line.role,
    text: line.text,
    start_ms: line.startMs,
    end_ms: line.endMs,
    interrupted: line.interrupted,
    via: line.via,
  };
}

/** Arguments as data where they are JSON; a model may give anything. */
function renderArguments(json: string | null): unknown {
  if (json === null) return null;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

export function renderToolCall(call: ToolCall): ToolCallBody {
  return {
    id: call.toolCallId,
    name: call.name,
    arguments: renderArguments(call.argumentsJson),
    output: call.output,
    ok: call.ok,
    started_at_ms: call.startedAtMs,
    ended_at_ms: call.endedAtMs,
    duration_ms: call.durationMs,
  };
}

export function renderTurn(turn: TurnTiming, parts: TurnParts): TurnTimingBody {
  return {
    id: turn.turnId,
    reason: turn.reason,
    caller_last_voiced_at_ms: turn.callerLastVoicedAtMs ?? null,
    decided_at_ms: turn.decidedAtMs,
    provider_first_byte_at_ms: turn.providerFirstByteAtMs ?? null,
    first_frame_on_wire_at_ms: turn.firstFrameOnWireAtMs ?? null,
    endpointing_ms: parts.endpointingMs ?? null,
    provider_ms: parts.providerMs ?? null,
    playout_ms: parts.playoutMs ?? null,
    latency_ms: parts.latencyMs ?? null,
  };
}

export function renderInterruption(interruption: Interruption): InterruptionBody {
  return {
    onset_at_ms: interruption.onsetAtMs,
    silenced_at_ms: interruption.silencedAtMs,
    decided_at_ms: interruption.decidedAtMs ?? null,
    time_to_silence_ms: interruption.silencedAtMs - interruption.onsetAtMs,
    outcome: interruption.outcome,
    heard_ms: interruption.heardMs ?? null,
  };
}

/** What each kind of event carries on the wire; a new kind does not compile until it is here. */
const renderData: { readonly [Type in keyof CallEventData]: (data: CallEventData[Type]) => unknown } = {
  "call.queued": snakeCasedData,
  "call.ringing": snakeCasedData,
  "call.transfer": ({ calleeId, ...data }) => ({ ...snakeCased(data), callee_call_id: calleeId }),
  "call.started": ({ startedAt }) => ({ started_at: instant(startedAt) }),
  "call.answered-by": ({ kind, confidence, atMs, isFinal }) => ({
    answered_by: kind,
    confidence,
    final: isFinal,
    at_ms: atMs,
  }),
  "call.ended": ({ cause, ...data }) => ({ cause, ended_by: endedBy[cause], ...snakeCased(data) }),
  "transcript.partial": ({ utteranceId, role, text, atMs }) => ({ id: utteranceId, role, text, at_ms: atMs }),
  "transcript.final": renderUtterance,
  "tool.started": ({ toolCallId, name, argumentsJson, atMs }) => ({
    id: toolCallId,
    name,
    arguments: renderArguments(argumentsJson),
    at_ms: atMs,
  }),
  "tool.ended": ({ toolCallId, name, ok, output, durationMs, atMs }) => ({
    id: toolCallId,
    name,
    ok,
    output,
    duration_ms: durationMs,
    at_ms: atMs,
  }),
  "turn.completed": (turn) => renderTurn(turn, turnParts(turn)),
  interruption: renderInterruption,
  dtmf: snakeCasedData,
  usage: snakeCasedData,
  "call.error": snakeCasedData,
};

function snakeCasedData(data: object): unknown {
  return snakeCased({ ...data });
}

/** An event as the `data:` of its server-sent event: one line of JSON. */
export function renderEvent(event: CallEvent): string {
  const render = renderData[event.type] as (data: CallEvent["data"]) => unknown;
  return JSON.stringify({
    type: event.type,
    call_id: event.callId,
    sequence: event.sequence,
    at: instant(event.wallMs),
    data: render(event.data),
  });
}
