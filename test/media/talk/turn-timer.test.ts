import { expect, test } from "vitest";
import { TurnTimer } from "../../../src/media/talk/turn-timer.ts";

test("turn timer: measures from the caller's last voiced frame to the first frame on the wire", () => {
  const timer = new TurnTimer(1000, () => "turn_1");
  timer.decided("caller-turn", 5000, 5500);
  timer.providerAudio(5800);
  timer.providerAudio(5900);
  expect(timer.firstFrameOnWire(5810)).toEqual({
    turnId: "turn_1",
    reason: "caller-turn",
    callerLastVoicedAtMs: 4000,
    decidedAtMs: 4500,
    providerFirstByteAtMs: 4800,
    firstFrameOnWireAtMs: 4810,
  });
  expect(timer.firstFrameOnWire(6000)).toBeUndefined();
});

test("turn timer: a frame of the reply before says nothing of the turn that has just been decided", () => {
  const timer = new TurnTimer(0, () => "turn_1");
  timer.decided("caller-turn", 100, 600);
  expect(timer.firstFrameOnWire(610)).toBeUndefined();
  timer.providerAudio(700);
  expect(timer.firstFrameOnWire(710)?.firstFrameOnWireAtMs).toBe(710);
});

test("turn timer: a turn that was never heard is reported without its sound", () => {
  const timer = new TurnTimer(0, () => "turn_1");
  timer.decided("nudge", undefined, 600);
  expect(timer.abandon()).toMatchObject({ reason: "nudge", decidedAtMs: 600, firstFrameOnWireAtMs: undefined });
  expect(timer.abandon()).toBeUndefined();
});
