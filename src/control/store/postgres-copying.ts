import { sql } from "kysely";
import { rowsAtATime, type StoredRow, type TableCopying } from "./table-copying.ts";

/** Whole tables of PostgreSQL: a cursor in a transaction that sees one moment. */
export const postgresCopying: TableCopying = {
  beginSnapshot: "begin isolation level repeatable read, read only",
  async *rows(db, table) {
    await sql`declare whole_table no scroll cursor for select * from ${sql.table(table)}`.execute(db);
    for (;;) {
      const { rows } = await sql<StoredRow>`fetch ${sql.lit(rowsAtATime)} from whole_table`.execute(db);
      yield rows;
      if (rows.length < rowsAtATime) break;
    }
    await sql`close whole_table`.execute(db);
  },
  lastCount: async (db, table, column) => {
    const { rows } = await sql<{ last: number | null }>`
      select pg_sequence_last_value(pg_get_serial_sequence(${table}, ${column})::regclass) as last`.execute(db);
    return rows[0]?.last ?? 0;
  },
  setLastCount: async (db, table, column, last) => {
    await sql`select setval(pg_get_serial_sequence(${table}, ${column}), ${Math.max(1, last)}, ${last > 0})`.execute(
      db,
    );
  },
};
