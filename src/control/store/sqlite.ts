/** All that is particular to SQLite: opening the file, its pragmas, how a column counts up, what its errors are called. */
import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { SqliteAdapter, SqliteDialect } from "kysely";
import type { DatabaseKind } from "./database-kind.ts";
import { keepCheckpoints, lastResortPages } from "./sqlite-checkpoints.ts";
import { sqliteCopying } from "./sqlite-copying.ts";

export const sqliteKind: DatabaseKind = {
  countingType: "integer",
  counting: (column) => column.primaryKey().autoIncrement(),
  skipsLocked: false,
  copying: sqliteCopying,
  isDuplicate: (error) =>
    error instanceof Database.SqliteError &&
    (error.code === "SQLITE_CONSTRAINT_UNIQUE" || error.code === "SQLITE_CONSTRAINT_PRIMARYKEY"),
  isPassing: (error) => error instanceof Database.SqliteError && /^SQLITE_(?:BUSY|LOCKED)/.test(error.code),
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
  database.pragma(`wal_autocheckpoint = ${lastResortPages}`);
  const checkpoints = keepCheckpoints(path);
  const close = (): void => {
    checkpoints.close();
    database.close();
  };
  return new AtomicSqliteDialect({ database: { close, prepare: keepStatements(database) } });
}

/** Migrations are one transaction, which SQLite takes back whole: a start that is cut off in them leaves the former tables. */
class AtomicSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class AtomicSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new AtomicSqliteAdapter();
  }
}

/** Statements kept compiled; the few whose text varies (lists of ids) push each other out. */
const maxStatements = 300;

/** Compiles each text once: compiling costs more than most of our statements take to run. */
function keepStatements(database: Database.Database): (sql: string) => Database.Statement {
  const statements = new Map<string, Database.Statement>();
  return (sql) => {
    let statement = statements.get(sql);
    if (!statement) {
      // Every transaction of ours writes. Locked from its beginning it waits for its turn; one that reads first and
      // writes later is refused when another process (the command line) wrote in between.
      statement = database.prepare(sql === "begin" ? "begin immediate" : sql);
      if (statements.size >= maxStatements) statements.delete(statements.keys().next().value as string);
      statements.set(sql, statement);
    }
    return statement;
  };
}
