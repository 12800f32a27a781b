import { describe, expect, test } from "vitest";
import { ProbeSchedule, probeAnswerMs } from "../../../src/control/exchange/probe-schedule.ts";

const everyMs = 30_000;

function wanted(...keys: readonly string[]): Map<string, { everyMs: number }> {
  return new Map(keys.map((key) => [key, { everyMs }]));
}

/** Runs to `until`; one line an order: `1000 probe a`. `answers`: who answers, 10 ms later. */
function run(schedule: ProbeSchedule, until: number, answers: (key: string) => boolean): string[] {
  const lines: string[] = [];
  for (let now = schedule.deadline; now !== undefined && now <= until; now = schedule.deadline) {
    for (const order of schedule.due(now)) {
      lines.push(`${now} ${order.type} ${order.key}`);
      if (order.type === "probe" && answers(order.key)) schedule.answered(order.key, order.serial);
    }
  }
  return lines;
}

describe("probe schedule", () => {
  test("probes: the first comes within a second, then one each interval", () => {
    const schedule = new ProbeSchedule(() => 0.5);
    schedule.replace(wanted("a"), 0);
    expect(run(schedule, 70_000, () => true)).toEqual(["500 probe a", "30500 probe a", "60500 probe a"]);
  });

  test("probes: one that stays without an answer is told before the next goes out", () => {
    const schedule = new ProbeSchedule(() => 0);
    schedule.replace(wanted("a", "b"), 0);
    expect(run(schedule, 36_000, (key) => key === "a")).toEqual([
      "0 probe a",
      "0 probe b",
      `${probeAnswerMs} unanswered b`,
      "30000 probe a",
      "30000 probe b",
      "35000 unanswered b",
    ]);
  });

  test("probes: an answer that comes too late, or twice, does not count", () => {
    const schedule = new ProbeSchedule(() => 0);
    schedule.replace(wanted("a"), 0);
    const [first] = schedule.due(0);
    expect(schedule.due(probeAnswerMs)).toEqual([{ type: "unanswered", key: "a" }]);
    const serial = first?.type === "probe" ? first.serial : 0;
    expect(schedule.answered("a", serial)).toBe(false);
    const [second] = schedule.due(everyMs);
    expect(schedule.answered("a", serial)).toBe(false);
    expect(schedule.answered("a", second?.type === "probe" ? second.serial : 0)).toBe(true);
    expect(schedule.answered("a", second?.type === "probe" ? second.serial : 0)).toBe(false);
  });

  test("probes: who is no longer wanted is left alone; who stays keeps the time, or gets the shorter one", () => {
    const schedule = new ProbeSchedule(() => 0);
    schedule.replace(wanted("a", "b"), 0);
    run(schedule, 0, () => true);
    schedule.replace(new Map([["b", { everyMs: 10_000 }]]), 1000);
    expect(run(schedule, 25_000, () => true)).toEqual(["11000 probe b", "21000 probe b"]);
    schedule.replace(new Map(), 25_000);
    expect(schedule.deadline).toBeUndefined();
  });
});
