import type { Kysely } from "kysely";

/** The ledger in double entry, money set aside for calls, what was used in each month, links to pay that were used up. */
export async function money(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("ledger_accounts")
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("account", "text", (c) => c.notNull())
    .addColumn("balance_micros", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("ledger_accounts_key", ["org_id", "account"])
    .execute();
  await db.schema
    .createTable("ledger_entries")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("ref", "text", (c) => c.notNull())
    .addColumn("item", "text", (c) => c.notNull())
    .addColumn("amount_micros", "bigint", (c) => c.notNull())
    .addColumn("lines", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    // The same thing is never entered twice, whoever asks again.
    .addUniqueConstraint("ledger_entries_once", ["org_id", "kind", "ref", "item"])
    .execute();
  await db.schema
    .createIndex("ledger_entries_by_age")
    .on("ledger_entries")
    .columns(["org_id", "created_at", "id"])
    .execute();
  await db.schema
    .createTable("ledger_postings")
    .addColumn("entry_id", "text", (c) => c.notNull().references("ledger_entries.id"))
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("account", "text", (c) => c.notNull())
    .addColumn("amount_micros", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("ledger_postings_key", ["entry_id", "account"])
    .execute();
  await db.schema
    .createTable("ledger_holds")
    .addColumn("call_id", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("plan", "text", (c) => c.notNull())
    .addColumn("price_book", "text", (c) => c.notNull())
    .addColumn("items", "text", (c) => c.notNull())
    .addColumn("amount_micros", "bigint", (c) => c.notNull())
    .addColumn("max_duration_ms", "bigint")
    .addColumn("allowance", "text")
    .addColumn("cost_micros", "bigint")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("settled_at", "bigint")
    .execute();
  await db.schema.createIndex("ledger_holds_open").on("ledger_holds").columns(["status", "org_id"]).execute();
  await db.schema
    .createTable("monthly_usage")
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("period", "text", (c) => c.notNull())
    .addColumn("item", "text", (c) => c.notNull())
    .addColumn("times", "bigint", (c) => c.notNull())
    .addColumn("quantity", "bigint", (c) => c.notNull())
    .addColumn("amount_micros", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("monthly_usage_key", ["org_id", "period", "item"])
    .execute();
  await db.schema
    .createTable("used_payment_links")
    .addColumn("nonce", "text", (c) => c.primaryKey())
    .addColumn("org_id", "text", (c) => c.notNull())
    .addColumn("used_at", "bigint", (c) => c.notNull())
    .execute();
}
