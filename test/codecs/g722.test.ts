import { describe, expect, test } from "vitest";
import { createDecoder, createEncoder } from "../../src/codecs/codec.ts";
import { bytesPerMs, frameBytes, frameSamples, g722at16k, pcmu8k, silenceByte } from "../../src/codecs/format.ts";
import { G722Decoder, G722Encoder } from "../../src/codecs/g722.ts";
import { Resampler } from "../../src/codecs/resampler.ts";
import { Transcoder } from "../../src/codecs/transcoder.ts";
import { speech } from "../kit/speech.ts";
import { decibels, rms, splitTone, tone } from "./tone.ts";

/** Both mirror filters delay by 22 samples together. */
const delaySamples = 22;

function through(pcm: Int16Array): Int16Array {
  const bytes = new Uint8Array(pcm.length / 2);
  const out = new Int16Array(pcm.length);
  new G722Encoder().encode(pcm, bytes);
  new G722Decoder().decode(bytes, out);
  return out;
}

/** Level of the signal over what differs, in dB, after a tenth of a second of settling. */
function signalToNoise(pcm: Int16Array, out: Int16Array): number {
  const error = new Int16Array(pcm.length - delaySamples);
  for (let i = 0; i < error.length; i++) error[i] = pcm[i]! - out[i + delaySamples]!;
  return decibels(rms(pcm, 1600, error.length), rms(error, 1600));
}

describe("G.722 at 64 kbit/s", () => {
  test.each([
    [200, 35],
    [1000, 35],
    [3000, 30],
    [5000, 18],
    [6500, 20],
  ])("a tone of %i Hz keeps its level, with a signal %i dB over the noise", (frequencyHz, leastDb) => {
    for (const amplitude of [300, 3000, 12_000]) {
      const pcm = tone(frequencyHz, 16_000, 16_000, amplitude);
      const { toneRms, restRms } = splitTone(through(pcm).subarray(1600), frequencyHz, 16_000);
      expect(Math.abs(decibels(toneRms, amplitude / Math.SQRT2))).toBeLessThan(1);
      expect(decibels(toneRms, restRms)).toBeGreaterThan(leastDb);
    }
  });

  test("speech comes back sample by sample, 22 later, 15 dB over the noise", () => {
    const narrow = speech("vm-goodbye");
    const pcm = new Int16Array(narrow.length * 2);
    new Resampler(8000, 16_000).process(narrow, pcm);
    expect(signalToNoise(pcm, through(pcm))).toBeGreaterThan(15);
  });

  test("both bands answer at full scale without wrapping round", () => {
    const pcm = Int16Array.from({ length: 16_000 }, (_, i) => (Math.floor(i / 40) % 2 === 0 ? 32767 : -32768));
    const out = through(pcm);
    expect(signalToNoise(pcm, out)).toBeGreaterThan(10);
  });

  test("any bytes decode to something, and speech is clean again a tenth of a second later", () => {
    const pcm = tone(440, 16_000, 16_000, 8000);
    const bytes = new Uint8Array(8000);
    new G722Encoder().encode(pcm, bytes);
    const decoder = new G722Decoder();
    const out = new Int16Array(16_000);
    decoder.decode(
      Uint8Array.from({ length: 800 }, (_, i) => (i * 89) & 0xff),
      out,
    );
    decoder.decode(bytes, out);
    expect(decibels(splitTone(out.subarray(8000), 440, 16_000).toneRms, 8000 / Math.SQRT2)).toBeGreaterThan(-1);
  });

  test("how the audio was cut changes no byte", () => {
    const pcm = tone(700, 16_000, 6400, 9000);
    const whole = new Uint8Array(3200);
    new G722Encoder().encode(pcm, whole);
    const encoder = new G722Encoder();
    const pieces: number[] = [];
    const bytes = new Uint8Array(160);
    for (let at = 0; at < pcm.length; at += 320) {
      encoder.encode(pcm.subarray(at, at + 320), bytes);
      pieces.push(...bytes);
    }
    expect(pieces).toEqual([...whole]);
  });

  test("the silence byte is silence to the last sample, and encoded silence is as good as that", () => {
    const out = new Int16Array(16_000);
    new G722Decoder().decode(new Uint8Array(8000).fill(silenceByte(g722at16k)), out);
    expect(rms(out)).toBe(0);
    expect(rms(through(new Int16Array(16_000)))).toBeLessThan(4);
  });

  test("20 ms are 160 bytes and 320 samples, and the frame codecs know it", () => {
    expect([bytesPerMs(g722at16k), frameBytes(g722at16k), frameSamples(g722at16k)]).toEqual([8, 160, 320]);
    const payload = new Uint8Array(160);
    expect(createEncoder(g722at16k).encode(tone(300, 16_000, 320), payload)).toBe(160);
    const decoder = createDecoder(g722at16k);
    const out = new Int16Array(320);
    expect(decoder.decode(payload, out)).toBe(320);
    expect(decoder.conceal(out)).toBe(320);
    expect(decoder.decode(new Uint8Array(161), out)).toBe(0);
  });

  test("the byte transcoder refuses it, since two samples share a byte", () => {
    expect(() => new Transcoder(g722at16k, pcmu8k)).toThrow("G.722");
  });
});
