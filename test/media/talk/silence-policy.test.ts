import { describe, expect, test } from "vitest";
import { SilencePolicy } from "../../../src/media/talk/silence-policy.ts";

type Word = "quiet" | "busy" | "caller-active";

/** Plays "quiet@0 busy@5000 …", the wanted timeouts between and after; what was ordered, as "nudge@7000". */
function play(script: string, until: number, options = { nudgeAfterMs: 7000, maxNudges: 2 }): string {
  const policy = new SilencePolicy(options);
  const ordered: string[] = [];
  const timeouts = (now: number): void => {
    while (policy.deadline !== undefined && policy.deadline <= now) {
      const at = policy.deadline;
      for (const order of policy.handle({ type: "timeout" }, at)) ordered.push(`${order.type}@${at}`);
    }
  };
  for (const step of script.split(" ")) {
    const [type, at] = step.split("@");
    timeouts(Number(at));
    policy.handle({ type: type as Word }, Number(at));
  }
  timeouts(until);
  return ordered.join(" ");
}

describe("silence policy", () => {
  test("silence: two nudges, then gives up once", () => {
    expect(play("quiet@0", 60_000)).toBe("nudge@7000 nudge@14000 give-up@21000");
    expect(play("quiet@0 quiet@30000", 60_000)).toBe("nudge@7000 nudge@14000 give-up@21000");
  });

  test("silence: the wait begins when the nudge was played, not when it was ordered", () => {
    expect(play("quiet@0 busy@7100 quiet@9000 busy@16100 quiet@18000", 40_000)).toBe(
      "nudge@7000 nudge@16000 give-up@25000",
    );
  });

  test("silence: none while the agent is heard, audio is unplayed or a tool runs", () => {
    expect(play("quiet@0 busy@6999", 60_000)).toBe("");
    expect(play("quiet@0 busy@3000 quiet@20000", 27_000)).toBe("nudge@27000");
  });

  test("silence: saying quiet again does not push the nudge away", () => {
    expect(play("quiet@0 quiet@20 quiet@6980", 7000)).toBe("nudge@7000");
  });

  test("silence: a caller who does something gets all the patience again", () => {
    expect(play("quiet@0 caller-active@14500 quiet@16000", 31_000)).toBe(
      "nudge@7000 nudge@14000 nudge@23000 nudge@30000",
    );
    expect(play("quiet@0 caller-active@22000 quiet@22000", 30_000)).toBe(
      "nudge@7000 nudge@14000 give-up@21000 nudge@29000",
    );
  });

  test("silence: switched off by 0 ms or 0 nudges, and then nobody is hung up on", () => {
    expect(play("quiet@0", 1e6, { nudgeAfterMs: 0, maxNudges: 2 })).toBe("");
    expect(play("quiet@0", 1e6, { nudgeAfterMs: 7000, maxNudges: 0 })).toBe("");
  });
});
