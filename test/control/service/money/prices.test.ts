import { describe, expect, test } from "vitest";
import { allItems, type Item, itemsOfCall } from "../../../../src/control/service/money/items.ts";
import {
  affordableMs,
  callCostMicros,
  defaultPriceBooks,
  freeOfCharge,
  paidMs,
  readPriceBooks,
} from "../../../../src/control/service/money/prices.ts";
import { SeededRandom } from "../../../kit/seeded-random.ts";

const { agentcall, agentnumber } = defaultPriceBooks;

describe("prices", () => {
  test.each([
    [["ai.outbound"], 60_000, 400_000],
    [["ai.outbound", "recording"], 60_000, 410_000],
    [["voice.outbound"], 1, 584],
    [["voice.outbound"], 90_000, 52_500],
    [["ai.inbound.byok"], 600_000, 1_000_000],
    [["ai.inbound"], 0, 0],
  ] as [Item[], number, number][])("prices: %j for %i ms cost %i at AgentCall's rates", (items, ms, micros) => {
    expect(callCostMicros(agentcall, items, ms)).toBe(micros);
  });

  test("prices: a started minute is a minute at AgentNumber's rates", () => {
    expect(callCostMicros(agentnumber, ["ai.outbound"], 1)).toBe(50_000);
    expect(callCostMicros(agentnumber, ["ai.outbound"], 60_000)).toBe(50_000);
    expect(callCostMicros(agentnumber, ["ai.inbound"], 60_001)).toBe(60_000);
    expect(paidMs(agentnumber, 60_001)).toBe(120_000);
  });

  test("prices: the money is enough for what is said, and not for one step more", () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 2000; round += 1) {
      const book = random.pick([agentcall, agentnumber, { ...agentcall, stepMs: random.int(1, 90_000) }]);
      const items: Item[] = [random.pick(["voice.outbound", "ai.inbound", "ai.inbound.byok"]), "recording"];
      const money = random.int(0, 20_000_000);
      const ms = affordableMs(book, items, money);
      expect(ms % book.stepMs).toBe(0);
      expect(callCostMicros(book, items, ms)).toBeLessThanOrEqual(money);
      expect(callCostMicros(book, items, ms + 1)).toBeGreaterThan(money);
    }
  });

  test("prices: what costs nothing lasts as long as it likes, without money nothing else does", () => {
    expect(affordableMs(freeOfCharge(agentcall), ["ai.inbound"], 0)).toBe(Infinity);
    expect(affordableMs(agentcall, ["ai.inbound"], Infinity)).toBe(Infinity);
    expect(affordableMs(agentcall, ["ai.inbound"], -5)).toBe(0);
  });

  test("prices: a call has the item that it is, and its recording", () => {
    expect(itemsOfCall({ direction: "inbound", ai: false })).toEqual(["voice.inbound"]);
    expect(itemsOfCall({ direction: "outbound", ai: true, byok: true })).toEqual(["ai.outbound"]);
    expect(itemsOfCall({ direction: "inbound", ai: true, byok: true, record: true })).toEqual([
      "ai.inbound.byok",
      "recording",
    ]);
  });
});

describe("setting TANDEM_PRICES", () => {
  test("prices: none set are the vendors' published ones", () => {
    expect(readPriceBooks(" ")).toEqual(defaultPriceBooks);
  });

  test("prices: what is set changes, the rest stays", () => {
    const books = readPriceBooks(
      '{"agentcall": {"stepMs": 60000, "micros": {"ai.outbound": 300000}}, "agentnumber": {"packMicros": null}}',
    );
    expect(books.agentcall).toEqual({
      ...agentcall,
      stepMs: 60_000,
      micros: { ...agentcall.micros, "ai.outbound": 300_000 },
    });
    expect(books.agentnumber).toEqual({ ...agentnumber, packMicros: null });
    expect(Object.keys(books.agentcall.micros)).toEqual(allItems);
  });

  test.each([
    ["{", "expected JSON"],
    ["[]", "expected an object at the whole"],
    ['{"acme": {}}', "acme is not a price book"],
    ['{"agentcall": 5}', "expected an object at agentcall"],
    ['{"agentcall": {"step": 5}}', "agentcall.step is not a known member"],
    ['{"agentcall": {"stepMs": 0}}', "agentcall.stepMs: expected a whole number from 1000"],
    ['{"agentcall": {"micros": {"fax": 1}}}', "agentcall.micros.fax is not an item"],
    ['{"agentcall": {"micros": {"toString": 1}}}', "agentcall.micros.toString is not an item"],
    ['{"agentcall": {"micros": {"recording": 0.5}}}', "agentcall.micros.recording: expected a whole number from 0"],
    ['{"agentcall": {"micros": {"recording": -1}}}', "agentcall.micros.recording: expected a whole number from 0"],
  ])("prices: %s is refused, with what is wrong", (json, message) => {
    expect(() => readPriceBooks(json)).toThrow(`TANDEM_PRICES: ${message}`);
  });
});
