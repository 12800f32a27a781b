import type { Insertable, Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { CallsTable, UsageTable } from "./schema.ts";

export type CallRow = Selectable<CallsTable>;
export type NewCallRow = Insertable<CallsTable>;
export type UsageRow = Selectable<UsageTable>;

/** What a list of calls is narrowed to. */
export interface CallFilter {
  readonly status?: string;
  readonly from?: string;
  readonly to?: string;
  readonly agentId?: string;
  readonly cause?: string;
  /** Wall ms; of the instant the media began. */
  readonly startedAfter?: number;
  readonly startedBefore?: number;
}

export async function insertCall(db: Db, row: NewCallRow): Promise<void> {
  await db.insertInto("calls").values(row).execute();
}

/** A call, for who writes its record: whosever it is. */
export function findCall(db: Db, id: string): Promise<CallRow | undefined> {
  return db.selectFrom("calls").selectAll().where("id", "=", id).executeTakeFirst();
}

/** A call of an organisation. */
export function findCallOf(db: Db, orgId: string, id: string): Promise<CallRow | undefined> {
  return db.selectFrom("calls").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

export function findCallByKey(db: Db, orgId: string, key: string): Promise<CallRow | undefined> {
  const query = db.selectFrom("calls").selectAll().where("org_id", "=", orgId);
  return query.where("idempotency_key", "=", key).executeTakeFirst();
}

/** A call's status alone; undefined when there is no such call. */
export async function findCallStatus(db: Db, id: string): Promise<string | undefined> {
  return (await db.selectFrom("calls").select("status").where("id", "=", id).executeTakeFirst())?.status;
}

export async function findOpenCallId(db: Db, carrier: string, carrierCallId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("calls")
    .select("id")
    .where("carrier", "=", carrier)
    .where("carrier_call_id", "=", carrierCallId)
    .where("status", "!=", "ended")
    .executeTakeFirst();
  return row?.id;
}

/** Calls that have not ended, oldest first. */
export async function openCallIds(db: Db): Promise<string[]> {
  const rows = await db.selectFrom("calls").select("id").where("status", "!=", "ended").orderBy("created_at").execute();
  return rows.map((row) => row.id);
}

/** Changes a call that has not ended; false when there is none. */
export async function updateOpenCall(db: Db, id: string, change: Updateable<CallsTable>): Promise<boolean> {
  const result = await db
    .updateTable("calls")
    .set(change)
    .where("id", "=", id)
    .where("status", "!=", "ended")
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Changes a call, ended or not. */
export async function updateCall(db: Db, id: string, change: Updateable<CallsTable>): Promise<void> {
  await db.updateTable("calls").set(change).where("id", "=", id).execute();
}

/** Calls, newest first. */
export async function pageOfCalls(
  db: Db,
  orgId: string,
  filter: CallFilter,
  page: PageRequest,
): Promise<Page<CallRow>> {
  let query = db.selectFrom("calls").selectAll().where("org_id", "=", orgId);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  if (filter.from !== undefined) query = query.where("from_number", "=", filter.from);
  if (filter.to !== undefined) query = query.where("to_number", "=", filter.to);
  if (filter.agentId !== undefined) query = query.where("agent_id", "=", filter.agentId);
  if (filter.cause !== undefined) query = query.where("cause", "=", filter.cause);
  if (filter.startedAfter !== undefined) query = query.where("started_at", ">", filter.startedAfter);
  if (filter.startedBefore !== undefined) query = query.where("started_at", "<", filter.startedBefore);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

/** What each of the calls used; calls that used nothing are missing. */
export async function usageOfCalls(db: Db, ids: readonly string[]): Promise<Map<string, UsageRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom("usage").selectAll().where("call_id", "in", ids).execute();
  return new Map(rows.map((row) => [row.call_id, row]));
}
