/** Money: credits, charges, what is set aside for calls, refunds. Everything runs inside the caller's transaction. */
import { makeId, type OrgId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { countNumbers } from "../../store/holds.ts";
import {
  type EntryLine,
  findBalances,
  findEntry,
  findUnrefunded,
  lockMoney,
  type NewEntry,
  type Posting,
  postEntry,
} from "../../store/ledger.ts";
import { addUsage } from "../../store/monthly-usage.ts";
import type { ServiceDeps } from "../deps.ts";
import { createHolds, type HoldOrder, type SettleOrder } from "./holding.ts";
import { type CountedItem, type Item, isTimed } from "./items.ts";
import type { PaymentProvider } from "./payment.ts";
import { allowanceOf, leastCallMs, type PlanQuestion, planRefusal, plans, refuseItem } from "./plans.ts";
import { callCostMicros, type PriceBooks } from "./prices.ts";
import {
  bookOf,
  periodOf,
  readStanding,
  readTerms,
  refuseBeyondPlan,
  refuseUnpaid,
  requirePaymentMethod,
  type Terms,
} from "./standing.ts";
import { readUsage, type UsageOfMonth } from "./usage.ts";

/** What an organisation has, in micro-dollars; `availableMicros` below zero: it owes. */
export interface Balance {
  readonly availableMicros: number;
  /** Set aside for calls in progress. */
  readonly heldMicros: number;
}

/** Something to be paid at once. */
export interface ChargeOrder {
  readonly item: CountedItem;
  /** Whole pieces. */
  readonly quantity: number;
  /** Names what is paid (a text, a number and its month): the same is never charged twice. */
  readonly ref: string;
  /** It has happened and cannot be refused any more (a text that came in): charged whatever there is. */
  readonly alreadyDone?: boolean;
}

/** The gateway's money. Each verb takes a transaction of the caller's, so that state and its price commit together. */
export interface Money {
  balance(db: Db, orgId: OrgId): Promise<Balance>;
  /** Adds credit; the same kind and ref adds it once. */
  credit(
    db: Db,
    orgId: OrgId,
    amountMicros: number,
    what: { readonly kind: "purchase" | "adjustment"; readonly ref: string },
  ): Promise<void>;
  /** Charges now and gives the amount; refuses what the plan, the credit or the spending cap does not allow. */
  charge(db: Db, orgId: OrgId, order: ChargeOrder): Promise<number>;
  /**
   * Sets money and minutes aside for a call about to be dialled or answered; gives the longest it may last in ms
   * (Infinity: no limit of money). Asked twice for a call, it gives the same answer.
   */
  hold(db: Db, orgId: OrgId, order: HoldOrder): Promise<{ maxDurationMs: number }>;
  /** At a call's end: charges what it cost and frees the rest; gives the cost. A call is settled once. */
  settle(db: Db, orgId: OrgId, order: SettleOrder): Promise<number>;
  /** Settles calls of all organisations that ended with the gateway; gives how many. */
  settleLeftOver(db: Db): Promise<number>;
  /** Gives back all that was charged for something, once, and takes it off the month's usage. */
  refund(db: Db, orgId: OrgId, ref: string): Promise<void>;
  /** What a call has cost so far, in micro-dollars. */
  runningCostMicros(terms: Pick<Terms, "plan" | "priceBook">, items: readonly Item[], durationMs: number): number;
  /** Refuses with forbidden what the plan does not allow (any more), with payment-required what needs a payment method. */
  checkPlan(db: Db, orgId: OrgId, what: PlanQuestion): Promise<void>;
  usage(db: Db, orgId: OrgId, period: string): Promise<UsageOfMonth>;
}

/** What money stands on. */
export interface MoneyDeps extends Pick<ServiceDeps, "clock" | "random"> {
  readonly priceBooks: PriceBooks;
  readonly payments: PaymentProvider;
}

/** The entry without what every entry gets. */
export type EntryDraft = Omit<NewEntry, "id" | "createdAt">;

export function createMoney(deps: MoneyDeps): Money {
  const { clock, random, priceBooks, payments } = deps;
  const post = (db: Db, orgId: OrgId, draft: EntryDraft, postings: readonly Posting[], now = clock.wall()) =>
    postEntry(db, orgId, { ...draft, id: makeId("ledgerEntry", random), createdAt: now }, postings);
  const count = async (db: Db, orgId: OrgId, period: string, lines: readonly EntryLine[], times = 1) => {
    for (const { item, quantity, amountMicros } of lines) {
      const used = { quantity: times * quantity, amount_micros: times * amountMicros };
      await addUsage(db, { org_id: orgId, period, item, times, ...used });
    }
  };
  /** The lock comes first: what is read before it may be another transaction's past. */
  const lockedStanding = async (db: Db, orgId: OrgId) => {
    await lockMoney(db, orgId, clock.wall());
    return readStanding(db, orgId, priceBooks, clock.wall());
  };
  return {
    balance: async (db, orgId) => {
      const balances = await findBalances(db, orgId);
      return { availableMicros: balances.get("available") ?? 0, heldMicros: balances.get("held") ?? 0 };
    },
    credit: async (db, orgId, amountMicros, { kind, ref }) => {
      await lockMoney(db, orgId, clock.wall());
      if (await findEntry(db, orgId, { kind, ref, item: "" })) return;
      await post(db, orgId, { kind, ref, item: "", amountMicros, lines: [] }, [
        ["funding", -amountMicros],
        ["available", amountMicros],
      ]);
    },
    charge: async (db, orgId, { item, quantity, ref, alreadyDone = false }) => {
      const standing = await lockedStanding(db, orgId);
      const known = await findEntry(db, orgId, { kind: "charge", ref, item });
      if (known) return known.amount_micros;
      const amountMicros = standing.book.micros[item] * quantity;
      if (!alreadyDone) {
        refuseItem(standing.limits, item, () => payments.pageUrl(orgId, "upgrade"));
        const allowance = allowanceOf(item);
        if (allowance) await refuseBeyondPlan(db, standing, { allowance, quantity }, payments);
        refuseUnpaid(standing, amountMicros, payments);
      }
      const lines = [{ item, quantity, amountMicros }];
      const postings: Posting[] = [
        ["available", -amountMicros],
        [`revenue.${item}`, amountMicros],
      ];
      // One instant, so that a refund finds the month it was counted in.
      const now = clock.wall();
      await post(db, orgId, { kind: "charge", ref, item, amountMicros, lines }, postings, now);
      await count(db, orgId, periodOf(now), lines);
      return amountMicros;
    },
    ...createHolds({ ...deps, post, count, lockedStanding }),
    refund: async (db, orgId, ref) => {
      await lockMoney(db, orgId, clock.wall());
      for (const entry of await findUnrefunded(db, orgId, ref)) {
        const lines: EntryLine[] = JSON.parse(entry.lines);
        const { item, amount_micros: amountMicros } = entry;
        await post(db, orgId, { kind: "refund", ref, item, amountMicros, lines }, [
          ["available", amountMicros],
          ...lines.map((line): Posting => [`revenue.${line.item}`, -line.amountMicros]),
        ]);
        await count(db, orgId, periodOf(entry.created_at), lines, -1);
      }
    },
    runningCostMicros: (terms, items, durationMs) => callCostMicros(bookOf(priceBooks, terms), items, durationMs),
    checkPlan: async (db, orgId, what) => {
      // Whoever buys a number counts those there are: one at a time.
      if (what === "buy-number") await lockMoney(db, orgId, clock.wall());
      const terms = await readTerms(db, orgId);
      const limits = plans[terms.plan];
      const upgradeUrl = () => payments.pageUrl(orgId, "upgrade");
      const item = itemOfQuestion[what];
      refuseItem(limits, item, upgradeUrl);
      if (what === "buy-number" && limits.numbers !== Infinity && (await countNumbers(db, orgId)) >= limits.numbers) {
        throw planRefusal("plan-limit-numbers", upgradeUrl());
      }
      const allowance = allowanceOf(item);
      if (allowance && limits[allowance] !== Infinity) {
        const standing = await readStanding(db, orgId, priceBooks, clock.wall());
        const quantity = isTimed(item) ? leastCallMs : 1;
        await refuseBeyondPlan(db, standing, { allowance, quantity }, payments);
      }
      if (priceBooks[terms.priceBook].micros[item] > 0) requirePaymentMethod(terms, orgId, payments);
    },
    usage: readUsage,
  };
}

/** The item a question is about. */
const itemOfQuestion = {
  "buy-number": "number.local",
  "send-text": "text.outbound",
  voice: "voice.outbound",
  "ai-outbound": "ai.outbound",
  "ai-inbound": "ai.inbound",
  otp: "otp",
  recording: "recording",
} as const satisfies Record<PlanQuestion, Item>;
