import { describe, expect, test } from "vitest";
import {
  answersProbe,
  defaultTargetHealth,
  failsOver,
  orderTargets,
  TargetHealth,
} from "../../../src/control/exchange/trunk-targets.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";

/** `a:0:3` is a target with priority 0 and weight 3. */
function targets(picture: string) {
  return picture.split(" ").map((one) => {
    const [uri = "", priority, weight] = one.split(":");
    return { uri, priority: Number(priority), weight: Number(weight) };
  });
}

function order(picture: string, held: string, random: () => number): string {
  const ordered = orderTargets(targets(picture), ({ uri }) => held.includes(uri), random);
  return ordered.map(({ uri }) => uri).join(" ");
}

describe("order of targets", () => {
  test("targets: the lowest priority comes first", () => {
    expect(order("c:20:1 a:0:1 b:10:1", "", () => 0.99)).toBe("a b c");
  });

  test("targets: those known dead come last, by their own order", () => {
    expect(order("a:0:1 b:10:1 c:20:1", "ab", () => 0)).toBe("c a b");
    expect(order("a:0:1 b:10:1", "ab", () => 0)).toBe("a b");
  });

  test("targets: chance picks in the proportion of the weights (RFC 2782)", () => {
    const random = new SeededRandom(7);
    const first: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 4000; i++) first[order("a:0:1 b:0:3 c:0:0", "", () => random.next()).slice(0, 1)]! += 1;
    expect(first.c).toBe(0);
    expect(first.b! / first.a!).toBeGreaterThan(2.5);
    expect(first.b! / first.a!).toBeLessThan(3.5);
  });

  test("targets: each stands in the order once, weight 0 too", () => {
    for (const chance of [0, 0.5, 0.999]) {
      expect(
        order("a:0:0 b:0:0 c:1:5", "", () => chance)
          .split(" ")
          .sort(),
      ).toEqual(["a", "b", "c"]);
      expect(order("a:0:0 b:0:4", "", () => chance)).toBe("b a");
    }
  });
});

describe("health of a target", () => {
  const { holdDownMs } = defaultTargetHealth;
  const ok = { by: "probe", ok: true } as const;
  const silent = { by: "probe", ok: false } as const;
  const callFailed = { by: "call", ok: false } as const;

  test("health: unknown until heard, up at the first answer", () => {
    const health = new TargetHealth();
    expect(health.stateAt(0)).toBe("unknown");
    health.report(ok, 0);
    expect(health.stateAt(1e9)).toBe("up");
  });

  test("health: one lost probe does not take a target down, two in a row do", () => {
    const health = new TargetHealth();
    health.report(ok, 0);
    health.report(silent, 1000);
    health.report(ok, 2000);
    health.report(silent, 3000);
    expect(health.stateAt(3000)).toBe("up");
    health.report(silent, 4000);
    expect(health.stateAt(4000)).toBe("down");
    expect(health.isHeldDown(4000)).toBe(true);
  });

  test("health: a failed call holds a target down at once, for a while", () => {
    const health = new TargetHealth();
    health.report(callFailed, 1000);
    expect(health.isHeldDown(1000 + holdDownMs - 1)).toBe(true);
    expect(health.stateAt(1000)).toBe("down");
    expect(health.isHeldDown(1000 + holdDownMs)).toBe(false);
    expect(health.stateAt(1000 + holdDownMs)).toBe("unknown");
  });

  test("health: heard again, it is tried as before", () => {
    const health = new TargetHealth();
    health.report(callFailed, 0);
    health.report(ok, 10);
    expect(health.isHeldDown(10)).toBe(false);
    expect(health.stateAt(10)).toBe("up");
  });

  test("health: where probes are rare, a dead target stays down from one to the next", () => {
    const health = new TargetHealth();
    for (const now of [0, 60_000, 120_000]) health.report(silent, now, 60_000);
    expect(health.isHeldDown(179_000)).toBe(true);
    expect(health.isHeldDown(240_000)).toBe(false);
  });

  test("health: several answers in a row may be asked for before it is trusted; a call that got through is enough", () => {
    const health = new TargetHealth({ ...defaultTargetHealth, successesToUp: 2 });
    health.report(callFailed, 0);
    health.report(ok, 10);
    expect(health.stateAt(10)).toBe("down");
    health.report(ok, 20);
    expect(health.stateAt(20)).toBe("up");
    health.report(callFailed, 30);
    health.report({ by: "call", ok: true }, 40);
    expect(health.stateAt(40)).toBe("up");
  });
});

test("failover: goes on after 408 and 5xx, never after a no", () => {
  expect([408, 500, 503, 504, 599].every(failsOver)).toBe(true);
  expect([200, 302, 401, 403, 404, 480, 486, 487, 600, 603].some(failsOver)).toBe(false);
});

test("probe: any answer shows life, but for those that say the opposite (RFC 3261 §11.2)", () => {
  expect([200, 401, 403, 404, 405, 481, 501].every(answersProbe)).toBe(true);
  expect([408, 500, 502, 503, 504].some(answersProbe)).toBe(false);
});
