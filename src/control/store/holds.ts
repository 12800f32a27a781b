/** Money and minutes set aside for calls, from the dial to the end. */
import { type Selectable, sql } from "kysely";
import type { OrgId } from "../../kit/ids.ts";
import type { Db } from "./database.ts";
import type { LedgerHoldsTable } from "./money-schema.ts";

export type HoldRow = Selectable<LedgerHoldsTable>;

export async function insertHold(db: Db, row: HoldRow): Promise<void> {
  await db.insertInto("ledger_holds").values(row).execute();
}

export function findHold(db: Db, orgId: OrgId, callId: string): Promise<HoldRow | undefined> {
  return db
    .selectFrom("ledger_holds")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("call_id", "=", callId)
    .executeTakeFirst();
}

/** Marks a hold as settled. */
export async function settleHold(
  db: Db,
  orgId: OrgId,
  { callId, costMicros, now }: { callId: string; costMicros: number; now: number },
): Promise<void> {
  await db
    .updateTable("ledger_holds")
    .set({ status: "settled", cost_micros: costMicros, settled_at: now })
    .where("org_id", "=", orgId)
    .where("call_id", "=", callId)
    .execute();
}

/** Milliseconds of an allowance that open holds have set aside. */
export async function heldMsOf(db: Db, orgId: OrgId, allowance: string): Promise<number> {
  const row = await db
    .selectFrom("ledger_holds")
    .select(sql<number>`cast(coalesce(sum(max_duration_ms), 0) as bigint)`.as("held_ms"))
    .where("org_id", "=", orgId)
    .where("status", "=", "open")
    .where("allowance", "=", allowance)
    .executeTakeFirstOrThrow();
  return row.held_ms;
}

/** An open hold whose call has ended, and how long that lasted. */
export interface HoldLeftOver {
  readonly org_id: string;
  readonly call_id: string;
  readonly items: string;
  readonly duration_ms: number | null;
}

/** Open holds of calls that ended: of all organisations, for the start after a crash. */
export function holdsLeftOver(db: Db): Promise<HoldLeftOver[]> {
  return db
    .selectFrom("ledger_holds")
    .innerJoin("calls", "calls.id", "ledger_holds.call_id")
    .select(["ledger_holds.org_id", "ledger_holds.call_id", "ledger_holds.items", "calls.duration_ms"])
    .where("ledger_holds.status", "=", "open")
    .where("calls.status", "=", "ended")
    .orderBy("ledger_holds.org_id")
    .execute();
}

/** How many numbers an organisation has, or is about to have. */
export async function countNumbers(db: Db, orgId: OrgId): Promise<number> {
  const row = await db
    .selectFrom("numbers")
    .select(sql<number>`count(*)`.as("count"))
    .where("org_id", "=", orgId)
    .where("status", "!=", "released")
    .executeTakeFirstOrThrow();
  return row.count;
}
