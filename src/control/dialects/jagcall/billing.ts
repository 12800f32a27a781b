import type { TypedApp } from "../shapes.ts";
import { dollars } from "./shapes.ts";

const minuteMs = 60_000;

/** `/v1/billing/balance`: what is left, and what this calendar month (UTC) used. */
export function billingRoutes(app: TypedApp): void {
  app.get("/v1/billing/balance", { config: { scope: "billing" } }, async ({ tenant }) => {
    const { availableMicros } = await tenant.billing.account();
    const usage = await tenant.billing.usage(undefined);
    return {
      balance: dollars(availableMicros),
      currency: "USD",
      usage_this_month: {
        calls: usage.calls,
        call_minutes: Math.ceil(usage.callMs / minuteMs),
        sms_sent: usage.textsSent,
        sms_received: usage.textsReceived,
      },
    };
  });
}
