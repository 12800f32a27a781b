import { describe, expect, test } from "vitest";
import { RoomStar } from "../../../src/control/calls/room-star.ts";
import type { CallId } from "../../../src/kit/ids.ts";

const call = (n: number) => `call_${n}` as CallId;

/** Calls by their processes, in order. */
function starOf(...processes: number[]): RoomStar {
  const star = new RoomStar();
  for (const [n, processId] of processes.entries()) star.enter(call(n), processId);
  return star;
}

describe("the star of a room", () => {
  test("its middle is where the first call is; every other process is linked with that, once", () => {
    const star = starOf(3, 1, 3, 2, 1);
    expect([star.home, [...star.others]]).toEqual([3, [1, 2]]);
  });

  test("calls of one process need no link", () => {
    const star = starOf(0, 0);
    expect([star.home, star.others.size]).toEqual([0, 0]);
  });

  test("the middle stays while it has any call, and moves to the eldest that is left", () => {
    const star = starOf(0, 1, 0, 2);
    star.leave(call(0));
    expect(star.home).toBe(0);
    star.leave(call(2));
    expect([star.home, [...star.others]]).toEqual([1, [2]]);
    star.enter(call(9), 0);
    expect(star.home).toBe(1);
    for (const n of [1, 3, 9]) star.leave(call(n));
    expect([star.home, star.isEmpty]).toEqual([undefined, true]);
  });
});
