import { describe, expect, test } from "vitest";
import { Liveness, sweepEveryMs } from "../../../../src/media/streams/io/liveness.ts";

/** `h` is a sign of life, `.` a sweep; the answer has one letter a sweep: alive, ping, dead. */
function watch(picture: string): string {
  const liveness = new Liveness();
  let answer = "";
  for (const mark of picture) {
    if (mark === "h") liveness.heard();
    else answer += liveness.sweep()[0];
  }
  return answer;
}

describe("liveness", () => {
  test("silence is pinged after half the timeout and given up after the whole", () => {
    expect(watch(".....")).toBe("aappd");
    expect(sweepEveryMs(400)).toBe(100);
  });

  test("any sign of life starts the silence anew", () => {
    expect(watch("...h.....")).toBe("aapaappd");
    expect(watch(".h.h.h.h.h")).toBe("aaaaa");
  });
});
