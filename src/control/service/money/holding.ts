/** Money and minutes set aside when a call is dialled or answered, and settled when it ends. */
import type { OrgId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { findHold, type HoldRow, holdsLeftOver, insertHold, settleHold } from "../../store/holds.ts";
import type { EntryLine, Posting } from "../../store/ledger.ts";
import type { Org } from "../orgs/orgs.ts";
import type { Item } from "./items.ts";
import type { EntryDraft, Money, MoneyDeps } from "./money.ts";
import { type Allowance, allowanceOf, leastCallMs, refuseItem } from "./plans.ts";
import { affordableMs, callCostMicros, type PriceBook, paidMs, timedCostMicros } from "./prices.ts";
import {
  allowanceLeft,
  bookOf,
  moneyLeft,
  periodOf,
  refuseBeyondPlan,
  refuseUnpaid,
  requirePaymentMethod,
  type Standing,
} from "./standing.ts";

/** A call about to be dialled or answered. */
export interface HoldOrder {
  readonly callId: string;
  /** `itemsOfCall`. */
  readonly items: readonly Item[];
  /** How long it may last in any case; Infinity: nobody has said. */
  readonly wantedMs: number;
}

/** A call that has ended. */
export interface SettleOrder {
  readonly callId: string;
  /** What it was in the end; a recording that was not made is not paid. */
  readonly items: readonly Item[];
  /** From the answer to the end; 0: it was never answered. */
  readonly durationMs: number;
}

/** Money is set aside for at most so much of one call, which then may not last longer. */
export const longestHoldMs = 4 * 3_600_000;

/** A call that ends at its limit may end later by so much: the agent finishes its goodbye, and nobody pays for that. */
export const goodbyeMs = 20_000;

/** What holds need of the rest of money. */
interface HoldsDeps extends MoneyDeps {
  post(db: Db, orgId: OrgId, draft: EntryDraft, postings: readonly Posting[], now?: number): Promise<void>;
  count(db: Db, orgId: OrgId, period: string, lines: readonly EntryLine[]): Promise<void>;
  lockedStanding(db: Db, orgId: OrgId): Promise<Standing>;
}

/** How long a call may last: the shortest of what is wanted, what the plan leaves and what the money is enough for. */
export function longestCallMs(
  book: PriceBook,
  items: readonly Item[],
  limits: { readonly wantedMs: number; readonly planMs: number; readonly moneyMicros: number },
): number {
  const { wantedMs, planMs, moneyMicros } = limits;
  const affordable = affordableMs(book, items, moneyMicros);
  // Without a limit of money or minutes it is not ours to say how long people talk.
  if (affordable === Infinity && planMs === Infinity) return Infinity;
  return Math.min(wantedMs, planMs, affordable, longestHoldMs);
}

export function createHolds(deps: HoldsDeps): Pick<Money, "hold" | "settle" | "settleLeftOver"> {
  const { clock, priceBooks, payments, post, count, lockedStanding } = deps;

  const hold: Money["hold"] = async (db, orgId, { callId, items, wantedMs }) => {
    const standing = await lockedStanding(db, orgId);
    const known = await findHold(db, orgId, callId);
    if (known) return { maxDurationMs: known.max_duration_ms ?? Infinity };
    const { terms, book, limits } = standing;
    for (const item of items) refuseItem(limits, item, () => payments.pageUrl(orgId, "upgrade"));
    const allowance = allowanceOfCall(items);
    if (allowance) await refuseBeyondPlan(db, standing, { allowance, quantity: leastCallMs }, payments);
    const perStep = callCostMicros(book, items, 1);
    if (perStep > 0) requirePaymentMethod(terms, orgId, payments);
    const planMs = allowance ? await allowanceLeft(db, standing, allowance) : Infinity;
    const moneyMicros = moneyLeft(standing);
    // Enough for a call worth the name, or a refusal that says what is missing.
    const least = callCostMicros(book, items, Math.min(wantedMs, leastCallMs));
    if (moneyMicros !== Infinity) refuseUnpaid(standing, least, payments);
    const maxDurationMs = longestCallMs(book, items, { wantedMs, planMs, moneyMicros });
    const amountMicros = moneyMicros === Infinity ? 0 : costOf(book, items, maxDurationMs);
    if (amountMicros > 0) {
      await post(db, orgId, { kind: "hold", ref: callId, item: "", amountMicros, lines: [] }, [
        ["available", -amountMicros],
        ["held", amountMicros],
      ]);
    }
    const longest = maxDurationMs === Infinity ? null : maxDurationMs;
    const { plan, priceBook } = terms;
    await insertHold(db, {
      ...newHold(orgId, callId, { plan, priceBook }, items),
      status: "open",
      amount_micros: amountMicros,
      max_duration_ms: longest,
      allowance: allowance ?? null,
      cost_micros: null,
      created_at: clock.wall(),
      settled_at: null,
    });
    return { maxDurationMs };
  };

  const settle: Money["settle"] = async (db, orgId, { callId, items, durationMs: lastedMs }) => {
    const standing = await lockedStanding(db, orgId);
    const known = await findHold(db, orgId, callId);
    if (known?.status === "settled") return known.cost_micros ?? 0;
    const now = clock.wall();
    const book = known ? bookOf(priceBooks, agreed(known)) : standing.book;
    const durationMs = withoutGoodbye(lastedMs, known?.max_duration_ms ?? Infinity);
    const lines = items.map(
      (item): EntryLine => ({
        item,
        quantity: paidMs(book, durationMs),
        amountMicros: timedCostMicros(book, item, durationMs),
      }),
    );
    const costMicros = lines.reduce((sum, { amountMicros }) => sum + amountMicros, 0);
    const heldMicros = known?.amount_micros ?? 0;
    if (heldMicros > 0 || costMicros > 0) {
      const draft: EntryDraft = { kind: "settlement", ref: callId, item: "", amountMicros: costMicros, lines };
      const postings: Posting[] = [
        ["held", -heldMicros],
        ["available", heldMicros - costMicros],
        ...lines.map(({ item, amountMicros }): Posting => [`revenue.${item}`, amountMicros]),
      ];
      await post(db, orgId, draft, postings, now);
    }
    await count(db, orgId, periodOf(now), lines);
    if (known) await settleHold(db, orgId, { callId, costMicros, now });
    else {
      await insertHold(db, {
        ...newHold(orgId, callId, standing.terms, items),
        status: "settled",
        amount_micros: 0,
        max_duration_ms: null,
        allowance: null,
        cost_micros: costMicros,
        created_at: now,
        settled_at: now,
      });
    }
    return costMicros;
  };

  return {
    hold,
    settle,
    settleLeftOver: async (db) => {
      const left = await holdsLeftOver(db);
      for (const { org_id, call_id: callId, items, duration_ms } of left) {
        await settle(db, org_id as OrgId, { callId, items: JSON.parse(items), durationMs: duration_ms ?? 0 });
      }
      return left.length;
    },
  };
}

/** The allowance a call draws on. */
function allowanceOfCall(items: readonly Item[]): Allowance | undefined {
  return items.map(allowanceOf).find((allowance) => allowance !== undefined);
}

/** What is paid of a call that might last `longestMs`. By started minutes a goodbye would cost a whole one that was never set aside. */
function withoutGoodbye(lastedMs: number, longestMs: number): number {
  return lastedMs > longestMs && lastedMs <= longestMs + goodbyeMs ? longestMs : lastedMs;
}

function costOf(book: PriceBook, items: readonly Item[], durationMs: number): number {
  return durationMs === Infinity ? 0 : callCostMicros(book, items, durationMs);
}

function newHold(
  orgId: OrgId,
  callId: string,
  { plan, priceBook }: Pick<Org, "plan" | "priceBook">,
  items: readonly Item[],
): Pick<HoldRow, "org_id" | "call_id" | "plan" | "price_book" | "items"> {
  return { org_id: orgId, call_id: callId, plan, price_book: priceBook, items: JSON.stringify(items) };
}

/** Plan and prices as they were when the call began. */
function agreed({ plan, price_book }: HoldRow): Pick<Org, "plan" | "priceBook"> {
  return { plan: plan as Org["plan"], priceBook: price_book as Org["priceBook"] };
}
