import type { Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
import { holdName } from "./meta.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { TrunksTable } from "./schema.ts";

export type TrunkRow = Selectable<TrunksTable>;

export async function insertTrunk(db: Db, row: TrunkRow): Promise<void> {
  await db.insertInto("trunks").values(row).execute();
}

export function findTrunk(db: Db, orgId: string, id: string): Promise<TrunkRow | undefined> {
  return db.selectFrom("trunks").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** Makes others wait that change trunks, of any organisation: what is unique among all of them is checked after it. */
export function lockTrunks(db: Db): Promise<void> {
  return holdName(db, "lock trunks");
}

/** Every trunk of the gateway, oldest first. */
export function allTrunks(db: Db): Promise<TrunkRow[]> {
  return db.selectFrom("trunks").selectAll().orderBy("created_at").orderBy("id").execute();
}

export async function pageOfTrunks(db: Db, orgId: string, page: PageRequest): Promise<Page<TrunkRow>> {
  let query = db.selectFrom("trunks").selectAll().where("org_id", "=", orgId);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

export async function updateTrunk(db: Db, orgId: string, id: string, change: Updateable<TrunksTable>): Promise<void> {
  await db.updateTable("trunks").set(change).where("org_id", "=", orgId).where("id", "=", id).execute();
}

export async function deleteTrunk(db: Db, orgId: string, id: string): Promise<boolean> {
  const result = await db.deleteFrom("trunks").where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
