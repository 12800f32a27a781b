import { describe, expect, test } from "vitest";
import { type E164, firstOrgId, type OrgId } from "../../../../src/kit/ids.ts";
import { type TestGateway, testGateway } from "../../gateway.ts";

const ours = "+15550111" as E164;
const theirs = "+15550211" as E164;
const stranger = "+15550999";
const page = { limit: 100, after: undefined };
const signal = new AbortController().signal;

type Terms = Parameters<TestGateway["services"]["orgs"]["update"]>[1];

/** A gateway whose first organisation has a number on some terms, and another one with a number of its own. */
async function onTerms(terms: Terms) {
  const gateway = await testGateway();
  const { services } = gateway;
  const { id: otherOrgId } = await services.orgs.create({ name: "Other", hasPaymentMethod: true });
  const tenant = services.tenant(firstOrgId);
  await tenant.numbers.create(ours, {});
  await services.tenant(otherOrgId).numbers.create(theirs, {});
  await services.texts.connect({ carry: () => undefined });
  await services.orgs.update(firstOrgId, terms);
  const spent = async (orgId: OrgId) => (await services.tenant(orgId).billing.account()).spentMicros;
  const kept = async () => (await tenant.texts.list({}, page)).data.length;
  return { ...gateway, tenant, otherOrgId, spent, kept };
}

describe("texts and money", () => {
  test("texts: both ends pay as published, and one that failed is paid back", async () => {
    const { services, tenant, otherOrgId, spent } = await onTerms({ plan: "pro", billing: "postpaid" });
    await tenant.texts.send({ from: ours, to: theirs, body: "я".repeat(200) });
    expect([await spent(firstOrgId), await spent(otherOrgId)]).toEqual([15_000, 8_000]);
    const { id } = await tenant.texts.send({ from: ours, to: stranger, body: "x" });
    expect(await spent(firstOrgId)).toBe(30_000);
    await services.texts.records.settle(id, { status: "failed", detail: "nobody answered" });
    expect(await spent(firstOrgId)).toBe(15_000);
  });

  test("texts: the Free plan's ten of a month, and its five codes", async () => {
    const { services, tenant, kept } = await onTerms({ plan: "free" });
    for (let i = 0; i < 10; i++) await tenant.texts.send({ from: ours, to: theirs, body: "x" });
    await expect(tenant.texts.send({ from: ours, to: theirs, body: "x" })).rejects.toMatchObject({
      code: "forbidden",
      reason: "plan-limit-texts",
    });
    expect(await kept()).toBe(10);
    const otps: (string | null)[] = [];
    for (let i = 0; i < 6; i++) {
      await services.texts.receive({ from: stranger, to: ours, body: `Your code is 48291${i}` });
      const { data } = await tenant.texts.inbox(ours, {}, page);
      otps.push(data.find(({ body }) => body.endsWith(String(i)))!.otp);
    }
    expect(otps).toEqual(["482910", "482911", "482912", "482913", "482914", null]);
    // The five are there still; who asks for a sixth is told.
    expect(await tenant.texts.waitForOtp(ours, { timeoutMs: 0, signal })).toMatchObject({ otp: expect.any(String) });
    const later = services.tenant(firstOrgId).texts.waitForOtp(ours, { timeoutMs: 60_000, since: 4e12, signal });
    await expect(later).rejects.toMatchObject({ code: "forbidden", reason: "plan-limit-otp" });
  });

  test("texts: who pays before sends nothing without credit, and gets what comes in all the same", async () => {
    const { services, tenant, kept } = await onTerms({ plan: "pro", billing: "prepaid" });
    await expect(tenant.texts.send({ from: ours, to: theirs, body: "x" })).rejects.toMatchObject({
      code: "payment-required",
      reason: "insufficient-credits",
    });
    expect(await kept()).toBe(0);
    expect(await services.texts.receive({ from: stranger, to: ours, body: "hi" })).toMatchObject({ type: "kept" });
    expect(await kept()).toBe(1);
  });

  test("texts: 30 at once, each organisation's to the other, cross each other and are all paid", async () => {
    const { services, tenant, otherOrgId, spent } = await onTerms({ plan: "pro", billing: "postpaid" });
    const other = services.tenant(otherOrgId);
    await Promise.all(
      Array.from({ length: 15 }, (_, i) => [
        tenant.texts.send({ from: ours, to: theirs, body: `there ${i}` }),
        other.texts.send({ from: theirs, to: ours, body: `back ${i}` }),
      ]).flat(),
    );
    expect([await spent(firstOrgId), await spent(otherOrgId)]).toEqual([15 * 23_000, 15 * 23_000]);
    for (const { texts } of [tenant, other]) {
      const { data } = await texts.list({}, page);
      expect(data.map(({ status }) => status).toSorted()).toEqual([
        ...Array.from({ length: 15 }, () => "delivered"),
        ...Array.from({ length: 15 }, () => "received"),
      ]);
      expect((await texts.conversations.list({}, page)).data).toMatchObject([{ messageCount: 30 }]);
    }
  });
});
