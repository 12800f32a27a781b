import type { OrgId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { findUsage } from "../../store/monthly-usage.ts";
import { allItems, type Item, type ItemUnit, isItem, isTimed, unitOf } from "./items.ts";

/** What was used of an item in a month. */
export interface UsageOfItem {
  readonly item: Item;
  readonly unit: ItemUnit;
  /** Charges, or calls. */
  readonly times: number;
  /** Pieces; of what is paid by time: paid ms. */
  readonly quantity: number;
  readonly amountMicros: number;
}

/** What an organisation used in a calendar month (UTC). */
export interface UsageOfMonth {
  /** `YYYY-MM`. */
  readonly period: string;
  /** Every item, also those not used. */
  readonly items: readonly UsageOfItem[];
  readonly calls: number;
  /** Paid length of all calls. */
  readonly callMs: number;
  readonly textsSent: number;
  readonly textsReceived: number;
  readonly totalMicros: number;
}

/** Reads a month; one without any use is all zero. */
export async function readUsage(db: Db, orgId: OrgId, period: string): Promise<UsageOfMonth> {
  const rows = await findUsage(db, orgId, period);
  const used = new Map(rows.flatMap((row) => (isItem(row.item) ? [[row.item, row] as const] : [])));
  const items = allItems.map((item): UsageOfItem => {
    const row = used.get(item);
    return {
      item,
      unit: unitOf[item],
      times: row?.times ?? 0,
      quantity: row?.quantity ?? 0,
      amountMicros: row?.amount_micros ?? 0,
    };
  });
  // A call has one item that it is; its recording comes on top.
  const talks = items.filter(({ item }) => isTimed(item) && item !== "recording");
  return {
    period,
    items,
    calls: talks.reduce((sum, { times }) => sum + times, 0),
    callMs: talks.reduce((sum, { quantity }) => sum + quantity, 0),
    textsSent: used.get("text.outbound")?.quantity ?? 0,
    textsReceived: used.get("text.inbound")?.quantity ?? 0,
    totalMicros: items.reduce((sum, { amountMicros }) => sum + amountMicros, 0),
  };
}
