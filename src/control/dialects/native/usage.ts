import type { UsageOfMonth } from "../../service/money/usage.ts";
import type { TypedApp } from "../shapes.ts";
import { UsageBody, UsageQuery, units } from "./billing-schemas.ts";
import { refusals } from "./errors.ts";

/** `/usage`: what was used in a month, and what it cost. */
export function usageRoutes(app: TypedApp): void {
  app.get(
    "/usage",
    {
      config: { scope: "billing" },
      schema: {
        operationId: "getUsage",
        tags: ["billing"],
        querystring: UsageQuery,
        response: { 200: UsageBody, ...refusals() },
      },
    },
    async ({ tenant, query }) => renderUsage(await tenant.billing.usage(query.period)),
  );
}

function renderUsage(usage: UsageOfMonth): UsageBody {
  return {
    period: usage.period,
    calls: usage.calls,
    call_ms: usage.callMs,
    texts_sent: usage.textsSent,
    texts_received: usage.textsReceived,
    total_micros: usage.totalMicros,
    items: usage.items.map(({ item, unit, times, quantity, amountMicros }) => ({
      item,
      unit: units[unit],
      times,
      quantity,
      amount_micros: amountMicros,
    })),
  };
}
