import { describe, expect, test } from "vitest";
import { Initiative } from "../../../src/media/talk/initiative.ts";
import { defaultTurnOptions, type TurnOptions } from "../../../src/media/talk/turn-options.ts";

const silent = { quiet: true, free: true, callers: false };
const agentSpeaks = { quiet: false, free: false, callers: false };
const callerSpeaks = { quiet: true, free: false, callers: true };

function initiative(options: Partial<TurnOptions> = {}, maxDurationMs = 600_000, short = false): Initiative {
  const durationCause = short ? "out-of-credit" : "max-duration";
  return new Initiative({ ...defaultTurnOptions, ...options }, { maxDurationMs, durationCause }, 0);
}

/** Ticks every 20 ms until the end of the call; what was ordered, as "ms what". */
function run(it: Initiative, from: number, to: number, floor: typeof silent): string[] {
  const log: string[] = [];
  for (let now = from; now <= to; now += 20) {
    for (const order of it.handle(floor, now)) {
      log.push(`${now} ${order.type === "say" ? order.reason : order.cause}`);
      if (order.type === "end") return log;
    }
  }
  return log;
}

describe("initiative", () => {
  test("nudges a silent caller, says goodbye and hangs up", () => {
    expect(run(initiative({ maxNudges: 1 }), 0, 40_000, silent)).toEqual([
      "8000 nudge",
      "16000 goodbye",
      "20000 caller-silent",
    ]);
  });

  test("says nothing of itself while the agent or the caller speaks", () => {
    expect(run(initiative(), 0, 60_000, agentSpeaks)).toEqual([]);
    expect(run(initiative(), 0, 60_000, callerSpeaks)).toEqual([]);
  });

  test("does not end the call while an announcement waits, but for the grace", () => {
    const it = initiative();
    it.announcements.add("one", "say", 0);
    it.leave("agent-hung-up", 0);
    expect(run(it, 0, 2000, { ...silent, free: false })).toEqual([]);
    expect(run(it, 2020, 2020, silent)).toEqual(["2020 say"]);
    it.announcements.replyStarted("r1", "say");
    it.replyHeard("r1");
    expect(run(it, 3000, 3400, silent)).toEqual(["3200 agent-hung-up"]);
  });

  test("a caller who takes the floor calls off the agent's goodbye, not the operator's or the clock's", () => {
    for (const [cause, stays] of [
      ["agent-hung-up", true],
      ["caller-silent", true],
      ["api-hung-up", false],
      ["max-duration", false],
    ] as const) {
      const it = initiative();
      it.leave(cause, 0);
      it.callerTookFloor();
      expect(it.leaving).toBe(!stays);
    }
  });

  test("a call that nobody can pay any longer says so in one sentence and ends for that cause, however short it is", () => {
    for (const [maxDurationMs, saidAt] of [
      [60_000, 40_000],
      [10_000, 5_000],
    ] as const) {
      const it = initiative({ nudgeAfterMs: 0 }, maxDurationMs, true);
      expect(run(it, 0, saidAt, silent)).toEqual([`${saidAt} duration-warning`]);
      it.announcements.replyStarted("r1", "duration-warning");
      it.replyHeard("r1");
      expect(run(it, saidAt + 20, 80_000, silent)).toEqual([`${maxDurationMs + 200} out-of-credit`]);
    }
  });

  test("the warning may not be stopped once it has waited long enough", () => {
    const it = initiative({}, 60_000);
    const orders = [];
    for (let now = 39_000; now <= 51_000; now += 20) orders.push(...it.handle(callerSpeaks, now));
    expect(orders).toMatchObject([{ type: "say", reason: "duration-warning", interruptible: false }]);
  });
});
