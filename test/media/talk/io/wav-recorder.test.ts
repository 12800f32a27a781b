import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parseWav, type Wav, writeWavHeader } from "../../../../src/codecs/wav.ts";
import { repairWav, WavRecorder } from "../../../../src/media/talk/io/wav-recorder.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tandem-recording-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function level(value: number, ms: number): Int16Array {
  return new Int16Array(ms * 8).fill(value);
}

function read(path: string): Wav {
  const wav = parseWav(readFileSync(path));
  if ("fault" in wav) throw new Error(wav.fault);
  return wav;
}

/** Value of one side at a moment. */
function at(wav: Wav, side: "caller" | "agent", ms: number): number | undefined {
  return wav.samples[ms * 8 * 2 + (side === "caller" ? 0 : 1)];
}

test("wav recorder: a call becomes a stereo file, caller left, agent right", async () => {
  const path = join(folder, "new/folder/call.wav");
  const recorder = WavRecorder.open(path);
  for (let ms = 0; ms < 5000; ms += 20) {
    recorder.writeCaller(level(100, 20), ms);
    if (ms >= 2000 && ms % 1000 === 0) recorder.writeAgent(level(-ms, 500), ms - 1000);
    recorder.tick(ms);
  }
  const summary = await recorder.close(5500);
  expect(summary).toEqual({ path, durationMs: 5500, sizeBytes: 44 + 5500 * 32 });
  expect(statSync(path).size).toBe(summary.sizeBytes);
  const wav = read(path);
  expect(wav).toMatchObject({ channels: 2, sampleRateHz: 8000 });
  expect([0, 4999, 5000].map((ms) => at(wav, "caller", ms))).toEqual([100, 100, 0]);
  expect([999, 1000, 1499, 1500, 2250, 3499].map((ms) => at(wav, "agent", ms))).toEqual([
    0, -2000, -2000, 0, -3000, -4000,
  ]);
});

test("wav recorder: the file on disk is whole while the call goes on", async () => {
  const path = join(folder, "call.wav");
  const recorder = WavRecorder.open(path);
  recorder.writeCaller(level(5, 1000), 0);
  recorder.tick(1000);
  await vi.waitFor(() => expect(read(path).samples.length).toBe(1000 * 16));
  expect(readFileSync(path).readUInt32LE(40)).toBe(1000 * 32);
  recorder.writeCaller(level(6, 1000), 1000);
  recorder.writeAgent(level(7, 1500), 500);
  recorder.tick(2000);
  await vi.waitFor(() => expect(readFileSync(path).readUInt32LE(40)).toBe(2000 * 32));
  const wav = read(path);
  expect([at(wav, "caller", 999), at(wav, "caller", 1000), at(wav, "agent", 499), at(wav, "agent", 500)]).toEqual([
    5, 6, 0, 7,
  ]);
  await recorder.close(2000);
});

test("wav recorder: closing twice gives one answer, and audio after it is ignored", async () => {
  const recorder = WavRecorder.open(join(folder, "call.wav"));
  recorder.writeCaller(level(1, 20), 0);
  const first = recorder.close(20);
  recorder.writeCaller(level(1, 20), 20);
  recorder.tick(5000);
  expect(recorder.close(9999)).toBe(first);
  expect((await first).durationMs).toBe(20);
});

test("wav recorder: a call that never spoke leaves a valid file", async () => {
  const path = join(folder, "call.wav");
  expect(await WavRecorder.open(path).close(0)).toEqual({ path, durationMs: 0, sizeBytes: 44 });
  expect(read(path).samples.length).toBe(0);
});

test("wav recorder: recording ends at the maximum duration", async () => {
  const path = join(folder, "call.wav");
  const recorder = WavRecorder.open(path, { maxDurationMs: 100 });
  for (let ms = 0; ms < 1000; ms += 20) recorder.writeCaller(level(1, 20), ms);
  expect((await recorder.close(1000)).durationMs).toBe(100);
  expect(statSync(path).size).toBe(44 + 3200);
});

test("wav recorder: a file that cannot be made is told once, and the call goes on", async () => {
  const blocked = join(folder, "a-file");
  writeFileSync(blocked, "");
  const onError = vi.fn();
  const recorder = WavRecorder.open(join(blocked, "call.wav"), { onError });
  await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(1));
  for (let ms = 0; ms < 3000; ms += 20) {
    recorder.writeCaller(level(1, 20), ms);
    recorder.tick(ms);
  }
  expect(await recorder.close(3000)).toMatchObject({ durationMs: 0, sizeBytes: 0 });
  expect(onError).toHaveBeenCalledTimes(1);
});

test("wav recorder: a full disk is told once, and what was written is the answer", async () => {
  const onError = vi.fn();
  const recorder = WavRecorder.open("/dev/full", { onError });
  await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(1));
  recorder.writeCaller(level(1, 2000), 0);
  recorder.tick(2000);
  expect((await recorder.close(2000)).durationMs).toBe(0);
  expect(onError).toHaveBeenCalledTimes(1);
});

test("repair: sizes come from the file's length, half a frame is cut off", async () => {
  const path = join(folder, "call.wav");
  const header = writeWavHeader({ channels: 2, sampleRateHz: 8000, dataBytes: 0 });
  writeFileSync(path, Buffer.concat([header, Buffer.alloc(403, 1)]));
  expect(await repairWav(path)).toBe(true);
  const bytes = readFileSync(path);
  expect([bytes.length, bytes.readUInt32LE(4), bytes.readUInt32LE(40)]).toEqual([444, 436, 400]);
  expect(await repairWav(path)).toBe(true);
  expect(readFileSync(path)).toEqual(bytes);
});

test("repair: a header that says more than there is is set right", async () => {
  const path = join(folder, "call.wav");
  const recorder = WavRecorder.open(path);
  recorder.writeCaller(level(3, 500), 0);
  await recorder.close(500);
  truncateSync(path, 44 + 100 * 32);
  expect(await repairWav(path)).toBe(true);
  expect(readFileSync(path).readUInt32LE(40)).toBe(100 * 32);
});

test("repair: what is missing, too short or not ours is left as it is", async () => {
  expect(await repairWav(join(folder, "missing.wav"))).toBe(false);
  const path = join(folder, "other.wav");
  for (const content of [
    Buffer.alloc(10),
    Buffer.alloc(500, "x"),
    Buffer.concat([writeWavHeader({ channels: 1, sampleRateHz: 8000, dataBytes: 9 }), Buffer.alloc(99)]),
  ]) {
    writeFileSync(path, content);
    expect(await repairWav(path)).toBe(false);
    expect(readFileSync(path)).toEqual(content);
  }
});
