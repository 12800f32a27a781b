import type { CompiledQuery, Selectable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { ApiKeysTable } from "./schema.ts";

export type ApiKeyRow = Selectable<ApiKeysTable>;

export async function insertKey(db: Db, row: ApiKeyRow): Promise<void> {
  await db.insertInto("api_keys").values(row).execute();
}

/** Every request asks this, so it is built once a database: building takes as long as running it. */
const byHash = new WeakMap<Db, CompiledQuery<ApiKeyRow>>();

export async function findKeyByHash(db: Db, hash: string): Promise<ApiKeyRow | undefined> {
  let query = byHash.get(db);
  if (!query) {
    query = db.selectFrom("api_keys").selectAll().where("hash", "=", hash).compile();
    byHash.set(db, query);
  }
  return (await db.executeQuery<ApiKeyRow>({ ...query, parameters: [hash] })).rows[0];
}

export function findKey(db: Db, orgId: string, id: string): Promise<ApiKeyRow | undefined> {
  return db.selectFrom("api_keys").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** A key by its id, whoever owns it. */
export function findAnyKey(db: Db, id: string): Promise<ApiKeyRow | undefined> {
  return db.selectFrom("api_keys").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Keys of an organisation, newest first, revoked ones too. */
export async function pageOfKeys(db: Db, orgId: string, page: PageRequest): Promise<Page<ApiKeyRow>> {
  let query = db.selectFrom("api_keys").selectAll().where("org_id", "=", orgId);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

/** Keys of an organisation, or all, oldest first, revoked ones too. */
export function listKeys(db: Db, orgId?: string): Promise<ApiKeyRow[]> {
  const query = db.selectFrom("api_keys").selectAll().orderBy("created_at").orderBy("id");
  return (orgId === undefined ? query : query.where("org_id", "=", orgId)).execute();
}

/** Marks a key as revoked; false when there is none or it is revoked already. */
export async function revokeKey(db: Db, orgId: string, id: string, at: number): Promise<boolean> {
  const result = await db
    .updateTable("api_keys")
    .set({ revoked_at: at })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function touchKey(db: Db, id: string, at: number): Promise<void> {
  await db.updateTable("api_keys").set({ last_used_at: at }).where("id", "=", id).execute();
}
