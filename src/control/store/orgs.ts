import type { Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { OrgsTable } from "./schema.ts";

export type OrgRow = Selectable<OrgsTable>;

export async function insertOrg(db: Db, row: OrgRow): Promise<void> {
  await db.insertInto("orgs").values(row).execute();
}

export function findOrg(db: Db, id: string): Promise<OrgRow | undefined> {
  return db.selectFrom("orgs").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Every organisation, oldest first. */
export function allOrgs(db: Db): Promise<OrgRow[]> {
  return db.selectFrom("orgs").selectAll().orderBy("created_at").orderBy("id").execute();
}

/** Organisations, newest first. */
export async function pageOfOrgs(db: Db, page: PageRequest): Promise<Page<OrgRow>> {
  let query = db.selectFrom("orgs").selectAll();
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

/** Writes the columns that are there; false when there is no such organisation. */
export async function updateOrg(db: Db, id: string, change: Updateable<OrgsTable>): Promise<boolean> {
  const result = await db.updateTable("orgs").set(change).where("id", "=", id).executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Holds an organisation until the transaction ends: what is counted after it is what there is, though others add to it too. */
export async function lockOrg(db: Db, id: string): Promise<void> {
  // A change of nothing; in SQLite the whole transaction is a lock already.
  await db
    .updateTable("orgs")
    .set((eb) => ({ updated_at: eb.ref("updated_at") }))
    .where("id", "=", id)
    .execute();
}
