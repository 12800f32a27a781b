/** When the worker looks at the outbox, and how long it keeps what it has sent. */
export interface WebhookWorkerOptions {
  /** How long a receiver has to answer. */
  readonly timeoutMs: number;
  /** How often the whole outbox is looked at: for what is due again, and for what other gateways wrote. */
  readonly scanMs: number;
  /** Pause between two looks at the database, in which news and results gather. */
  readonly pauseMs: number;
  /** A worker that is gone keeps its webhooks for this long at most. */
  readonly claimMs: number;
  /** Webhooks read for, and results noted, between two pauses: other users of the database wait no longer than that. */
  readonly maxReads: number;
  readonly maxMarks: number;
  /** Delivered rows are kept this long, dead ones that long. */
  readonly keepDeliveredMs: number;
  readonly keepDeadMs: number;
}

const dayMs = 24 * 3_600_000;

export const defaultWebhookWorkerOptions = {
  timeoutMs: 10_000,
  scanMs: 1_000,
  pauseMs: 8,
  claimMs: 20_000,
  maxReads: 8,
  maxMarks: 100,
  keepDeliveredMs: 7 * dayMs,
  keepDeadMs: 30 * dayMs,
} as const satisfies WebhookWorkerOptions;
