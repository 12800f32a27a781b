import { describe, expect, test } from "vitest";
import { createDecoder, createEncoder } from "../../src/codecs/codec.ts";
import { frameSamples, l16at16k, l16at24k, pcma8k, pcmu8k } from "../../src/codecs/format.ts";
import { rms, splitTone, tone } from "./tone.ts";

const formats = [pcmu8k, pcma8k, l16at16k, l16at24k, { encoding: "opus", sampleRateHz: 48000 } as const];

describe.each(formats)("codec $encoding $sampleRateHz", (format) => {
  const samples = frameSamples(format);

  /** A decoder that has heard `frames` frames of a 300 Hz tone; the last of them stands in `frame`. */
  function afterTone(frames: number) {
    const decoder = createDecoder(format);
    const encoder = createEncoder(format);
    const payload = new Uint8Array(2000);
    const frame = new Int16Array(samples);
    const hear = (n: number) => {
      const size = encoder.encode(tone(300, format.sampleRateHz, samples, 8000, n * samples), payload);
      return decoder.decode(payload.subarray(0, size), frame);
    };
    for (let n = 0; n < frames; n++) hear(n);
    return { decoder, frame, hear };
  }

  test("a tone comes out as it went in", () => {
    const { frame } = afterTone(10);
    const { toneRms, restRms } = splitTone(frame, 300, format.sampleRateHz);
    expect(toneRms).toBeGreaterThan(5000);
    expect(restRms).toBeLessThan(toneRms / 5);
  });

  test("one lost frame is concealed with sound", () => {
    const { decoder, frame } = afterTone(10);
    expect(decoder.conceal(frame)).toBe(samples);
    expect(rms(frame)).toBeGreaterThan(2500);
    expect(splitTone(frame, 300, format.sampleRateHz).toneRms).toBeGreaterThan(2500);
  });

  test("audio after a loss is heard again", () => {
    const { decoder, frame, hear } = afterTone(10);
    decoder.conceal(frame);
    expect(hear(11)).toBe(samples);
    expect(rms(frame)).toBeGreaterThan(3500);
  });

  test("a payload too long for the output is no samples", () => {
    const payload = new Uint8Array(samples * 2 + 2).fill(0xff);
    expect(createDecoder(format).decode(payload, new Int16Array(samples))).toBe(0);
  });
});

describe.each([pcmu8k, pcma8k, l16at24k])("concealment of $encoding $sampleRateHz", (format) => {
  const samples = frameSamples(format);
  const encoder = createEncoder(format);

  function lossOf(frames: number): { heard: Int16Array; largestStep: number } {
    const decoder = createDecoder(format);
    const payload = new Uint8Array(samples * 2);
    const total = 5 + frames + 1;
    const heard = new Int16Array(samples * total);
    for (let n = 0; n < total; n++) {
      const out = heard.subarray(n * samples, (n + 1) * samples);
      const lost = n >= 5 && n < 5 + frames;
      const size = encoder.encode(tone(210, format.sampleRateHz, samples, 8000, n * samples), payload);
      if (lost) decoder.conceal(out);
      else decoder.decode(payload.subarray(0, size), out);
    }
    let largestStep = 0;
    for (let i = 1; i < heard.length; i++) largestStep = Math.max(largestStep, Math.abs(heard[i]! - heard[i - 1]!));
    return { heard, largestStep };
  }

  test("fades to silence by 60 ms", () => {
    const { heard } = lossOf(4);
    const level = (n: number) => rms(heard, n * samples, (n + 1) * samples);
    expect(level(5)).toBeGreaterThan(level(6));
    expect(level(6)).toBeGreaterThan(level(7));
    expect(level(7)).toBeGreaterThan(0);
    expect(level(8)).toBe(0);
  });

  test("makes no click where the loss begins and ends", () => {
    const cleanStep = 8000 * ((2 * Math.PI * 210) / format.sampleRateHz);
    const lawStep = format.encoding === "l16" ? 0 : 512;
    expect(lossOf(1).largestStep).toBeLessThan(cleanStep * 1.6 + lawStep);
  });

  test("before any audio is silence", () => {
    const frame = new Int16Array(samples).fill(9);
    expect(createDecoder(format).conceal(frame)).toBe(samples);
    expect(rms(frame)).toBe(0);
  });
});
