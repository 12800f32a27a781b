import { type Kysely, sql } from "kysely";

/** Trunks, phones, texts; calls that go out, and calls without an agent; agents that put callers through. */
export async function exchange(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("trunks")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("name", "text", (c) => c.notNull().unique())
    .addColumn("settings", "text", (c) => c.notNull())
    .addColumn("password", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("phones")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("username", "text", (c) => c.notNull().unique())
    .addColumn("number", "text", (c) => c.unique())
    .addColumn("label", "text")
    .addColumn("password", "text", (c) => c.notNull())
    .addColumn("may_call", "text", (c) => c.notNull())
    .addColumn("enabled", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("texts")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("direction", "text", (c) => c.notNull())
    .addColumn("from_number", "text", (c) => c.notNull())
    .addColumn("to_number", "text", (c) => c.notNull())
    .addColumn("body", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("detail", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema.createIndex("texts_by_age").on("texts").columns(["created_at", "id"]).execute();
  await db.schema
    .alterTable("agents")
    .addColumn("transfers", "text", (c) => c.notNull().defaultTo("[]"))
    .execute();
  await callsWithoutAgent(db);
  for (const column of ["trunk_id", "phone_id", "peer_call_id", "answered_by", "idempotency_key", "request_hash"]) {
    await db.schema.alterTable("calls").addColumn(column, "text").execute();
  }
  await db.schema.alterTable("calls").addColumn("sip_status", "integer").execute();
  await db.schema
    .createIndex("calls_by_idempotency_key")
    .unique()
    .on("calls")
    .column("idempotency_key")
    .where(sql.ref("idempotency_key"), "is not", null)
    .execute();
}

/** Both databases can take a column's NOT NULL away only by making it anew. */
async function callsWithoutAgent(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex("calls_by_agent").execute();
  await db.schema.alterTable("calls").renameColumn("agent_id", "former_agent_id").execute();
  await db.schema.alterTable("calls").addColumn("agent_id", "text").execute();
  await sql`update calls set agent_id = former_agent_id`.execute(db);
  await db.schema.alterTable("calls").dropColumn("former_agent_id").execute();
  await db.schema.createIndex("calls_by_agent").on("calls").columns(["agent_id", "created_at"]).execute();
}
