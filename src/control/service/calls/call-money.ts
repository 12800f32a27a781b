/** What calls cost: by what they are paid, what is set aside when they begin and settled when they end. */
import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import type { CallCredit, NewCall } from "../../calls/call-control.ts";
import type { CallRow } from "../../store/calls.ts";
import type { Db } from "../../store/database.ts";
import { type Item, itemsOfCall } from "../money/items.ts";
import type { Money } from "../money/money.ts";

/** Longest a call lasts that nobody set a length for, in ms. */
const unnamedDurationMs = 4 * 3_600_000;

/** By what a call is paid. People who talk on telephones of the organisation's own cost nothing, nor does an echo. */
export function itemsOfNewCall({ direction, agent, phoneId, record, echo }: NewCall): Item[] {
  if (echo || (!agent && phoneId !== undefined)) return [];
  return itemsOfCall({ direction, ai: agent !== undefined, byok: agent?.providerKey !== undefined, record });
}

/** What became of setting money aside; `credit` undefined: there is enough for as long as the call is to last. */
export type HeldForCall =
  | { readonly type: "held"; readonly credit: CallCredit | undefined }
  | { readonly type: "refused"; readonly refusal: GatewayError };

/** Sets aside what a call may cost, in the transaction that makes it. */
export async function holdForCall(money: Pick<Money, "hold">, db: Db, call: NewCall): Promise<HeldForCall> {
  const items = itemsOfNewCall(call);
  if (items.length === 0) return { type: "held", credit: undefined };
  const wantedMs = call.maxDurationMs ?? call.agent?.maxDurationMs ?? unnamedDurationMs;
  try {
    const { maxDurationMs } = await money.hold(db, call.orgId, { callId: call.callId, items, wantedMs });
    const isShort = maxDurationMs < wantedMs;
    return { type: "held", credit: isShort ? { maxDurationMs: Math.floor(maxDurationMs) } : undefined };
  } catch (error) {
    // The database's own errors end the transaction.
    if (error instanceof GatewayError) return { type: "refused", refusal: error };
    throw error;
  }
}

/** Charges a call that has ended, in the transaction of its ending; what it cost. A recording that is not there is free. */
export async function settleCall(money: Pick<Money, "settle">, db: Db, row: CallRow): Promise<number> {
  const isRecorded = (row.recording_bytes ?? 0) > 0;
  const items = itemsOf(row).filter((item) => item !== "recording" || isRecorded);
  if (itemsOf(row).length === 0) return 0;
  const durationMs = row.started_at === null ? 0 : (row.duration_ms ?? 0);
  return money.settle(db, row.org_id as OrgId, { callId: row.id, items, durationMs });
}

/** What a call has cost by now (wall ms), in micro-dollars. */
export function costSoFar(
  row: CallRow,
  costMicros: (items: readonly Item[], durationMs: number) => number,
  now: number,
): number {
  if (row.cost_micros !== null) return row.cost_micros;
  if (row.status !== "in-progress" || row.started_at === null) return 0;
  return costMicros(itemsOf(row), Math.max(0, now - row.started_at));
}

function itemsOf({ items }: CallRow): Item[] {
  return items === null ? [] : JSON.parse(items);
}
