/** What a number costs every month, on the day it was bought. */
import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import type { NumberType } from "../../carriers/carrier.ts";
import { dueNumbers, moveCharge, type NumberRow, updateNumber } from "../../store/numbers.ts";
import type { NumberDeps } from "./deps.ts";
import { monthAfter } from "./months.ts";
import { chargeRef } from "./purchase.ts";
import { release } from "./release.ts";

/** How long a number is kept that cannot be paid. */
export const graceMs = 30 * 24 * 3_600_000;
/** Numbers read at once. */
const pageSize = 500;

/** What a run did. */
export interface MonthlyCharges {
  readonly charged: number;
  /** Could not be paid, and are tried again. */
  readonly unpaid: number;
  /** Could not be paid for so long that they were released. */
  readonly released: number;
}

/** Charges every number whose next month has begun by `now` (wall ms); run again, or by two at once, it charges none twice. */
export async function chargeMonthly(deps: NumberDeps, now: number, atOnce = pageSize): Promise<MonthlyCharges> {
  const counts = { charged: 0, unpaid: 0, released: 0 };
  // Those that cannot be paid stay due: what comes behind them is read all the same.
  let rows: readonly NumberRow[] = [];
  do {
    rows = await dueNumbers(deps.database.db, now, atOnce, rows.at(-1));
    for (const row of rows) {
      try {
        const result = await chargeMonth(deps, row, now);
        if (result !== "nothing") counts[result] += 1;
      } catch (error) {
        // One number's trouble is not the others'.
        deps.log.warn({ numberId: row.id, err: error }, "a number's month could not be charged yet");
      }
    }
  } while (rows.length === atOnce);
  return counts;
}

async function chargeMonth(deps: NumberDeps, row: NumberRow, now: number): Promise<keyof MonthlyCharges | "nothing"> {
  const { db } = deps.database;
  const orgId = row.org_id as OrgId;
  const due = row.next_charge_at;
  if (due === null) return "nothing";
  const item = `number.${row.type as NumberType}` as const;
  try {
    return await db.transaction().execute(async (trx) => {
      // Whoever moves it charges it.
      if (!(await moveCharge(trx, row.id, due, monthAfter(row.created_at, due)))) return "nothing";
      const paid = await deps.money.charge(trx, orgId, { item, quantity: 1, ref: chargeRef(row.id, due) });
      await updateNumber(trx, orgId, row.id, { monthly_micros: paid });
      return "charged";
    });
  } catch (error) {
    const isUnpaid = error instanceof GatewayError && (error.code === "payment-required" || error.code === "forbidden");
    if (!isUnpaid) throw error;
    if (now - due < graceMs) return "unpaid";
    const isReleased = await db.transaction().execute((trx) => release(trx, deps, row));
    return isReleased ? "released" : "nothing";
  }
}
