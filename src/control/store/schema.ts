/**
 * Tables as Kysely sees them. Kept to what SQLite and PostgreSQL share: text, integer (64 bit), real; booleans are 0 and 1,
 * JSON is text, instants are milliseconds since 1970.
 */
import type { Generated } from "kysely";
import type { CallSchema } from "./call-schema.ts";
import type { MoneySchema } from "./money-schema.ts";
import type { TextSchema } from "./text-schema.ts";
import type { WebhookSchema } from "./webhook-schema.ts";

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

export interface NodesTable {
  id: string;
  /** When it last said that it is alive. */
  seen_at: number;
}

export interface Schema extends CallSchema, MoneySchema, TextSchema, WebhookSchema {
  meta: MetaTable;
  orgs: OrgsTable;
  api_keys: ApiKeysTable;
  agents: AgentsTable;
  numbers: NumbersTable;
  trunks: TrunksTable;
  phones: PhonesTable;
  nodes: NodesTable;
}
