import { describe, expect, test } from "vitest";
import { CallLimits } from "../../../src/control/exchange/call-limits.ts";

/** Admissions at these instants, without a release. */
function admit(limits: CallLimits, ...at: readonly number[]): string[] {
  return at.map((now) => limits.admit(now));
}

describe("a trunk's limits", () => {
  test("limits: so many calls at once; one that ends makes place for one", () => {
    const limits = new CallLimits({ maxCalls: 2, callsPerSecond: 0 }, 0);
    expect(admit(limits, 0, 0, 0)).toEqual(["ok", "ok", "too-many-calls"]);
    limits.release();
    expect(limits.calls).toBe(1);
    expect(admit(limits, 1, 1)).toEqual(["ok", "too-many-calls"]);
  });

  test("limits: so many new calls a second, a second's worth at once", () => {
    const limits = new CallLimits({ maxCalls: 0, callsPerSecond: 2 }, 0);
    expect(admit(limits, 0, 0, 0, 499, 500, 501)).toEqual(["ok", "ok", "too-fast", "too-fast", "ok", "too-fast"]);
    // Hours of quiet save up no more than a second's worth.
    expect(admit(limits, 3_600_000, 3_600_000, 3_600_000)).toEqual(["ok", "ok", "too-fast"]);
  });

  test("limits: what is refused takes neither place nor turn", () => {
    const limits = new CallLimits({ maxCalls: 1, callsPerSecond: 2 }, 0);
    expect(admit(limits, 0, 0, 0)).toEqual(["ok", "too-many-calls", "too-many-calls"]);
    limits.release();
    expect(admit(limits, 0)).toEqual(["ok"]);
    limits.release();
    expect(admit(limits, 0)).toEqual(["too-fast"]);
    expect(limits.calls).toBe(0);
  });

  test("limits: 0 is no limit", () => {
    const limits = new CallLimits({ maxCalls: 0, callsPerSecond: 0 }, 0);
    expect(new Set(admit(limits, ...Array(500).fill(0)))).toEqual(new Set(["ok"]));
    expect(limits.calls).toBe(500);
  });

  test("limits: a place given back twice counts once", () => {
    const limits = new CallLimits({ maxCalls: 1, callsPerSecond: 0 }, 0);
    limits.release();
    expect(admit(limits, 0, 0)).toEqual(["ok", "too-many-calls"]);
  });

  test("limits: changed ones hold at once, and calls in progress count on", () => {
    const limits = new CallLimits({ maxCalls: 0, callsPerSecond: 0 }, 0);
    expect(admit(limits, 0, 0)).toEqual(["ok", "ok"]);
    limits.change({ maxCalls: 4, callsPerSecond: 1 }, 10);
    expect(admit(limits, 10, 10, 1010, 2010)).toEqual(["ok", "too-fast", "ok", "too-many-calls"]);
    limits.change({ maxCalls: 5, callsPerSecond: 0 }, 2010);
    expect(admit(limits, 2010, 2010)).toEqual(["ok", "too-many-calls"]);
  });
});
