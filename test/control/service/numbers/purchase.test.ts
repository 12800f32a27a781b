import { describe, expect, test } from "vitest";
import { createNumbers, type NumberOrder } from "../../../../src/control/service/numbers/numbers.ts";
import { restMs, undoCutOffPurchases } from "../../../../src/control/service/numbers/purchase.ts";
import { giveBackReleased } from "../../../../src/control/service/numbers/release.ts";
import type { Db } from "../../../../src/control/store/database.ts";
import type { E164 } from "../../../../src/kit/ids.ts";
import { dollar, type NumberHouse, numberHouse } from "./house.ts";

const sanFrancisco = "+14155550100" as E164;

/** After whatever happened: each charge has its number, each number of the carrier's has our record. */
async function expectSound(house: NumberHouse): Promise<void> {
  const rows = await house.rows();
  const active = rows.filter(({ status }) => status === "active").map(({ number }) => number);
  expect([...house.carrier.bought].toSorted()).toEqual(active.toSorted());
  expect(await house.faults()).toEqual([]);
}

describe("searching numbers", () => {
  test("finds numbers of an area code with what they cost an organisation", async () => {
    const house = await numberHouse();
    const org = await house.org({ priceBook: "jagcall" });
    const [first] = await house.numbers(org).search({ country: "US", areaCode: "415" }, 1);
    expect(first).toEqual({
      number: sanFrancisco,
      country: "US",
      areaCode: "415",
      type: "local",
      capabilities: ["voice", "sms"],
      monthlyMicros: 2 * dollar,
    });
    const other = await house.org({ priceBook: "agentnumber" });
    expect((await house.numbers(other).search({}, 3)).map(({ monthlyMicros }) => monthlyMicros)).toEqual([
      5 * dollar,
      5 * dollar,
      5 * dollar,
    ]);
  });

  test("leaves out what is bought, whoever bought it", async () => {
    const house = await numberHouse();
    await house.numbers(await house.org()).buy({ number: sanFrancisco });
    const found = await house.numbers(await house.org()).search({ areaCode: "415" }, 2);
    expect(found.map(({ number }) => number)).toEqual(["+14155550101", "+14155550102"]);
  });
});

describe("buying a number", () => {
  test("gives the number, charges its first month once, and says when the next is due", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const numbers = house.numbers(org);
    const agent = (await house.agents(org).create({ name: "Ann" })).agent.id;
    const bought = await numbers.buy({ number: sanFrancisco, label: "Front", inboundAgentId: agent });
    expect(bought).toMatchObject({
      number: sanFrancisco,
      type: "local",
      country: "US",
      areaCode: "415",
      carrier: "local",
      label: "Front",
      inboundAgentId: agent,
      outboundAgentId: null,
      monthlyMicros: 2 * dollar,
      nextChargeAt: Date.UTC(2026, 11, 22, 12),
      voiceMode: "managed",
    });
    expect(await numbers.get(bought.id)).toEqual(bought);
    expect(await numbers.find(sanFrancisco)).toEqual(bought);
    expect(await house.spent(org)).toBe(2 * dollar);
    await expectSound(house);
  });

  test("without a number in mind gives any that fits", async () => {
    const house = await numberHouse();
    const numbers = house.numbers(await house.org());
    const orders: NumberOrder[] = [{ type: "tollfree" }, { country: "CA", areaCode: "416" }, { type: "mobile" }, {}];
    for (const order of orders) {
      const { type = "local", country = "US", areaCode } = order;
      const bought = await numbers.buy(order);
      expect(bought).toMatchObject({ type, country, ...(areaCode && { areaCode }) });
    }
    await expectSound(house);
  });

  test("with an agent of its own, which is in no list of agents and goes with the number", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const numbers = house.numbers(org);
    const persona = { instructions: "You sell pizza.", firstMessage: "Hello!" };
    const bought = await numbers.buy({ areaCode: "415", persona, metadata: { shop: 7 } });
    expect(bought.inbound).toMatchObject({ mode: "ai", agent: { instructions: "You sell pizza." } });
    expect(bought.outboundAgentId).toBe(bought.inboundAgentId);
    expect(bought.metadata).toEqual({ shop: 7 });
    const page = { limit: 100, after: undefined };
    expect((await house.agents(org).list(page)).data).toEqual([]);
    await numbers.release(bought.id);
    await expect(house.agents(org).get(bought.inboundAgentId ?? "")).rejects.toMatchObject({ code: "not-found" });
  });

  test.each([
    ["is taken", sanFrancisco],
    ["nobody sells", "+14155551234"],
    ["is the demo's", "+15550100"],
  ])("a number that %s is a conflict, and costs nothing", async (_why, number) => {
    const house = await numberHouse();
    await house.numbers(await house.org()).buy({ number: sanFrancisco });
    const org = await house.org();
    const refusal = { code: "conflict", reason: "number-not-available", field: "number" };
    await expect(house.numbers(org).buy({ number })).rejects.toMatchObject(refusal);
    expect(await house.spent(org)).toBe(0);
    await expectSound(house);
  });

  test("what is not a number is refused as such", async () => {
    const house = await numberHouse();
    const numbers = house.numbers(await house.org());
    await expect(numbers.buy({ number: "4155550100" })).rejects.toMatchObject({
      code: "invalid-request",
      field: "number",
    });
    await expect(numbers.buy({ areaCode: "000" })).rejects.toMatchObject({ reason: "number-not-available" });
  });

  test("who cannot pay gets nothing, and the carrier is not asked", async () => {
    const house = await numberHouse();
    const org = await house.org({ billing: "prepaid" });
    await house.credit(org, 2 * dollar - 1);
    house.carrier.trouble.push("down-before");
    const refusal = { code: "payment-required", reason: "insufficient-credits" };
    await expect(house.numbers(org).buy({ number: sanFrancisco })).rejects.toMatchObject(refusal);
    expect(house.carrier.trouble).toEqual(["down-before"]);
    expect(await house.rows()).toEqual([]);
    await expectSound(house);
  });

  test("credit for one number buys one, however many are asked for at once", async () => {
    const house = await numberHouse();
    const org = await house.org({ billing: "prepaid" });
    await house.credit(org, 3 * dollar);
    const tries = Array.from({ length: 6 }, () => house.numbers(org).buy({ areaCode: "415" }));
    const results = await Promise.allSettled(tries);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await house.spent(org)).toBe(-dollar);
    await expectSound(house);
  });

  test("one number asked for by many at once is sold once", async () => {
    const house = await numberHouse();
    const orgs = await Promise.all(Array.from({ length: 8 }, () => house.org()));
    const results = await Promise.allSettled(orgs.map((org) => house.numbers(org).buy({ number: sanFrancisco })));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ reason: "number-not-available" });
    }
    const spent = await Promise.all(orgs.map((org) => house.spent(org)));
    expect(spent.reduce((sum, one) => sum + one)).toBe(2 * dollar);
    await expectSound(house);
  });

  test("the Free plan has one local number, also when two are asked for at once", async () => {
    const house = await numberHouse();
    const org = await house.org({ plan: "free", hasPaymentMethod: false });
    const refusal = { code: "forbidden", reason: "plan-limit-numbers" };
    await expect(house.numbers(org).buy({ type: "tollfree" })).rejects.toMatchObject(refusal);
    const results = await Promise.allSettled([house.numbers(org).buy({}), house.numbers(org).buy({})]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    await expect(house.numbers(org).buy({})).rejects.toMatchObject(refusal);
    await expectSound(house);
  });

  test("agents that are not there, of other organisations or of other numbers are refused", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const foreign = (await house.agents(await house.org()).create({ name: "Bob" })).agent.id;
    const hidden = (await house.numbers(org).buy({ persona: { instructions: "x" } })).inboundAgentId;
    for (const inboundAgentId of [foreign, hidden, "agent_nobody" as typeof foreign]) {
      const refusal = { code: "invalid-request", field: "inboundAgentId" };
      await expect(house.numbers(org).buy({ number: sanFrancisco, inboundAgentId })).rejects.toMatchObject(refusal);
    }
    await expectSound(house);
  });
});

describe("a purchase that fails half-way", () => {
  test.each(["down-before", "down-after", "gone"] as const)("(%s) leaves nothing behind", async (trouble) => {
    const house = await numberHouse();
    const org = await house.org();
    house.carrier.trouble.push(trouble);
    await expect(house.numbers(org).buy({ number: sanFrancisco, persona: { instructions: "x" } })).rejects.toThrow();
    expect(await house.rows()).toEqual([]);
    expect(await house.spent(org)).toBe(0);
    expect(await house.deps.database.db.selectFrom("agents").select("id").execute()).toEqual([]);
    await expectSound(house);
    // And the number can be bought by the next one.
    await house.numbers(org).buy({ number: sanFrancisco });
    await expectSound(house);
  });

  test("another number is tried when one is gone and any will do", async () => {
    const house = await numberHouse();
    house.carrier.trouble.push("gone", "gone");
    const bought = await house.numbers(await house.org()).buy({ areaCode: "415" });
    expect(bought.areaCode).toBe("415");
    await expectSound(house);
  });

  test("what a crash cut off is undone at the next start, and again once the carrier answers", async () => {
    const house = await numberHouse();
    const org = await house.org();
    house.carrier.trouble.push("down-after");
    house.carrier.isDown = true;
    await expect(house.numbers(org).buy({ number: sanFrancisco })).rejects.toThrow("connection was lost");
    expect((await house.rows()).map(({ status }) => status)).toEqual(["reserved"]);
    expect(await house.numbers(org).find(sanFrancisco)).toBeUndefined();
    const now = house.clock.wall() + 1;
    expect(await undoCutOffPurchases(house.deps, now)).toBe(0);
    house.carrier.isDown = false;
    expect(await undoCutOffPurchases(house.deps, now)).toBe(1);
    expect(await house.rows()).toEqual([]);
    expect(await house.spent(org)).toBe(0);
    await expectSound(house);
  });

  test("purchases that are under way are left alone", async () => {
    const house = await numberHouse();
    house.carrier.trouble.push("down-after");
    house.carrier.isDown = true;
    await expect(house.numbers(await house.org()).buy({ number: sanFrancisco })).rejects.toThrow();
    house.carrier.isDown = false;
    expect(await undoCutOffPurchases(house.deps, house.clock.wall() - 1)).toBe(0);
    expect(await house.rows()).toHaveLength(1);
  });
});

describe("giving a number back", () => {
  test("it is gone at once, those who want to know are told, and it rests thirty days", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const numbers = house.numbers(org);
    const bought = await numbers.buy({ number: sanFrancisco });
    await numbers.release(bought.id);
    expect(await numbers.find(sanFrancisco)).toBeUndefined();
    await expect(numbers.get(bought.id)).rejects.toMatchObject({ code: "not-found" });
    await expect(numbers.release(bought.id)).rejects.toMatchObject({ code: "not-found" });
    expect(house.told).toMatchObject([{ type: "number.released", subject: bought.id, number: { id: bought.id } }]);
    await expectSound(house);

    const next = house.numbers(await house.org());
    house.clock.ms += restMs - 1;
    expect((await next.search({ areaCode: "415" }, 1)).map(({ number }) => number)).toEqual(["+14155550101"]);
    await expect(next.buy({ number: sanFrancisco })).rejects.toMatchObject({ reason: "number-not-available" });
    house.clock.ms += 1;
    expect((await next.buy({ number: sanFrancisco })).id).not.toBe(bought.id);
    await expectSound(house);
  });

  test("a carrier that does not answer gets it back later", async () => {
    const house = await numberHouse();
    const numbers = house.numbers(await house.org());
    const bought = await numbers.buy({ areaCode: "415" });
    house.carrier.isDown = true;
    await numbers.release(bought.id);
    expect(house.carrier.bought.size).toBe(1);
    await giveBackReleased(house.deps);
    house.carrier.isDown = false;
    await giveBackReleased(house.deps);
    expect(house.carrier.bought.size).toBe(0);
  });

  test("numbers of other organisations are not there", async () => {
    const house = await numberHouse();
    const bought = await house.numbers(await house.org()).buy({});
    const stranger = house.numbers(await house.org());
    const gone = { code: "not-found" };
    await expect(stranger.get(bought.id)).rejects.toMatchObject(gone);
    await expect(stranger.release(bought.id)).rejects.toMatchObject(gone);
    await expect(stranger.update(bought.id, { label: "mine" })).rejects.toMatchObject(gone);
    await expect(stranger.setByokKey(bought.id, "sk-0123456789")).rejects.toMatchObject(gone);
    expect(await stranger.find(bought.number)).toBeUndefined();
    expect((await stranger.list({}, { limit: 10, after: undefined })).data).toEqual([]);
  });
});

describe("a purchase whose commit was written though its answer was lost", () => {
  test("is a purchase: it is not undone at the carrier", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const { database } = house.deps;
    const transaction = () => ({
      execute: async (work: (trx: Db) => Promise<unknown>) => {
        const result = await database.db.transaction().execute(work);
        const isBought = typeof result === "object" && result !== null && "status" in result;
        if (isBought && result.status === "active") throw new Error("the connection was lost");
        return result;
      },
    });
    const db = new Proxy(database.db, {
      get: (real, name) => {
        const member: unknown = name === "transaction" ? transaction : Reflect.get(real, name);
        return typeof member === "function" ? member.bind(real) : member;
      },
    });
    const number = await createNumbers({ ...house.deps, database: { ...database, db } }, org.id).buy({});
    expect((await house.numbers(org).get(number.id)).number).toBe(number.number);
    expect(await house.spent(org)).toBe(2 * dollar);
    await expectSound(house);
  });
});

describe("numbers of one's own", () => {
  test("are brought along, cost nothing, and need no rest", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const numbers = house.numbers(org);
    const own = await numbers.create("+441632960001" as E164, { label: "Trunk" });
    expect(own).toMatchObject({ carrier: "own", country: "GB", monthlyMicros: 0, nextChargeAt: null });
    await expect(numbers.create("+441632960001" as E164, {})).rejects.toMatchObject({ code: "conflict" });
    await numbers.release(own.id);
    await numbers.create("+441632960001" as E164, {});
    expect(await house.spent(org)).toBe(0);
  });

  test("cannot be what a carrier sells", async () => {
    const house = await numberHouse();
    const refusal = { code: "conflict", reason: "number-not-available" };
    await expect(house.numbers(await house.org()).create(sanFrancisco, {})).rejects.toMatchObject(refusal);
  });
});

test("a list of numbers is narrowed by country and type, newest first, a page at a time", async () => {
  const house = await numberHouse();
  const numbers = house.numbers(await house.org());
  for (const order of [{}, { country: "CA" }, { type: "tollfree" }, { country: "CA", type: "tollfree" }] as const) {
    await numbers.buy(order);
    house.clock.ms += 1;
  }
  const page = { limit: 10, after: undefined };
  const kinds = (await numbers.list({}, page)).data.map(({ country, type }) => `${country} ${type}`);
  expect(kinds).toEqual(["CA tollfree", "US tollfree", "CA local", "US local"]);
  expect((await numbers.list({ country: "CA" }, page)).data).toHaveLength(2);
  expect((await numbers.list({ country: "US", type: "tollfree" }, page)).data).toHaveLength(1);
  const first = await numbers.list({}, { limit: 3, after: undefined });
  expect(first.data).toHaveLength(3);
  const rest = await numbers.list({}, { limit: 3, after: first.next });
  expect(rest.data.map(({ country, type }) => `${country} ${type}`)).toEqual(["US local"]);
  expect(rest.next).toBeUndefined();
});
