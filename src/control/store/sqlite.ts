/** All that is particular to SQLite: opening the file, its pragmas, how a column counts up, what its errors are called. */
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { type ColumnDataType, type ColumnDefinitionBuilder, SqliteDialect } from "kysely";

/** What the rest of the store needs to know of the database engine. */
export interface DatabaseKind {
  /** Type of a primary key that counts up by itself. */
  readonly countingType: ColumnDataType;
  /** Makes that column count up and never give a number twice. */
  counting(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** True when the error says that a row with the same unique value exists. */
  isDuplicate(error: unknown): boolean;
}

export const sqliteKind: DatabaseKind = {
  countingType: "integer",
  counting: (column) => column.primaryKey().autoIncrement(),
  isDuplicate: (error) =>
    error instanceof Database.SqliteError &&
    (error.code === "SQLITE_CONSTRAINT_UNIQUE" || error.code === "SQLITE_CONSTRAINT_PRIMARYKEY"),
};

/** Opens the file (made with mode 0600) for Kysely: WAL, so that readers never wait; NORMAL, so that a crash of the process loses nothing. */
export function openSqlite(path: string): SqliteDialect {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  database.pragma("busy_timeout = 3000");
  database.pragma("foreign_keys = ON");
  return new SqliteDialect({ database });
}
