/** Tables of texts, as Kysely sees them. */

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

export interface TextSchema {
  texts: TextsTable;
  conversations: ConversationsTable;
  opt_outs: OptOutsTable;
}
