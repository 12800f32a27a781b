import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadFvad } from "../../../src/media/talk/io/fvad.ts";
import { SileroBatcher } from "../../../src/media/talk/io/silero.ts";
import { levelDbov } from "../../../src/media/talk/level.ts";
import { CallVad } from "../../../src/media/talk/vad-call.ts";
import type { Fvad } from "../../../src/media/talk/vad-cheap.ts";
import { speech } from "../../kit/speech.ts";

let fvad: Fvad;
let batcher: SileroBatcher;
beforeAll(async () => {
  fvad = await loadFvad();
  batcher = await SileroBatcher.load();
});
afterAll(() => batcher.close());

interface Seen {
  readonly type: string;
  /** When the event came, and the moment it speaks of. */
  readonly at: number;
  readonly ofMs: number;
}

/** Plays a caller's line (with an agent's, heard at the same times) in 20 ms frames; the clock counts the audio. */
async function listen(line: Int16Array, options: { agent?: Int16Array; neural?: boolean } = {}): Promise<Seen[]> {
  const { agent, neural = true } = options;
  const vad = new CallVad(fvad.open(), neural ? (listener) => batcher.open(listener) : undefined);
  const seen: Seen[] = [];
  for (let i = 0; i + 160 <= line.length; i += 160) {
    const now = i / 8 + 20;
    const spoken = agent?.subarray(i, i + 160);
    if (spoken?.length === 160) vad.agentFrame(spoken, now - 20);
    vad.frame(line.subarray(i, i + 160), now, spoken !== undefined && spoken.length > 0);
    for (let event = vad.poll(now); event !== undefined; event = vad.poll(now)) {
      const ofMs = event.type === "speech-started" ? event.onsetAtMs : event.lastVoicedAtMs;
      seen.push({ type: event.type, at: now, ofMs });
    }
    // The tick judges between this frame and the next, so events come up to 20 ms after they could.
    batcher.tick();
    while (batcher.busy) await new Promise((done) => setImmediate(done));
  }
  vad.close();
  return seen;
}

/** A quiet line, −72 dBov of noise, with recordings laid on it: `[pcm, atMs, gainDb]`. */
function line(lengthMs: number, ...parts: [pcm: Int16Array, atMs: number, gainDb?: number][]): Int16Array {
  const mixed = noise(lengthMs, 10);
  for (const [pcm, atMs, gainDb = 0] of parts) {
    const gain = 10 ** (gainDb / 20);
    for (let i = 0; i < pcm.length && atMs * 8 + i < mixed.length; i += 1) mixed[atMs * 8 + i]! += pcm[i]! * gain;
  }
  return mixed;
}

function noise(lengthMs: number, peak: number): Int16Array {
  let state = 1;
  return Int16Array.from({ length: lengthMs * 8 }, () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return ((state >> 8) % (2 * peak + 1)) - peak;
  });
}

/** First and last moment of a recording above −42 dBov, in ms. */
function extent(pcm: Int16Array): { from: number; to: number } {
  let from = -1;
  let to = 0;
  for (let i = 0; i + 160 <= pcm.length; i += 40) {
    if (levelDbov(pcm.subarray(i, i + 160)) <= -42) continue;
    if (from < 0) from = i / 8;
    to = i / 8 + 20;
  }
  return { from, to };
}

const prompts = [
  "vm-goodbye",
  "vm-intro",
  "digits/5",
  "digits/2",
  "im-sorry",
  "one-moment-please",
  "vm-sorry",
  "hello",
];

describe("speech of one call, both tiers", () => {
  test.each(prompts)("speech: %s starts within 150 ms of its onset, also over the agent, and stops", async (name) => {
    const pcm = speech(name).subarray(0, 16_000);
    const { from, to } = extent(pcm);
    for (const agent of [undefined, new Int16Array(8 * 4000)]) {
      const seen = await listen(line(4000, [pcm, 1000]), { agent });
      expect(seen[0]?.type).toBe("speech-started");
      expect(seen[0]!.at - (1000 + from)).toBeLessThanOrEqual(150);
      expect(Math.abs(seen[0]!.ofMs - (1000 + from))).toBeLessThanOrEqual(100);
      const last = seen.at(-1)!;
      expect(last.type).toBe("speech-stopped");
      expect(Math.abs(last.ofMs - (1000 + to))).toBeLessThanOrEqual(200);
      expect(last.at - last.ofMs).toBeLessThanOrEqual(300);
    }
  });

  test("speech: while the neural tier is down the cheap one decides, as where there is none", async () => {
    const heard = line(4000, [speech("vm-goodbye").subarray(0, 16_000), 1000]);
    let down = true;
    let pushed = 0;
    const neural = {
      get down() {
        return down;
      },
      push: () => {
        pushed += 1;
      },
      skip: () => {},
      reset: () => {},
      close: () => {},
    };
    const play = (vad: CallVad): Seen[] => {
      const seen: Seen[] = [];
      for (let i = 0; i + 160 <= heard.length; i += 160) {
        const now = i / 8 + 20;
        vad.frame(heard.subarray(i, i + 160), now, false);
        for (let event = vad.poll(now); event; event = vad.poll(now)) {
          seen.push({
            type: event.type,
            at: now,
            ofMs: event.type === "speech-started" ? event.onsetAtMs : event.lastVoicedAtMs,
          });
        }
      }
      return seen;
    };
    const alone = await listen(heard, { neural: false });
    expect(alone.map(({ type }) => type)).toContain("speech-started");
    expect(play(new CallVad(fvad.open(), () => neural))).toEqual(alone);
    // It is offered the frames all the same, so that it has them as soon as it is back; one that is up and silent decides.
    expect(pushed).toBeGreaterThan(0);
    down = false;
    expect(play(new CallVad(fvad.open(), () => neural))).toEqual([]);
  });

  test("speech: none in silence, white noise, rumble, a dial tone or a melody of beeps", async () => {
    const rumble = new Int16Array(8 * 4000);
    let low = 0;
    const white = noise(4000, 2000);
    for (let i = 0; i < rumble.length; i += 1) {
      low = low * 0.98 + white[i]! * 0.3;
      rumble[i] = low;
    }
    const tone = (hz: (i: number) => number): Int16Array =>
      Int16Array.from({ length: 8 * 4000 }, (_, i) => 6000 * Math.sin((2 * Math.PI * hz(i) * i) / 8000));
    const dial = tone(() => 350).map((sample, i) => sample / 2 + 3000 * Math.sin((2 * Math.PI * 440 * i) / 8000));
    const beeps = tone((i) => [697, 1209, 941, 1477][Math.floor(i / 1600) % 4]!);
    for (const sound of [new Int16Array(8 * 4000), white, rumble, dial, beeps]) {
      expect(await listen(line(6000, [sound, 1000]))).toEqual([]);
    }
  });

  test("speech: the cheap tier alone is fooled by a burst of noise, which is why there are two", async () => {
    const burst = line(4000, [noise(1000, 3000), 2000]);
    expect((await listen(burst, { neural: false })).map(({ type }) => type)).toContain("speech-started");
    expect(await listen(burst)).toEqual([]);
  });

  test("speech: is heard over a noisy line", async () => {
    const noisy = line(5000, [noise(5000, 600), 0], [speech("vm-goodbye"), 3000]);
    const seen = await listen(noisy);
    expect(seen.map(({ type }) => type)).toEqual(["speech-started", "speech-stopped"]);
    expect(Math.abs(seen[0]!.ofMs - 3000)).toBeLessThan(250);
  });

  test("speech: after a minute of silence the first word is not lost", async () => {
    const pcm = speech("vm-goodbye");
    const seen = await listen(line(64_000, [speech("hello"), 500], [pcm, 61_000]));
    expect(seen.map(({ type }) => type).slice(-2)).toEqual(["speech-started", "speech-stopped"]);
    expect(seen.at(-2)!.at - (61_000 + extent(pcm).from)).toBeLessThanOrEqual(150);
  });

  test("speech: without the neural tier speech on a quiet line is still found", async () => {
    const seen = await listen(line(4000, [speech("vm-goodbye"), 1000]), { neural: false });
    expect(seen[0]?.type).toBe("speech-started");
    expect(seen[0]!.at - 1000 - extent(speech("vm-goodbye")).from).toBeLessThanOrEqual(200);
  });
});

describe("our own voice coming back", () => {
  const agents = ["demo-congrats", "vm-intro", "queue-periodic-announce"];

  test.each(agents)("echo: %s returned at −15 dB after 250 ms starts nothing", async (name) => {
    const agent = speech(name).subarray(0, 64_000);
    expect(await listen(line(9000, [agent, 250, -15]), { agent })).toEqual([]);
  });

  test.each(agents)("echo: a caller on top of %s is heard within 250 ms", async (name) => {
    const agent = speech(name).subarray(0, 64_000);
    const caller = speech("hello-world");
    for (const atMs of [1500, 3000, 6000]) {
      const seen = await listen(line(9000, [agent, 250, -15], [caller, atMs]), { agent });
      expect(seen[0]?.type).toBe("speech-started");
      expect(seen[0]!.at).toBeGreaterThan(atMs);
      expect(seen[0]!.at - (atMs + extent(caller).from)).toBeLessThanOrEqual(250);
    }
  });
});
