/** Tables of webhooks and of what they are told, as Kysely sees them. */
import type { Generated } from "kysely";

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

export interface WebhookSchema {
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
}
