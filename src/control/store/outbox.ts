/** What the webhooks are to be told: rows written with the change they tell of, sent and marked later. */
import { type Insertable, type Selectable, sql } from "kysely";
import type { Db } from "./database.ts";
import type { DatabaseKind } from "./database-kind.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { WebhookDeliveriesTable } from "./webhook-schema.ts";

export type DeliveryRow = Selectable<WebhookDeliveriesTable>;
export type NewDeliveryRow = Insertable<WebhookDeliveriesTable>;

/** pending: to be sent (again) · delivered: a 2xx came · dead: given up. */
export type DeliveryStatus = "pending" | "delivered" | "dead";

/** Written literally: an index of what waits is used only by queries that say so themselves. */
const pending = sql.lit("pending");
/** Rows of one insert; SQLite takes 32 766 values, PostgreSQL 65 535. */
const rowsAtOnce = 100;

export async function insertDeliveries(db: Db, rows: readonly NewDeliveryRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    await db
      .insertInto("webhook_deliveries")
      .values(rows.slice(from, from + rowsAtOnce))
      .execute();
  }
}

/** A row that is due, and the row of the same webhook and subject that must be settled before it; null: none. */
export type DueDelivery = DeliveryRow & { readonly previous: number | null };

/** What a webhook is to be told now, in order, at most `limit`. */
export function dueDeliveries(db: Db, webhookId: string, now: number, limit: number): Promise<DueDelivery[]> {
  return db
    .selectFrom("webhook_deliveries as d")
    .selectAll("d")
    .select((eb) =>
      eb
        .selectFrom("webhook_deliveries as e")
        .select((e) => e.fn.max("e.position").as("position"))
        .whereRef("e.webhook_id", "=", "d.webhook_id")
        .whereRef("e.subject", "=", "d.subject")
        .where("e.status", "=", pending)
        .whereRef("e.position", "<", "d.position")
        .as("previous"),
    )
    .where("d.webhook_id", "=", webhookId)
    .where("d.status", "=", pending)
    .where("d.next_at", "<=", now)
    .orderBy("d.next_at")
    .orderBy("d.position")
    .limit(limit)
    .execute();
}

/** Puts a row off until the last of those before it is due. */
export async function waitForPrevious(db: Db, row: DueDelivery): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set((eb) => ({
      next_at: eb.fn.coalesce(
        eb
          .selectFrom("webhook_deliveries as e")
          .select((e) => e.fn.max("e.next_at").as("next_at"))
          .where("e.webhook_id", "=", row.webhook_id)
          .where("e.subject", "=", row.subject)
          .where("e.status", "=", pending)
          .where("e.position", "<", row.position),
        "next_at",
      ),
    }))
    .where("position", "=", row.position)
    .where("status", "=", pending)
    .execute();
}

/** What an attempt came to. */
export type DeliveryMark = Pick<
  DeliveryRow,
  | "position"
  | "status"
  | "attempts"
  | "next_at"
  | "last_attempt_at"
  | "last_duration_ms"
  | "last_status"
  | "last_error"
  | "settled_at"
>;

/** Notes what attempts came to; rows that are settled already stay as they are. */
export async function markDeliveries(db: Db, marks: readonly DeliveryMark[]): Promise<void> {
  // In the order of `holdWaiting`: of two that lock the same rows in different orders PostgreSQL ends one.
  for (const { position, ...change } of [...marks].sort((a, b) => a.position - b.position)) {
    await db
      .updateTable("webhook_deliveries")
      .set(change)
      .where("position", "=", position)
      .where("status", "=", pending)
      .execute();
  }
}

/** Locks all that waits for a webhook until the transaction ends, before it is all changed or deleted. */
export async function holdWaiting(db: Db, kind: DatabaseKind, orgId: string, webhookId: string): Promise<void> {
  // In SQLite the whole transaction is a lock.
  if (!kind.skipsLocked) return;
  await db
    .selectFrom("webhook_deliveries")
    .select("position")
    .where("org_id", "=", orgId)
    .where("webhook_id", "=", webhookId)
    .where("status", "=", pending)
    .orderBy("position")
    .forUpdate()
    .execute();
}

/** What a list of deliveries is narrowed to. */
export interface DeliveryFilter {
  readonly status?: DeliveryStatus;
}

/** Deliveries of a webhook, newest first. */
export async function pageOfDeliveries(
  db: Db,
  { orgId, webhookId }: { readonly orgId: string; readonly webhookId: string },
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<Page<DeliveryRow>> {
  let query = db
    .selectFrom("webhook_deliveries")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("webhook_id", "=", webhookId);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

export function findDelivery(
  db: Db,
  { orgId, webhookId }: { readonly orgId: string; readonly webhookId: string },
  id: string,
): Promise<DeliveryRow | undefined> {
  return db
    .selectFrom("webhook_deliveries")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("webhook_id", "=", webhookId)
    .where("id", "=", id)
    .executeTakeFirst();
}

/** Makes a settled delivery wait again, as if new; false when it waits already. */
export async function reviveDelivery(
  db: Db,
  position: number,
  times: { readonly nextAt: number; readonly retryUntil: number },
): Promise<boolean> {
  const result = await db
    .updateTable("webhook_deliveries")
    .set({
      status: "pending" satisfies DeliveryStatus,
      attempts: 0,
      next_at: times.nextAt,
      retry_until: times.retryUntil,
      settled_at: null,
    })
    .where("position", "=", position)
    .where("status", "<>", pending)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Makes all that waits for a webhook due now. */
export async function hurryDeliveries(db: Db, webhookId: string, now: number): Promise<void> {
  await db
    .updateTable("webhook_deliveries")
    .set({ next_at: now })
    .where("webhook_id", "=", webhookId)
    .where("status", "=", pending)
    .where("next_at", ">", now)
    .execute();
}

/** Deletes some deliveries that were settled before an instant; how many. */
export async function forgetDeliveries(
  db: Db,
  status: Exclude<DeliveryStatus, "pending">,
  before: number,
  limit: number,
): Promise<number> {
  const result = await db
    .deleteFrom("webhook_deliveries")
    .where("position", "in", (eb) =>
      eb
        .selectFrom("webhook_deliveries")
        .select("position")
        .where("status", "=", status)
        .where("settled_at", "<", before)
        .where("settled_at", "is not", null)
        .orderBy("settled_at")
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
