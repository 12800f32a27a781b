/**
 * Tables as Kysely sees them. Kept to what SQLite and PostgreSQL share: text, integer (64 bit), real; booleans are 0 and 1,
 * JSON is text, instants are milliseconds since 1970.
 */
import type { Generated } from "kysely";

export interface MetaTable {
  name: string;
  value: string;
}

export interface ApiKeysTable {
  id: string;
  dialect: string;
  name: string;
  /** First characters of the key, shown so that people can tell keys apart. */
  prefix: string;
  /** HMAC-SHA-256 of the key, hex. */
  hash: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
}

export interface AgentsTable {
  id: string;
  name: string;
  /** Null: the gateway's default. */
  provider: string | null;
  model: string | null;
  voice: string | null;
  language: string;
  instructions: string;
  first_message: string | null;
  /** JSON of `Tool[]`, the values of the headers sealed. */
  tools: string;
  /** JSON of `TransferTarget[]`. */
  transfers: string;
  /** JSON of `TurnSettings`. */
  turn: string;
  max_duration_ms: number;
  record: number;
  webhook_url: string | null;
  /** Sealed key of the HMAC on requests to the customer. */
  signing_secret: string;
  created_at: number;
  updated_at: number;
}

export interface NumbersTable {
  id: string;
  number: string;
  inbound_agent_id: string | null;
  outbound_agent_id: string | null;
  label: string | null;
  created_at: number;
  updated_at: number;
}

export interface CallsTable {
  id: string;
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
  /** Names the request that placed the call; one call for each. */
  idempotency_key: string | null;
  /** SHA-256 of that request's body, hex. */
  request_hash: string | null;
}

export interface TrunksTable {
  id: string;
  name: string;
  /** JSON of `TrunkSettings`. */
  settings: string;
  /** Sealed. */
  password: string | null;
  created_at: number;
  updated_at: number;
}

export interface PhonesTable {
  id: string;
  username: string;
  /** E.164, or an extension. */
  number: string | null;
  label: string | null;
  /** Sealed. Not H(A1), so that realm and user name may change. */
  password: string;
  may_call: string;
  enabled: number;
  created_at: number;
  updated_at: number;
}

export interface TextsTable {
  id: string;
  direction: string;
  from_number: string;
  to_number: string;
  body: string;
  status: string;
  detail: string | null;
  created_at: number;
  updated_at: number;
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
  call_id: string;
  sequence: number;
  type: string;
  data: string;
  wall_ms: number;
}

export interface Schema {
  meta: MetaTable;
  api_keys: ApiKeysTable;
  agents: AgentsTable;
  numbers: NumbersTable;
  calls: CallsTable;
  utterances: UtterancesTable;
  tool_calls: ToolCallsTable;
  turns: TurnsTable;
  interruptions: InterruptionsTable;
  usage: UsageTable;
  events: EventsTable;
  trunks: TrunksTable;
  phones: PhonesTable;
  texts: TextsTable;
}
