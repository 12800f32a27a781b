import { describe, expect, test } from "vitest";
import type { SampleRateHz } from "../../src/codecs/format.ts";
import { Resampler } from "../../src/codecs/resampler.ts";
import { decibels, rms, seededRandom, splitTone, tone } from "./tone.ts";

const rates: SampleRateHz[] = [8000, 16000, 24000, 48000];
const pairs = rates.flatMap((from) => rates.filter((to) => to !== from).map((to) => ({ from, to })));
const upward = pairs.filter(({ from, to }) => to > from);
const downward = pairs.filter(({ from, to }) => to < from);

/** Converts `input` in one piece. */
function convert(from: number, to: number, input: Int16Array): Int16Array {
  const resampler = new Resampler(from, to);
  const out = new Int16Array(resampler.maxOutput(input.length));
  return out.subarray(0, resampler.process(input, out));
}

/** 200 ms of a tone, converted, without its first 40 ms. */
function steadyTone(frequencyHz: number, from: number, to: number): Int16Array {
  return convert(from, to, tone(frequencyHz, from, from / 5)).subarray(to / 25);
}

const fullRms = 16000 / Math.SQRT2;

describe.each(pairs)("resampler $from → $to Hz", ({ from, to }) => {
  const nyquist = Math.min(from, to) / 2;

  test("ripple is at most 0.5 dB from 300 Hz to 0.85 × Nyquist (3400 Hz at 8 kHz)", () => {
    for (let part = 0.075; part <= 0.8501; part += 0.025) {
      const { toneRms } = splitTone(steadyTone(part * nyquist, from, to), part * nyquist, to);
      expect(Math.abs(decibels(toneRms, fullRms))).toBeLessThanOrEqual(0.5);
    }
  });

  test("the sum of outputs does not depend on how the input is cut", () => {
    const random = seededRandom(from + to);
    const input = Int16Array.from({ length: from / 4 }, () => random() * 40000 - 20000);
    const whole = convert(from, to, input);
    for (const sizes of [[from / 50], [1], [7, 1, 333, 160, 2], [1999]]) {
      const resampler = new Resampler(from, to);
      const pieces: number[] = [];
      const out = new Int16Array(resampler.maxOutput(2000));
      for (let at = 0, n = 0; at < input.length; n++) {
        const piece = input.subarray(at, at + sizes[n % sizes.length]!);
        const written = resampler.process(piece, out);
        expect(written).toBeLessThanOrEqual(resampler.maxOutput(piece.length));
        pieces.push(...out.subarray(0, written));
        at += piece.length;
      }
      expect(Buffer.compare(Buffer.from(Int16Array.from(pieces).buffer), Buffer.from(whole.slice().buffer))).toBe(0);
    }
  });

  test("keeps its state across 20 ms frames, so a tone has no clicks at borders", () => {
    const resampler = new Resampler(from, to);
    const frame = new Int16Array(resampler.maxOutput(from / 50));
    const heard: number[] = [];
    for (let n = 0; n < 25; n++) {
      const written = resampler.process(tone(1000, from, from / 50, 16000, (n * from) / 50), frame);
      expect(written).toBe(to / 50);
      heard.push(...frame.subarray(0, written));
    }
    const { toneRms, restRms } = splitTone(Int16Array.from(heard.slice(to / 10)), 1000, to);
    expect(decibels(restRms, toneRms)).toBeLessThan(-60);
  });

  test("the delay is 24 samples of the lower rate, and as stated", () => {
    const resampler = new Resampler(from, to);
    expect(resampler.delayMs).toBeGreaterThan(23000 / Math.min(from, to));
    expect(resampler.delayMs).toBeLessThanOrEqual(24000 / Math.min(from, to));
    // Phase of a low tone tells the delay to a fraction of a sample.
    const { phase } = splitTone(convert(from, to, tone(100, from, from / 2)).slice(to / 10), 100, to);
    const delayMs = (-phase / (2 * Math.PI * 100)) * 1000;
    expect(delayMs).toBeCloseTo(resampler.delayMs, 2);
  });

  test("the loudest input saturates and does not wrap", () => {
    const square = Int16Array.from({ length: from / 4 }, (_, i) => (Math.floor((i * 400) / from) & 1 ? -32768 : 32767));
    const out = convert(from, to, square).subarray(to / 20);
    const period = to / 200;
    for (let i = 0; i + period < out.length; i += period) {
      const middle = out.subarray(i, i + period);
      expect(Math.max(...middle)).toBe(32767);
      expect(Math.min(...middle)).toBe(-32768);
    }
    // A wrapped sample would stand alone among samples of the other sign.
    for (let i = 1; i + 1 < out.length; i++) {
      expect(Math.sign(out[i - 1]!) === Math.sign(out[i + 1]!) && Math.sign(out[i]!) === -Math.sign(out[i - 1]!)).toBe(
        false,
      );
    }
  });

  test("a constant comes out as the same constant", () => {
    const out = convert(from, to, new Int16Array(from / 10).fill(-12345)).subarray(to / 20);
    expect(out.every((sample) => sample === -12345)).toBe(true);
  });

  test("after a reset it is as new", () => {
    const input = tone(700, from, 555);
    const resampler = new Resampler(from, to);
    const out = new Int16Array(resampler.maxOutput(555));
    resampler.process(tone(500, from, 501), out);
    resampler.reset();
    expect(out.slice(0, resampler.process(input, out))).toEqual(convert(from, to, input));
  });
});

test.each(downward)("resampler $from → $to Hz: tones above Nyquist leave aliases of −60 dB at most", ({ from, to }) => {
  for (let frequencyHz = to / 2; frequencyHz < from / 2; frequencyHz += to / 80) {
    expect(decibels(rms(steadyTone(frequencyHz, from, to)), fullRms)).toBeLessThanOrEqual(-60);
  }
});

test.each(upward)("resampler $from → $to Hz: tones leave images of −60 dB at most", ({ from, to }) => {
  for (let frequencyHz = 100; frequencyHz < from / 2; frequencyHz += from / 80) {
    const { restRms } = splitTone(steadyTone(frequencyHz, from, to), frequencyHz, to);
    expect(decibels(restRms, fullRms)).toBeLessThanOrEqual(-60);
  }
});

test("resampler: equal rates copy", () => {
  const input = tone(440, 8000, 161);
  expect(convert(8000, 8000, input)).toEqual(input);
  expect(new Resampler(8000, 8000).delayMs).toBe(0);
});

test.each([
  [44100, 8000],
  [22050, 8000],
  [11025, 48000],
  [32000, 24000],
])("resampler %i → %i Hz: the rates of files work too", (from, to) => {
  const { toneRms, restRms } = splitTone(steadyTone(1000, from, to), 1000, to);
  expect(Math.abs(decibels(toneRms, fullRms))).toBeLessThan(0.1);
  expect(decibels(restRms, toneRms)).toBeLessThan(-60);
});

test("resampler: only the asked part of the input is read", () => {
  const resampler = new Resampler(8000, 16000);
  const out = new Int16Array(320);
  expect(resampler.process(new Int16Array(160), out, 40)).toBe(80);
  expect(resampler.process(new Int16Array(160), out, 0)).toBe(0);
});

test("resampler: a short output and an unreasonable ratio are refused", () => {
  expect(() => new Resampler(8000, 16000).process(new Int16Array(160), new Int16Array(319))).toThrow("too short");
  expect(() => new Resampler(44101, 48000)).toThrow("Cannot resample");
});
