/** A delivery as kept: its shape inside, and how it comes back from its row. */
import type { DeliveryRow, DeliveryStatus } from "../../store/outbox.ts";

/** One event for one webhook, and what became of it. */
export interface WebhookDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly event: string;
  /** Id of the call, text or number. */
  readonly subject: string;
  readonly sequence: number;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** Null: there is no further attempt. */
  readonly nextAttemptAt: number | null;
  readonly lastAttemptAt: number | null;
  readonly lastDurationMs: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: number;
}

/** The delivery of a row. */
export function toDelivery(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    eventId: row.event_id,
    event: row.event,
    subject: row.subject,
    sequence: row.position,
    status: row.status as DeliveryStatus,
    attempts: row.attempts,
    nextAttemptAt: row.status === "pending" ? row.next_at : null,
    lastAttemptAt: row.last_attempt_at,
    lastDurationMs: row.last_duration_ms,
    lastStatus: row.last_status,
    lastError: row.last_error,
    createdAt: row.created_at,
  };
}
