import type { DeliveryMark, DueDelivery } from "../store/outbox.ts";
import { nextAttemptAt } from "./back-off.ts";

/** How an attempt went; `error` null: the receiver took the event. */
export interface Attempt {
  /** HTTP status; null: there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  /** Wall ms of its end. */
  readonly now: number;
  /** 0 to below 1. */
  readonly chance: number;
}

/** What is noted of an attempt: delivered, to be repeated, or dead. */
export function attemptMark(
  row: Pick<DueDelivery, "position" | "attempts" | "next_at" | "retry_until">,
  { status, error, durationMs, now, chance }: Attempt,
): DeliveryMark {
  const attempts = row.attempts + 1;
  const nextAt = error === null ? undefined : nextAttemptAt({ attempts, now, retryUntil: row.retry_until, chance });
  return {
    position: row.position,
    status: error === null ? "delivered" : nextAt === undefined ? "dead" : "pending",
    attempts,
    next_at: nextAt ?? row.next_at,
    last_attempt_at: now,
    last_duration_ms: Math.round(durationMs),
    last_status: status,
    last_error: error,
    settled_at: nextAt === undefined ? now : null,
  };
}
