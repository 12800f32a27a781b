import type { Kysely } from "kysely";

/** Several gateways on one database: which of them are alive, and whose an open call, a text under way or a purchase is. */
export async function nodes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("nodes")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("seen_at", "bigint", (c) => c.notNull())
    .execute();
  for (const table of ["calls", "texts", "numbers"]) {
    await db.schema.alterTable(table).addColumn("node_id", "text").execute();
  }
}
