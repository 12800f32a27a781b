import type { Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { AgentsTable } from "./schema.ts";

export type AgentRow = Selectable<AgentsTable>;

export async function insertAgent(db: Db, row: AgentRow): Promise<void> {
  await db.insertInto("agents").values(row).execute();
}

export function findAgent(db: Db, orgId: string, id: string): Promise<AgentRow | undefined> {
  return db.selectFrom("agents").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** Agents that belong to no number. */
export async function pageOfAgents(db: Db, orgId: string, page: PageRequest): Promise<Page<AgentRow>> {
  let query = db.selectFrom("agents").selectAll().where("org_id", "=", orgId).where("hidden", "=", 0);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

export async function updateAgent(
  db: Db,
  orgId: string,
  id: string,
  change: Updateable<AgentsTable>,
): Promise<boolean> {
  const query = db.updateTable("agents").set(change).where("org_id", "=", orgId).where("id", "=", id);
  const result = await query.executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function deleteAgent(db: Db, orgId: string, id: string): Promise<boolean> {
  const result = await db.deleteFrom("agents").where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
