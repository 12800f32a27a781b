import { describe, expect, test } from "vitest";
import { Announcements } from "../../../src/media/talk/announcements.ts";

const options = { patienceMs: 10_000, maxWaiting: 2, maxAttempts: 3 };

function withOne(): Announcements {
  const announcements = new Announcements(options);
  announcements.add("one", "say", 0);
  return announcements;
}

describe("announcements", () => {
  test("wait for the floor, and press after their patience", () => {
    const announcements = withOne();
    expect(announcements.take(false, 9_999)).toBeUndefined();
    expect(announcements.take(true, 5_000)).toEqual({ text: "one", reason: "say", pressing: false });
    expect(withOne().take(false, 10_000)).toEqual({ text: "one", reason: "say", pressing: true });
  });

  test("come one after the other: the next when the one before is heard", () => {
    const announcements = withOne();
    announcements.add("two", "say", 0);
    announcements.take(true, 10);
    announcements.replyStarted("r1", "say");
    expect(announcements.take(true, 20)).toBeUndefined();
    announcements.replyHeard("r1");
    expect(announcements.take(true, 30)?.text).toBe("two");
  });

  test("called off before it is heard it comes again, first, but not for ever", () => {
    const announcements = withOne();
    announcements.add("two", "say", 0);
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(announcements.take(true, attempt)?.text).toBe("one");
      announcements.replyStarted(`r${attempt}`, "say");
      announcements.calledOff();
    }
    expect(announcements.take(true, 4)?.text).toBe("two");
  });

  test("heard, and then cut off: it has done its work", () => {
    const announcements = withOne();
    announcements.take(true, 10);
    announcements.replyStarted("r1", "say");
    announcements.replyHeard("r1");
    announcements.calledOff();
    expect(announcements.pending).toBe(false);
  });

  test("called off and brought back by a false alarm it is not said twice", () => {
    const announcements = withOne();
    announcements.take(true, 10);
    announcements.replyStarted("r1", "say");
    announcements.calledOff();
    announcements.replyHeard("r1");
    expect(announcements.pending).toBe(false);
  });

  test("one that the provider will not say is given up", () => {
    const announcements = withOne();
    announcements.take(true, 10);
    announcements.replyStarted("r1", "say");
    announcements.replyFailed("r1");
    expect(announcements.pending).toBe(false);
  });

  test("a reply for another reason is none of them", () => {
    const announcements = withOne();
    announcements.take(true, 10);
    announcements.replyStarted("r1", "caller-turn");
    announcements.replyHeard("r1");
    expect(announcements.pending).toBe(true);
  });

  test("only so many wait", () => {
    const announcements = withOne();
    expect(announcements.add("two", "say", 0)).toBe(true);
    expect(announcements.add("three", "say", 0)).toBe(false);
  });
});
