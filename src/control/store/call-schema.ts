/** Tables of calls and of what happened in them, as Kysely sees them. */
import type { Generated } from "kysely";

export interface CallsTable {
  id: string;
  org_id: string;
  carrier: string;
  carrier_call_id: string | null;
  direction: string;
  from_number: string;
  to_number: string;
  /** No foreign key: a call outlives its agent. Null: a call between people. */
  agent_id: string | null;
  /** JSON of the agent as it was when the call began, without secrets. */
  agent_snapshot: string;
  metadata: string;
  record: number;
  status: string;
  cause: string | null;
  detail: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  duration_ms: number | null;
  recording_duration_ms: number | null;
  recording_bytes: number | null;
  /** JSON of `CallStats`. */
  stats: string | null;
  /** Sequence number of the call's latest event; 0 before the first. */
  last_sequence: number;
  trunk_id: string | null;
  phone_id: string | null;
  /** The other one of two calls that were joined. */
  peer_call_id: string | null;
  /** Final status of an outgoing INVITE that came to nothing. */
  sip_status: number | null;
  /** human, machine or unknown. */
  answered_by: string | null;
  /** Names the request that placed the call; one call for each in its scope of its organisation. */
  idempotency_key: string | null;
  /** "": the whole organisation. */
  idempotency_scope: Generated<string>;
  /** SHA-256 of that request's body, hex. */
  request_hash: string | null;
  /** JSON of `Item[]`: what it is paid by; null: nothing. */
  items: string | null;
  /** What it cost; null until it has ended. */
  cost_micros: number | null;
  live_transcript: Generated<number>;
  /** Utterances told so far to those who follow word by word. */
  transcript_sequence: Generated<number>;
  /** The gateway it is in, of several on one database; null: the only one. */
  node_id: string | null;
}

export interface UtterancesTable {
  position: Generated<number>;
  call_id: string;
  utterance_id: string;
  role: string;
  text: string;
  start_ms: number;
  end_ms: number;
  interrupted: number;
  via: string;
}

export interface ToolCallsTable {
  position: Generated<number>;
  call_id: string;
  tool_call_id: string;
  name: string;
  arguments: string | null;
  output: string | null;
  ok: number | null;
  started_at_ms: number;
  ended_at_ms: number | null;
  duration_ms: number | null;
}

export interface TurnsTable {
  position: Generated<number>;
  call_id: string;
  turn_id: string;
  reason: string;
  caller_last_voiced_at_ms: number | null;
  decided_at_ms: number;
  provider_first_byte_at_ms: number | null;
  first_frame_on_wire_at_ms: number | null;
}

export interface InterruptionsTable {
  position: Generated<number>;
  call_id: string;
  onset_at_ms: number;
  silenced_at_ms: number;
  decided_at_ms: number | null;
  outcome: string;
  heard_ms: number | null;
}

export interface UsageTable {
  call_id: string;
  input_text_tokens: number;
  input_audio_tokens: number;
  input_cached_tokens: number;
  output_text_tokens: number;
  output_audio_tokens: number;
  transcription_tokens: number;
  transcription_seconds: number;
  speech_characters: number;
}

export interface EventsTable {
  /** Grows with each commit over all calls; what `Last-Event-ID` names. */
  id: Generated<number>;
  org_id: string;
  call_id: string;
  sequence: number;
  type: string;
  data: string;
  wall_ms: number;
}

export interface SummariesDueTable {
  call_id: string;
  /** email or text. */
  channel: string;
  org_id: string;
  /** E-mail address or E.164. */
  recipient: string;
  /** JSON of `SummaryContent`. */
  content: string;
  /** pending, sent, failed or suppressed. */
  status: string;
  /** Why the last attempt failed, or why nothing is sent. */
  detail: string | null;
  attempts: number;
  /** Not sent before this. */
  next_at: number;
  /** When the last attempt is made. */
  retry_until: number;
  created_at: number;
  settled_at: number | null;
}

export interface CallSchema {
  calls: CallsTable;
  utterances: UtterancesTable;
  tool_calls: ToolCallsTable;
  turns: TurnsTable;
  interruptions: InterruptionsTable;
  usage: UsageTable;
  events: EventsTable;
  summaries_due: SummariesDueTable;
}
