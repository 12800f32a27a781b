import type { Billing } from "../../service/money/billing.ts";
import type { Balance } from "../../service/money/money.ts";
import type { TypedApp } from "../shapes.ts";
import { BalanceBody, BillingBody, BuyCreditsBody, ChangeBillingBody, LinksBody } from "./billing-schemas.ts";
import { refusals } from "./errors.ts";

const config = { scope: "billing" } as const;

/** `/billing` and `/credits`: how the organisation stands, and how money gets in. */
export function billingRoutes(app: TypedApp): void {
  app.get(
    "/billing",
    {
      config,
      schema: {
        operationId: "getBilling",
        tags: ["billing"],
        response: { 200: BillingBody, ...refusals() },
      },
    },
    ({ tenant }) => renderBilling(tenant.billing),
  );
  app.patch(
    "/billing",
    {
      config,
      schema: {
        operationId: "updateBilling",
        tags: ["billing"],
        description: "Sets the spending cap; calls that begin from now on keep to it.",
        body: ChangeBillingBody,
        response: { 200: BillingBody, ...refusals() },
      },
    },
    async ({ tenant, body }) => {
      await tenant.billing.setSpendingCap(body.spending_cap_micros);
      return renderBilling(tenant.billing);
    },
  );
  app.post(
    "/billing/links",
    {
      config,
      schema: {
        operationId: "createBillingLinks",
        tags: ["billing"],
        description: "Pages for people; each link works for an hour and is good once.",
        response: { 201: LinksBody, ...refusals() },
      },
    },
    async ({ tenant }, reply) => {
      const { setupUrl, upgradeUrl } = tenant.billing.links();
      return reply.code(201).send({ setup_url: setupUrl ?? null, upgrade_url: upgradeUrl ?? null });
    },
  );
  app.post(
    "/credits",
    {
      config,
      schema: {
        operationId: "buyCredits",
        tags: ["billing"],
        body: BuyCreditsBody,
        response: { 201: BalanceBody, ...refusals(402) },
      },
    },
    async ({ tenant, body }, reply) => {
      const { amount_micros: amountMicros, idempotency_key: key } = body;
      return reply.code(201).send(renderBalance(await tenant.billing.buyCredits({ amountMicros, key })));
    },
  );
}

function renderBalance({ availableMicros, heldMicros }: Balance) {
  return { available_micros: availableMicros, held_micros: heldMicros };
}

async function renderBilling(billing: Billing): Promise<BillingBody> {
  const account = await billing.account();
  const { plan, priceBook, hasPaymentMethod, spendingCapMicros } = account.terms;
  return {
    ...renderBalance(account),
    currency: "USD",
    plan,
    billing: account.terms.billing,
    price_book: priceBook,
    has_payment_method: hasPaymentMethod,
    spending_cap_micros: spendingCapMicros,
    spent_this_month_micros: account.spentMicros,
  };
}
