/** How each thing a media process reports of a call becomes rows and an event, both in the same transaction. */
import type { MediaEvent } from "../../../media/protocol.ts";
import { addUsage, insertInterruption, putToolCall, putTurn, putUtterance } from "../../store/call-details.ts";
import { updateOpenCall } from "../../store/calls.ts";
import type { Db } from "../../store/database.ts";
import type { NewCallEvent } from "./call-events.ts";

/** Reports about a call that are neither its ending nor about a stream that has no call yet. */
export type CallReport = Exclude<
  Extract<MediaEvent, { readonly callId: string }>,
  { readonly type: "call-ended" | "rtp-opened" | "rtp-silent" | "keys-wanted" }
>;

/** Writes one report; the event to tell, undefined when it changed nothing. */
export async function writeReport(db: Db, report: CallReport): Promise<NewCallEvent | undefined> {
  const { callId } = report;
  switch (report.type) {
    case "call-started": {
      const change = { status: "in-progress", started_at: Math.round(report.wallMs) };
      if (!(await updateOpenCall(db, callId, change))) return undefined;
      return { callId, type: "call.started", data: { startedAt: change.started_at } };
    }
    case "utterance": {
      const { utteranceId, role, text, startMs, endMs, interrupted, via } = report.utterance;
      await putUtterance(db, {
        call_id: callId,
        utterance_id: utteranceId,
        role,
        text,
        start_ms: startMs,
        end_ms: endMs,
        interrupted: interrupted ? 1 : 0,
        via,
      });
      return { callId, type: "transcript.final", data: report.utterance };
    }
    case "transcript-partial": {
      const { utteranceId, role, text, atMs } = report;
      return { callId, type: "transcript.partial", data: { utteranceId, role, text, atMs } };
    }
    // What they mean to the customer is told by call control, which sees to them.
    case "room-changed":
    case "transfer-wanted":
      return undefined;
    case "answered-by": {
      const { kind, confidence, atMs, isFinal } = report;
      if (!(await updateOpenCall(db, callId, { answered_by: kind }))) return undefined;
      return { callId, type: "call.answered-by", data: { kind, confidence, atMs, isFinal } };
    }
    case "dtmf":
      return { callId, type: "dtmf", data: { digit: report.digit, atMs: report.atMs } };
    case "tool-started": {
      const { toolCallId, name, argumentsJson, atMs } = report;
      await putToolCall(db, {
        call_id: callId,
        tool_call_id: toolCallId,
        name,
        arguments: argumentsJson,
        started_at_ms: atMs,
      });
      return { callId, type: "tool.started", data: { toolCallId, name, argumentsJson, atMs } };
    }
    case "tool-ended": {
      const { toolCallId, name, ok, output, durationMs, atMs } = report;
      await putToolCall(db, {
        call_id: callId,
        tool_call_id: toolCallId,
        name,
        output,
        ok: ok ? 1 : 0,
        started_at_ms: Math.max(0, atMs - durationMs),
        ended_at_ms: atMs,
        duration_ms: durationMs,
      });
      return { callId, type: "tool.ended", data: { toolCallId, name, ok, output, durationMs, atMs } };
    }
    case "turn": {
      const { turn } = report;
      await putTurn(db, {
        call_id: callId,
        turn_id: turn.turnId,
        reason: turn.reason,
        caller_last_voiced_at_ms: turn.callerLastVoicedAtMs ?? null,
        decided_at_ms: turn.decidedAtMs,
        provider_first_byte_at_ms: turn.providerFirstByteAtMs ?? null,
        first_frame_on_wire_at_ms: turn.firstFrameOnWireAtMs ?? null,
      });
      return { callId, type: "turn.completed", data: turn };
    }
    case "interruption": {
      const { interruption } = report;
      await insertInterruption(db, {
        call_id: callId,
        onset_at_ms: interruption.onsetAtMs,
        silenced_at_ms: interruption.silencedAtMs,
        decided_at_ms: interruption.decidedAtMs ?? null,
        outcome: interruption.outcome,
        heard_ms: interruption.heardMs ?? null,
      });
      return { callId, type: "interruption", data: interruption };
    }
    case "usage": {
      const { usage } = report;
      await addUsage(db, {
        call_id: callId,
        input_text_tokens: usage.inputTextTokens ?? 0,
        input_audio_tokens: usage.inputAudioTokens ?? 0,
        input_cached_tokens: usage.inputCachedTokens ?? 0,
        output_text_tokens: usage.outputTextTokens ?? 0,
        output_audio_tokens: usage.outputAudioTokens ?? 0,
        transcription_tokens: usage.transcriptionTokens ?? 0,
        transcription_seconds: usage.transcriptionSeconds ?? 0,
        speech_characters: usage.speechCharacters ?? 0,
      });
      return { callId, type: "usage", data: usage };
    }
    case "call-error": {
      const { kind, message, fatal, atMs } = report;
      return { callId, type: "call.error", data: { kind, message, fatal, atMs } };
    }
  }
}
