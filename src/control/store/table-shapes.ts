import Database from "better-sqlite3";
import { Kysely, type Migration, SqliteDialect, sql } from "kysely";
import { migrations } from "./migrations/index.ts";
import { sqliteKind } from "./sqlite.ts";

/** A table of ours as it is after some migrations. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  /** The column that counts up by itself. */
  readonly counting: string | undefined;
}

/** Names of all migrations, in their order. */
export const allMigrations: readonly string[] = Object.keys(migrations(sqliteKind)).sort();

/**
 * Our tables after the first so many migrations, those that others refer to first. Found by doing the migrations in
 * memory, so that nobody keeps a list, and what else is in a database is none of our business.
 */
export async function tableShapes(migrationCount: number): Promise<TableShape[]> {
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new Database(":memory:") }) });
  try {
    await doMigrations(db, migrations(sqliteKind), allMigrations.slice(0, migrationCount));
    const tables = await db.introspection.getTables();
    const { rows: references } = await sql<{ child: string; parent: string }>`
      select m.name as child, f."table" as parent
      from sqlite_master m join pragma_foreign_key_list(m.name) f where m.type = 'table'`.execute(db);
    const shapes = tables.map(({ name, columns }) => ({
      name,
      columns: columns.map((column) => column.name),
      counting: columns.find((column) => column.isAutoIncrementing)?.name,
    }));
    return parentsFirst(shapes, references);
  } finally {
    await db.destroy();
  }
}

/** Does some migrations, in the order given. */
export async function doMigrations(
  db: Kysely<unknown>,
  all: Readonly<Record<string, Migration>>,
  names: readonly string[],
): Promise<void> {
  for (const name of names) await all[name]?.up(db);
}

function parentsFirst(
  shapes: readonly TableShape[],
  references: readonly { child: string; parent: string }[],
): TableShape[] {
  const ordered: TableShape[] = [];
  let waiting = [...shapes];
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ name }) => name));
    const isFree = ({ name }: TableShape) =>
      !references.some(({ child, parent }) => child === name && parent !== name && names.has(parent));
    const free = waiting.filter(isFree);
    if (free.length === 0) throw new Error("the tables refer to each other in a circle");
    ordered.push(...free);
    waiting = waiting.filter((shape) => !isFree(shape));
  }
  return ordered;
}
