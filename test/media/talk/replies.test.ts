import { describe, expect, test } from "vitest";
import { Replies } from "../../../src/media/talk/replies.ts";

describe("replies", () => {
  test("nothing was asked for: quiet, and nothing has finished", () => {
    const replies = new Replies();
    expect(replies.quiet(0)).toBe(true);
    expect(replies.takeFinished()).toBe(false);
  });

  test("one that was asked for is owed until it is done, and has finished once", () => {
    const replies = new Replies();
    replies.asked(0);
    expect(replies.quiet(10)).toBe(false);
    replies.started("r1");
    expect(replies.quiet(20)).toBe(false);
    expect(replies.audio("r1")).toBe("first");
    expect(replies.audio("r1")).toBe("further");
    expect(replies.done("r1")).toBe(false);
    expect(replies.quiet(30)).toBe(true);
    expect([replies.takeFinished(), replies.takeFinished()]).toEqual([true, false]);
  });

  test("one without audio is told apart from one with", () => {
    const replies = new Replies();
    replies.started("r1");
    expect(replies.done("r1")).toBe(true);
  });

  test("after a call-off its audio and its end are of nobody", () => {
    const replies = new Replies();
    replies.asked(0);
    replies.started("r1");
    replies.asked(5);
    replies.cancelled();
    expect(replies.audio("r1")).toBe("unknown");
    expect(replies.done("r1")).toBe(false);
    expect(replies.quiet(10)).toBe(true);
    expect(replies.takeFinished()).toBe(false);
  });

  test("what was called off and is heard after all has an end that is told", () => {
    const replies = new Replies();
    replies.asked(0);
    replies.cancelled();
    replies.resumed();
    expect(replies.takeFinished()).toBe(true);
  });

  test("a reply that never begins is not owed for ever", () => {
    const replies = new Replies();
    replies.asked(1000);
    expect(replies.quiet(16_000)).toBe(false);
    expect(replies.quiet(16_001)).toBe(true);
  });

  test("a reply the provider begins by itself is waited for too", () => {
    const replies = new Replies();
    replies.started("r1");
    expect(replies.quiet(0)).toBe(false);
    replies.done("r1");
    expect(replies.takeFinished()).toBe(true);
  });
});
