import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId, RandomBytes } from "../../../kit/ids.ts";
import {
  type EntryFilter,
  type EntryKind,
  type EntryLine,
  type LedgerEntryRow,
  pageOfEntries,
} from "../../store/ledger.ts";
import { updateOrg } from "../../store/orgs.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Page, PageRequest } from "../page.ts";
import type { Balance, Money } from "./money.ts";
import { checkAmount, type PaymentProvider } from "./payment.ts";
import type { PriceBook, PriceBooks } from "./prices.ts";
import { bookOf, periodOf, readTerms, type Terms } from "./standing.ts";
import type { UsageOfMonth } from "./usage.ts";

/** An entry of the ledger, as its customer sees it. */
export interface LedgerEntry {
  readonly id: string;
  readonly kind: EntryKind;
  /** What it is for: a call, a text, a number and its month, a payment. */
  readonly ref: string;
  /** What it cost, was set aside or came in, in micro-dollars. */
  readonly amountMicros: number;
  readonly lines: readonly EntryLine[];
  readonly createdAt: number;
}

/** How an organisation stands. */
export interface BillingAccount extends Balance {
  readonly terms: Terms;
  /** Charged in this calendar month (UTC). */
  readonly spentMicros: number;
}

/** Money as one organisation sees it. */
export interface Billing {
  account(): Promise<BillingAccount>;
  /** Newest first. */
  entries(filter: EntryFilter, page: PageRequest): Promise<Page<LedgerEntry>>;
  /** `period`: `YYYY-MM`, undefined: this month. */
  usage(period: string | undefined): Promise<UsageOfMonth>;
  /** What it pays for each item. */
  prices(): Promise<PriceBook>;
  /** Buys credit through the payment company; the same `key` buys once. */
  buyCredits(order: { amountMicros: number; key?: string }): Promise<Balance>;
  /** Null: no cap. */
  setSpendingCap(micros: number | null): Promise<void>;
  /** Pages where its people pay or change the plan; undefined: there are none. */
  links(): { setupUrl: string | undefined; upgradeUrl: string | undefined };
}

/** What billing stands on. */
export interface BillingDeps extends Pick<ServiceDeps, "database" | "clock" | "random"> {
  readonly money: Money;
  readonly payments: PaymentProvider;
  readonly priceBooks: PriceBooks;
}

export function createBilling(deps: BillingDeps, orgId: OrgId): Billing {
  const { money, payments, priceBooks, clock, random } = deps;
  const { db } = deps.database;
  return {
    account: async () => {
      const terms = await readTerms(db, orgId);
      const { totalMicros: spentMicros } = await money.usage(db, orgId, periodOf(clock.wall()));
      return { ...(await money.balance(db, orgId)), terms, spentMicros };
    },
    entries: async (filter, page) => {
      const { data, next } = await pageOfEntries(db, orgId, filter, page);
      return { data: data.map(toEntry), next };
    },
    usage: (period) => {
      if (period !== undefined && !/^20[0-9]{2}-(0[1-9]|1[0-2])$/.test(period)) {
        throw new GatewayError("invalid-request", "must be a month such as 2026-04", "period");
      }
      return money.usage(db, orgId, period ?? periodOf(clock.wall()));
    },
    prices: async () => bookOf(priceBooks, await readTerms(db, orgId)),
    buyCredits: async ({ amountMicros, key }) => {
      checkAmount(amountMicros);
      const { packMicros } = priceBooks[(await readTerms(db, orgId)).priceBook];
      if (packMicros !== null && amountMicros % packMicros !== 0) {
        const dollars = packMicros / 1_000_000;
        throw new GatewayError("invalid-request", `credits are sold in packs of $${dollars}`, "amountMicros");
      }
      const ref = `${orgId}.${key ?? randomName(random)}`;
      const payment = await payments.take({ orgId, amountMicros, ref });
      if (payment.status !== "paid") {
        const setupUrl = payments.pageUrl(orgId, "setup");
        const message =
          payment.status === "declined" ? "the payment was declined" : "put a payment method on file first";
        const links = setupUrl ? { setupUrl } : {};
        throw new GatewayError("payment-required", message, undefined, { reason: "payment-method-required", links });
      }
      return db.transaction().execute(async (trx) => {
        await money.credit(trx, orgId, amountMicros, { kind: "purchase", ref: payment.paymentId });
        return money.balance(trx, orgId);
      });
    },
    setSpendingCap: async (micros) => {
      if (micros !== null && !(Number.isSafeInteger(micros) && micros >= 0)) {
        throw new GatewayError("invalid-request", "must be a whole number of micro-dollars", "spendingCapMicros");
      }
      await updateOrg(db, orgId, { spending_cap_micros: micros, updated_at: clock.wall() });
    },
    links: () => ({ setupUrl: payments.pageUrl(orgId, "setup"), upgradeUrl: payments.pageUrl(orgId, "upgrade") }),
  };
}

function randomName(random: RandomBytes): string {
  return Buffer.from(random(16)).toString("hex");
}

function toEntry(row: LedgerEntryRow): LedgerEntry {
  return {
    id: row.id,
    kind: row.kind as EntryKind,
    ref: row.ref,
    amountMicros: row.amount_micros,
    lines: JSON.parse(row.lines),
    createdAt: row.created_at,
  };
}
