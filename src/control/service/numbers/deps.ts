import type { guardedFetch } from "../../../kit/io/guarded-http.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Carrier } from "../../carriers/carrier.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Money } from "../money/money.ts";
import type { PriceBooks } from "../money/prices.ts";
import type { Nodes } from "../nodes.ts";
import type { Outbox } from "../webhooks/outbox.ts";

/** What numbers stand on besides what every service does. */
export interface NumberDeps extends ServiceDeps {
  /** Plain http is allowed for webhooks, and private addresses. */
  readonly allowHttp: boolean;
  /** Who sells numbers, the preferred one first. */
  readonly carriers: readonly Carrier[];
  readonly money: Pick<Money, "charge" | "checkPlan">;
  readonly priceBooks: PriceBooks;
  readonly outbox: Pick<Outbox, "put">;
  /** The gateways on this database. */
  readonly nodes: Pick<Nodes, "id">;
  /** The way to servers that customers named. */
  readonly exchange: typeof guardedFetch;
  readonly log: Pick<Logger, "warn">;
}
