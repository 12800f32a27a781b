import { describe, expect, test } from "vitest";
import { builtInMusic, ringback, roomSound, SoundParty } from "../../../src/media/talk/room-sounds.ts";
import { largestStep, toneAmplitude } from "../../kit/room-party.ts";

describe("sounds of a room", () => {
  test("ringback is 440 and 480 Hz for two seconds of six, at a modest level", () => {
    for (const rateHz of [8000, 16_000] as const) {
      const samples = ringback.at(rateHz);
      expect(samples.length).toBe(rateHz * 6);
      const ring = samples.subarray(rateHz / 2, (rateHz * 3) / 2);
      expect(toneAmplitude(ring, 440, rateHz)).toBeCloseTo(2300, -1);
      expect(toneAmplitude(ring, 480, rateHz)).toBeCloseTo(2300, -1);
      expect(samples.subarray(rateHz * 2).every((sample) => sample === 0)).toBe(true);
    }
  });

  test("the built-in music is soft, never long silent, and goes round without a click", () => {
    const once = builtInMusic.at(8000);
    const twice = Int16Array.from([...once, ...once]);
    expect(largestStep(twice)).toBeLessThan(2200);
    for (let at = 0; at < twice.length; at += 8000) {
      const peak = Math.max(...twice.subarray(at, at + 8000));
      expect(peak).toBeGreaterThan(1000);
      expect(peak).toBeLessThan(4000);
    }
  });

  test("is said from its beginning, round and round, and rendered once a rate", () => {
    let renderings = 0;
    const sound = roomSound((rateHz) => {
      renderings++;
      return Int16Array.from({ length: (rateHz / 1000) * 30 }, (_, i) => i);
    });
    const [party, other] = [new SoundParty(sound), new SoundParty(sound)];
    party.setRate(8000);
    other.setRate(8000);
    const frame = new Int16Array(160);
    expect(party.speak(frame)).toBe(true);
    expect([frame[0], frame[159]]).toEqual([0, 159]);
    party.speak(frame);
    expect([frame[0], frame[79], frame[80], frame[159]]).toEqual([160, 239, 0, 79]);
    // A third of the loop is past at either rate.
    party.setRate(16_000);
    const wide = new Int16Array(320);
    party.speak(wide);
    expect(wide[0]).toBe(160);
    expect(renderings).toBe(2);
  });
});
