import { describe, expect, test } from "vitest";
import { EarlyAudio } from "../../../src/media/streams/early-audio.ts";

/** Digits are audio bytes, letters in brackets are keys: "12[A]3". */
function play(early: EarlyAudio): string {
  let text = "";
  early.replay({
    audio: (payload) => {
      text += [...payload].join("");
    },
    dtmf: (digit) => {
      text += `[${digit}]`;
    },
  });
  return text;
}

function kept(capacityBytes: number, picture: string): { readonly played: string; readonly dropped: number } {
  const early = new EarlyAudio(capacityBytes);
  for (const [, digits, key] of picture.matchAll(/(\d+)|\[(.)\]/g)) {
    if (digits) early.push(Uint8Array.from(digits, Number));
    if (key) early.pushKey(key);
  }
  return { played: play(early), dropped: early.droppedBytes };
}

describe("early audio", () => {
  test("plays back what came, keys in their places", () => {
    expect(kept(10, "12 3[A]45[#][1]")).toEqual({ played: "123[A]45[#][1]", dropped: 0 });
  });

  test("keeps the last bytes when there are too many, and says how many went", () => {
    expect(kept(4, "1 2 3 4 5 6")).toEqual({ played: "3456", dropped: 2 });
    expect(kept(4, "123 456 7")).toEqual({ played: "4567", dropped: 3 });
    expect(kept(4, "123456789")).toEqual({ played: "6789", dropped: 5 });
    expect(kept(4, "12 3456789 1")).toEqual({ played: "7891", dropped: 6 });
  });

  test("a key outlives the audio around it, but not without bound", () => {
    expect(kept(2, "1[A]234[B]5")).toEqual({ played: "[A]4[B]5", dropped: 3 });
    expect(kept(2, "[1]".repeat(50)).played).toBe("[1]".repeat(32));
  });

  test("nothing is nothing", () => {
    expect(kept(4, "")).toEqual({ played: "", dropped: 0 });
  });

  test("copies, so that the caller may reuse its buffer", () => {
    const early = new EarlyAudio(4);
    const buffer = Uint8Array.of(1, 2);
    early.push(buffer);
    buffer.fill(9);
    early.push(buffer);
    expect(play(early)).toBe("1299");
  });
});
