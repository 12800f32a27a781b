import { describe, expect, test } from "vitest";
import { nextSlot, slotBeginsAt } from "../../../src/media/talk/slots.ts";

describe("slots of the tick", () => {
  test("slots: follow one another, also when one was done only after the next began", () => {
    expect(nextSlot(1000, 0, 1001)).toBe(1);
    expect(nextSlot(1000, 1, 1022)).toBe(2);
    expect(nextSlot(1000, 1, 1039.9)).toBe(2);
    expect(nextSlot(1000, 1, 1059.9)).toBe(2);
  });

  test("slots: after a stall those that are over are left out, and the one it is now is not", () => {
    expect(nextSlot(1000, 1, 1060.1)).toBe(3);
    expect(nextSlot(1000, 1, 1095)).toBe(4);
  });

  test("slots: begin on the grid of the start, an hour later too", () => {
    expect(slotBeginsAt(1234.5, 180_000)).toBe(1234.5 + 3_600_000);
    let slot = 0;
    let now = 1234.5;
    for (let i = 0; i < 180_000; i += 1) {
      slot = nextSlot(1234.5, slot, now + 0.3);
      now = slotBeginsAt(1234.5, slot) + 0.9;
    }
    expect(slot).toBe(180_000);
  });
});
