import { type Kysely, sql } from "kysely";
import type { DatabaseKind } from "../database-kind.ts";

/** Webhooks, and the outbox of what they are to be told. */
export async function webhooks(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  await db.schema
    .createTable("webhooks")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("dialect", "text", (c) => c.notNull())
    .addColumn("url", "text", (c) => c.notNull())
    .addColumn("events", "text", (c) => c.notNull())
    .addColumn("enabled", "integer", (c) => c.notNull())
    .addColumn("secret", "text", (c) => c.notNull())
    .addColumn("former_secret", "text")
    .addColumn("former_secret_until", "bigint")
    .addColumn("claimed_by", "text")
    .addColumn("claimed_until", "bigint", (c) => c.notNull().defaultTo(0))
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("webhooks_by_org").on("webhooks").columns(["org_id", "created_at", "id"]).execute();
  await db.schema
    .createTable("webhook_deliveries")
    .addColumn("position", kind.countingType, (c) => kind.counting(c))
    .addColumn("id", "text", (c) => c.notNull().unique())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("webhook_id", "text", (c) => c.notNull().references("webhooks.id").onDelete("cascade"))
    .addColumn("event_id", "text", (c) => c.notNull())
    .addColumn("event", "text", (c) => c.notNull())
    .addColumn("subject", "text", (c) => c.notNull())
    .addColumn("notice", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("attempts", "integer", (c) => c.notNull())
    .addColumn("next_at", "bigint", (c) => c.notNull())
    .addColumn("retry_until", "bigint", (c) => c.notNull())
    .addColumn("last_attempt_at", "bigint")
    .addColumn("last_duration_ms", "integer")
    .addColumn("last_status", "integer")
    .addColumn("last_error", "text")
    .addColumn("settled_at", "bigint")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex("webhook_deliveries_by_age")
    .on("webhook_deliveries")
    .columns(["webhook_id", "created_at", "id"])
    .execute();
  // What waits is little among what is kept: its indexes hold nothing else.
  await db.schema
    .createIndex("webhook_deliveries_due")
    .on("webhook_deliveries")
    .columns(["webhook_id", "next_at", "position"])
    .where(sql.ref("status"), "=", sql.lit("pending"))
    .execute();
  await db.schema
    .createIndex("webhook_deliveries_in_order")
    .on("webhook_deliveries")
    .columns(["webhook_id", "subject", "position"])
    .where(sql.ref("status"), "=", sql.lit("pending"))
    .execute();
  await db.schema
    .createIndex("webhook_deliveries_settled")
    .on("webhook_deliveries")
    .columns(["status", "settled_at"])
    .where(sql.ref("settled_at"), "is not", null)
    .execute();
}
