/** A call as kept: its shape inside, and how it becomes a row and comes back from one. */
import type { AgentId, CallId, OrgId } from "../../../kit/ids.ts";
import type { AgentSpec, AnsweredBy, CallDirection, CallSource, CallStats, EndCause } from "../../../media/protocol.ts";
import type { NewCall } from "../../calls/call-control.ts";
import { toolCallCounts } from "../../store/call-details.ts";
import { type CallRow, type NewCallRow, type UsageRow, usageOfCalls } from "../../store/calls.ts";
import type { Db } from "../../store/database.ts";
import { gatewayTools } from "../agents/agent-rules.ts";
import type { Item } from "../money/items.ts";
import type { Usage } from "./call-events.ts";

export type CallStatus = "queued" | "ringing" | "in-progress" | "ended";

/** A call as kept. Instants are wall ms. */
export interface Call {
  readonly id: CallId;
  readonly orgId: OrgId;
  readonly carrier: CallSource;
  readonly carrierCallId: string | null;
  readonly direction: CallDirection;
  readonly from: string;
  /** E.164, or the extension of a phone. */
  readonly to: string;
  /** Null: people talk to each other. */
  readonly agentId: AgentId | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: CallStatus;
  readonly cause: EndCause | null;
  /** One sentence for people; "" when the cause says it all. */
  readonly detail: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly durationMs: number | null;
  readonly recording: { readonly durationMs: number | null; readonly sizeBytes: number } | null;
  readonly stats: CallStats | null;
  readonly usage: Usage;
  readonly trunkId: string | null;
  readonly phoneId: string | null;
  /** The other one of two calls that were joined. */
  readonly peerCallId: CallId | null;
  /** Final status of an outgoing INVITE that came to nothing. */
  readonly sipStatus: number | null;
  /** Null: it was not looked for. */
  readonly answeredBy: AnsweredBy | null;
  /** What it cost, or has cost so far, in micro-dollars. */
  readonly costMicros: number;
  /** Its finished utterances are told to webhooks while it lasts. */
  readonly liveTranscript: boolean;
  /** How often its agent has called the customer's tools. */
  readonly toolCallCount: number;
}

/** What is counted of a call beside its row. */
export interface CallCounts {
  /** Undefined: its provider has counted nothing. */
  readonly usage: UsageRow | undefined;
  readonly toolCalls: number;
}

/** The row of a call that is made at `createdAt` (wall ms); `items`: by what it is paid. */
export function toNewRow(call: NewCall, items: readonly Item[], createdAt: number): NewCallRow {
  return {
    id: call.callId,
    org_id: call.orgId,
    carrier: call.carrier,
    carrier_call_id: call.carrierCallId ?? null,
    direction: call.direction,
    from_number: call.from,
    to_number: call.to,
    agent_id: call.agent?.agentId ?? null,
    agent_snapshot: JSON.stringify(call.agent ? withoutSecrets(call.agent) : null),
    metadata: JSON.stringify(call.metadata),
    record: call.record ? 1 : 0,
    status: call.direction === "inbound" ? "ringing" : "queued",
    created_at: createdAt,
    last_sequence: 0,
    trunk_id: call.trunkId ?? null,
    phone_id: call.phoneId ?? null,
    peer_call_id: call.peerCallId ?? null,
    sip_status: null,
    answered_by: null,
    idempotency_scope: call.idempotency?.scope ?? "",
    idempotency_key: call.idempotency?.key ?? null,
    request_hash: call.idempotency?.requestHash ?? null,
    items: items.length === 0 ? null : JSON.stringify(items),
    cost_micros: null,
    live_transcript: call.liveTranscript ? 1 : 0,
    transcript_sequence: 0,
  };
}

/** What is counted of some calls. */
export async function countsOf(db: Db, ids: readonly string[]): Promise<(id: string) => CallCounts> {
  const usage = await usageOfCalls(db, ids);
  const toolCalls = await toolCallCounts(db, ids, gatewayTools);
  return (id) => ({ usage: usage.get(id), toolCalls: toolCalls.get(id) ?? 0 });
}

/** The call of a row, with what was counted and what it cost. */
export function toCall(row: CallRow, { usage, toolCalls }: CallCounts, costMicros: number): Call {
  return {
    id: row.id as CallId,
    orgId: row.org_id as OrgId,
    carrier: row.carrier as CallSource,
    carrierCallId: row.carrier_call_id,
    direction: row.direction as CallDirection,
    from: row.from_number,
    to: row.to_number,
    agentId: row.agent_id as AgentId | null,
    metadata: JSON.parse(row.metadata),
    status: row.status as CallStatus,
    cause: row.cause as EndCause | null,
    detail: row.detail,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    durationMs: row.duration_ms,
    recording:
      row.recording_bytes === null ? null : { durationMs: row.recording_duration_ms, sizeBytes: row.recording_bytes },
    stats: row.stats === null ? null : JSON.parse(row.stats),
    usage: {
      inputTextTokens: usage?.input_text_tokens ?? 0,
      inputAudioTokens: usage?.input_audio_tokens ?? 0,
      inputCachedTokens: usage?.input_cached_tokens ?? 0,
      outputTextTokens: usage?.output_text_tokens ?? 0,
      outputAudioTokens: usage?.output_audio_tokens ?? 0,
      transcriptionTokens: usage?.transcription_tokens ?? 0,
      transcriptionSeconds: usage?.transcription_seconds ?? 0,
      speechCharacters: usage?.speech_characters ?? 0,
    },
    trunkId: row.trunk_id,
    phoneId: row.phone_id,
    peerCallId: row.peer_call_id as CallId | null,
    sipStatus: row.sip_status,
    answeredBy: row.answered_by as AnsweredBy | null,
    costMicros,
    liveTranscript: row.live_transcript === 1,
    toolCallCount: toolCalls,
  };
}

/** The agent as kept with the call: no keys, no header values. */
function withoutSecrets({ providerKey: _, ...agent }: AgentSpec): unknown {
  return {
    ...agent,
    tools: agent.tools.map(({ secret: _secret, headers, ...tool }) => ({ ...tool, headers: Object.keys(headers) })),
    webhook: agent.webhook && { url: agent.webhook.url },
  };
}
