import { describe, expect, test } from "vitest";
import { nextAttemptAt, retryLifetimeMs } from "../../../src/control/webhooks/back-off.ts";

describe("webhooks, back-off", () => {
  test("back-off: doubles from 5 s to an hour, and chance takes up to half of it away", () => {
    const at = (attempts: number, chance: number) =>
      nextAttemptAt({ attempts, now: 0, retryUntil: retryLifetimeMs, chance });
    expect([1, 2, 3, 4].map((attempts) => at(attempts, 0))).toEqual([2_500, 5_000, 10_000, 20_000]);
    expect([1, 2].map((attempts) => at(attempts, 0.5))).toEqual([3_750, 7_500]);
    expect(at(40, 0)).toBe(1_800_000);
    expect(at(4_000, 0)).toBe(1_800_000);
  });

  test("back-off: the last attempt is at the very end of the 24 hours, and after it there is none", () => {
    let now = 0;
    const attempts: number[] = [];
    for (;;) {
      const next = nextAttemptAt({ attempts: attempts.length + 1, now, retryUntil: retryLifetimeMs, chance: 0.9 });
      if (next === undefined) break;
      expect(next).toBeGreaterThan(now);
      attempts.push(next);
      now = next;
    }
    expect(attempts.at(-1)).toBe(retryLifetimeMs);
    expect(attempts.length).toBeGreaterThan(25);
    expect(attempts.length).toBeLessThan(60);
  });

  test("back-off: what waited for more than its 24 hours behind others has the one attempt it is having", () => {
    expect(nextAttemptAt({ attempts: 1, now: 10, retryUntil: 9, chance: 0 })).toBeUndefined();
  });
});
