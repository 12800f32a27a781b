import type { Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { AgentsTable, NumbersTable } from "./schema.ts";

export type AgentRow = Selectable<AgentsTable>;
export type NumberRow = Selectable<NumbersTable>;

export async function insertAgent(db: Db, row: AgentRow): Promise<void> {
  await db.insertInto("agents").values(row).execute();
}

export function findAgent(db: Db, orgId: string, id: string): Promise<AgentRow | undefined> {
  return db.selectFrom("agents").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

export async function pageOfAgents(db: Db, orgId: string, page: PageRequest): Promise<Page<AgentRow>> {
  let query = db.selectFrom("agents").selectAll().where("org_id", "=", orgId);
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

export async function insertNumber(db: Db, row: NumberRow): Promise<void> {
  await db.insertInto("numbers").values(row).execute();
}

export function findNumber(db: Db, orgId: string, id: string): Promise<NumberRow | undefined> {
  return db.selectFrom("numbers").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** A number that points at the agent, either way; undefined when none does. */
export function findNumberOfAgent(db: Db, orgId: string, agentId: string): Promise<NumberRow | undefined> {
  return db
    .selectFrom("numbers")
    .selectAll()
    .where("org_id", "=", orgId)
    .where((eb) => eb.or([eb("inbound_agent_id", "=", agentId), eb("outbound_agent_id", "=", agentId)]))
    .executeTakeFirst();
}

/** The agent that answers a number, or that calls from it. `orgId` undefined: whosever the number is. */
export function findAgentOfNumber(
  db: Db,
  orgId: string | undefined,
  number: string,
  role: "inbound" | "outbound",
): Promise<AgentRow | undefined> {
  const query = db
    .selectFrom("numbers")
    .innerJoin("agents", "agents.id", role === "inbound" ? "numbers.inbound_agent_id" : "numbers.outbound_agent_id")
    .selectAll("agents")
    .where("numbers.number", "=", number);
  return (orgId === undefined ? query : query.where("numbers.org_id", "=", orgId)).executeTakeFirst();
}

export async function pageOfNumbers(db: Db, orgId: string, page: PageRequest): Promise<Page<NumberRow>> {
  let query = db.selectFrom("numbers").selectAll().where("org_id", "=", orgId);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

export async function updateNumber(
  db: Db,
  orgId: string,
  id: string,
  change: Updateable<NumbersTable>,
): Promise<boolean> {
  const query = db.updateTable("numbers").set(change).where("org_id", "=", orgId).where("id", "=", id);
  const result = await query.executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function deleteNumber(db: Db, orgId: string, id: string): Promise<boolean> {
  const result = await db.deleteFrom("numbers").where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
