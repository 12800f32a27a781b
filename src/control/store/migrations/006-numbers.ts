import { type Kysely, sql } from "kysely";

/** Numbers are bought, kept and given back: what they are, what they cost, and what is set on them; agents that belong to a number. */
export async function numbers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable("agents")
    .addColumn("hidden", "integer", (c) => c.notNull().defaultTo(0))
    .execute();
  // A released number may be somebody else's later, so a number is unique among those in use; the column's own UNIQUE
  // cannot be taken away in SQLite.
  await db.schema
    .createTable("next_numbers")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("number", "text", (c) => c.notNull())
    .addColumn("type", "text", (c) => c.notNull())
    .addColumn("country", "text")
    .addColumn("area_code", "text")
    .addColumn("capabilities", "text", (c) => c.notNull())
    .addColumn("carrier", "text", (c) => c.notNull())
    .addColumn("carrier_number_id", "text")
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("inbound_agent_id", "text", (c) => c.references("agents.id").onDelete("restrict"))
    .addColumn("outbound_agent_id", "text", (c) => c.references("agents.id").onDelete("restrict"))
    .addColumn("inbound_extra", "text")
    .addColumn("outbound_extra", "text")
    .addColumn("label", "text")
    .addColumn("metadata", "text", (c) => c.notNull())
    .addColumn("byok_key", "text")
    .addColumn("byok_preview", "text")
    .addColumn("monthly_micros", "bigint", (c) => c.notNull())
    .addColumn("next_charge_at", "bigint")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addColumn("released_at", "bigint")
    .execute();
  await sql`insert into next_numbers select id, org_id, number, 'local',
    case when number like '+1%' then 'US' else null end, null, '["voice","sms"]', 'own', null, 'active',
    inbound_agent_id, outbound_agent_id, null, null, label, '{}', null, null, 0, null, created_at, updated_at, null
    from numbers`.execute(db);
  await db.schema.dropTable("numbers").execute();
  await db.schema.alterTable("next_numbers").renameTo("numbers").execute();
  await db.schema
    .createIndex("numbers_in_use")
    .unique()
    .on("numbers")
    .column("number")
    .where(sql.ref("status"), "!=", "released")
    .execute();
  await db.schema.createIndex("numbers_by_number").on("numbers").columns(["number", "status"]).execute();
  await db.schema.createIndex("numbers_by_org").on("numbers").columns(["org_id", "created_at", "id"]).execute();
  await db.schema.createIndex("numbers_due").on("numbers").column("next_charge_at").execute();
  await db.schema.createIndex("numbers_by_inbound_agent").on("numbers").column("inbound_agent_id").execute();
  await db.schema.createIndex("numbers_by_outbound_agent").on("numbers").column("outbound_agent_id").execute();
}
