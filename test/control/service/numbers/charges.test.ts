import { describe, expect, test } from "vitest";
import { chargeMonthly, graceMs } from "../../../../src/control/service/numbers/charges.ts";
import { addMonths, monthAfter } from "../../../../src/control/service/numbers/months.ts";
import { dollar, numberHouse } from "./house.ts";

const day = 24 * 3_600_000;
const iso = (wallMs: number) => new Date(wallMs).toISOString().slice(0, 10);

describe("months of a number", () => {
  test("begin on the day it was bought, or the last one of a month that is too short", () => {
    const bought = Date.UTC(2027, 0, 31, 8);
    const starts = [bought];
    for (let month = 1; month <= 4; month += 1) starts.push(monthAfter(bought, starts.at(-1)!));
    expect(starts.map(iso)).toEqual(["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]);
    expect(iso(addMonths(Date.UTC(2027, 11, 5), 1))).toBe("2028-01-05");
  });
});

describe("monthly charges", () => {
  test("are made once a month, however often they are looked for and by how many", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const number = await house.numbers(org).buy({ type: "tollfree" });
    const due = number.nextChargeAt!;
    expect(await chargeMonthly(house.deps, due - 1)).toEqual({ charged: 0, unpaid: 0, released: 0 });
    const runs = await Promise.all([chargeMonthly(house.deps, due), chargeMonthly(house.deps, due)]);
    expect(runs.reduce((sum, { charged }) => sum + charged, 0)).toBe(1);
    expect(await house.spent(org)).toBe(5 * dollar);
    expect(iso((await house.numbers(org).get(number.id)).nextChargeAt!)).toBe("2027-01-22");
    expect(await house.faults()).toEqual([]);
  });

  test("of a gateway that slept for months are made up for, one a run", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const number = await house.numbers(org).buy({});
    const now = addMonths(number.createdAt, 3);
    for (let run = 0; run < 5; run += 1) await chargeMonthly(house.deps, now);
    expect(await house.spent(org)).toBe(4 * 2 * dollar);
  });

  test("follow the price of the month, and end with the number", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const numbers = house.numbers(org);
    const number = await numbers.buy({});
    await house.change(org, { priceBook: "agentnumber" });
    await chargeMonthly(house.deps, number.nextChargeAt!);
    expect((await numbers.get(number.id)).monthlyMicros).toBe(5 * dollar);
    await numbers.release(number.id);
    expect(await chargeMonthly(house.deps, number.nextChargeAt! + 90 * day)).toEqual({
      charged: 0,
      unpaid: 0,
      released: 0,
    });
  });

  test("that cannot be paid are tried again, and after thirty days the number is released", async () => {
    const house = await numberHouse();
    const org = await house.org({ billing: "prepaid" });
    await house.credit(org, 2 * dollar);
    const numbers = house.numbers(org);
    const number = await numbers.buy({});
    const due = number.nextChargeAt!;
    expect(await chargeMonthly(house.deps, due)).toEqual({ charged: 0, unpaid: 1, released: 0 });
    expect((await numbers.get(number.id)).nextChargeAt).toBe(due);
    expect(await chargeMonthly(house.deps, due + graceMs - 1)).toMatchObject({ unpaid: 1 });
    expect(house.told).toEqual([]);
    expect(await chargeMonthly(house.deps, due + graceMs)).toMatchObject({ released: 1 });
    expect(await numbers.find(number.number)).toBeUndefined();
    expect(house.told).toMatchObject([{ type: "number.released", subject: number.id }]);
    expect(await house.spent(org)).toBe(0);
  });

  test("one organisation's empty purse does not hold up another's month", async () => {
    const house = await numberHouse();
    const poor = await house.org({ billing: "prepaid" });
    await house.credit(poor, 2 * dollar);
    const rich = await house.org();
    const number = await house.numbers(poor).buy({});
    await house.numbers(rich).buy({});
    expect(await chargeMonthly(house.deps, number.nextChargeAt!)).toEqual({ charged: 1, unpaid: 1, released: 0 });
  });

  test("numbers that cannot be paid do not keep those behind them from being charged", async () => {
    const house = await numberHouse();
    const poor = await house.org({ billing: "prepaid" });
    await house.credit(poor, 3 * 2 * dollar);
    const rich = await house.org();
    for (let n = 0; n < 3; n += 1) await house.numbers(poor).buy({});
    house.clock.ms += 1;
    const last = await house.numbers(rich).buy({});
    expect(await chargeMonthly(house.deps, last.nextChargeAt!, 2)).toEqual({ charged: 1, unpaid: 3, released: 0 });
  });

  test("one number's trouble does not keep the others from being charged", async () => {
    const house = await numberHouse();
    const org = await house.org();
    const first = await house.numbers(org).buy({});
    house.clock.ms += 1;
    const second = await house.numbers(org).buy({});
    const money: typeof house.deps.money = {
      ...house.deps.money,
      charge: (db, orgId, order) => {
        if (order.ref.startsWith(first.id)) throw new Error("the database is away");
        return house.deps.money.charge(db, orgId, order);
      },
    };
    expect(await chargeMonthly({ ...house.deps, money }, second.nextChargeAt!)).toMatchObject({ charged: 1 });
    expect(await chargeMonthly(house.deps, second.nextChargeAt!)).toMatchObject({ charged: 1 });
    expect(await house.faults()).toEqual([]);
  });
});
