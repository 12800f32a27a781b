/** Calls and what was said in them, in AgentCall's words. */
import type { Utterance } from "../../../media/protocol.ts";
import type { Call } from "../../service/calls/kept-call.ts";
import { instant, instantOrNull } from "../shapes.ts";
import type { CallBody, TranscriptEntry } from "./call-schemas.ts";
import { dollars, seconds } from "./shapes.ts";
import { directions, roles, statusOfCall } from "./words.ts";

export function renderCall(call: Call): CallBody {
  return {
    id: call.id,
    callId: call.id,
    type: call.agentId === null ? "standard" : "ai",
    direction: directions[call.direction],
    status: statusOfCall(call),
    from: call.from,
    to: call.to,
    duration: durationOf(call),
    recorded: call.recording !== null,
    metadata: metadataOf(call),
    peerCallId: call.peerCallId,
    toolCallCount: call.toolCallCount,
    cost: dollars(call.costMicros),
    createdAt: instant(call.createdAt),
    startedAt: instantOrNull(call.startedAt),
    endedAt: instantOrNull(call.endedAt),
  };
}

/** A call as it was when it was placed: what a request that is said again is answered with, whatever happened since. */
export function renderPlaced(call: Call): CallBody {
  return renderCall({ ...call, ...justPlaced });
}

const justPlaced = {
  status: "queued",
  cause: null,
  startedAt: null,
  endedAt: null,
  durationMs: null,
  recording: null,
  peerCallId: null,
  toolCallCount: 0,
  costMicros: 0,
} as const satisfies Partial<Call>;

/** In seconds; null until the call has ended. */
export function durationOf({ durationMs }: Pick<Call, "durationMs">): number | null {
  return durationMs === null ? null : seconds(durationMs);
}

/** Null when the call was dialled without. */
export function metadataOf({ metadata }: Pick<Call, "metadata">): Record<string, string> | null {
  return Object.keys(metadata).length === 0 ? null : metadata;
}

export function renderUtterance(call: Pick<Call, "startedAt" | "createdAt">, line: Utterance): TranscriptEntry {
  const beganAt = call.startedAt ?? call.createdAt;
  return { role: roles[line.role], text: line.text, timestamp: instant(beganAt + line.startMs) };
}
