import { describe, expect, test } from "vitest";
import {
  defaultSpeechDetectorOptions,
  SpeechDetector,
  type SpeechDetectorOptions,
} from "../../../src/media/talk/vad.ts";

/**
 * Plays a picture of one character a 20 ms frame: `#` voiced by both tiers, `c` only by the cheap one, `n` only by the
 * neural one, `.` by none. Each window is judged when it is full, 20 ms later. Events as "+onset@seen -lastVoiced@seen".
 */
function play(picture: string, overAgent = false, options: Partial<SpeechDetectorOptions> = {}, level = -25): string {
  const detector = new SpeechDetector({ ...defaultSpeechDetectorOptions, ...options });
  const seen: string[] = [];
  let windows = 0;
  for (const [i, mark] of [...picture].entries()) {
    const now = (i + 1) * 20;
    while (options.neural !== false && (windows + 1) * 32 <= i * 20) {
      windows += 1;
      const under = picture.slice(Math.floor(((windows - 1) * 32) / 20), Math.ceil((windows * 32) / 20));
      detector.probability(/[#n]/.test(under) ? 0.9 : 0.05, windows * 32);
    }
    detector.frame(mark === "#" || mark === "c", mark === "." || mark === "n" ? -70 : level, now, overAgent);
    for (let event = detector.poll(now); event !== undefined; event = detector.poll(now)) {
      seen.push(event.type === "speech-started" ? `+${event.onsetAtMs}@${now}` : `-${event.lastVoicedAtMs}@${now}`);
    }
  }
  return seen.join(" ");
}

const quiet = ".".repeat(20);

describe("speech detector", () => {
  test("speech: under way when the neural tier goes, it goes on by the cheap tier, and stops by it", () => {
    const detector = new SpeechDetector();
    const seen: string[] = [];
    for (let frame = 1; frame <= 60; frame += 1) {
      const now = frame * 20;
      if (frame === 20) detector.neural = false;
      const spoken = frame >= 5 && frame <= 40;
      if (frame < 20 && frame % 2 === 0) detector.probability(spoken ? 0.9 : 0.05, now - 20);
      detector.frame(spoken, spoken ? -25 : -70, now, false);
      for (let event = detector.poll(now); event; event = detector.poll(now)) seen.push(`${event.type}@${now}`);
    }
    expect(seen).toEqual([expect.stringMatching(/^speech-started@1[0-9]0$/), "speech-stopped@1000"]);
  });

  test("speech: starts within 100 ms, dated back to its first voiced frame, and stops 200 ms after its last", () => {
    expect(play(`${quiet}##########${quiet}`)).toBe("+400@460 -600@800");
  });

  test("speech: what only one tier takes for voice is none", () => {
    expect(play("c".repeat(200))).toBe("");
    expect(play("n".repeat(200))).toBe("");
  });

  test("speech: a click of two frames starts nothing", () => {
    expect(play(`${quiet}##${quiet}`)).toBe("");
  });

  test("speech: a short gap is no stop", () => {
    expect(play(`${quiet}#####......#####${quiet}`)).toBe("+400@460 -720@920");
  });

  test("speech: over the agent more of it is needed, and still it starts within 150 ms", () => {
    expect(play(`${quiet}###${quiet}`)).toBe("+400@460 -460@660");
    expect(play(`${quiet}###${quiet}`, true)).toBe("");
    expect(play(`${quiet}##########`, true)).toBe("+400@480");
  });

  test("speech: on a noisy line the onset is the neural tier's, since the cheap one tells nothing", () => {
    const [start] = play(`${"c".repeat(60)}##########`).split(" ");
    const [onset, seen] = start!.slice(1).split("@").map(Number);
    expect(Math.abs(onset! - 1200)).toBeLessThanOrEqual(32);
    expect(seen! - 1200).toBeLessThanOrEqual(120);
  });

  test("speech: the noise after it does not keep it going", () => {
    expect(play(`${quiet}##########${"c".repeat(30)}`)).toMatch(/^\+400@460 -6\d\d@8\d\d$/);
  });

  test("speech: probabilities between the two thresholds go on with it but do not start it (0.5 on, 0.35 off)", () => {
    const detector = new SpeechDetector();
    const window = (p: number, i: number) => {
      for (let at = i * 32; at < (i + 1) * 32; at += 16) detector.frame(true, -20, at, false);
      detector.probability(p, (i + 1) * 32);
      return detector.poll((i + 1) * 32)?.type;
    };
    expect([0, 1, 2, 3].map((i) => window(0.45, i))).toEqual([undefined, undefined, undefined, undefined]);
    expect([4, 5, 6].map((i) => window(0.6, i))).toContain("speech-started");
    for (let i = 7; i < 40; i += 1) expect(window(0.4, i)).toBeUndefined();
    expect(Array.from({ length: 10 }, (_, i) => window(0.3, 40 + i))).toContain("speech-stopped");
  });

  test("speech: when frames stop coming it stops", () => {
    const detector = new SpeechDetector();
    for (let i = 1; i <= 10; i += 1) {
      detector.frame(true, -20, i * 20, false);
      detector.probability(0.9, i * 20);
    }
    expect(detector.poll(200)).toEqual({ type: "speech-started", onsetAtMs: 0 });
    expect(detector.poll(690)).toBeUndefined();
    expect(detector.poll(700)).toEqual({ type: "speech-stopped", lastVoicedAtMs: 200 });
    expect(detector.poll(5000)).toBeUndefined();
  });

  test("speech: without the neural tier the energy gate decides, and needs longer", () => {
    expect(play(`${quiet}##########${quiet}`, false, { neural: false })).toBe("+400@520 -600@800");
    expect(play(`${quiet}##########${quiet}`, false, { neural: false }, -65)).toBe("");
  });

  test("speech: without the neural tier a steady noise becomes the floor it is measured against", () => {
    const detector = new SpeechDetector({ ...defaultSpeechDetectorOptions, neural: false });
    const levels = [...Array(500).fill(-45), ...Array(10).fill(-20)] as number[];
    const starts = levels.map((level, i) => {
      detector.frame(true, level, i * 20, false);
      return detector.poll(i * 20)?.type === "speech-started" ? i : undefined;
    });
    expect(starts.filter((i) => i !== undefined && i > 200)).toEqual([505]);
  });
});
