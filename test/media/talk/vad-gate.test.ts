import { describe, expect, test } from "vitest";
import { VadGate } from "../../../src/media/talk/vad-gate.ts";

/** Plays `#` wanted and `.` unwanted frames; the numbers pushed, "s" for each skipped frame, "R" for a reset. */
function play(picture: string, holdMs = 60, resetAfterMs = 200): string {
  const told: string[] = [];
  const gate = new VadGate(
    {
      push: (pcm) => told.push(String(pcm[0])),
      skip: (samples) => told.push("s".repeat(samples / 160)),
      reset: () => told.push("R"),
    },
    { holdMs, resetAfterMs },
  );
  for (const [i, mark] of [...picture].entries()) gate.frame(new Int16Array(160).fill(i), mark === "#");
  return told.join(" ");
}

describe("gate before the neural tier", () => {
  test("gate: silence does not pass, and the last two frames go first when it opens", () => {
    expect(play("....#")).toBe("s s 2 3 4");
    expect(play(".#")).toBe("0 1");
    expect(play("#")).toBe("0");
  });

  test("gate: stays open for a while after the last wanted frame", () => {
    expect(play("#.......#")).toBe("0 1 2 s s s 6 7 8");
  });

  test("gate: a reopening right after closing loses nothing", () => {
    expect(play("#...#")).toBe("0 1 2 3 4");
    expect(play("#....#")).toBe("0 1 2 3 4 5");
  });

  test("gate: after a long silence the neural tier forgets first", () => {
    expect(play(`#..${".".repeat(10)}#`)).toMatch(/s R 11 12 13$/);
    expect(play(`#..${".".repeat(9)}#`)).not.toContain("R");
  });
});
