import { describe, expect, test } from "vitest";
import { StereoTimeline } from "../../../src/media/talk/recording.ts";

/** So many ms of one value at 8 kHz. */
function level(value: number, ms: number): Int16Array {
  return new Int16Array(ms * 8).fill(value);
}

/** All that a shell would have written so far: channels as a map from ms to value, read at the middle of each ms. */
class Listener {
  readonly frames: number[][] = [];
  private readonly out: Int16Array;
  readonly timeline: StereoTimeline;

  constructor(timeline: StereoTimeline, outFrames = 1000) {
    this.timeline = timeline;
    this.out = new Int16Array(outFrames * 2);
  }

  take(): number {
    let taken = 0;
    for (let run = this.timeline.takeChanged(this.out); run; run = this.timeline.takeChanged(this.out)) {
      for (let i = 0; i < run.frames; i++) this.frames[run.firstFrame + i] = [this.out[i * 2]!, this.out[i * 2 + 1]!];
      taken += run.frames;
    }
    return taken;
  }

  /** A picture of one side: `value×ms` runs. */
  picture(side: "caller" | "agent"): string {
    const runs: { value: number; frames: number }[] = [];
    for (const frame of this.frames) {
      const value = frame?.[side === "caller" ? 0 : 1] ?? 0;
      const last = runs.at(-1);
      if (last?.value === value) last.frames++;
      else runs.push({ value, frames: 1 });
    }
    return runs.map(({ value, frames }) => `${value}×${frames / 8}`).join(" ");
  }
}

function record(write: (timeline: StereoTimeline) => void): Listener {
  const timeline = new StereoTimeline();
  write(timeline);
  const listener = new Listener(timeline);
  listener.take();
  return listener;
}

describe("recording", () => {
  test("caller is left, agent is right, each at its time", () => {
    const heard = record((timeline) => {
      timeline.writeCaller(level(5, 100), 100);
      timeline.writeAgent(level(7, 50), 400);
      timeline.finish(500);
    });
    expect(heard.picture("caller")).toBe("0×100 5×100 0×300");
    expect(heard.picture("agent")).toBe("0×400 7×50 0×50");
    expect(heard.timeline.durationMs).toBe(500);
  });

  test("frames that arrive a little early or late are glued without a gap", () => {
    const heard = record((timeline) => {
      for (const [n, jitterMs] of [0, 15, -20, 59, -60, 60, 3].entries()) {
        timeline.writeCaller(level(n + 1, 20), n * 20 + jitterMs);
      }
    });
    expect(heard.picture("caller")).toBe("1×20 2×20 3×20 4×20 5×20 6×20 7×20");
  });

  test("a pause of more than 60 ms is a pause", () => {
    const heard = record((timeline) => {
      timeline.writeCaller(level(1, 20), 0);
      timeline.writeCaller(level(2, 20), 81);
    });
    expect(heard.picture("caller")).toBe("1×20 0×61 2×20");
  });

  test("the first audio of a side starts where it was heard, not at zero", () => {
    expect(record((timeline) => timeline.writeAgent(level(3, 20), 40)).picture("agent")).toBe("0×40 3×20");
  });

  /** A caller who counts the frames he says from 1, read when our process comes to it. */
  function callerReadAt(readAt: (n: number) => number, frames: number): string {
    return record((timeline) => {
      for (let n = 0; n < frames; n++) timeline.writeCaller(level(n + 1, 20), readAt(n));
    }).picture("caller");
  }

  /** `1×20 2×20 …`. */
  function counting(from: number, to: number): string {
    return Array.from({ length: to - from + 1 }, (_, n) => `${from + n}×20`).join(" ");
  }

  test.each([80, 300, 900])(
    "our process stalls for %i ms: the caller's words are whole and in their place",
    (stallMs) => {
      const readAt = (n: number) => (n * 20 > 500 && n * 20 < 500 + stallMs ? 500 + stallMs : n * 20);
      expect(callerReadAt(readAt, 100)).toBe(counting(1, 100));
    },
  );

  test("what was kept for us before the call began is whole", () => {
    expect(callerReadAt((n) => Math.max(0, n * 20 - 400), 60)).toBe(counting(1, 60));
  });

  test("a stall in which some of the caller's audio was lost leaves a gap of what was lost", () => {
    const readAt = (n: number) => (n < 20 ? n * 20 : Math.max(720, n * 20 + 160));
    expect(callerReadAt(readAt, 60)).toBe(`${counting(1, 20)} 0×160 ${counting(21, 60)}`);
  });

  test("a caller whose clock is fast is left alone until he is a second ahead, then he loses what is over", () => {
    const heard = record((timeline) => {
      for (let n = 0; n < 1000; n++) timeline.writeCaller(level(n + 1, 20), n * 18);
    });
    const words = heard.picture("caller").split(" ");
    expect(words.slice(0, 501).join(" ")).toBe(counting(1, 501));
    expect(words.length).toBe(950);
    expect(heard.timeline.droppedFrames).toBe(50 * 160);
  });

  test("what overlaps on the agent's side is overwritten, and the other side stays", () => {
    const heard = record((timeline) => {
      timeline.writeCaller(level(9, 300), 0);
      timeline.writeAgent(level(1, 200), 0);
      timeline.writeAgent(level(2, 50), 100);
    });
    expect(heard.picture("agent")).toBe("1×100 2×50 1×50 0×100");
    expect(heard.picture("caller")).toBe("9×300");
  });

  test("agent audio known as heard only seconds later finds its place", () => {
    const timeline = new StereoTimeline();
    const listener = new Listener(timeline);
    for (let ms = 0; ms < 20_000; ms += 20) timeline.writeCaller(level(1, 20), ms);
    expect(listener.take()).toBe(160_000);
    timeline.writeAgent(level(4, 1500), 12_000);
    expect(listener.take()).toBe(12_000);
    expect(listener.picture("caller")).toBe("1×20000");
    expect(listener.picture("agent")).toBe("0×12000 4×1500 0×6500");
    expect(timeline.droppedFrames).toBe(0);
  });

  test("only what changed is taken, and each change once", () => {
    const timeline = new StereoTimeline();
    const listener = new Listener(timeline, 7);
    timeline.writeCaller(level(1, 20), 0);
    expect(listener.take()).toBe(160);
    expect(listener.take()).toBe(0);
    timeline.writeCaller(level(2, 20), 20);
    expect(listener.take()).toBe(160);
    expect(listener.picture("caller")).toBe("1×20 2×20");
  });

  test("an hour goes through the window, second by second", () => {
    const timeline = new StereoTimeline({ windowMs: 5000 });
    const out = new Int16Array(16_000);
    let next = 0;
    for (let ms = 0; ms < 3_600_000; ms += 1000) {
      timeline.writeCaller(level((ms / 1000) % 1000, 1000), ms);
      const run = timeline.takeChanged(out);
      expect(run).toEqual({ firstFrame: next, frames: 8000 });
      expect(out[0]).toBe((ms / 1000) % 1000);
      expect(out[15_998]).toBe((ms / 1000) % 1000);
      expect(out[15_999]).toBe(0);
      next += 8000;
    }
    expect(timeline.lostFrames).toBe(0);
  });

  test("audio older than the window is left out and counted", () => {
    const timeline = new StereoTimeline({ windowMs: 2000 });
    const listener = new Listener(timeline);
    timeline.writeCaller(level(1, 20), 0);
    listener.take();
    for (let ms = 20; ms < 10_000; ms += 20) timeline.writeCaller(level(1, 20), ms);
    listener.take();
    timeline.writeAgent(level(4, 1000), 1000);
    expect(listener.take()).toBe(0);
    expect(timeline.droppedFrames).toBe(8000);
    timeline.writeAgent(level(4, 1000), 8000);
    listener.take();
    expect(timeline.droppedFrames).toBe(8000);
  });

  test("after a long silence audio is where it belongs, when the clock was told", () => {
    const timeline = new StereoTimeline({ windowMs: 2000 });
    const listener = new Listener(timeline);
    timeline.writeCaller(level(1, 20), 0);
    listener.take();
    timeline.tick(600_000);
    timeline.writeCaller(level(2, 20), 600_000);
    listener.take();
    expect(listener.frames.length).toBe(600_020 * 8);
    expect(listener.frames.at(-1)).toEqual([2, 0]);
    expect(timeline.misplacedChunks).toBe(0);
    expect(timeline.lostFrames).toBe(0);
  });

  test("what nobody took in time is lost and counted, the rest is right", () => {
    const timeline = new StereoTimeline({ windowMs: 2000 });
    const listener = new Listener(timeline);
    for (let ms = 0; ms < 10_000; ms += 1000) timeline.writeCaller(level(1 + ms / 1000, 1000), ms);
    listener.take();
    expect(timeline.lostFrames).toBe(7 * 8000);
    expect(listener.picture("caller")).toBe("0×7000 8×1000 9×1000 10×1000");
  });

  test.each([-100, -1e9, 3_600_000 * 3, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "a chunk at %d ms goes after the audio before it, and is counted",
    (atMs) => {
      const timeline = new StereoTimeline();
      const listener = new Listener(timeline);
      timeline.writeCaller(level(1, 20), 300);
      timeline.writeCaller(level(2, 20), atMs);
      timeline.writeCaller(level(3, 20), 340);
      listener.take();
      expect(listener.picture("caller")).toBe("0×300 1×20 2×20 3×20");
      expect(timeline.misplacedChunks).toBe(1);
    },
  );

  test("a first chunk with an absurd time starts at zero", () => {
    expect(record((timeline) => timeline.writeAgent(level(6, 20), -500)).picture("agent")).toBe("6×20");
  });

  test("nothing is written after the maximum duration", () => {
    const timeline = new StereoTimeline({ maxDurationMs: 1000 });
    const listener = new Listener(timeline);
    for (let ms = 0; ms < 5000; ms += 30) timeline.writeCaller(level(1, 30), ms);
    timeline.finish(5000);
    listener.take();
    expect(listener.picture("caller")).toBe("1×1000");
    expect(timeline.durationMs).toBe(1000);
    expect(timeline.droppedFrames).toBe((167 * 30 - 1000) * 8);
  });

  test("a call without audio is silence of its length", () => {
    const heard = record((timeline) => timeline.finish(250));
    expect(heard.picture("caller")).toBe("0×250");
  });

  test("an end before the last audio, or none, cuts nothing", () => {
    const timeline = new StereoTimeline();
    timeline.writeCaller(level(1, 100), 0);
    timeline.finish(20);
    timeline.finish(Number.NaN);
    expect(timeline.durationMs).toBe(100);
  });

  test("torture: any order of times keeps the bounds", () => {
    const timeline = new StereoTimeline({ windowMs: 3000, maxDurationMs: 60_000 });
    const listener = new Listener(timeline, 333);
    let seed = 1;
    const random = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    for (let n = 0; n < 5000; n++) {
      const pcm = level(1, Math.floor(random() * 300));
      const atMs = random() * 70_000 - 2000;
      if (random() < 0.5) timeline.writeCaller(pcm, atMs);
      else timeline.writeAgent(pcm, atMs);
      if (random() < 0.2) timeline.tick(random() * 80_000);
      if (random() < 0.1) listener.take();
    }
    timeline.finish(1e12);
    listener.take();
    expect(timeline.durationMs).toBe(60_000);
    expect(listener.frames.length).toBe(480_000);
  });
});
