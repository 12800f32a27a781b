import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SileroBatcher } from "../../../../src/media/talk/io/silero.ts";
import { speech } from "../../../kit/speech.ts";

let batcher: SileroBatcher;
beforeAll(async () => {
  batcher = await SileroBatcher.load();
});
afterAll(() => batcher.close());

/** Lets the batcher work until nothing waits. */
async function drain(one: SileroBatcher): Promise<void> {
  one.tick();
  while (one.busy) await new Promise((done) => setImmediate(done));
}

interface Judged {
  readonly p: number[];
  readonly ends: number[];
}

/** Plays each of the recordings into a stream of its own, all at once, 20 ms at a time. */
async function play(...recordings: Int16Array[]): Promise<Judged[]> {
  const results = recordings.map((): Judged => ({ p: [], ends: [] }));
  const streams = results.map(({ p, ends }) =>
    batcher.open((probability, windowEndSample) => {
      p.push(probability);
      ends.push(windowEndSample);
    }),
  );
  const longest = Math.max(...recordings.map((pcm) => pcm.length));
  for (let i = 0; i < longest; i += 160) {
    for (const [k, pcm] of recordings.entries()) streams[k]!.push(pcm.subarray(i, i + 160));
    await drain(batcher);
  }
  for (const stream of streams) stream.close();
  return results;
}

describe("Silero, batched", () => {
  test("Silero: is sure of speech and of silence, window by window", async () => {
    const pcm = new Int16Array(8000 + speech("demo-congrats").length);
    pcm.set(speech("demo-congrats"), 8000);
    const [judged] = await play(pcm);
    expect(judged!.ends.slice(0, 3)).toEqual([256, 512, 768]);
    expect(Math.max(...judged!.p.slice(0, 30))).toBeLessThan(0.1);
    const talking = judged!.p.slice(45);
    expect(talking.filter((p) => p > 0.5).length / talking.length).toBeGreaterThan(0.7);
  });

  test("Silero: a call's judgement does not depend on who else is in the batch", async () => {
    const names = ["vm-goodbye", "hello-world", "digits/5", "vm-sorry", "im-sorry"];
    const recordings = names.map((name) => speech(name).subarray(0, 12_000));
    const together = await play(...recordings);
    for (const [k, pcm] of recordings.entries()) {
      const [alone] = await play(pcm);
      expect(together[k]!.ends).toEqual(alone!.ends);
      for (const [i, p] of alone!.p.entries()) expect(Math.abs(p - together[k]!.p[i]!)).toBeLessThan(1e-3);
    }
  });

  test("Silero: runs one batch for all calls that have a window", async () => {
    const before = batcher.stats.runs;
    await play(...Array.from({ length: 64 }, () => speech("hello").subarray(0, 1280)));
    expect(batcher.stats.runs - before).toBe(5);
  });

  test("Silero: more calls than a batch holds are all served", async () => {
    const judged = await play(...Array.from({ length: 150 }, () => speech("hello").subarray(0, 800)));
    expect(judged.map(({ ends }) => ends.length)).toEqual(Array(150).fill(3));
  });

  test("Silero: reset makes a stream as new, and positions go on", async () => {
    const fresh: number[] = [];
    const used: number[] = [];
    const ends: number[] = [];
    const a = batcher.open((p) => fresh.push(p));
    const b = batcher.open((p, end) => {
      used.push(p);
      ends.push(end);
    });
    b.push(speech("hello").subarray(2000, 2300));
    await drain(batcher);
    b.reset();
    b.skip(212);
    used.length = 0;
    for (const stream of [a, b]) stream.push(speech("hello").subarray(3000, 3256));
    await drain(batcher);
    expect(used).toEqual(fresh);
    expect(ends).toEqual([256, 768]);
    a.close();
    b.close();
  });

  test("Silero: a call that is closed or reset while its window is judged hears nothing of it", async () => {
    const heard: string[] = [];
    const closing = batcher.open(() => heard.push("closed"));
    const resetting = batcher.open(() => heard.push("reset"));
    for (const stream of [closing, resetting]) stream.push(new Int16Array(256));
    batcher.tick();
    expect(batcher.busy).toBe(true);
    closing.close();
    closing.close();
    resetting.reset();
    const next = batcher.open(() => heard.push("next"));
    next.push(new Int16Array(256));
    await drain(batcher);
    await drain(batcher);
    expect(heard).toEqual(["next"]);
    closing.push(new Int16Array(256));
    next.close();
    resetting.close();
  });

  test("Silero: a stream that falls behind loses its oldest windows, counted", async () => {
    const ends: number[] = [];
    const stream = batcher.open((_p, end) => ends.push(end));
    const before = batcher.stats.droppedWindows;
    for (let i = 0; i < 10; i += 1) stream.push(new Int16Array(256));
    expect(batcher.stats.droppedWindows - before).toBe(2);
    await drain(batcher);
    expect(ends).toEqual([3, 4, 5, 6, 7, 8, 9, 10].map((window) => window * 256));
    stream.close();
  });

  test("Silero: closed twice is fine, also during a run; a closed one takes no calls", async () => {
    const one = await SileroBatcher.load();
    const heard: number[] = [];
    one.open((p) => heard.push(p)).push(new Int16Array(256));
    one.tick();
    one.close();
    one.close();
    await drain(one);
    expect(heard).toEqual([]);
    expect(() => one.open(() => {})).toThrow("closed");
  });
});
