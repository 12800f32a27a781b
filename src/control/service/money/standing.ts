import { GatewayError, type RefusalReason } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { heldMsOf } from "../../store/holds.ts";
import { findBalances } from "../../store/ledger.ts";
import { findUsage } from "../../store/monthly-usage.ts";
import { findOrg } from "../../store/orgs.ts";
import { type Org, toOrg } from "../orgs/orgs.ts";
import { type Item, isItem } from "./items.ts";
import type { PaymentProvider } from "./payment.ts";
import { type Allowance, allowanceOf, allowanceRefusal, type PlanLimits, plans } from "./plans.ts";
import { freeOfCharge, type PriceBook, type PriceBooks } from "./prices.ts";

/** What an organisation has agreed to about money. */
export type Terms = Pick<Org, "plan" | "billing" | "priceBook" | "hasPaymentMethod" | "spendingCapMicros">;

/** All that decides whether an organisation may spend, as it stands in a transaction. */
export interface Standing {
  readonly orgId: OrgId;
  readonly terms: Terms;
  readonly limits: PlanLimits;
  /** What it pays: all zero on the Free plan. */
  readonly book: PriceBook;
  readonly availableMicros: number;
  readonly heldMicros: number;
  /** Charged in this month. */
  readonly spentMicros: number;
  /** Used of each item in this month: pieces, or ms. */
  readonly used: ReadonlyMap<Item, number>;
}

/** The calendar month of an instant (wall ms), UTC: `YYYY-MM`. */
export function periodOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 7);
}

/** The prices of a plan. */
export function bookOf(books: PriceBooks, { plan, priceBook }: Pick<Terms, "plan" | "priceBook">): PriceBook {
  return plan === "free" ? freeOfCharge(books[priceBook]) : books[priceBook];
}

/** The terms of an organisation; not-found when there is none. */
export async function readTerms(db: Db, orgId: OrgId): Promise<Terms> {
  const row = await findOrg(db, orgId);
  if (!row) throw new GatewayError("not-found", "there is no such organisation");
  return toOrg(row);
}

/** Reads a standing; it holds for as long as the caller has the money locked (`lockMoney`). */
export async function readStanding(db: Db, orgId: OrgId, books: PriceBooks, now: number): Promise<Standing> {
  const terms = await readTerms(db, orgId);
  const balances = await findBalances(db, orgId);
  const rows = await findUsage(db, orgId, periodOf(now));
  return {
    orgId,
    terms,
    limits: plans[terms.plan],
    book: bookOf(books, terms),
    availableMicros: balances.get("available") ?? 0,
    heldMicros: balances.get("held") ?? 0,
    spentMicros: rows.reduce((sum, row) => sum + row.amount_micros, 0),
    used: new Map(rows.flatMap((row) => (isItem(row.item) ? [[row.item, row.quantity] as const] : []))),
  };
}

/** What may still be spent, in micro-dollars; Infinity: there is no limit. */
export function moneyLeft({ terms, availableMicros, heldMicros, spentMicros }: Standing): number {
  const credit = terms.billing === "prepaid" ? availableMicros : Infinity;
  const cap = terms.spendingCapMicros;
  // What is set aside for calls will be spent in this month, as far as anybody knows.
  return cap === null ? credit : Math.min(credit, cap - spentMicros - heldMicros);
}

/** Refuses to spend: without a payment method, credit, or room under the cap. */
export function refuseUnpaid(standing: Standing, amountMicros: number, payments: PaymentProvider): void {
  const { terms, orgId, availableMicros } = standing;
  if (amountMicros <= 0) return;
  requirePaymentMethod(terms, orgId, payments);
  if (amountMicros <= moneyLeft(standing)) return;
  if (terms.billing === "prepaid" && amountMicros > availableMicros) {
    throw paymentRefusal("insufficient-credits", "there are not enough credits; buy some", orgId, payments);
  }
  throw paymentRefusal("spending-cap-reached", "the spending cap of this month is reached; raise it", orgId);
}

/** Who pays afterwards needs a payment method on file; who pays before has his credits. */
export function requirePaymentMethod(terms: Terms, orgId: OrgId, payments: PaymentProvider): void {
  if (terms.plan === "free" || terms.billing === "prepaid" || terms.hasPaymentMethod) return;
  throw paymentRefusal("payment-method-required", "put a payment method on file first", orgId, payments);
}

function paymentRefusal(
  reason: RefusalReason,
  message: string,
  orgId: OrgId,
  payments?: PaymentProvider,
): GatewayError {
  const setupUrl = payments?.pageUrl(orgId, "setup");
  return new GatewayError("payment-required", message, undefined, { reason, links: setupUrl ? { setupUrl } : {} });
}

/** What is left of an allowance in this month, in pieces or ms, with what open calls have set aside taken off. */
export async function allowanceLeft(db: Db, standing: Standing, allowance: Allowance): Promise<number> {
  const limit = standing.limits[allowance];
  if (limit === Infinity) return Infinity;
  let left = limit - (await heldMsOf(db, standing.orgId, allowance));
  for (const [item, quantity] of standing.used) if (allowanceOf(item) === allowance) left -= quantity;
  return Math.max(0, left);
}

/** Refuses what is beyond an allowance. */
export async function refuseBeyondPlan(
  db: Db,
  standing: Standing,
  { allowance, quantity }: { allowance: Allowance; quantity: number },
  payments: PaymentProvider,
): Promise<void> {
  if ((await allowanceLeft(db, standing, allowance)) >= quantity) return;
  throw allowanceRefusal(allowance, payments.pageUrl(standing.orgId, "upgrade"));
}
