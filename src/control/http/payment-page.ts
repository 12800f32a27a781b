import formbody from "@fastify/formbody";
import type { FastifyInstance } from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import type { PagePurpose } from "../service/money/payment.ts";
import type { PageAction, PaymentPage } from "../service/money/payment-page.ts";

/** Largest form taken here. */
const maxFormBytes = 1_024;

/** `/billing/:ticket`: the local payment company's page (test mode), behind a signed link that is good once. */
export async function paymentPageRoutes(app: FastifyInstance, page: PaymentPage): Promise<void> {
  await app.register(formbody, { bodyLimit: maxFormBytes });
  const path = "/billing/:ticket";
  // Looking at the page changes nothing: programs that preview links do it too.
  app.get(path, { exposeHeadRoute: false }, (request, reply) => {
    const { ticket } = request.params as { ticket: string };
    const signature = signatureOf(request.query);
    const { purpose } = page.open(ticket, signature);
    return reply.type("text/html; charset=utf-8").send(formPage(purpose));
  });
  app.post(path, { bodyLimit: maxFormBytes }, async (request, reply) => {
    const { ticket } = request.params as { ticket: string };
    await page.act(ticket, signatureOf(request.query), actionOf(request.body));
    return reply.type("text/html; charset=utf-8").send(document("Done", "<p>Done. You can close this page.</p>"));
  });
}

function signatureOf(query: unknown): string {
  const { signature } = query as Record<string, unknown>;
  if (typeof signature !== "string") throw new GatewayError("forbidden", "this link is not valid");
  return signature;
}

function actionOf(body: unknown): PageAction {
  const { action, dollars } = (body ?? {}) as Record<string, unknown>;
  if (action === "accept") return { type: "accept" };
  if (action !== "credit") throw new GatewayError("invalid-request", "must be accept or credit", "action");
  if (typeof dollars !== "string" || !/^[0-9]{1,5}(\.[0-9]{1,2})?$/.test(dollars)) {
    throw new GatewayError("invalid-request", "must be an amount such as 10 or 12.50", "dollars");
  }
  return { type: "credit", amountMicros: Math.round(Number(dollars) * 100) * 10_000 };
}

const offers: Readonly<Record<PagePurpose, string>> = {
  setup: "Put a test payment method on file",
  upgrade: "Change to the Pro plan, with a test payment method on file",
};

// The form posts to where it is. Scripts and styles are refused by the content security policy, and are not needed.
function formPage(purpose: PagePurpose): string {
  return document(
    "Payment (test mode)",
    `<p>Test mode: no money moves. This page can be used once.</p>
<form method="post"><button name="action" value="accept">${offers[purpose]}</button></form>
<form method="post"><label>Credit, in dollars <input name="dollars" value="10" inputmode="decimal" required></label>
<button name="action" value="credit">Add credit</button></form>`,
  );
}

function document(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>
${body}
</body></html>
`;
}
