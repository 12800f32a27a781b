import { describe, expect, test } from "vitest";
import { noPayments, paymentLinkLifetimeMs } from "../../../../src/control/service/money/payment.ts";
import { dollar, moneyHouse } from "./house.ts";

/** Ticket and signature of a link to the page. */
function ticketOf(url: string | undefined): [ticket: string, signature: string] {
  const { pathname, searchParams } = new URL(url ?? "");
  return [pathname.replace("/billing/", ""), searchParams.get("signature") ?? ""];
}

describe("billing", () => {
  test("credits: bought once for each key, and seen in the account and the ledger", async () => {
    const { billing, org, faults } = await moneyHouse();
    const mine = billing(await org({ billing: "prepaid" }));
    const balance = { availableMicros: 10 * dollar, heldMicros: 0 };
    for (let time = 0; time < 2; time += 1) {
      expect(await mine.buyCredits({ amountMicros: 10 * dollar, key: "order-1" })).toEqual(balance);
    }
    await mine.buyCredits({ amountMicros: 5 * dollar });
    expect(await mine.account()).toMatchObject({
      availableMicros: 15 * dollar,
      spentMicros: 0,
      terms: { billing: "prepaid", plan: "pro" },
    });
    const { data } = await mine.entries({ kind: "purchase" }, { limit: 10, after: undefined });
    expect(data.map(({ amountMicros }) => amountMicros).sort()).toEqual([10 * dollar, 5 * dollar]);
    expect(await faults()).toEqual([]);
  });

  test("credits: one organisation's key is not another's", async () => {
    const { billing, org } = await moneyHouse();
    const [a, b] = [billing(await org()), billing(await org())];
    for (const one of [a, b]) await one.buyCredits({ amountMicros: dollar, key: "order-1" });
    expect(await b.account()).toMatchObject({ availableMicros: dollar });
  });

  test("credits: AgentNumber sells them in packs of ten dollars", async () => {
    const { billing, org } = await moneyHouse();
    const mine = billing(await org({ billing: "prepaid", priceBook: "agentnumber" }));
    await expect(mine.buyCredits({ amountMicros: 15 * dollar })).rejects.toMatchObject({
      code: "invalid-request",
      field: "amountMicros",
    });
    expect(await mine.buyCredits({ amountMicros: 20 * dollar })).toMatchObject({ availableMicros: 20 * dollar });
  });

  test.each([0, -dollar, 0.5, 1e12, Number.NaN])("credits: nobody buys %d micro-dollars", async (amountMicros) => {
    const { billing, org } = await moneyHouse();
    await expect(billing(await org()).buyCredits({ amountMicros })).rejects.toMatchObject({ field: "amountMicros" });
  });

  test("credits: where nobody takes money none are sold, and no page is named", async () => {
    const { billing, org } = await moneyHouse();
    const mine = billing(await org({ billing: "prepaid" }), noPayments);
    await expect(mine.buyCredits({ amountMicros: dollar })).rejects.toMatchObject({
      code: "payment-required",
      links: {},
    });
    expect(mine.links()).toEqual({ setupUrl: undefined, upgradeUrl: undefined });
    expect(await mine.account()).toMatchObject({ availableMicros: 0 });
  });

  test("ledger: is read in pages, the newest entry first, one organisation's only", async () => {
    const { money, billing, run, org, clock } = await moneyHouse();
    const [acme, other] = [await org(), await org()];
    await run((trx) => money.charge(trx, other.id, { item: "text.outbound", quantity: 1, ref: "theirs" }));
    for (const ref of ["a", "b", "c"]) {
      clock.ms += 1;
      await run((trx) => money.charge(trx, acme.id, { item: "text.outbound", quantity: 1, ref }));
    }
    const first = await billing(acme).entries({}, { limit: 2, after: undefined });
    expect(first.data.map(({ ref }) => ref)).toEqual(["c", "b"]);
    const second = await billing(acme).entries({}, { limit: 2, after: first.next });
    expect(second.data).toEqual([
      expect.objectContaining({
        ref: "a",
        kind: "charge",
        lines: [{ item: "text.outbound", quantity: 1, amountMicros: 15_000 }],
      }),
    ]);
    expect(second.next).toBeUndefined();
  });

  test("spending cap: is set, kept to and taken away", async () => {
    const { money, billing, run, org } = await moneyHouse();
    const acme = await org();
    const send = (ref: string) => run((trx) => money.charge(trx, acme.id, { item: "text.outbound", quantity: 1, ref }));
    await billing(acme).setSpendingCap(0);
    await expect(send("a")).rejects.toMatchObject({ reason: "spending-cap-reached" });
    await billing(acme).setSpendingCap(null);
    expect(await send("a")).toBe(15_000);
    await expect(billing(acme).setSpendingCap(0.5)).rejects.toMatchObject({ field: "spendingCapMicros" });
  });

  test("usage: a month is `YYYY-MM`; this one when none is named", async () => {
    const { billing, org } = await moneyHouse();
    const mine = billing(await org());
    expect(await mine.usage(undefined)).toMatchObject({ period: "2026-11" });
    await expect(async () => mine.usage("2026-13")).rejects.toMatchObject({ field: "period" });
  });
});

describe("page of payment", () => {
  test("page: puts a payment method on file, once", async () => {
    const { billing, page, org } = await moneyHouse();
    const acme = await org({ hasPaymentMethod: false });
    const link = ticketOf(billing(acme).links().setupUrl);
    expect(page.open(...link)).toMatchObject({ orgId: acme.id, purpose: "setup" });
    await page.act(...link, { type: "accept" });
    expect(await billing(acme).account()).toMatchObject({ terms: { hasPaymentMethod: true, plan: "pro" } });
    await expect(page.act(...link, { type: "credit", amountMicros: dollar })).rejects.toMatchObject({ code: "gone" });
    expect(await billing(acme).account()).toMatchObject({ availableMicros: 0 });
  });

  test("page: adds credit once, also when it is sent twice at the same time", async () => {
    const { billing, page, org, faults } = await moneyHouse();
    const acme = await org();
    const link = ticketOf(billing(acme).links().setupUrl);
    const sent = [1, 2, 3].map(() => page.act(...link, { type: "credit", amountMicros: 10 * dollar }));
    const results = await Promise.allSettled(sent);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await billing(acme).account()).toMatchObject({ availableMicros: 10 * dollar });
    expect(await faults()).toEqual([]);
  });

  test("page: changes the Free plan to Pro", async () => {
    const { billing, page, org } = await moneyHouse();
    const acme = await org({ plan: "free", hasPaymentMethod: false });
    await page.act(...ticketOf(billing(acme).links().upgradeUrl), { type: "accept" });
    expect(await billing(acme).account()).toMatchObject({ terms: { hasPaymentMethod: true, plan: "pro" } });
  });

  test("page: a link that was changed is nobody's, an old one is gone", async () => {
    const { billing, page, org, clock } = await moneyHouse();
    const [acme, other] = [await org({ hasPaymentMethod: false }), await org()];
    const [ticket, signature] = ticketOf(billing(acme).links().setupUrl);
    for (const changed of [ticket.replace("setup", "upgrade"), ticket.replace(acme.id, other.id), "", "a.b.c.d"]) {
      expect(() => page.open(changed, signature)).toThrow("this link is not valid");
    }
    expect(() => page.open(ticket, "")).toThrow("this link is not valid");
    clock.ms += paymentLinkLifetimeMs;
    const acting = page.act(ticket, signature, { type: "accept" });
    await expect(acting).rejects.toMatchObject({ code: "gone" });
    expect(await billing(acme).account()).toMatchObject({ terms: { hasPaymentMethod: false } });
  });
});
