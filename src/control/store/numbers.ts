import { type Selectable, sql, type Updateable } from "kysely";
import type { E164 } from "../../kit/ids.ts";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { AgentsTable, NumbersTable } from "./schema.ts";

export type NumberRow = Selectable<NumbersTable>;
type AgentRow = Selectable<AgentsTable>;

/** What a list of numbers is narrowed to. */
export interface NumberFilter {
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly type?: string;
}

export async function insertNumber(db: Db, row: NumberRow): Promise<void> {
  await db.insertInto("numbers").values(row).execute();
}

/** A number that an organisation has. */
export function findNumber(db: Db, orgId: string, id: string): Promise<NumberRow | undefined> {
  return db
    .selectFrom("numbers")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .where("status", "=", "active")
    .executeTakeFirst();
}

/** A number by its digits. `orgId` undefined: whosever it is. */
export function findNumberByE164(db: Db, orgId: string | undefined, number: string): Promise<NumberRow | undefined> {
  const query = db.selectFrom("numbers").selectAll().where("number", "=", number).where("status", "=", "active");
  return (orgId === undefined ? query : query.where("org_id", "=", orgId)).executeTakeFirst();
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

/** The digits of the number each of some agents has, either way: the one it has had longest. */
export async function firstNumbersOfAgents(
  db: Db,
  orgId: string,
  agentIds: readonly string[],
): Promise<Map<string, E164>> {
  const found = new Map<string, E164>();
  if (agentIds.length === 0) return found;
  const rows = await db
    .selectFrom("numbers")
    .select(["number", "inbound_agent_id", "outbound_agent_id"])
    .where("org_id", "=", orgId)
    .where("status", "=", "active")
    .where((eb) => eb.or([eb("inbound_agent_id", "in", agentIds), eb("outbound_agent_id", "in", agentIds)]))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .execute();
  // The oldest comes last and stays.
  for (const { number, inbound_agent_id, outbound_agent_id } of rows) {
    for (const id of [inbound_agent_id, outbound_agent_id]) if (id !== null) found.set(id, number as E164);
  }
  return found;
}

/** The agents of some numbers, by their ids. */
export async function agentsOfNumbers(db: Db, orgId: string, ids: readonly string[]): Promise<Map<string, AgentRow>> {
  if (ids.length === 0) return new Map();
  const query = db.selectFrom("agents").selectAll().where("org_id", "=", orgId).where("id", "in", ids);
  return new Map((await query.execute()).map((row) => [row.id, row]));
}

export async function pageOfNumbers(
  db: Db,
  orgId: string,
  { country, type }: NumberFilter,
  page: PageRequest,
): Promise<Page<NumberRow>> {
  let query = db.selectFrom("numbers").selectAll().where("org_id", "=", orgId).where("status", "=", "active");
  if (country !== undefined) query = query.where("country", "=", country);
  if (type !== undefined) query = query.where("type", "=", type);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

/** Changes a number that is not released; false when there is none. */
export async function updateNumber(
  db: Db,
  orgId: string,
  id: string,
  change: Updateable<NumbersTable>,
): Promise<boolean> {
  const query = db
    .updateTable("numbers")
    .set(change)
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .where("status", "=", "active");
  return (await query.executeTakeFirst()).numUpdatedRows > 0n;
}

/** Takes a number out of use, with what was set on it; false when it is not in use. */
export async function releaseNumber(db: Db, orgId: string, id: string, at: number): Promise<boolean> {
  return updateNumber(db, orgId, id, {
    status: "released",
    released_at: at,
    updated_at: at,
    next_charge_at: null,
    inbound_agent_id: null,
    outbound_agent_id: null,
    inbound_extra: null,
    outbound_extra: null,
    byok_key: null,
    byok_preview: null,
  });
}

/** Makes a reserved number its organisation's; false when the reservation was given up meanwhile. */
export async function activateNumber(
  db: Db,
  id: string,
  change: Pick<Updateable<NumbersTable>, "carrier_number_id" | "monthly_micros" | "next_charge_at" | "updated_at">,
): Promise<boolean> {
  const query = db
    .updateTable("numbers")
    .set({ ...change, status: "active" })
    .where("id", "=", id)
    .where("status", "=", "reserved");
  return (await query.executeTakeFirst()).numUpdatedRows > 0n;
}

/** Forgets a reservation; false when it is none any more. */
export async function deleteReservation(db: Db, id: string): Promise<boolean> {
  const query = db.deleteFrom("numbers").where("id", "=", id).where("status", "=", "reserved");
  return (await query.executeTakeFirst()).numDeletedRows > 0n;
}

/** Those of the numbers that are in use, reserved, or were sold and released after `restedSince` (wall ms). */
export async function takenNumbers(
  db: Db,
  numbers: readonly string[],
  restedSince: number,
): Promise<ReadonlySet<string>> {
  if (numbers.length === 0) return new Set();
  const rows = await db
    .selectFrom("numbers")
    .select("number")
    .where("number", "in", numbers)
    .where((eb) =>
      eb.or([
        eb("status", "!=", "released"),
        eb.and([eb("carrier", "!=", "own"), eb("released_at", ">", restedSince)]),
      ]),
    )
    .execute();
  return new Set(rows.map(({ number }) => number));
}

/** Numbers of all organisations whose next month has begun, the longest due first; those behind `after` in that order. */
export function dueNumbers(db: Db, now: number, limit: number, after?: NumberRow): Promise<NumberRow[]> {
  let query = db.selectFrom("numbers").selectAll().where("status", "=", "active").where("next_charge_at", "<=", now);
  if (after) query = query.where(sql<boolean>`(next_charge_at, id) > (${after.next_charge_at}, ${after.id})`);
  return query.orderBy("next_charge_at").orderBy("id").limit(limit).execute();
}

/** Moves the next charge from one instant to another; false when somebody else did, or the number is gone. */
export async function moveCharge(db: Db, id: string, from: number, to: number): Promise<boolean> {
  const query = db
    .updateTable("numbers")
    .set({ next_charge_at: to })
    .where("id", "=", id)
    .where("status", "=", "active")
    .where("next_charge_at", "=", from);
  return (await query.executeTakeFirst()).numUpdatedRows > 0n;
}

/** Purchases that have not come to an end yet. */
export function reservations(db: Db): Promise<NumberRow[]> {
  return db.selectFrom("numbers").selectAll().where("status", "=", "reserved").execute();
}

/** Released numbers that their carrier has not taken back yet, or one of them. */
export function numbersToGiveBack(db: Db, onlyId?: string): Promise<NumberRow[]> {
  const query = db
    .selectFrom("numbers")
    .selectAll()
    .where("status", "=", "released")
    .where("carrier_number_id", "is not", null);
  return (onlyId === undefined ? query : query.where("id", "=", onlyId)).execute();
}

/** Notes that the carrier has the number back. */
export async function noteGivenBack(db: Db, id: string): Promise<void> {
  await db
    .updateTable("numbers")
    .set({ carrier_number_id: null })
    .where("id", "=", id)
    .where("status", "=", "released")
    .execute();
}

/** True when the agent also answers or calls elsewhere than in one place of one number. */
export async function isAgentSharedBeyond(
  db: Db,
  agentId: string,
  numberId: string,
  place: "inbound" | "outbound" | "both",
): Promise<boolean> {
  const rows = await db
    .selectFrom("numbers")
    .select(["id", "inbound_agent_id", "outbound_agent_id"])
    .where((eb) => eb.or([eb("inbound_agent_id", "=", agentId), eb("outbound_agent_id", "=", agentId)]))
    .execute();
  return rows.some((row) => {
    if (row.id !== numberId) return true;
    if (place === "both") return false;
    return (place === "inbound" ? row.outbound_agent_id : row.inbound_agent_id) === agentId;
  });
}
