import { type Static, Type } from "@fastify/type-provider-typebox";
import type { Item, ItemUnit } from "../../service/money/items.ts";
import type { UsageOfItem, UsageOfMonth } from "../../service/money/usage.ts";
import { type TypedApp, words } from "../shapes.ts";
import { dollars } from "./shapes.ts";

/** What each item is called. */
const items = {
  "number.local": "number_local",
  "number.tollfree": "number_tollfree",
  "number.mobile": "number_mobile",
  "text.outbound": "sms_outbound",
  "text.inbound": "sms_inbound",
  "voice.outbound": "voice_outbound",
  "voice.inbound": "voice_inbound",
  "ai.outbound": "ai_voice_outbound",
  "ai.inbound": "ai_voice_inbound",
  "ai.inbound.byok": "ai_voice_inbound_byok",
  recording: "call_recording",
  otp: "otp_extraction",
} as const satisfies Record<Item, string>;

/** What one of it is, and how many inner pieces make one. */
const units = {
  "number-month": { word: "number_month", pieces: 1 },
  text: { word: "message", pieces: 1 },
  minute: { word: "minute", pieces: 60_000 },
  code: { word: "code", pieces: 1 },
} as const satisfies Record<ItemUnit, { word: string; pieces: number }>;

const UsageQuery = Type.Object({
  period: Type.Optional(
    Type.String({ pattern: "^20[0-9]{2}-(0[1-9]|1[0-2])$", description: "A month such as 2026-04; this one." }),
  ),
});
const UsageBody = Type.Object({
  period: Type.String(),
  currency: words(["USD"]),
  totalCost: Type.Number(),
  calls: Type.Integer(),
  callMinutes: Type.Number(),
  smsSent: Type.Integer(),
  smsReceived: Type.Integer(),
  breakdown: Type.Array(
    Type.Object({
      item: words(Object.values(items)),
      unit: words(Object.values(units).map(({ word }) => word)),
      quantity: Type.Number(),
      cost: Type.Number({ description: "US dollars." }),
    }),
  ),
});

/** `/v1/usage`: what was used in a month, and what it cost. */
export function usageRoutes(app: TypedApp): void {
  app.get(
    "/v1/usage",
    {
      config: { scope: "billing" },
      schema: {
        tags: ["Usage & Billing"],
        summary: "Get the usage of a calendar month (UTC)",
        querystring: UsageQuery,
        response: { 200: UsageBody },
      },
    },
    async ({ tenant, query }) => renderUsage(await tenant.billing.usage(query.period)),
  );
}

function renderUsage(usage: UsageOfMonth): Static<typeof UsageBody> {
  return {
    period: usage.period,
    currency: "USD",
    totalCost: dollars(usage.totalMicros),
    calls: usage.calls,
    callMinutes: minutes(usage.callMs),
    smsSent: usage.textsSent,
    smsReceived: usage.textsReceived,
    breakdown: usage.items.map(renderItem),
  };
}

function renderItem({ item, unit, quantity, amountMicros }: UsageOfItem) {
  const { word, pieces } = units[unit];
  return { item: items[item], unit: word, quantity: hundredths(quantity / pieces), cost: dollars(amountMicros) };
}

function minutes(ms: number): number {
  return hundredths(ms / 60_000);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
