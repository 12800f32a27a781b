import { Type } from "@fastify/type-provider-typebox";
import { IdempotencyHeaders } from "../idempotency.ts";
import type { TypedApp } from "../shapes.ts";
import { cents, microsInCent, success } from "./shapes.ts";

const PurchaseBody = Type.Object({
  amount_cents: Type.Integer({ minimum: 1, maximum: 100_000_000, description: "Whole packs of $10.00." }),
});
const config = { scope: "billing" } as const;
const currency = "USD";

/** `/credits`: what is left, and more of it. */
export function creditRoutes(app: TypedApp): void {
  app.get("/api/v0/credits/balance", { config }, async ({ tenant }) => {
    const { availableMicros, heldMicros } = await tenant.billing.account();
    return success({ balance_cents: cents(availableMicros), held_cents: cents(heldMicros), currency });
  });
  app.post(
    "/api/v0/credits/purchase",
    { config, schema: { headers: IdempotencyHeaders, body: PurchaseBody } },
    async ({ tenant, body, headers }, reply) => {
      const { amount_cents } = body;
      const order = { amountMicros: amount_cents * microsInCent, key: headers["idempotency-key"] };
      const { availableMicros } = await tenant.billing.buyCredits(order);
      return reply.code(201).send(success({ amount_cents, balance_cents: cents(availableMicros), currency }));
    },
  );
}
