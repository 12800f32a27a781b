/** What an organisation used of each item in each month (UTC), and what it was charged for it. */
import type { Selectable } from "kysely";
import type { OrgId } from "../../kit/ids.ts";
import type { Db } from "./database.ts";
import type { MonthlyUsageTable } from "./money-schema.ts";

export type MonthlyUsageRow = Selectable<MonthlyUsageTable>;

/** Adds to a month's count; negative: takes back. */
export async function addUsage(db: Db, row: MonthlyUsageRow): Promise<void> {
  await db
    .insertInto("monthly_usage")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["org_id", "period", "item"]).doUpdateSet((eb) => ({
        times: eb("monthly_usage.times", "+", eb.ref("excluded.times")),
        quantity: eb("monthly_usage.quantity", "+", eb.ref("excluded.quantity")),
        amount_micros: eb("monthly_usage.amount_micros", "+", eb.ref("excluded.amount_micros")),
      })),
    )
    .execute();
}

/** All a month has; `period` is `YYYY-MM`. */
export function findUsage(db: Db, orgId: OrgId, period: string): Promise<MonthlyUsageRow[]> {
  return db.selectFrom("monthly_usage").selectAll().where("org_id", "=", orgId).where("period", "=", period).execute();
}
