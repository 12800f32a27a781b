import { type Kysely, sql } from "kysely";

/** Texts stand in conversations, hold one-time codes, are kept once however often a carrier brings them; who wants none is remembered. */
export async function texts(db: Kysely<unknown>): Promise<void> {
  for (const column of ["conversation_id", "carrier", "carrier_text_id", "otp", "idempotency_key"]) {
    await db.schema.alterTable("texts").addColumn(column, "text").execute();
  }
  await db.schema
    .alterTable("texts")
    .addColumn("segments", "integer", (c) => c.notNull().defaultTo(1))
    .execute();
  await db.schema
    .alterTable("texts")
    .addColumn("metadata", "text", (c) => c.notNull().defaultTo("{}"))
    .execute();
  await db.schema.alterTable("texts").addColumn("otp_taken_at", "bigint").execute();
  await db.schema
    .createIndex("texts_by_carrier_id")
    .unique()
    .on("texts")
    .columns(["carrier", "carrier_text_id"])
    .where(sql.ref("carrier_text_id"), "is not", null)
    .execute();
  await db.schema
    .createIndex("texts_by_idempotency_key")
    .unique()
    .on("texts")
    .columns(["org_id", "idempotency_key"])
    .where(sql.ref("idempotency_key"), "is not", null)
    .execute();
  await db.schema
    .createIndex("texts_by_conversation")
    .on("texts")
    .columns(["conversation_id", "created_at", "id"])
    .execute();
  await db.schema
    .createIndex("texts_by_receiver")
    .on("texts")
    .columns(["org_id", "to_number", "created_at", "id"])
    .execute();
  await db.schema.createIndex("texts_by_status").on("texts").columns(["status", "carrier"]).execute();
  await db.schema
    .createTable("conversations")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("number", "text", (c) => c.notNull())
    .addColumn("contact", "text", (c) => c.notNull())
    .addColumn("last_message", "text", (c) => c.notNull())
    .addColumn("message_count", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addUniqueConstraint("conversations_by_pair", ["org_id", "number", "contact"])
    .execute();
  await db.schema
    .createIndex("conversations_by_age")
    .on("conversations")
    .columns(["org_id", "updated_at", "id"])
    .execute();
  await db.schema
    .createTable("opt_outs")
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("number", "text", (c) => c.notNull())
    .addColumn("contact", "text", (c) => c.notNull())
    .addColumn("opted_out", "integer", (c) => c.notNull())
    .addColumn("helped_at", "bigint")
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("opt_outs_by_pair", ["org_id", "number", "contact"])
    .execute();
}
