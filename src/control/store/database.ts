import { join } from "node:path";
import { Kysely, Migrator } from "kysely";
import { migrations } from "./migrations/index.ts";
import type { Schema } from "./schema.ts";
import { type DatabaseKind, openSqlite, sqliteKind } from "./sqlite.ts";

/** A connection, or a transaction on one: what every query function takes. */
export type Db = Kysely<Schema>;

/** The open database and what is particular about its engine. */
export interface OpenDatabase {
  readonly db: Db;
  readonly kind: DatabaseKind;
  close(): Promise<void>;
}

/** Opens `tandem.db` in the data folder and brings it up to date. */
export async function openDatabase(dataDir: string): Promise<OpenDatabase> {
  const db = new Kysely<Schema>({ dialect: openSqlite(join(dataDir, "tandem.db")) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(sqliteKind) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw new Error(`the database in ${dataDir} could not be brought up to date`, { cause: error });
  }
  return { db, kind: sqliteKind, close: () => db.destroy() };
}
