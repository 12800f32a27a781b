import type { OrgId } from "../../../kit/ids.ts";
import { readPriceSetting } from "../../store/price-file.ts";
import type { ServiceDeps } from "../deps.ts";
import { type Billing, createBilling } from "./billing.ts";
import { createMoney, type Money } from "./money.ts";
import { createLocalPayments, createPaymentLinks, noPayments } from "./payment.ts";
import { createPaymentPage, type PaymentPage } from "./payment-page.ts";
import { type PriceBooks, readPriceBooks } from "./prices.ts";

/** The settings money needs. */
export interface MoneySettings {
  /** JSON, or the path of a JSON file; "": the default prices. */
  readonly prices: string;
  /** Who takes customers' money. */
  readonly payments: "test" | "none";
  /** Origin of links to the page of payment. */
  readonly publicUrl: string;
}

/** Everything about money. */
export interface MoneyHouse {
  readonly money: Money;
  readonly priceBooks: PriceBooks;
  /** Undefined: nobody pays by a page of ours. */
  readonly page: PaymentPage | undefined;
  billing(orgId: OrgId): Billing;
}

/** Throws an Error naming TANDEM_PRICES when that cannot be understood. */
export function openMoney(deps: ServiceDeps, { prices, payments: who, publicUrl }: MoneySettings): MoneyHouse {
  const { secrets, clock, random } = deps;
  const priceBooks = readPriceBooks(readPriceSetting(prices));
  const links = createPaymentLinks({ secrets, wall: () => clock.wall(), random, publicUrl });
  const payments = who === "test" ? createLocalPayments(links) : noPayments;
  const money = createMoney({ ...deps, priceBooks, payments });
  return {
    money,
    priceBooks,
    page: who === "test" ? createPaymentPage({ ...deps, money }, links) : undefined,
    billing: (orgId) => createBilling({ ...deps, money, payments, priceBooks }, orgId),
  };
}
