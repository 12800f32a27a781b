import type { Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
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

export async function updateOrg(db: Db, id: string, change: Updateable<OrgsTable>): Promise<void> {
  await db.updateTable("orgs").set(change).where("id", "=", id).execute();
}
