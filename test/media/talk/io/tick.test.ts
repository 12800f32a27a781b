import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { startTick } from "../../../../src/media/talk/io/tick.ts";

/** Runs a tick until `count` slots ran; `work` runs in each. */
function run(count: number, work: (i: number) => void = () => {}): Promise<{ at: number[]; late: number[] }> {
  return new Promise((done) => {
    const at: number[] = [];
    const late: number[] = [];
    const tick = startTick({
      clock: systemClock,
      slot: (now) => {
        at.push(now);
        work(at.length);
        if (at.length < count) return;
        tick.close();
        tick.close();
        setTimeout(() => done({ at, late }), 50);
      },
      late: (lateMs) => late.push(lateMs),
    });
  });
}

describe("20 ms tick", () => {
  test("tick: stays on the grid of its start, reports its lateness, and stops when closed", async () => {
    const { at, late } = await run(10);
    expect(at).toHaveLength(10);
    expect(late).toHaveLength(10);
    // Time minus lateness is the grid, however busy the machine is.
    const grid = at.map((now, i) => (now - late[i]! - (at[0]! - late[0]!)) / 20);
    for (const slots of grid) expect(Math.abs(slots - Math.round(slots))).toBeLessThan(0.001);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  });

  test("tick: skips the slots of a stall and does not bunch after it", async () => {
    const { at } = await run(5, (i) => {
      const until = systemClock.now() + 70;
      while (i === 2 && systemClock.now() < until);
    });
    expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(70);
    for (let i = 1; i < at.length; i += 1) expect(at[i]! - at[i - 1]!).toBeGreaterThanOrEqual(9.9);
  });
});
