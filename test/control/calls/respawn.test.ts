import { expect, test } from "vitest";
import { Respawn } from "../../../src/control/calls/respawn.ts";

test("respawn: delays double while a process dies young, up to a limit", () => {
  const respawn = new Respawn({ firstDelayMs: 100, longestDelayMs: 500, healthyAfterMs: 1000 });
  expect([1, 2, 3, 4, 5].map(() => respawn.died(10))).toEqual([100, 200, 400, 500, 500]);
});

test("respawn: a process that lived long has its failures forgiven", () => {
  const respawn = new Respawn({ firstDelayMs: 100, longestDelayMs: 500, healthyAfterMs: 1000 });
  respawn.died(10);
  respawn.died(10);
  expect(respawn.died(5000)).toBe(100);
});
