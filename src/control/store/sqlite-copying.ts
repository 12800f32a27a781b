import { type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";
import { rowsAtATime, type StoredRow, type TableCopying } from "./table-copying.ts";

/** Whole tables of SQLite: in WAL a transaction that only reads sees one moment, and nobody waits for it. */
export const sqliteCopying: TableCopying = {
  // Not "begin", which is made to lock out other writers.
  beginSnapshot: "begin deferred",
  async *rows(db: Kysely<Schema>, table) {
    let batch: StoredRow[] = [];
    for await (const row of db.selectFrom(table).selectAll().stream()) {
      batch.push(row as unknown as StoredRow);
      if (batch.length < rowsAtATime) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  },
  lastCount: async (db, table) => {
    const { rows } = await sql<{ seq: number }>`select seq from sqlite_sequence where name = ${table}`.execute(db);
    return rows[0]?.seq ?? 0;
  },
  setLastCount: async (db, table, _column, last) => {
    await sql`delete from sqlite_sequence where name = ${table}`.execute(db);
    await sql`insert into sqlite_sequence (name, seq) values (${table}, ${last})`.execute(db);
  },
};
