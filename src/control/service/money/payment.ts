/** How money gets in: the port of a payment company, and the local one that pretends (test mode). */
import { GatewayError } from "../../../kit/errors.ts";
import { type OrgId, parseOrgId, type RandomBytes } from "../../../kit/ids.ts";
import type { Secrets } from "../../store/secrets.ts";

/** What a page of the payment company is for: putting a payment method on file, or changing to the Pro plan. */
export type PagePurpose = "setup" | "upgrade";

/** What became of a payment; `paymentId` is the company's. */
export type Payment =
  | { readonly status: "paid"; readonly paymentId: string }
  | { readonly status: "needs-method" | "declined" };

/** A payment company, as the gateway needs it. */
export interface PaymentProvider {
  /** A page where an organisation's people do something; undefined: there is none. */
  pageUrl(orgId: OrgId, purpose: PagePurpose): string | undefined;
  /** Takes money; asked twice with one `ref`, it takes it once. */
  take(request: { orgId: OrgId; amountMicros: number; ref: string }): Promise<Payment>;
}

/** The least and the most credit bought at once. */
export const creditLimits = { leastMicros: 10_000, mostMicros: 10_000_000_000 } as const;

/** Refuses an amount that nobody buys. */
export function checkAmount(amountMicros: number): void {
  const { leastMicros, mostMicros } = creditLimits;
  if (Number.isSafeInteger(amountMicros) && amountMicros >= leastMicros && amountMicros <= mostMicros) return;
  throw new GatewayError("invalid-request", "must be from 1 cent to 10 000 dollars", "amountMicros");
}

/** What a link to our own page says. */
export interface PaymentLink {
  readonly orgId: OrgId;
  readonly purpose: PagePurpose;
  readonly nonce: string;
}

/** Links to our own page of payment: signed, each good for one use. */
export interface PaymentLinks {
  create(orgId: OrgId, purpose: PagePurpose): string;
  /** What a link says; refuses with forbidden when it is not ours, gone when it has expired. */
  open(ticket: string, signature: string): PaymentLink;
}

/** How long a link to the page works. */
export const paymentLinkLifetimeMs = 3_600_000;

export function createPaymentLinks(deps: {
  readonly secrets: Pick<Secrets, "signLink" | "linkMatches">;
  readonly wall: () => number;
  readonly random: RandomBytes;
  readonly publicUrl: string;
}): PaymentLinks {
  const { secrets, wall, random, publicUrl } = deps;
  // Named, so that a signature of another kind of link is none here.
  const signed = (ticket: string) => `payment.${ticket}`;
  return {
    create: (orgId, purpose) => {
      const nonce = Buffer.from(random(16)).toString("hex");
      const ticket = `${purpose}.${orgId}.${Math.ceil((wall() + paymentLinkLifetimeMs) / 1000)}.${nonce}`;
      return `${publicUrl}/billing/${ticket}?signature=${secrets.signLink(signed(ticket))}`;
    },
    open: (ticket, signature) => {
      const [, purpose, org = "", expires, nonce] =
        /^(setup|upgrade)\.(org_[0-9a-z]+)\.([0-9]{1,12})\.([0-9a-f]{32})$/.exec(ticket) ?? [];
      const orgId = parseOrgId(org);
      if (!orgId || !nonce || !secrets.linkMatches(signed(ticket), signature)) {
        throw new GatewayError("forbidden", "this link is not valid");
      }
      if (Number(expires) * 1000 <= wall()) throw new GatewayError("gone", "this link has expired");
      return { orgId, purpose: purpose === "upgrade" ? "upgrade" : "setup", nonce };
    },
  };
}

/** Test mode: every payment succeeds, no money moves. */
export function createLocalPayments(links: PaymentLinks): PaymentProvider {
  return {
    pageUrl: (orgId, purpose) => links.create(orgId, purpose),
    take: async ({ ref }) => ({ status: "paid", paymentId: `test-${ref}` }),
  };
}

/** Nobody takes money here: whoever runs the gateway adds credit himself. */
export const noPayments: PaymentProvider = {
  pageUrl: () => undefined,
  take: async () => ({ status: "declined" }),
};
