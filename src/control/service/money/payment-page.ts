import { GatewayError } from "../../../kit/errors.ts";
import { updateOrg } from "../../store/orgs.ts";
import { deletePaymentLinksBefore, usePaymentLink } from "../../store/payment-links.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Money } from "./money.ts";
import { checkAmount, type PaymentLink, type PaymentLinks, paymentLinkLifetimeMs } from "./payment.ts";

/** What somebody does on the page of payment: puts a payment method on file and changes the plan, or buys credit. */
export type PageAction = { readonly type: "accept" } | { readonly type: "credit"; readonly amountMicros: number };

/** Our own page of payment, behind a link that is good once. */
export interface PaymentPage {
  /** What the link is for; refuses with forbidden or gone. */
  open(ticket: string, signature: string): PaymentLink;
  /** Does it and uses the link up; refuses with gone when it was used before. */
  act(ticket: string, signature: string, action: PageAction): Promise<void>;
}

export function createPaymentPage(
  { database: { db }, clock, money }: Pick<ServiceDeps, "database" | "clock"> & { readonly money: Money },
  links: PaymentLinks,
): PaymentPage {
  return {
    open: (ticket, signature) => links.open(ticket, signature),
    act: async (ticket, signature, action) => {
      const { orgId, purpose, nonce } = links.open(ticket, signature);
      if (action.type === "credit") checkAmount(action.amountMicros);
      const now = clock.wall();
      await db.transaction().execute(async (trx) => {
        if (!(await usePaymentLink(trx, orgId, nonce, now)))
          throw new GatewayError("gone", "this link was used already");
        await deletePaymentLinksBefore(trx, now - 2 * paymentLinkLifetimeMs);
        if (action.type === "credit") {
          await money.credit(trx, orgId, action.amountMicros, { kind: "purchase", ref: `test-${nonce}` });
          return;
        }
        const plan = purpose === "upgrade" ? ({ plan: "pro" } as const) : {};
        await updateOrg(trx, orgId, { ...plan, has_payment_method: 1, updated_at: now });
      });
    },
  };
}
