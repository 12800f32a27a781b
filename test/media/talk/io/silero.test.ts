import { BroadcastChannel } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SileroBatcher } from "../../../../src/media/talk/io/silero.ts";
import { sileroWorkerSource } from "../../../../src/media/talk/io/silero-worker.ts";
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

  test("Silero: closed twice is fine, also during a run, and its thread has ended then; a closed one takes no calls", async () => {
    const one = await SileroBatcher.load();
    const heard: number[] = [];
    one.open((p) => heard.push(p)).push(new Int16Array(256));
    one.tick();
    expect(one.busy).toBe(true);
    const closing = one.close();
    await one.close();
    await closing;
    expect(heard).toEqual([]);
    expect(() => one.open(() => {})).toThrow("closed");
  });
});

/** Waits until something is so. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((done) => setTimeout(done, 5));
}

/** A thread's program that ends itself when it is given its third run. */
const mortal = `
let runs = 0;
const { parentPort } = require("node:worker_threads");
parentPort.on("message", ({ type }) => {
  if (type === "judge" && ++runs === 3) process.exit(7);
});
${sileroWorkerSource}`;

/** One that ends its first run only when it is told to, and fails every later one. */
const lame = `
let runs = 0;
const { parentPort, BroadcastChannel } = require("node:worker_threads");
const whip = new BroadcastChannel("whip");
whip.onmessage = () => {
  whip.close();
  parentPort.postMessage({ type: "judged" });
};
parentPort.on("message", ({ type }) => {
  if (type === "close") parentPort.close();
  else if (++runs > 1) parentPort.postMessage({ type: "failed", message: "lame" });
});
parentPort.postMessage({ type: "ready" });`;

describe("Silero's thread", () => {
  test("Silero: without its runtime the load is refused with what to do about it", async () => {
    const workerSource = 'throw new Error("libonnxruntime.so.1: cannot open shared object file");';
    await expect(SileroBatcher.load(undefined, { workerSource })).rejects.toThrow(
      /neural VAD cannot be loaded \(libonnxruntime.*npm ci/,
    );
  });

  test("Silero: a thread that dies is told of and replaced; meanwhile audio passes unheard, after it streams are as new", async () => {
    const faults: string[] = [];
    let restarted = 0;
    const events = { fault: (error: Error) => faults.push(error.message), restarted: () => restarted++ };
    const one = await SileroBatcher.load(events, { workerSource: mortal, firstRestartMs: 1 });
    const judged: [end: number, p: number][] = [];
    const stream = one.open((p, end) => judged.push([end, p]));
    const pcm = speech("hello").subarray(3000, 3256);
    const pushWindow = async (): Promise<void> => {
      stream.push(pcm);
      await drain(one);
    };
    await pushWindow();
    await pushWindow();
    expect(judged.map(([end]) => end)).toEqual([256, 512]);
    expect(one.down).toBe(false);
    await pushWindow();
    expect(one.down).toBe(true);
    expect(stream.down).toBe(true);
    expect(faults).toEqual([expect.stringContaining("code 7")]);
    expect(one.stats.restarts).toBe(0);
    // What comes now is not kept, and none of it is counted as dropped.
    for (let i = 0; i < 20; i += 1) await pushWindow();
    const unheard = judged.length === 2 ? 23 * 256 : Number.NaN;
    await until(() => restarted === 1);
    expect(one.down).toBe(false);
    expect(one.stats).toMatchObject({ restarts: 1, droppedWindows: 0 });
    await pushWindow();
    expect(judged.at(-1)).toEqual([unheard + 256, judged[0]![1]]);
    await one.close();
  });

  test("Silero: a run that takes too long leaves the calls alone until it is done; one that fails is told and forgotten", async () => {
    const faults: string[] = [];
    const events = { fault: (error: Error) => faults.push(error.message), restarted: () => {} };
    const one = await SileroBatcher.load(events, { workerSource: lame, overdueMs: 1 });
    const ends: number[] = [];
    const stream = one.open((_p, end) => ends.push(end));
    stream.push(new Int16Array(256));
    await until(() => {
      one.tick();
      return one.down;
    });
    stream.push(new Int16Array(256));
    const whip = new BroadcastChannel("whip");
    whip.postMessage("go on");
    await until(() => !one.down);
    whip.close();
    expect(one.busy).toBe(false);
    stream.push(new Int16Array(256));
    one.tick();
    expect(one.busy).toBe(true);
    await until(() => !one.busy);
    expect(faults).toEqual(["lame"]);
    expect(one.stats.failedRuns).toBe(1);
    expect(ends).toEqual([]);
    await one.close();
  });

  test("Silero: closed while its thread is dead, it is not started again", async () => {
    const faults: string[] = [];
    const events = { fault: (error: Error) => faults.push(error.message), restarted: () => faults.push("restarted") };
    const one = await SileroBatcher.load(events, { workerSource: mortal, firstRestartMs: 20 });
    const stream = one.open(() => {});
    for (let i = 0; i < 3; i += 1) {
      stream.push(new Int16Array(256));
      await drain(one);
    }
    expect(one.down).toBe(true);
    await one.close();
    await new Promise((done) => setTimeout(done, 60));
    expect(faults).toHaveLength(1);
  });
});
