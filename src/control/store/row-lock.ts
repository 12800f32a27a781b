import { sql } from "kysely";
import type { Db } from "./database.ts";

/**
 * Makes other transactions wait that want to change the row too, so that what is read next is what will be changed. Only
 * PostgreSQL needs it: every transaction of SQLite has the whole database to itself.
 */
export async function lockRow(trx: Db, table: "agents" | "phones", orgId: string, id: string): Promise<void> {
  await sql`update ${sql.table(table)} set id = id where org_id = ${orgId} and id = ${id}`.execute(trx);
}
