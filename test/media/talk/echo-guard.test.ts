import { describe, expect, test } from "vitest";
import { defaultEchoGuardOptions, EchoGuard } from "../../../src/media/talk/echo-guard.ts";

const noiseDbov = -65;

/** A level that goes up and down as speech does, from a seed; −20 dBov at its loudest, with pauses. */
function speechLevels(frames: number, seed: number): number[] {
  let state = seed;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return (state >> 8) / (0x7fffffff >> 8);
  };
  const levels: number[] = [];
  let target = -25;
  let level = -60;
  for (let i = 0; i < frames; i += 1) {
    if (i % 6 === 0) target = random() < 0.25 ? -60 : -20 - 20 * random();
    level += (target - level) * 0.5;
    levels.push(level);
  }
  return levels;
}

const sum = (...dbov: number[]): number => 10 * Math.log10(dbov.reduce((all, one) => all + 10 ** (one / 10), 0));

interface Played {
  readonly guard: EchoGuard;
  /** Frames not explained by echo although the caller only sent echo and noise. */
  readonly leaks: number[];
}

/** The agent speaks for `frames` from `at` 0; its echo comes back; `caller(i)` adds the caller's own level. */
function play(
  frames: number,
  gainDb: number,
  delayFrames: number,
  caller: (i: number) => number = () => noiseDbov,
  guard = new EchoGuard(),
): Played & { echo: boolean[] } {
  const agent = speechLevels(frames, 7);
  const echo: boolean[] = [];
  const leaks: number[] = [];
  for (let i = 0; i < frames; i += 1) {
    guard.agentFrame(agent[i]!, i * 20);
    const returned = i >= delayFrames ? agent[i - delayFrames]! + gainDb : noiseDbov;
    const level = sum(returned, noiseDbov, caller(i));
    const verdict = guard.frame(level, (i + 1) * 20);
    echo.push(verdict.echo);
    if (!verdict.echo && level > -50) leaks.push(i);
  }
  return { guard, leaks, echo };
}

describe("echo guard", () => {
  test.each([
    [-15, 100],
    [-15, 260],
    [-15, 600],
    [-25, 400],
    [-10, 300],
  ])("echo guard: our own voice at %i dB after %i ms is never taken for the caller", (gainDb, delayMs) => {
    const { leaks, guard } = play(500, gainDb, delayMs / 20);
    expect(leaks).toEqual([]);
    expect(Math.abs(guard.line.gainDb - gainDb)).toBeLessThan(3);
    expect(guard.line.delayMs).toBe(delayMs);
  });

  test("echo guard: an echo louder than assumed is learnt within two seconds", () => {
    const { leaks, guard } = play(500, -4, 12);
    expect(Math.max(...leaks)).toBeLessThan(100);
    expect(guard.line.gainDb).toBeGreaterThan(-7);
  });

  test("echo guard: a caller on top of the echo is not explained by it, early or late", () => {
    for (const from of [30, 100, 400]) {
      const { echo } = play(500, -15, 12, (i) => (i >= from && i < from + 25 ? -20 : noiseDbov));
      const passed = echo.slice(from, from + 25).filter((one) => !one).length;
      expect(passed, `from frame ${from}`).toBeGreaterThanOrEqual(from < 40 ? 12 : 20);
    }
  });

  test("echo guard: a line without echo is known after a second or so, and then a quiet caller passes", () => {
    const { guard, echo } = play(200, -90, 12, (i) => (i >= 150 ? -42 : noiseDbov));
    expect(guard.line.gainDb).toBeLessThan(-35);
    expect(echo.slice(150).every((one) => !one)).toBe(true);
  });

  test("echo guard: a caller who talks over the agent does not raise his own threshold", () => {
    const before = play(250, -15, 12).guard.line.gainDb;
    const caller = speechLevels(200, 99);
    const { guard } = play(450, -15, 12, (i) => (i >= 250 ? caller[i - 250]! : noiseDbov));
    expect(guard.line.gainDb).toBeLessThan(before + 4);
  });

  test("echo guard: while the agent is silent nothing is echo", () => {
    const guard = new EchoGuard();
    expect(guard.frame(-60, 20)).toEqual({ echo: false, thresholdDbov: -90 });
    guard.agentFrame(-20, 20);
    expect(guard.frame(-60, 2000).echo).toBe(false);
  });

  test("echo guard: the threshold is higher in the first 400 ms of an utterance (§7.4)", () => {
    const guard = new EchoGuard();
    const thresholds: number[] = [];
    for (let i = 0; i < 40; i += 1) {
      guard.agentFrame(-20, i * 20);
      thresholds.push(guard.frame(noiseDbov, (i + 1) * 20).thresholdDbov);
    }
    const { assumedGainDb, marginDb, earlyMarginDb } = defaultEchoGuardOptions;
    expect(thresholds[10]).toBe(-20 + assumedGainDb + marginDb + earlyMarginDb);
    expect(thresholds[30]).toBe(-20 + assumedGainDb + marginDb);
  });

  test("echo guard: after a reset what was on its way is still echo, what was cut off is not awaited", () => {
    const guard = new EchoGuard();
    for (let i = 0; i < 100; i += 1) guard.agentFrame(-20, i * 20);
    guard.reset(1000);
    expect(guard.frame(-35, 1200).echo).toBe(true);
    expect(guard.frame(-35, 1900).echo).toBe(false);
  });

  test("echo guard: after a reset the next utterance has its careful beginning again, and the line is remembered", () => {
    const { guard } = play(500, -20, 12);
    const { line } = guard;
    guard.reset(10_000);
    expect(guard.line).toEqual(line);
    guard.agentFrame(-20, 10_100);
    const early = guard.frame(noiseDbov, 10_100 + 260).thresholdDbov;
    for (let i = 0; i < 60; i += 1) guard.agentFrame(-20, 10_120 + i * 20);
    const late = guard.frame(noiseDbov, 10_100 + 1200).thresholdDbov;
    expect(early - late).toBeCloseTo(defaultEchoGuardOptions.earlyMarginDb, 0);
  });
});
