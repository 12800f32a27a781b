import { type Kysely, sql } from "kysely";
import { BackupEnd, BackupHead, type BackupRow, BackupTable, isRow, readAs, readLines } from "./backup-format.ts";
import type { Db, OpenDatabase } from "./database.ts";
import { migrations } from "./migrations/index.ts";
import { allMigrations, doMigrations, type TableShape, tableShapes } from "./table-shapes.ts";

/** How a backup is brought back. */
export interface RestoreOptions {
  /** What is in the database is thrown away. */
  readonly force: boolean;
  /** Compared with the backup's; undefined: what was sealed under another key is lost, and that is known. */
  readonly keyCheck: string | undefined;
}

/** What was brought back. */
export interface Restored {
  readonly rows: number;
  /** Wall ms at which the backup was made. */
  readonly createdAt: number;
  /** Migrations that were done on the rows after they were in. */
  readonly migrated: readonly string[];
}

/** Values that one statement takes; PostgreSQL and SQLite both take more. */
const maxValues = 10_000;

/**
 * Brings a backup back, all or nothing, in one transaction: the tables are made as they were when it was made, filled,
 * and then brought up to date as any database is.
 */
export function restoreBackup(
  { db, kind }: Pick<OpenDatabase, "db" | "kind">,
  pieces: AsyncIterable<string>,
  { force, keyCheck }: RestoreOptions,
): Promise<Restored> {
  return db.transaction().execute(async (trx) => {
    const lines = readLines(pieces);
    const { value: first } = await lines.next();
    const head = readAs(BackupHead, first);
    if (!head) throw new Error("this is not a backup of Tandem, or one of a newer version");
    const count = head.migrations.length;
    if (head.migrations.join() !== allMigrations.slice(0, count).join()) {
      throw new Error("the backup was made by a newer Tandem: install that version first");
    }
    if (keyCheck !== undefined && keyCheck !== head.key_check) {
      throw new Error(
        "the backup belongs to another secret key, without which no API key in it works: set TANDEM_SECRET_KEY, " +
          "or copy secret.key into the data folder; --other-key restores it nevertheless",
      );
    }
    const current = await tableShapes(allMigrations.length);
    if (!force && (await holdsSomething(trx, current))) {
      throw new Error("the database is not empty; --force throws away what is in it");
    }
    for (const { name } of current.toReversed()) await trx.schema.dropTable(name).execute();
    const all = migrations(kind);
    const untyped = trx as unknown as Kysely<unknown>;
    await doMigrations(untyped, all, allMigrations.slice(0, count));
    const shapes = await tableShapes(count);
    for (const { name } of shapes.toReversed()) await sql`delete from ${sql.table(name)}`.execute(trx);
    const rows = await fill(trx, kind, shapes, lines);
    const migrated = allMigrations.slice(count);
    await doMigrations(untyped, all, migrated);
    return { rows, createdAt: head.created_at, migrated };
  });
}

/** Whether there is more than what a database has from its making: the first organisation. */
async function holdsSomething(db: Db, shapes: readonly TableShape[]): Promise<boolean> {
  for (const { name } of shapes) {
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 2`.execute(db);
    if (rows.length > (name === "orgs" ? 1 : 0)) return true;
  }
  return false;
}

/** Fills the tables with what is in the lines; how many rows. */
async function fill(
  db: Db,
  { copying }: OpenDatabase["kind"],
  shapes: readonly TableShape[],
  lines: AsyncIterable<unknown>,
): Promise<number> {
  const waiting = new Map(shapes.map((shape) => [shape.name, shape]));
  let rows = 0;
  let batch: BackupRow[] = [];
  let table: BackupTable | undefined;
  const write = async () => {
    if (table && batch.length > 0) await insertRows(db, table, batch);
    batch = [];
  };
  for await (const line of lines) {
    if (isRow(line)) {
      if (line.length !== table?.columns.length) throw new Error("the backup is damaged: a row fits no table");
      batch.push(line);
      rows += 1;
      if (batch.length * line.length >= maxValues) await write();
      continue;
    }
    await write();
    const end = readAs(BackupEnd, line);
    if (end) {
      if (end.rows !== rows || waiting.size > 0) throw new Error("the backup is damaged: something is missing in it");
      return rows;
    }
    table = readAs(BackupTable, line);
    const shape = table && waiting.get(table.table);
    if (!table || !shape || [...table.columns].sort().join() !== [...shape.columns].sort().join()) {
      throw new Error("the backup is damaged: a table is not as it should be");
    }
    waiting.delete(shape.name);
    if (shape.counting !== undefined) await copying.setLastCount(db, shape.name, shape.counting, table.last_count);
  }
  throw new Error("the backup is cut short");
}

async function insertRows(db: Db, { table, columns }: BackupTable, rows: readonly BackupRow[]): Promise<void> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = sql.join(rows.map((row) => sql`(${sql.join(row)})`));
  await sql`insert into ${sql.table(table)} (${names}) values ${values}`.execute(db);
}
