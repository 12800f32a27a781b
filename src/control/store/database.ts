import { join } from "node:path";
import { Kysely, Migrator, sql } from "kysely";
import type { DatabaseKind } from "./database-kind.ts";
import { migrations } from "./migrations/index.ts";
import { openPostgres, postgresKind } from "./postgres.ts";
import type { Schema } from "./schema.ts";
import { openSqlite, sqliteKind } from "./sqlite.ts";

/** A connection, or a transaction on one: what every query function takes. */
export type Db = Kysely<Schema>;

/** The open database and what is particular about its engine. */
export interface OpenDatabase {
  readonly db: Db;
  readonly kind: DatabaseKind;
  /** Names of the migrations that were done as it was opened, in their order. */
  readonly migrated: readonly string[];
  close(): Promise<void>;
}

/** Opens `tandem.db` in the data folder, or the PostgreSQL database of a URL, and leaves it as it is. */
export function connectDatabase(dataDir: string, databaseUrl = ""): Omit<OpenDatabase, "migrated"> {
  const isPostgres = databaseUrl !== "";
  const dialect = isPostgres ? openPostgres(databaseUrl) : openSqlite(join(dataDir, "tandem.db"));
  const db = new Kysely<Schema>({ dialect });
  return { db, kind: isPostgres ? postgresKind : sqliteKind, close: () => db.destroy() };
}

/** Opens the database and brings it up to date. */
export async function openDatabase(dataDir: string, databaseUrl = ""): Promise<OpenDatabase> {
  const connected = connectDatabase(dataDir, databaseUrl);
  try {
    return { ...connected, migrated: await migrate(connected.db, connected.kind) };
  } catch (error) {
    await connected.close();
    const which = databaseUrl === "" ? `in ${dataDir}` : "at DATABASE_URL";
    throw new Error(`the database ${which} could not be brought up to date`, { cause: error });
  }
}

/** Names of the migrations a database has had, in their order; none when it is new. */
export async function doneMigrations(db: Db): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
    return rows.map(({ name }) => name);
  } catch {
    // No such table; what else may be wrong, the migrator finds too.
    return [];
  }
}

async function migrate(db: Db, kind: DatabaseKind): Promise<string[]> {
  const all = migrations(kind);
  // The migrator looks at every table before it looks at its list: too long for a command that only reads something.
  if (Object.keys(all).join() === (await doneMigrations(db)).join()) return [];
  const migrator = new Migrator({ db, provider: { getMigrations: async () => all } });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return results.map(({ migrationName }) => migrationName);
}
