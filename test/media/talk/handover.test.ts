import { expect, test } from "vitest";
import { defaultHandoverOptions, Handover, type TransferWish } from "../../../src/media/talk/handover.ts";

const wish: TransferWish = { toolCallId: "tool_1", target: "Sales", briefing: undefined };
const { graceMs, answerTimeoutMs } = defaultHandoverOptions;

test("handover: the gateway is asked once, when what was said was played, and answers once", () => {
  const handover = new Handover();
  expect(handover.begin(wish, 0)).toBe(true);
  expect([handover.tick(false, 20), handover.tick(true, 40), handover.tick(true, 60)]).toEqual([
    undefined,
    { type: "ask", wish },
    undefined,
  ]);
  expect([handover.answered("tool_1"), handover.answered("tool_1")]).toEqual([true, false]);
});

test("handover: one at a time; an answer to another call is none", () => {
  const handover = new Handover();
  handover.begin(wish, 0);
  expect(handover.begin({ ...wish, toolCallId: "tool_2" }, 0)).toBe(false);
  expect(handover.answered("tool_1")).toBe(false);
  handover.tick(true, 20);
  expect(handover.answered("tool_2")).toBe(false);
  handover.answered("tool_1");
  expect(handover.begin({ ...wish, toolCallId: "tool_2" }, 40)).toBe(true);
});

test("handover: a caller who speaks calls it off while he can, which is until the gateway was asked", () => {
  const handover = new Handover();
  handover.begin(wish, 0);
  expect([handover.callOff(), handover.callOff()]).toEqual([wish, undefined]);
  expect(handover.tick(true, 20)).toBeUndefined();
  handover.begin(wish, 20);
  handover.tick(true, 40);
  expect(handover.callOff()).toBeUndefined();
  expect(handover.answered("tool_1")).toBe(true);
});

test("handover: waits for ever neither for the playout nor for the gateway", () => {
  const handover = new Handover();
  handover.begin(wish, 0);
  expect(handover.tick(false, graceMs - 1)).toBeUndefined();
  expect(handover.tick(false, graceMs)).toEqual({ type: "ask", wish });
  expect(handover.tick(true, graceMs + answerTimeoutMs - 1)).toBeUndefined();
  expect(handover.tick(true, graceMs + answerTimeoutMs)).toEqual({ type: "give-up", wish });
  expect(handover.answered("tool_1")).toBe(false);
});
