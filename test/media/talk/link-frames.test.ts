import { describe, expect, test } from "vitest";
import { LinkFrames } from "../../../src/media/talk/link-frames.ts";

const frameBytes = 640;
const at = 20;

/** A packet whose frame is filled with one number. */
function packet(value: number): Uint8Array {
  return new Uint8Array(at + frameBytes).fill(value, at);
}

/** Plays `1@0 2@1 …`: the frame of this sequence number comes before that tick. What each tick gives, `-` for silence. */
function play(arrivals: string, ticks: number, frames = new LinkFrames()): string {
  const due = arrivals.split(" ").map((arrival) => arrival.split("@").map(Number) as [number, number]);
  const out = new Uint8Array(frameBytes);
  const given: string[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    for (const [seq, when] of due) if (when === tick) frames.push(seq, packet(seq & 0xff), at);
    given.push(frames.take(out) ? String(out[0]) : "-");
    if (given.at(-1) !== "-") expect([out[0], out[frameBytes - 1]]).toEqual([out[0], out[0]]);
  }
  return given.join(" ");
}

describe("frames of a room's link", () => {
  test("the first waits until there are two, then one comes out a tick", () => {
    expect(play("1@0 2@1 3@2 4@3", 6)).toBe("- 1 2 3 4 -");
  });

  test("one that comes up to a tick late is not missed", () => {
    expect(play("1@0 2@1 3@3 4@3 5@4 6@6 7@6", 9)).toBe("- 1 2 3 4 5 6 7 -");
  });

  test("one that never comes is silence, and those behind it keep their time", () => {
    const frames = new LinkFrames();
    expect(play("1@0 2@1 4@3 5@4", 6, frames)).toBe("- 1 2 - 4 5");
    expect(frames.counters).toEqual({ late: 0, lost: 1, leftOut: 0 });
  });

  test("one that comes after its turn, or twice, is not heard", () => {
    const frames = new LinkFrames();
    expect(play("1@0 2@1 4@2 5@3 3@5 6@5 6@5 7@6", 8, frames)).toBe("- 1 2 - 4 5 6 7");
    expect(frames.counters).toEqual({ late: 1, lost: 1, leftOut: 0 });
  });

  test("a pause of the other side: the frames behind it wait for each other again", () => {
    expect(play("1@0 2@1 3@6 4@7 5@8", 11)).toBe("- 1 2 - - - - 3 4 5 -");
  });

  test("all that came during a stall of ours is left out but for the newest four", () => {
    const frames = new LinkFrames();
    const burst = Array.from({ length: 12 }, (_, n) => `${n + 3}@2`).join(" ");
    expect(play(`1@0 2@1 ${burst} 15@3 16@4`, 6, frames)).toBe("- 1 11 12 13 14");
    expect(frames.counters.leftOut).toBe(9);
  });

  test("what waits without need is left out within seconds, so that a stall does not delay the whole call", () => {
    const frames = new LinkFrames();
    const late = "1@0 2@0 3@0 4@0 5@1 6@2 7@3";
    const even = Array.from({ length: 170 }, (_, n) => `${n + 8}@${n + 4}`).join(" ");
    const given = play(`${late} ${even}`, 174, frames).split(" ").map(Number);
    expect(given.slice(0, 3)).toEqual([1, 2, 3]);
    expect(given.at(-1)).toBe(176);
    expect(frames.counters).toEqual({ late: 0, lost: 0, leftOut: 2 });
  });

  test("the sequence number carries on across 2^32 − 1 → 0", () => {
    expect(play("4294967294@0 4294967295@1 0@2 1@3", 5)).toBe("- 254 255 0 1");
  });
});
