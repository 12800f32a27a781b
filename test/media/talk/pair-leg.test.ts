import { describe, expect, test } from "vitest";
import type { LegEvents } from "../../../src/media/leg.ts";
import { PairLeg } from "../../../src/media/talk/pair-leg.ts";

/** What a leg brought, as words: `silence`, `sound`, a key, or the end. */
function ears(): LegEvents & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    audio: (payload) =>
      log.push(payload.length !== 640 ? "?" : payload.some((byte) => byte !== 0) ? "sound" : "silence"),
    dtmf: (digit) => log.push(digit),
    mark: (name) => log.push(name),
    ended: (reason) => log.push(reason),
  };
}

function pair() {
  const [one, other] = PairLeg.pair();
  const [oneHears, otherHears] = [ears(), ears()];
  one.begin(oneHears);
  other.begin(otherHears);
  const tick = (): void => {
    one.tick();
    other.tick();
  };
  return { one, other, oneHears, otherHears, tick };
}

const sound = new Uint8Array(640).fill(5);

describe("a pair of legs", () => {
  test("what one sends, the other brings, a frame a tick, silence in between", () => {
    const { one, otherHears, oneHears, tick } = pair();
    tick();
    one.sendAudio(sound);
    one.sendAudio(sound);
    expect(otherHears.log).toEqual(["silence"]);
    for (let n = 0; n < 3; n++) tick();
    expect(otherHears.log).toEqual(["silence", "sound", "sound", "silence"]);
    expect(oneHears.log).toEqual(["silence", "silence", "silence", "silence"]);
  });

  test("a clear drops what is on its way, and nothing of the other direction", () => {
    const { one, other, oneHears, otherHears, tick } = pair();
    one.sendAudio(sound);
    other.sendAudio(sound);
    one.clear();
    tick();
    expect([oneHears.log, otherHears.log]).toEqual([["sound"], ["silence"]]);
  });

  test("keys are pressed at the far end; too many at once are refused", () => {
    const { one, otherHears, tick } = pair();
    expect(one.sendDtmf("12#")).toBe(true);
    expect(one.sendDtmf("0".repeat(100))).toBe(false);
    tick();
    expect(otherHears.log).toEqual(["silence", "1", "2", "#"]);
  });

  test("more than the other side takes is refused, not kept", () => {
    const { one } = pair();
    const taken = Array.from({ length: 50 }, () => one.sendAudio(sound)).filter(Boolean);
    expect(taken).toHaveLength(10);
  });

  test("one closes: the other hears the rest, then that it is over, once; and nothing goes any more", () => {
    const { one, other, oneHears, otherHears, tick } = pair();
    one.sendAudio(sound);
    one.sendAudio(sound);
    one.close();
    one.close();
    for (let n = 0; n < 4; n++) tick();
    expect(otherHears.log).toEqual(["sound", "sound", "hung-up"]);
    expect(oneHears.log).toEqual([]);
    expect([other.closed, other.sendAudio(sound), one.sendAudio(sound)]).toEqual([true, false, false]);
  });
});
