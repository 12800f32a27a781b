import { describe, expect, test } from "vitest";
import { DtmfTurn } from "../../../src/media/talk/dtmf-turn.ts";

/** Presses keys 100 ms apart from 0 on; the turns told, and the machine. */
function press(keys: string, maxDigits?: number): { turns: string[]; turn: DtmfTurn } {
  const turn = new DtmfTurn({ interDigitTimeoutMs: 2500 });
  const turns: string[] = [];
  for (const [i, digit] of [...keys].entries()) {
    for (const order of turn.handle({ type: "digit", digit, maxDigits }, i * 100)) turns.push(order.digits);
  }
  return { turns, turn };
}

describe("turn by keys", () => {
  test("keys: a pause ends the turn, counted from the last key", () => {
    const { turns, turn } = press("123");
    expect(turns).toEqual([]);
    expect(turn.deadline).toBe(2700);
    expect(turn.handle({ type: "timeout" }, 2699)).toEqual([]);
    expect(turn.handle({ type: "timeout" }, 2700)).toEqual([{ type: "digits", digits: "123" }]);
    expect(turn.deadline).toBeUndefined();
    expect(turn.handle({ type: "timeout" }, 9000)).toEqual([]);
  });

  test("keys: # ends the turn at once and is no part of it", () => {
    expect(press("42#").turns).toEqual(["42"]);
    expect(press("42#7#").turns).toEqual(["42", "7"]);
  });

  test("keys: # alone is a turn of its own", () => {
    expect(press("#").turns).toEqual(["#"]);
    expect(press("1##").turns).toEqual(["1", "#"]);
  });

  test("keys: * and A–D are keys like others", () => {
    expect(press("*1D#").turns).toEqual(["*1D"]);
  });

  test("keys: a full turn ends at once, 64 at most", () => {
    const { turns, turn } = press("7".repeat(65));
    expect(turns).toEqual(["7".repeat(64)]);
    expect(turn.collecting).toBe(true);
    expect(press("1".repeat(99), 99).turns).toEqual(["1".repeat(64)]);
  });

  test("keys: as many as are expected end the turn at once", () => {
    expect(press("123412", 4).turns).toEqual(["1234"]);
    expect(press("27", 1).turns).toEqual(["2", "7"]);
    expect(press("12#", 4).turns).toEqual(["12"]);
  });

  test("keys: a # right after a full turn belongs to it, and no other one does", () => {
    const { turn } = press("1234", 4);
    expect(turn.belated("#", 900)).toBe(true);
    expect(turn.belated("#", 1000)).toBe(false);
    expect(press("1234", 4).turn.belated("#", 2900)).toBe(false);
    expect(press("1234", 4).turn.belated("5", 400)).toBe(false);
    expect(press("12#").turn.belated("#", 400)).toBe(false);
  });

  test("keys: the number expected at the last key counts", () => {
    const { turns, turn } = press("12");
    expect(turns).toEqual([]);
    expect(turn.handle({ type: "digit", digit: "3", maxDigits: 1 }, 300)).toEqual([{ type: "digits", digits: "123" }]);
    expect(turn.deadline).toBeUndefined();
  });

  test("keys: what is no key is ignored and does not keep the turn open", () => {
    const turn = new DtmfTurn({ interDigitTimeoutMs: 2500 });
    for (const digit of ["", "12", "x", "E", " ", "\n", "٣"])
      expect(turn.handle({ type: "digit", digit }, 0)).toEqual([]);
    expect(turn.deadline).toBeUndefined();
  });
});
