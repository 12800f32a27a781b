/** Summaries of calls that are to be mailed or texted: written with the call's ending, sent and settled later. */
import type { Insertable, Selectable } from "kysely";
import type { SummariesDueTable } from "./call-schema.ts";
import type { Db } from "./database.ts";

export type SummaryRow = Selectable<SummariesDueTable>;

/** pending: to be sent (again) · sent: the mail server or the texts have taken it · failed: given up · suppressed: a call that is not worth it. */
export type SummaryStatus = "pending" | "sent" | "failed" | "suppressed";

/** Writes what a call's ending has to be told; a channel that has its row already keeps it. */
export async function insertSummaries(db: Db, rows: readonly Insertable<SummariesDueTable>[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto("summaries_due")
    .values(rows)
    .onConflict((conflict) => conflict.columns(["call_id", "channel"]).doNothing())
    .execute();
}

/** What is to be sent now, the longest waiting first. */
export function dueSummaries(db: Db, now: number, limit: number): Promise<SummaryRow[]> {
  return db
    .selectFrom("summaries_due")
    .selectAll()
    .where("status", "=", "pending")
    .where("next_at", "<=", now)
    .orderBy("next_at")
    .limit(limit)
    .execute();
}

/**
 * Takes a row that was found due, and counts the attempt; undefined: somebody else has it. Until `until` nobody else
 * finds it due; who took it and died has it back after that.
 */
export function claimSummary(db: Db, row: SummaryRow, until: number): Promise<SummaryRow | undefined> {
  return db
    .updateTable("summaries_due")
    .set({ attempts: row.attempts + 1, next_at: until })
    .where("call_id", "=", row.call_id)
    .where("channel", "=", row.channel)
    .where("status", "=", "pending")
    .where("attempts", "=", row.attempts)
    .where("next_at", "=", row.next_at)
    .returningAll()
    .executeTakeFirst();
}

/** Notes what the attempt of a claimed row came to; nothing, when the row has been claimed again meanwhile. */
export async function markSummary(
  db: Db,
  claimed: SummaryRow,
  change: Pick<SummaryRow, "status" | "detail" | "next_at" | "settled_at">,
): Promise<void> {
  await db
    .updateTable("summaries_due")
    .set(change)
    .where("call_id", "=", claimed.call_id)
    .where("channel", "=", claimed.channel)
    .where("status", "=", "pending")
    .where("attempts", "=", claimed.attempts)
    .execute();
}

/** What was, or is to be, mailed and texted after a call of an organisation. */
export function summariesOf(db: Db, orgId: string, callId: string): Promise<SummaryRow[]> {
  return db
    .selectFrom("summaries_due")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("call_id", "=", callId)
    .orderBy("channel")
    .execute();
}
