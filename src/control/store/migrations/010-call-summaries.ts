import type { Kysely } from "kysely";

/** Summaries of calls that are to be mailed or texted: one row for each call and channel. */
export async function callSummaries(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("summaries_due")
    .addColumn("call_id", "text", (c) => c.notNull())
    .addColumn("channel", "text", (c) => c.notNull())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("recipient", "text", (c) => c.notNull())
    .addColumn("content", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("detail", "text")
    .addColumn("attempts", "integer", (c) => c.notNull())
    .addColumn("next_at", "bigint", (c) => c.notNull())
    .addColumn("retry_until", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("settled_at", "bigint")
    .addPrimaryKeyConstraint("summaries_due_pk", ["call_id", "channel"])
    .execute();
  await db.schema.createIndex("summaries_due_by_time").on("summaries_due").columns(["status", "next_at"]).execute();
}
