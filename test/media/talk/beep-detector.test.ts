import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BeepDetector, type HeardTone } from "../../../src/media/talk/beep-detector.ts";
import { ToneMeter } from "../../../src/media/talk/tone-meter.ts";
import { joined, onLine, tone } from "../../kit/answer-corpus.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

/** The tones found in 8 kHz audio. */
function tonesIn(pcm: Int16Array): HeardTone[] {
  const meter = new ToneMeter();
  const detector = new BeepDetector();
  const found: HeardTone[] = [];
  for (let at = 0; at + 160 <= pcm.length; at += 160) {
    meter.read(pcm.subarray(at, at + 160));
    const heard = detector.frame(meter);
    if (heard) found.push(heard);
  }
  return found;
}

const line = { leadMs: 200, levelDbov: -20, noiseDbov: -60 };

describe("tone meter", () => {
  test("names the pitch of a tone within 2 Hz and finds nearly all of the sound in it", () => {
    for (const hz of [350, 440, 697.5, 1000, 1399, 1776, 2100]) {
      const meter = new ToneMeter();
      const pcm = tone(hz, 60, -20);
      for (let at = 0; at < pcm.length; at += 160) meter.read(pcm.subarray(at, at + 160));
      expect(Math.abs(meter.hz - hz)).toBeLessThan(2);
      expect(meter.share).toBeGreaterThan(0.98);
    }
  });

  test("names both pitches of two tones at once", () => {
    const meter = new ToneMeter();
    const pcm = tone(600, 80, -20, 1000);
    for (let at = 0; at < pcm.length; at += 160) meter.read(pcm.subarray(at, at + 160));
    const found = [meter.hz, meter.otherHz].sort((a, b) => a - b).map(Math.round);
    expect([599, 600, 601]).toContain(found[0]);
    expect([999, 1000, 1001]).toContain(found[1]);
    expect(meter.share + meter.otherShare).toBeGreaterThan(0.97);
  });
});

describe("beep detector", () => {
  test("misses none of 300 beeps of 120 ms and more, −30 to −6 dBFS, over a noisy G.711 line", () => {
    const random = new SeededRandom(11);
    const missed: string[] = [];
    for (let run = 0; run < 300; run++) {
      const hz = 350 + 1650 * random.next();
      // A sine at 0 dBFS has an RMS of −3 dBov.
      const levelDbov = -9 - 24 * random.next();
      const lengthMs = 120 + (random.chance(0.5) ? 40 : 880) * random.next();
      const otherHz = random.chance(0.2)
        ? hz < 1150
          ? hz + 150 + 400 * random.next()
          : hz - 550 + 400 * random.next()
        : 0;
      const beep = tone(hz, lengthMs, levelDbov, otherHz, random.pick([1, 5]));
      const noiseDbov = Math.min(-50, levelDbov - 20) - 20 * random.next();
      const pcm = onLine(
        joined([random.int(0, 40), beep]),
        { leadMs: 300, levelDbov: otherHz > 0 ? levelDbov + 3 : levelDbov, noiseDbov },
        random,
        400,
      );
      if (tonesIn(pcm).length !== 1) {
        missed.push(
          `${Math.round(hz)} + ${Math.round(otherHz)} Hz, ${Math.round(lengthMs)} ms, ${Math.round(levelDbov)} dBov`,
        );
      }
    }
    expect(missed).toEqual([]);
  });

  test("finds no beep in 24 minutes of recorded speech, soft and loud", () => {
    const folder = "/usr/share/asterisk/sounds/en_US_f_Allison";
    const random = new SeededRandom(12);
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".wav") && !/silence|beep|2tone|confbridge-(join|leave)\.wav/.test(name))
      .map((name) => name.slice(0, -4));
    let heardMs = 0;
    const falseBeeps: string[] = [];
    for (const name of names) {
      const pcm = speech(name);
      heardMs += pcm.length / 8;
      const levelDbov = random.int(-34, -10);
      const found = tonesIn(onLine(pcm, { leadMs: 100, levelDbov, noiseDbov: levelDbov - 40 }, random, 300));
      for (const { startMs, hz } of found) falseBeeps.push(`${name} at ${startMs} ms: ${Math.round(hz)} Hz`);
    }
    expect(heardMs).toBeGreaterThan(24 * 60_000);
    expect(falseBeeps).toEqual([]);
  });

  test("finds the recorded beeps of an exchange", () => {
    for (const name of ["beep", "ascending-2tone", "descending-2tone"]) {
      expect(tonesIn(onLine(speech(name), line, new SeededRandom(1), 400)), name).toHaveLength(1);
    }
  });

  test("tells length, pitch and parts of two tones one after the other", () => {
    const pcm = onLine(joined([tone(800, 160, -20), tone(1200, 200, -20)]), line, new SeededRandom(2), 400);
    const [heard, ...more] = tonesIn(pcm);
    expect(more).toEqual([]);
    expect(heard?.parts).toBe(2);
    expect(Math.round((heard?.hz ?? 0) / 10)).toBe(120);
    expect(Math.abs((heard?.startMs ?? 0) - 200)).toBeLessThanOrEqual(40);
    expect(Math.abs((heard?.endMs ?? 0) - 560)).toBeLessThanOrEqual(40);
  });

  test("a tune, a tone that goes over into speech, one that fades and one that lasts are no beeps", () => {
    const notes = [523, 659, 784, 1047, 784, 659, 523].map((hz) => tone(hz, 180, -20));
    const fading = tone(900, 400, -14).map((sample, i) => sample * Math.exp(-i / 350));
    for (const [name, pcm] of Object.entries({
      tune: joined(notes),
      "into speech": joined([tone(800, 200, -20), speech("vm-intro").slice(4000)]),
      fading,
      "for ever": tone(1000, 4000, -20),
    })) {
      expect(tonesIn(onLine(pcm, line, new SeededRandom(3), 400)), name).toEqual([]);
    }
  });

  test("a tone that goes on has a pitch and a length before it ends", () => {
    const meter = new ToneMeter();
    const detector = new BeepDetector();
    const pcm = tone(2100, 500, -20);
    for (let at = 0; at + 160 <= pcm.length; at += 160) {
      meter.read(pcm.subarray(at, at + 160));
      detector.frame(meter);
    }
    expect(Math.round(detector.heldHz / 10)).toBe(210);
    expect(detector.heldMs).toBeGreaterThanOrEqual(440);
  });
});
