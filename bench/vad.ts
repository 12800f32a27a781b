/** Cost of speech detection: one line a result. Run: npm run build && node dist/bench/vad.js */
import { pathToFileURL } from "node:url";
import { systemClock } from "../src/kit/io/system-clock.ts";
import { EchoGuard } from "../src/media/talk/echo-guard.ts";
import { loadFvad } from "../src/media/talk/io/fvad.ts";
import { SileroBatcher } from "../src/media/talk/io/silero.ts";
import { startTick } from "../src/media/talk/io/tick.ts";

function report(name: string, value: number, unit: string, guide: string): void {
  console.log(`${name.padEnd(44)} ${value.toFixed(2).padStart(8)} ${unit}   ${guide}`);
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Something like a voice: a buzz whose loudness goes up and down. */
function voice(samples: number, at: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) => {
    const seconds = (at + i) / 8000;
    const buzz = Math.sin(2 * Math.PI * 140 * seconds) + Math.sin(2 * Math.PI * 560 * seconds) / 2;
    return 5000 * buzz * (1 + Math.sin(2 * Math.PI * 4 * seconds)) + 200 * (Math.random() - 0.5);
  });
}

/** Median over batches of the time one call takes, in µs. */
function measure(work: (i: number) => void): number {
  const costs: number[] = [];
  for (let batch = 0; batch < 16; batch += 1) {
    const start = performance.now();
    for (let i = 0; i < 5000; i += 1) work(i);
    costs.push(((performance.now() - start) * 1000) / 5000);
  }
  return median(costs.slice(1));
}

async function benchCheap(): Promise<void> {
  const vad = (await loadFvad()).open(1);
  const frames = Array.from({ length: 50 }, (_, i) => voice(160, i * 160));
  report(
    "WebRTC VAD, a 20 ms frame",
    measure((i) => vad.voiced(frames[i % 50]!)),
    "µs",
    "guide: 1.4 µs",
  );
  vad.close();
  const guard = new EchoGuard();
  let now = 0;
  const work = (i: number): void => {
    now += 20;
    guard.agentFrame(-20 - (i % 13), now - 20);
    guard.frame(-35 - (i % 13), now);
  };
  report("echo guard, both sides of a frame", measure(work), "µs", "guide: none");
}

/** Cost of a window when `calls` of them are judged in one run. */
async function benchSilero(batcher: SileroBatcher, calls: number, guide: string): Promise<void> {
  const streams = Array.from({ length: calls }, () => batcher.open(() => {}));
  const window = voice(256, 0);
  const costs: number[] = [];
  for (let round = 0; round < 120; round += 1) {
    for (const stream of streams) stream.push(window);
    const start = performance.now();
    batcher.tick();
    while (batcher.busy) await new Promise((done) => setImmediate(done));
    costs.push(((performance.now() - start) * 1000) / calls);
  }
  for (const stream of streams) stream.close();
  report(`Silero, a 32 ms window, ${calls} in a run`, median(costs.slice(20)), "µs", guide);
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
  late.sort((a, b) => a - b);
  report("tick lateness, median", median(late), "ms", "timers count whole ms");
  report("tick lateness, p99", late[Math.floor(late.length * 0.99)]!, "ms", "aim: 3 ms");
}

/** Runs every measurement and prints it. */
export async function benchVad(): Promise<void> {
  await benchCheap();
  const batcher = await SileroBatcher.load();
  await benchSilero(batcher, 1, "guide: 92 µs");
  await benchSilero(batcher, 8, "guide: none");
  await benchSilero(batcher, 64, "guide: 20 µs");
  batcher.close();
  await benchTick(500);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await benchVad();
