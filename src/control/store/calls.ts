import type { Insertable, Selectable, Updateable } from "kysely";
import type { CallsTable, UsageTable } from "./call-schema.ts";
import type { Db } from "./database.ts";

export type CallRow = Selectable<CallsTable>;
export type NewCallRow = Insertable<CallsTable>;
export type UsageRow = Selectable<UsageTable>;

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

/** The call that an idempotency key names in a scope of an organisation. */
export function findCallByKey(db: Db, orgId: string, scope: string, key: string): Promise<CallRow | undefined> {
  const query = db.selectFrom("calls").selectAll().where("org_id", "=", orgId).where("idempotency_scope", "=", scope);
  return query.where("idempotency_key", "=", key).executeTakeFirst();
}

/** How a call stands; undefined when there is no such call. */
export function findCallState(
  db: Db,
  id: string,
): Promise<Pick<CallRow, "status" | "live_transcript" | "org_id"> | undefined> {
  const query = db.selectFrom("calls").select(["status", "live_transcript", "org_id"]);
  return query.where("id", "=", id).executeTakeFirst();
}

/** Counts an utterance of a call that is told line by line; undefined: it is not. */
export async function countTranscriptLine(db: Db, id: string): Promise<CallRow | undefined> {
  return db
    .updateTable("calls")
    .set((eb) => ({ transcript_sequence: eb("transcript_sequence", "+", 1) }))
    .where("id", "=", id)
    .where("live_transcript", "=", 1)
    .returningAll()
    .executeTakeFirst();
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

/** Calls that have not ended, oldest first, and the gateway each is in. */
export function openCalls(db: Db): Promise<Pick<CallRow, "id" | "node_id">[]> {
  const query = db.selectFrom("calls").select(["id", "node_id"]).where("status", "!=", "ended");
  return query.orderBy("created_at").execute();
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

/** What each of the calls used; calls that used nothing are missing. */
export async function usageOfCalls(db: Db, ids: readonly string[]): Promise<Map<string, UsageRow>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom("usage").selectAll().where("call_id", "in", ids).execute();
  return new Map(rows.map((row) => [row.call_id, row]));
}
