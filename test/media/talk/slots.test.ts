import { describe, expect, test } from "vitest";
import { nextSlot, slotBeginsAt } from "../../../src/media/talk/slots.ts";

describe("slots of the tick", () => {
  test("slots: follow one another while each is done before the next begins", () => {
    expect(nextSlot(1000, 0, 1000, 1001)).toBe(1);
    expect(nextSlot(1000, 1, 1021.4, 1022)).toBe(2);
    expect(nextSlot(1000, 1, 1020.2, 1039.9)).toBe(2);
  });

  test("slots: after a stall the missed ones are left out, not caught up", () => {
    expect(nextSlot(1000, 1, 1021, 1095)).toBe(5);
    expect(nextSlot(1000, 1, 1095, 1096)).toBe(6);
  });

  test("slots: a late one is never followed within half a slot", () => {
    expect(nextSlot(0, 1, 29, 29.5)).toBe(2);
    expect(nextSlot(0, 1, 30.5, 31)).toBe(3);
  });

  test("slots: begin on the grid of the start, an hour later too", () => {
    expect(slotBeginsAt(1234.5, 180_000)).toBe(1234.5 + 3_600_000);
    let slot = 0;
    let now = 1234.5;
    for (let i = 0; i < 180_000; i += 1) {
      slot = nextSlot(1234.5, slot, now, now + 0.3);
      now = slotBeginsAt(1234.5, slot) + 0.9;
    }
    expect(slot).toBe(180_000);
  });
});
