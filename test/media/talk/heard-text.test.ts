import { describe, expect, test } from "vitest";
import { heardChars } from "../../../src/media/talk/heard-text.ts";

const text = "Hello, I can book you for nine tomorrow.";
const heard = (heardMs: number, receivedMs: number, complete = true, said = text) =>
  said.slice(0, heardChars(said, [], { heardMs, receivedMs, complete }));

describe("heard text", () => {
  test("is all of it when all of it was heard, and nothing when nothing was", () => {
    expect(heard(3000, 3000)).toBe(text);
    expect(heard(0, 3000)).toBe("");
    expect(heard(0, 0)).toBe("");
  });

  test("is the share of the audio, cut where a word ends", () => {
    expect(heard(1500, 3000)).toBe("Hello, I can book");
    expect(heard(100, 3000)).toBe("");
  });

  test("of an incomplete item is no more than can be spoken in the time, however much text is there", () => {
    expect(heard(1000, 1000, false)).toBe("Hello, I can");
    expect(heard(500, 1000, false, "Hi.")).toBe("");
    expect(heard(60_000, 60_000, false)).toBe(text);
  });

  test("follows the words' own times, with the full stop of the last", () => {
    const words = [
      { endMs: 400, endChar: 5 },
      { endMs: 500, endChar: 8 },
      { endMs: 2900, endChar: 39 },
    ];
    const at = (heardMs: number) =>
      text.slice(0, heardChars(text, words, { heardMs, receivedMs: 3000, complete: true }));
    expect(at(399)).toBe("");
    expect(at(400)).toBe("Hello,");
    expect(at(2899)).toBe("Hello, I");
    expect(at(2900)).toBe(text);
  });

  test("in scripts without spaces is cut at a character, never inside one", () => {
    expect(heard(1000, 2000, true, "予約を変更します")).toBe("予約を変");
    expect(heard(1000, 2000, true, "野𠮷家")).toBe("野");
  });

  test("grows with what is heard and never shrinks", () => {
    for (const complete of [true, false]) {
      let last = 0;
      for (let heardMs = 0; heardMs <= 3000; heardMs += 10) {
        const chars = heardChars(text, [], { heardMs, receivedMs: 3000, complete });
        expect(chars).toBeGreaterThanOrEqual(last);
        last = chars;
      }
    }
  });
});
