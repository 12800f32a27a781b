import { type Kysely, sql } from "kysely";

/** Calls cost money, may be told of word by word, and are placed once for each key of a part of their organisation. */
export async function calls(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("calls").addColumn("items", "text").execute();
  await db.schema.alterTable("calls").addColumn("cost_micros", "bigint").execute();
  for (const column of ["live_transcript", "transcript_sequence"]) {
    await db.schema
      .alterTable("calls")
      .addColumn(column, "integer", (c) => c.notNull().defaultTo(0))
      .execute();
  }
  await db.schema
    .alterTable("calls")
    .addColumn("idempotency_scope", "text", (c) => c.notNull().defaultTo(""))
    .execute();
  await db.schema.dropIndex("calls_by_idempotency_key").execute();
  await db.schema
    .createIndex("calls_by_idempotency_key")
    .unique()
    .on("calls")
    .columns(["org_id", "idempotency_scope", "idempotency_key"])
    .where(sql.ref("idempotency_key"), "is not", null)
    .execute();
  await db.schema.createIndex("calls_by_from").on("calls").columns(["org_id", "from_number", "created_at"]).execute();
  await db.schema.createIndex("calls_by_to").on("calls").columns(["org_id", "to_number", "created_at"]).execute();
}
