import { describe, expect, test } from "vitest";
import { loadFvad } from "../../../src/media/talk/io/fvad.ts";
import type { CheapVad } from "../../../src/media/talk/vad-cheap.ts";
import { speech } from "../../kit/speech.ts";

function voicedPart(vad: CheapVad, pcm: Int16Array): number {
  let voiced = 0;
  let frames = 0;
  for (let i = 0; i + 160 <= pcm.length; i += 160, frames += 1) voiced += vad.voiced(pcm.subarray(i, i + 160)) ? 1 : 0;
  return voiced / frames;
}

describe("cheap VAD", () => {
  test("cheap VAD: hears speech, and nothing in silence", async () => {
    const vad = (await loadFvad()).open(1);
    expect(voicedPart(vad, speech("demo-congrats"))).toBeGreaterThan(0.7);
    vad.reset();
    const silence = new Int16Array(16_000);
    voicedPart(vad, silence);
    expect(voicedPart(vad, silence)).toBe(0);
    vad.close();
  });

  test("cheap VAD: calls share one module and its buffer, and do not hear each other", async () => {
    const fvad = await loadFvad();
    const pcm = speech("vm-goodbye");
    const alone = fvad.open(1);
    const together = fvad.open(1);
    const other = fvad.open(1);
    for (let i = 0; i + 160 <= pcm.length; i += 160) {
      const frame = pcm.subarray(i, i + 160);
      other.voiced(new Int16Array(160).fill(i % 320 === 0 ? 20_000 : -20_000));
      expect(together.voiced(frame)).toBe(alone.voiced(frame));
    }
    for (const vad of [alone, together, other]) vad.close();
  });

  test("cheap VAD: reset makes it as new", async () => {
    const fvad = await loadFvad();
    const pcm = speech("hello");
    const used = fvad.open(2);
    voicedPart(used, speech("demo-instruct").subarray(0, 40_000));
    used.reset();
    const fresh = fvad.open(2);
    expect(voicedPart(used, pcm)).toBe(voicedPart(fresh, pcm));
    used.close();
    fresh.close();
  });

  test("cheap VAD: closed twice is fine, closed it hears nothing; other lengths are our own mistake", async () => {
    const vad = (await loadFvad()).open(1);
    expect(() => vad.voiced(new Int16Array(159))).toThrow("160 samples");
    vad.close();
    vad.close();
    vad.reset();
    expect(vad.voiced(new Int16Array(160).fill(9000))).toBe(false);
  });

  test("cheap VAD: ten thousand calls leave the heap as it was", async () => {
    const fvad = await loadFvad();
    for (let i = 0; i < 10_000; i += 1) fvad.open(3).close();
    const vad = fvad.open(1);
    expect(voicedPart(vad, speech("hello"))).toBeGreaterThan(0.5);
    vad.close();
  });
});
