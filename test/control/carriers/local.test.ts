import { describe, expect, test } from "vitest";
import { createLocalCarrier } from "../../../src/control/carriers/local.ts";
import { countryOf, describeNumber, numbersOf } from "../../../src/control/carriers/local-inventory.ts";
import { type E164, parseE164 } from "../../../src/kit/ids.ts";

function carrier(taken: readonly string[] = []) {
  const asked: number[] = [];
  const local = createLocalCarrier({
    takenOf: async (numbers) => {
      asked.push(numbers.length);
      return new Set(taken);
    },
  });
  return { local, asked };
}

describe("local carrier", () => {
  test("a search by area code finds numbers of that area code, the same ones each time", async () => {
    const { local } = carrier();
    const found = await local.search({ country: "US", areaCode: "415", capabilities: ["voice", "sms"], limit: 3 });
    expect(found.map(({ number }) => number)).toEqual(["+14155550100", "+14155550101", "+14155550102"]);
    expect(await local.search({ country: "US", areaCode: "415", limit: 3 })).toEqual(found);
    expect(found[0]).toEqual({
      number: "+14155550100",
      country: "US",
      areaCode: "415",
      type: "local",
      capabilities: ["voice", "sms"],
    });
  });

  test("numbers that somebody has are not offered, and the search goes on behind them", async () => {
    const taken = Array.from({ length: 79 }, (_, index) => `+1415555${String(100 + index).padStart(4, "0")}`);
    const { local } = carrier(taken);
    const found = await local.search({ country: "US", areaCode: "415", limit: 5 });
    expect(found.map(({ number }) => number)).toEqual(["+14155550179"]);
  });

  test("a long search asks in parts and stops when it has enough", async () => {
    const { local, asked } = carrier();
    expect(await local.search({ country: "US", limit: 10 })).toHaveLength(10);
    expect(asked).toEqual([200]);
  });

  test("an area code or country without numbers gives an empty list", async () => {
    const { local } = carrier();
    expect(await local.search({ country: "US", areaCode: "555", limit: 5 })).toEqual([]);
    expect(await local.search({ country: "XX", limit: 5 })).toEqual([]);
    expect(await local.search({ country: "US", type: "tollfree", areaCode: "415", limit: 5 })).toEqual([]);
  });

  test("without an area code the numbers are from different ones", async () => {
    const { local } = carrier();
    const found = await local.search({ country: "CA", limit: 5 });
    expect(new Set(found.map(({ areaCode }) => areaCode)).size).toBe(5);
  });

  test("what it never had cannot be bought, what it has can, and again", async () => {
    const { local } = carrier();
    for (const number of ["+15550100", "+15550101", "+14155551234"] as E164[]) {
      expect(await local.buy(number)).toEqual({ type: "not-available" });
      expect(await local.describe(number)).toBeUndefined();
    }
    const bought = { type: "bought", carrierNumberId: "+14155550100" };
    expect(await local.buy("+14155550100" as E164)).toEqual(bought);
    expect(await local.buy("+14155550100" as E164)).toEqual(bought);
  });

  test("its texts go over our own exchange, and nobody sends it webhooks", () => {
    const { local } = carrier();
    expect(local.texts).toBeUndefined();
    expect(local.readWebhook({ url: "https://x/", headers: {}, rawBody: new Uint8Array() })).toEqual({
      type: "forged",
    });
  });
});

describe("inventory", () => {
  test("every number is E.164, sold once, and says itself what it is", () => {
    const seen = new Set<string>();
    for (const country of ["US", "CA", "GB", "AU", "DE", "FR"]) {
      for (const type of ["local", "tollfree", "mobile"] as const) {
        for (const one of numbersOf({ country, type })) {
          if (parseE164(one.number) === undefined || seen.has(one.number)) expect.fail(one.number);
          seen.add(one.number);
        }
      }
    }
    expect(seen.size).toBeGreaterThan(30_000);
    for (const number of ["+14155550185", "+18005550100", "+18005550150", "+442079460012", "+491713920007"]) {
      expect(seen.has(number)).toBe(true);
      expect(describeNumber(number)?.number).toBe(number);
    }
    expect(describeNumber("+18005550150")?.country).toBe("CA");
    expect(seen.has("+15550100") || seen.has("+15550101")).toBe(false);
  });

  test("digits around a block are not in it", () => {
    for (const number of ["+1415555010", "+141555501000", "+14155550099", "+14155550200", "+1415555010x"]) {
      expect(describeNumber(number)).toBeUndefined();
    }
  });

  test("countries are told apart by calling code, inside +1 by area code", () => {
    const countries = ["+15550100", "+14165559999", "+14155559999", "+18765551234", "+442071234567", "+819012345678"];
    expect(countries.map((number) => countryOf(number as E164))).toEqual([
      "US",
      "CA",
      "US",
      undefined,
      "GB",
      undefined,
    ]);
  });
});
