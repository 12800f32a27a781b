import type { Selectable } from "kysely";
import type { Db } from "./database.ts";
import type { ApiKeysTable } from "./schema.ts";

export type ApiKeyRow = Selectable<ApiKeysTable>;

export async function insertKey(db: Db, row: ApiKeyRow): Promise<void> {
  await db.insertInto("api_keys").values(row).execute();
}

export function findKeyByHash(db: Db, hash: string): Promise<ApiKeyRow | undefined> {
  return db.selectFrom("api_keys").selectAll().where("hash", "=", hash).executeTakeFirst();
}

export function findKey(db: Db, id: string): Promise<ApiKeyRow | undefined> {
  return db.selectFrom("api_keys").selectAll().where("id", "=", id).executeTakeFirst();
}

/** All keys, oldest first, revoked ones too. */
export function listKeys(db: Db): Promise<ApiKeyRow[]> {
  return db.selectFrom("api_keys").selectAll().orderBy("created_at").orderBy("id").execute();
}

/** Marks a key as revoked; false when there is none or it is revoked already. */
export async function revokeKey(db: Db, id: string, at: number): Promise<boolean> {
  const result = await db
    .updateTable("api_keys")
    .set({ revoked_at: at })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function touchKey(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable("api_keys").set({ last_used_at: at }).where("id", "=", id).execute();
}
