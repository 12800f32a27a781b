import { type Kysely, sql } from "kysely";

/** Owner of everything that was there before there were organisations, and of what a gateway makes at its first start. */
const firstOrg = "org_default";
/** What belongs to an organisation. */
const owned = ["api_keys", "agents", "numbers", "calls", "texts", "events"] as const;

/** Organisations: every row has an owner, and what had to be unique in the gateway now is so in its organisation. */
export async function tenants(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("orgs")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("plan", "text", (c) => c.notNull())
    .addColumn("billing", "text", (c) => c.notNull())
    .addColumn("price_book", "text", (c) => c.notNull())
    .addColumn("has_payment_method", "integer", (c) => c.notNull())
    .addColumn("spending_cap_micros", "bigint")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();
  await sql`insert into orgs values (${firstOrg}, 'Default', 'pro', 'postpaid', 'agentcall', 1, null, 0, 0)`.execute(
    db,
  );
  for (const table of owned) {
    await db.schema
      .alterTable(table)
      .addColumn("org_id", "text", (c) => c.notNull().defaultTo(firstOrg))
      .execute();
  }
  await db.schema
    .alterTable("api_keys")
    .addColumn("scopes", "text", (c) => c.notNull().defaultTo('["operator"]'))
    .execute();
  await db.schema.createIndex("events_by_org").on("events").columns(["org_id", "id"]).execute();
  await db.schema.createIndex("agents_by_org").on("agents").columns(["org_id", "created_at", "id"]).execute();
  await db.schema.createIndex("numbers_by_org").on("numbers").columns(["org_id", "created_at", "id"]).execute();
  await db.schema.createIndex("texts_by_org").on("texts").columns(["org_id", "created_at", "id"]).execute();
  await db.schema.createIndex("calls_by_org").on("calls").columns(["org_id", "created_at", "id"]).execute();
  await db.schema.dropIndex("calls_by_idempotency_key").execute();
  await db.schema
    .createIndex("calls_by_idempotency_key")
    .unique()
    .on("calls")
    .columns(["org_id", "idempotency_key"])
    .where(sql.ref("idempotency_key"), "is not", null)
    .execute();
  await trunksOfOrgs(db);
  await phonesOfOrgs(db);
}

/** A column's own UNIQUE cannot be taken away in SQLite: the table is made anew. */
async function trunksOfOrgs(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("trunks").renameTo("former_trunks").execute();
  await db.schema
    .createTable("trunks")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("settings", "text", (c) => c.notNull())
    .addColumn("password", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addUniqueConstraint("trunks_by_name", ["org_id", "name"])
    .execute();
  await sql`insert into trunks select id, ${firstOrg}, name, settings, password, created_at, updated_at from former_trunks`.execute(
    db,
  );
  await db.schema.dropTable("former_trunks").execute();
}

async function phonesOfOrgs(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("phones").renameTo("former_phones").execute();
  await db.schema
    .createTable("phones")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("username", "text", (c) => c.notNull())
    .addColumn("number", "text")
    .addColumn("label", "text")
    .addColumn("password", "text", (c) => c.notNull())
    .addColumn("may_call", "text", (c) => c.notNull())
    .addColumn("enabled", "integer", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addUniqueConstraint("phones_by_username", ["username"])
    .addUniqueConstraint("phones_by_extension", ["org_id", "number"])
    .execute();
  await sql`insert into phones select id, ${firstOrg}, username, number, label, password, may_call, enabled, created_at, updated_at from former_phones`.execute(
    db,
  );
  await db.schema.dropTable("former_phones").execute();
  // An extension is an organisation's own; a telephone number is everybody's.
  await db.schema
    .createIndex("phones_by_e164")
    .unique()
    .on("phones")
    .column("number")
    .where(sql.ref("number"), "like", "+%")
    .execute();
}
