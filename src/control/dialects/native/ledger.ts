import type { LedgerEntry } from "../../service/money/billing.ts";
import type { TypedApp } from "../shapes.ts";
import { LedgerEntryBody, ListLedgerQuery } from "./billing-schemas.ts";
import { refusals } from "./errors.ts";
import { listOf, readPage, renderPage } from "./paging.ts";
import { instant } from "./shapes.ts";

/** `/ledger`: every movement of the organisation's money. */
export function ledgerRoutes(app: TypedApp): void {
  app.get(
    "/ledger",
    {
      config: { scope: "billing" },
      schema: {
        operationId: "listLedger",
        tags: ["billing"],
        description: "Newest first.",
        querystring: ListLedgerQuery,
        response: { 200: listOf(LedgerEntryBody), ...refusals() },
      },
    },
    async ({ tenant, query }) => {
      const { kind, ref } = query;
      return renderPage(await tenant.billing.entries({ kind, ref }, readPage(query)), renderEntry);
    },
  );
}

function renderEntry({ id, kind, ref, amountMicros, lines, createdAt }: LedgerEntry): LedgerEntryBody {
  return {
    id,
    kind,
    ref,
    amount_micros: amountMicros,
    lines: lines.map((line) => ({ item: line.item, quantity: line.quantity, amount_micros: line.amountMicros })),
    created_at: instant(createdAt),
  };
}
