import { join } from "node:path";
import { Kysely, Migrator } from "kysely";
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
  close(): Promise<void>;
}

/** Opens `tandem.db` in the data folder, or the PostgreSQL database of a URL, and brings it up to date. */
export async function openDatabase(dataDir: string, databaseUrl = ""): Promise<OpenDatabase> {
  const isPostgres = databaseUrl !== "";
  const kind = isPostgres ? postgresKind : sqliteKind;
  const dialect = isPostgres ? openPostgres(databaseUrl) : openSqlite(join(dataDir, "tandem.db"));
  const db = new Kysely<Schema>({ dialect });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(kind) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    const which = isPostgres ? "at DATABASE_URL" : `in ${dataDir}`;
    throw new Error(`the database ${which} could not be brought up to date`, { cause: error });
  }
  return { db, kind, close: () => db.destroy() };
}
