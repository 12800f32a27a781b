import { describe, expect, test } from "vitest";
import { MemoryWindows, type WindowAsk } from "../../../../src/control/http/limits/windows.ts";
import { SeededRandom } from "../../../kit/seeded-random.ts";

const ask = (limit: number, windowMs: number, name = "calls", subject = "org_a"): WindowAsk => ({
  subject,
  name,
  limit,
  windowMs,
});

describe("rate limit windows", () => {
  test("window: lets the limit through, says how long the next has to wait, and takes it exactly then", () => {
    const windows = new MemoryWindows(10);
    const take = (now: number) => windows.take([ask(2, 1000)], now);
    expect(take(0)).toEqual({ allowed: true, limit: 2, remaining: 1, resetMs: 1000, retryAfterMs: 0 });
    expect(take(400)).toEqual({ allowed: true, limit: 2, remaining: 0, resetMs: 1000, retryAfterMs: 0 });
    expect(take(600)).toEqual({ allowed: false, limit: 2, remaining: 0, resetMs: 800, retryAfterMs: 400 });
    expect(take(999).retryAfterMs).toBe(1);
    expect(take(1000).allowed).toBe(true);
    expect(take(1399).allowed).toBe(false);
    expect(take(1400).allowed).toBe(true);
  });

  test("window: no stretch of time holds more than the limit, however requests fall, and none is refused needlessly", () => {
    const random = new SeededRandom(7);
    const windows = new MemoryWindows(10);
    const letThrough: number[] = [];
    let refused = 0;
    for (let now = 0; now < 200_000; now += random.int(0, 40)) {
      const recent = letThrough.filter((at) => at > now - 5000).length;
      const verdict = windows.take([ask(100, 5000)], now);
      expect(verdict.allowed).toBe(recent < 100);
      if (verdict.allowed) letThrough.push(now);
      else refused += 1;
    }
    expect(letThrough.length).toBeGreaterThan(3000);
    expect(refused).toBeGreaterThan(1000);
  });

  test("windows: a request that one of them refuses is counted in none, and the one to wait for longest is told", () => {
    const windows = new MemoryWindows(10);
    const route = ask(1, 10_000, "route");
    const global = ask(3, 1000, "global");
    expect(windows.take([route, global], 0)).toMatchObject({ allowed: true, limit: 1, remaining: 0 });
    expect(windows.take([route, global], 1)).toMatchObject({ allowed: false, limit: 1, retryAfterMs: 9999 });
    expect(windows.take([global], 2)).toMatchObject({ allowed: true, remaining: 1 });
    expect(windows.take([global], 3)).toMatchObject({ allowed: true, remaining: 0 });
    expect(windows.take([route, global], 4)).toMatchObject({ allowed: false, limit: 1, retryAfterMs: 9996 });
    expect(windows.take([global], 4)).toMatchObject({ allowed: false, limit: 3, retryAfterMs: 996 });
  });

  test("windows: organisations, routes and lengths do not share one", () => {
    const windows = new MemoryWindows(10);
    const asks = [ask(1, 1000), ask(1, 1000, "texts"), ask(1, 1000, "calls", "org_b"), ask(1, 2000)];
    expect(asks.map((one) => windows.take([one], 0).allowed)).toEqual([true, true, true, true]);
    expect(asks.map((one) => windows.take([one], 0).allowed)).toEqual([false, false, false, false]);
  });

  test("window: a limit that was lowered waits until enough have left, and none at all takes nothing", () => {
    const windows = new MemoryWindows(10);
    for (const now of [0, 100, 200, 300]) windows.take([ask(4, 1000)], now);
    expect(windows.take([ask(2, 1000)], 400)).toMatchObject({ allowed: false, remaining: 0, retryAfterMs: 800 });
    expect(windows.take([ask(2, 1000)], 1200).allowed).toBe(true);
    expect(windows.take([ask(0, 1000, "closed")], 0)).toMatchObject({ allowed: false, retryAfterMs: 1000 });
  });

  test("windows: their number is bounded, the one unused longest is forgotten first", () => {
    const windows = new MemoryWindows(2);
    const take = (name: string) => windows.take([ask(1, 1000, name)], 0).allowed;
    expect(["a", "b", "a", "c", "a", "b"].map(take)).toEqual([true, true, false, true, false, true]);
  });
});
