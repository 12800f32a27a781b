import { describe, expect, test } from "vitest";
import { slope } from "../../../bench/sip/slope.ts";

describe("bench: slope", () => {
  test("slope: that of the line the points lie on", () => {
    expect(
      slope([
        [0, 5],
        [10, 25],
        [30, 65],
      ]),
    ).toBe(2);
  });

  test("slope: noise on both sides of a flat line comes to nothing", () => {
    expect(
      slope([
        [0, 10],
        [1, 12],
        [2, 12],
        [3, 10],
      ]),
    ).toBe(0);
  });
});
