/**
 * Tables as Kysely sees them. Kept to what SQLite and PostgreSQL share: text, integer (64 bit), real; booleans are 0 and 1,
 * JSON is text, instants are milliseconds since 1970.
 */
import type { Generated } from "kysely";
import type { MoneySchema } from "./money-schema.ts";

export interface MetaTable {
  name: string;
  value: string;
}

export interface OrgsTable {
  id: string;
  name: string;
  /** free or pro. */
  plan: string;
  /** prepaid or postpaid. */
  billing: string;
  price_book: string;
  has_payment_method: number;
  /** Of a calendar month, UTC; null: none. */
  spending_cap_micros: number | null;
  created_at: number;
  updated_at: number;
}

export interface ApiKeysTable {
  id: string;
  org_id: string;
  dialect: string;
  name: string;
  /** First characters of the key, shown so that people can tell keys apart. */
  prefix: string;
  /** HMAC-SHA-256 of the key, hex. */
  hash: string;
  /** JSON of the scopes. */
  scopes: string;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
}

export interface AgentsTable {
  id: string;
  org_id: string;
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
  /** Belongs to a number and is in no list. */
  hidden: Generated<number>;
  created_at: number;
  updated_at: number;
}

export interface NumbersTable {
  id: string;
  org_id: string;
  /** One row in use for each. */
  number: string;
  /** local, tollfree or mobile. */
  type: string;
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  area_code: string | null;
  /** JSON of the capabilities. */
  capabilities: string;
  /** `own`: brought along. */
  carrier: string;
  /** Null: the carrier has the number, or has it back. */
  carrier_number_id: string | null;
  /** reserved (a purchase is under way), active or released. */
  status: string;
  inbound_agent_id: string | null;
  outbound_agent_id: string | null;
  /** JSON of `InboundExtra`, its secret sealed. */
  inbound_extra: string | null;
  /** JSON of `OutboundExtra`. */
  outbound_extra: string | null;
  label: string | null;
  metadata: string;
  /** Sealed. */
  byok_key: string | null;
  byok_preview: string | null;
  monthly_micros: number;
  next_charge_at: number | null;
  created_at: number;
  updated_at: number;
  released_at: number | null;
  /** The gateway that bought it, of several on one database; null: the only one. */
  node_id: string | null;
}

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

export interface TrunksTable {
  id: string;
  org_id: string;
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
  org_id: string;
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
  org_id: string;
  direction: string;
  from_number: string;
  to_number: string;
  body: string;
  status: string;
  detail: string | null;
  /** Null: between two phones. */
  conversation_id: string | null;
  segments: number;
  /** Who brought or took it; null: our own exchange. */
  carrier: string | null;
  carrier_text_id: string | null;
  /** The one-time code in it. */
  otp: string | null;
  /** When the code was first given to somebody who waited for one. */
  otp_taken_at: number | null;
  /** JSON of the customer's. */
  metadata: string;
  idempotency_key: string | null;
  /** The gateway that sends it, of several on one database; null: the only one. */
  node_id: string | null;
  created_at: number;
  updated_at: number;
}

export interface ConversationsTable {
  id: string;
  org_id: string;
  /** Ours, E.164. */
  number: string;
  contact: string;
  last_message: string;
  message_count: number;
  created_at: number;
  /** When the newest text came or went. */
  updated_at: number;
}

export interface OptOutsTable {
  org_id: string;
  number: string;
  contact: string;
  opted_out: number;
  /** When HELP was last answered. */
  helped_at: number | null;
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
  org_id: string;
  call_id: string;
  sequence: number;
  type: string;
  data: string;
  wall_ms: number;
}

export interface WebhooksTable {
  id: string;
  org_id: string;
  /** The public API it was made through; names and bodies of its events are in that API's words. */
  dialect: string;
  url: string;
  /** JSON list of that API's event names; `*` is all of them. */
  events: string;
  enabled: number;
  /** Sealed. */
  secret: string;
  /** Sealed; signs beside the other until `former_secret_until`. */
  former_secret: string | null;
  former_secret_until: number | null;
  /** The worker that sends this webhook's deliveries, until `claimed_until`. */
  claimed_by: string | null;
  claimed_until: number;
  created_at: number;
  updated_at: number;
}

export interface WebhookDeliveriesTable {
  /** Grows with each row; the order in which events of one subject are sent. */
  position: Generated<number>;
  id: string;
  org_id: string;
  webhook_id: string;
  /** The same for every webhook that is told of one event, and for every attempt. */
  event_id: string;
  /** The event's name in the dialect's words. */
  event: string;
  /** Id of the call, text or number whose events stay in order. */
  subject: string;
  /** JSON of the notice, in inner words. */
  notice: string;
  /** pending, delivered or dead. */
  status: string;
  attempts: number;
  /** Not sent before this. */
  next_at: number;
  /** When the last attempt is made. */
  retry_until: number;
  last_attempt_at: number | null;
  last_duration_ms: number | null;
  /** HTTP status of the last attempt; null: there was no answer. */
  last_status: number | null;
  /** Why the last attempt failed, for people. */
  last_error: string | null;
  /** When it was delivered or given up. */
  settled_at: number | null;
  created_at: number;
}

export interface NodesTable {
  id: string;
  /** When it last said that it is alive. */
  seen_at: number;
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

export interface Schema extends MoneySchema {
  meta: MetaTable;
  orgs: OrgsTable;
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
  conversations: ConversationsTable;
  opt_outs: OptOutsTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  nodes: NodesTable;
  summaries_due: SummariesDueTable;
}
