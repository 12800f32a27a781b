/** Cost of speech detection: one line a result. Run: npm run build && node dist/bench/vad.js */
import { systemClock } from "../src/kit/io/system-clock.ts";
import { EchoGuard } from "../src/media/talk/echo-guard.ts";
import { loadFvad } from "../src/media/talk/io/fvad.ts";
import { SileroBatcher } from "../src/media/talk/io/silero.ts";
import { startTick } from "../src/media/talk/io/tick.ts";
import { percentile, printCost, printResult } from "./report.ts";

/** Something like a voice: a buzz whose loudness goes up and down. */
function voice(samples: number, at: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) => {
    const seconds = (at + i) / 8000;
    const buzz = Math.sin(2 * Math.PI * 140 * seconds) + Math.sin(2 * Math.PI * 560 * seconds) / 2;
    return 5000 * buzz * (1 + Math.sin(2 * Math.PI * 4 * seconds)) + 200 * (Math.random() - 0.5);
  });
}

async function benchCheap(): Promise<void> {
  const vad = (await loadFvad()).open(1);
  const frames = Array.from({ length: 50 }, (_, i) => voice(160, i * 160));
  let frame = 0;
  printCost("WebRTC VAD, a 20 ms frame", () => void vad.voiced(frames[frame++ % 50]!), "guide: 1.4 µs");
  vad.close();
  const guard = new EchoGuard();
  let now = 0;
  printCost("echo guard, both sides of a frame", () => {
    now += 20;
    const change = (now / 20) % 13;
    guard.agentFrame(-20 - change, now - 20);
    guard.frame(-35 - change, now);
  });
}

/** Cost of a window when `calls` of them are judged in one run, and for how long that run occupies the calls' thread. */
async function benchSilero(batcher: SileroBatcher, calls: number, comparedWith?: string): Promise<void> {
  let judged = 0;
  let done = (): void => {};
  const streams = Array.from({ length: calls }, () =>
    batcher.open(() => {
      judged += 1;
      if (judged === calls) done();
    }),
  );
  const window = voice(256, 0);
  const costs: number[] = [];
  const occupied: number[] = [];
  for (let round = 0; round < 120; round += 1) {
    judged = 0;
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    for (const stream of streams) stream.push(window);
    const before = performance.eventLoopUtilization();
    const start = performance.now();
    batcher.tick();
    await finished;
    costs.push(((performance.now() - start) * 1000) / calls);
    occupied.push(performance.eventLoopUtilization(before).active * 1000);
  }
  for (const stream of streams) stream.close();
  const value = percentile(costs.slice(20), 0.5);
  printResult({ name: `Silero, a 32 ms window, ${calls} in a run`, value, unit: "µs", comparedWith });
  const blocked = percentile(occupied.slice(20), 0.5);
  printResult({ name: `calls' thread occupied by a run of ${calls}`, value: blocked, unit: "µs" });
}

/** How late the 20 ms tick runs when nothing else does. */
async function benchTick(slots: number): Promise<void> {
  const late: number[] = [];
  await new Promise<void>((done) => {
    const tick = startTick({
      clock: systemClock,
      slot: () => {
        if (late.length < slots) return;
        tick.close();
        done();
      },
      late: (lateMs) => late.push(lateMs),
    });
  });
  const median = percentile(late, 0.5);
  printResult({ name: "tick lateness, median", value: median, unit: "ms", comparedWith: "timers count whole ms" });
  printResult({ name: "tick lateness, p99", value: percentile(late, 0.99), unit: "ms", comparedWith: "aim: 3 ms" });
}

await benchCheap();
const batcher = await SileroBatcher.load();
await benchSilero(batcher, 1, "guide: 92 µs");
await benchSilero(batcher, 8);
await benchSilero(batcher, 64, "guide: 20 µs");
await batcher.close();
await benchTick(500);
