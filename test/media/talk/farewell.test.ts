import { describe, expect, test } from "vitest";
import { Farewell } from "../../../src/media/talk/farewell.ts";

const options = {
  maxDurationMs: 60_000,
  durationCause: "max-duration",
  warningMs: 20_000,
  graceMs: 10_000,
  tailMs: 200,
} as const;

/** Ticks every 20 ms from `from` until an order comes; the order and when. */
function runUntilOrder(farewell: Farewell, from: number, to: number, quiet: (now: number) => boolean) {
  for (let now = from; now <= to; now += 20) {
    const order = farewell.tick(quiet(now), now);
    if (order.type !== "none") return { order, now };
  }
  return undefined;
}

describe("farewell", () => {
  test("hangs up only when the last word was played, and a breath after", () => {
    const farewell = new Farewell(options, 0);
    farewell.leave("agent-hung-up", 1000);
    const end = runUntilOrder(farewell, 1000, 20_000, (now) => now >= 4000);
    expect(end).toEqual({ order: { type: "end", cause: "agent-hung-up" }, now: 4200 });
  });

  test("a goodbye that never ends does not keep the call beyond the grace", () => {
    const farewell = new Farewell(options, 0);
    farewell.leave("agent-hung-up", 1000);
    expect(runUntilOrder(farewell, 1000, 20_000, () => false)?.now).toBe(11_000);
  });

  test("the first cause stays", () => {
    const farewell = new Farewell(options, 0);
    farewell.leave("caller-silent", 0);
    farewell.leave("agent-hung-up", 10);
    expect(runUntilOrder(farewell, 20, 5000, () => true)?.order).toEqual({ type: "end", cause: "caller-silent" });
  });

  test("warns once before the longest duration, then ends the call there", () => {
    const farewell = new Farewell(options, 0);
    const warning = runUntilOrder(farewell, 0, 60_000, () => true);
    expect(warning).toEqual({ order: { type: "warn" }, now: 40_000 });
    const end = runUntilOrder(farewell, 40_020, 80_000, () => true);
    expect(end?.order).toEqual({ type: "end", cause: "max-duration" });
    expect(end?.now).toBe(60_200);
  });

  test("at the longest duration a sentence under way may be finished, within the grace", () => {
    const farewell = new Farewell(options, 0);
    runUntilOrder(farewell, 0, 40_000, () => true);
    expect(runUntilOrder(farewell, 40_020, 80_000, (now) => now >= 62_000)?.now).toBe(62_200);
  });

  test("a goodbye asked for just now is waited for, though nothing sounds yet", () => {
    const farewell = new Farewell(options, 0);
    farewell.leave("caller-silent", 1000);
    farewell.expectSpeech(3000, 1000);
    expect(runUntilOrder(farewell, 1000, 20_000, () => true)?.now).toBe(4000);
  });
});
