import { describe, expect, test } from "vitest";
import { ComfortNoise, noiseLevel, parseComfortNoise } from "../../../src/media/rtp/comfort-noise.ts";
import { FrameQueue } from "../../../src/media/rtp/frame-queue.ts";
import { defaultPortPoolOptions, PortPool } from "../../../src/media/rtp/port-pool.ts";
import { shrink, stretch } from "../../../src/media/rtp/time-scale.ts";
import { tone } from "../../codecs/tone.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

function largestStep(pcm: Int16Array): number {
  let largest = 0;
  for (let i = 1; i < pcm.length; i++) largest = Math.max(largest, Math.abs(pcm[i]! - pcm[i - 1]!));
  return largest;
}

describe("time scale", () => {
  test.each([110, 180, 300, 440, 950])("a tone of %i Hz is made shorter and longer without a click", (frequencyHz) => {
    for (const scale of [shrink, stretch]) {
      const pcm = new Int16Array(1040);
      pcm.set(tone(frequencyHz, 8000, 960));
      const limit = largestStep(pcm.subarray(0, 960)) * 1.08;
      // The second frame; its borders with the first and third must stay whole.
      const frame = new Int16Array(240);
      frame.set(pcm.subarray(160, 320));
      const length = scale(frame, 160, 8);
      expect(length).not.toBe(160);
      const around = Int16Array.from([
        ...pcm.subarray(0, 160),
        ...frame.subarray(0, length),
        ...pcm.subarray(320, 480),
      ]);
      expect(largestStep(around)).toBeLessThanOrEqual(limit);
    }
  });

  test("noise without likeness is left alone unless forced; silence is not", () => {
    const random = new SeededRandom(2);
    const noise = new Int16Array(240).map(() => random.int(-8000, 8000));
    expect(shrink(noise.slice(), 160, 8)).toBe(160);
    expect(shrink(noise.slice(), 160, 8, true)).toBeLessThan(160);
    expect(stretch(noise.slice(), 160, 8, true)).toBeGreaterThan(160);
    expect(shrink(new Int16Array(240), 160, 8)).toBe(80);
    expect(stretch(new Int16Array(240), 160, 8)).toBe(240);
  });

  test("works at every rate, leaves pieces too short for a seam, and never writes past the room", () => {
    for (const rate of [8000, 16_000, 24_000, 48_000]) {
      const pcm = new Int16Array((rate / 1000) * 30);
      pcm.set(tone(200, rate, rate / 50));
      expect(stretch(pcm, rate / 50, rate / 1000)).toBe(rate / 50 + rate / 100);
    }
    expect(shrink(new Int16Array(30), 30, 8)).toBe(30);
    expect(stretch(new Int16Array(160), 160, 8)).toBe(160);
  });
});

describe("comfort noise (RFC 3389)", () => {
  test.each([30, 45, 60])("a level of −%i dBov is heard as that level", (dbov) => {
    const noise = new ComfortNoise(7);
    noise.setLevel(dbov);
    const frame = new Int16Array(160);
    for (let i = 0; i < 50; i++) noise.fill(frame, 160);
    const second = new Int16Array(8000);
    noise.fill(second, second.length);
    expect(Math.abs(noiseLevel(second) - dbov)).toBeLessThanOrEqual(1);
  });

  test("comes in softly, can be repeated from its seed, and 127 is silence", () => {
    const run = () => {
      const noise = new ComfortNoise(3);
      noise.setLevel(30);
      const frame = new Int16Array(160);
      noise.fill(frame, 160);
      return frame;
    };
    expect([...run()]).toEqual([...run()]);
    expect(noiseLevel(run())).toBeGreaterThan(38);
    const silent = new ComfortNoise(3);
    silent.setLevel(127);
    const frame = new Int16Array(160).fill(9);
    silent.fill(frame, 160);
    expect(noiseLevel(frame)).toBe(127);
  });

  test("a payload tells its level; without one it is no comfort noise", () => {
    expect(parseComfortNoise(Uint8Array.of(0xc1, 3, 4))).toBe(0x41);
    expect(parseComfortNoise(new Uint8Array(0))).toBeUndefined();
    expect(noiseLevel(speech("vm-goodbye"))).toBeLessThan(40);
  });
});

describe("frame queue", () => {
  test("gives back what it was given, in order, and refuses what does not fit", () => {
    const random = new SeededRandom(6);
    const queue = new FrameQueue(100);
    let next = 0;
    let expected = 0;
    const out = new Uint8Array(100);
    for (let i = 0; i < 5000; i++) {
      const size = random.int(0, 60);
      const room = queue.room;
      const took = queue.push(Uint8Array.from({ length: size }, (_, k) => next + k));
      expect(took).toBe(size <= room);
      if (took) next += size;
      const taken = queue.take(out, random.int(0, 60));
      for (let k = 0; k < taken; k++) expect(out[k]).toBe(expected++ & 0xff);
    }
    expect(expected).toBeGreaterThan(10_000);
  });
});

describe("ports", () => {
  test("are even, random, inside the range, and rest before they are used again", () => {
    const random = new SeededRandom(1);
    const pool = new PortPool({ firstPort: 20_001, lastPort: 20_009, restMs: 1000 }, () => random.next());
    const taken = [pool.take(0), pool.take(0), pool.take(0), pool.take(0)];
    expect([...taken].sort()).toEqual([20_002, 20_004, 20_006, 20_008]);
    expect(pool.take(0)).toBeUndefined();
    pool.release(taken[2]!, 500);
    pool.release(taken[2]!, 501);
    pool.release(taken[0]!, 600);
    expect(pool.used).toBe(2);
    expect(pool.take(1499)).toBeUndefined();
    expect(pool.take(1500)).toBe(taken[2]);
    expect(pool.take(1599)).toBeUndefined();
    expect(pool.take(1600)).toBe(taken[0]);
  });

  test("the usual range holds 5000 calls, in another order each time", () => {
    const take = (seed: number) => {
      const random = new SeededRandom(seed);
      const pool = new PortPool(defaultPortPoolOptions, () => random.next());
      return Array.from({ length: 5000 }, () => pool.take(0));
    };
    expect(new Set(take(1)).size).toBe(5000);
    expect(take(1).slice(0, 10)).not.toEqual(take(2).slice(0, 10));
  });
});
