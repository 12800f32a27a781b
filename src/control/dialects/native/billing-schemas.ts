import { type Static, Type } from "@fastify/type-provider-typebox";
import type { LedgerEntry } from "../../service/money/billing.ts";
import { allItems, type ItemUnit } from "../../service/money/items.ts";
import { creditLimits } from "../../service/money/payment.ts";
import { pageQuery } from "./paging.ts";
import { Instant, nullable, strict, words } from "./shapes.ts";

const kinds = Object.keys({
  purchase: true,
  adjustment: true,
  charge: true,
  hold: true,
  settlement: true,
  refund: true,
} satisfies Record<LedgerEntry["kind"], true>) as LedgerEntry["kind"][];

/** The words of this API for units; calls are counted in ms. */
export const units: Readonly<Record<ItemUnit, string>> = {
  "number-month": "number_month",
  text: "text",
  minute: "ms",
  code: "code",
};

const Micros = Type.Integer({ description: "Micro-dollars: 1 000 000 to the dollar." });
const Cap = nullable(Type.Integer({ minimum: 0, description: "Micro-dollars a calendar month (UTC); null: no cap." }));
const balance = { available_micros: Micros, held_micros: Micros };

export const BalanceBody = Type.Object(balance);

export const BillingBody = Type.Object({
  ...balance,
  currency: words(["USD"]),
  plan: words(["free", "pro"]),
  billing: words(["prepaid", "postpaid"]),
  price_book: words(["agentcall", "agentnumber", "jagcall"]),
  has_payment_method: Type.Boolean(),
  spending_cap_micros: Cap,
  spent_this_month_micros: Micros,
});
export type BillingBody = Static<typeof BillingBody>;

export const ChangeBillingBody = Type.Object({ spending_cap_micros: Cap }, strict);

export const LinksBody = Type.Object({
  setup_url: nullable(Type.String({ description: "A page that puts a payment method on file; good once." })),
  upgrade_url: nullable(Type.String({ description: "A page that changes to the Pro plan; good once." })),
});

export const BuyCreditsBody = Type.Object(
  {
    amount_micros: Type.Integer({ minimum: creditLimits.leastMicros, maximum: creditLimits.mostMicros }),
    idempotency_key: Type.Optional(
      Type.String({ pattern: "^[A-Za-z0-9._-]{1,64}$", description: "The same key buys once." }),
    ),
  },
  strict,
);

export const LedgerEntryBody = Type.Object({
  id: Type.String(),
  kind: words(kinds),
  ref: Type.String({ description: "What it is for: a call, a text, a number and its month, a payment." }),
  amount_micros: Micros,
  lines: Type.Array(
    Type.Object({
      item: Type.String(),
      quantity: Type.Integer({ description: "Pieces; of calls: paid ms." }),
      amount_micros: Micros,
    }),
  ),
  created_at: Instant,
});
export type LedgerEntryBody = Static<typeof LedgerEntryBody>;

export const ListLedgerQuery = Type.Object(
  { ...pageQuery, kind: Type.Optional(words(kinds)), ref: Type.Optional(Type.String({ maxLength: 200 })) },
  strict,
);

export const UsageQuery = Type.Object(
  { period: Type.Optional(Type.String({ maxLength: 7, description: "`2026-04`; this month when not given (UTC)." })) },
  strict,
);

export const UsageBody = Type.Object({
  period: Type.String(),
  calls: Type.Integer(),
  call_ms: Type.Integer({ description: "Paid length of all calls." }),
  texts_sent: Type.Integer(),
  texts_received: Type.Integer(),
  total_micros: Micros,
  items: Type.Array(
    Type.Object({
      item: words(allItems),
      unit: words(Object.values(units)),
      times: Type.Integer({ description: "Charges, or calls." }),
      quantity: Type.Integer({ description: "In the unit; of calls: paid ms." }),
      amount_micros: Micros,
    }),
  ),
});
export type UsageBody = Static<typeof UsageBody>;
