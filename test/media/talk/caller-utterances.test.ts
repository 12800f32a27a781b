import { describe, expect, test } from "vitest";
import { CallerUtterances } from "../../../src/media/talk/caller-utterances.ts";

function caller() {
  let next = 1;
  return new CallerUtterances(1000, () => `utt_${next++}`);
}

describe("caller utterances", () => {
  test("words that come after the turn take the place where the caller spoke", () => {
    const utterances = caller();
    utterances.speechStarted(2000);
    utterances.speechStopped(3000);
    utterances.committed(3500);
    expect(utterances.final("item_1", " hello there ", 4200)).toEqual({
      utteranceId: "utt_1",
      role: "caller",
      text: "hello there",
      startMs: 1000,
      endMs: 2000,
      interrupted: false,
      via: "speech",
    });
  });

  test("transcripts of two turns that swap keep their ids, and each takes one place", () => {
    const utterances = caller();
    utterances.speechStarted(2000);
    utterances.speechStopped(3000);
    utterances.committed(3500);
    const first = utterances.utteranceId("item_1");
    utterances.speechStarted(6000);
    utterances.speechStopped(7000);
    utterances.committed(7500);
    expect(utterances.final("item_2", "second", 8000)).toMatchObject({ startMs: 5000, endMs: 6000 });
    expect(utterances.final("item_1", "first", 8100)).toMatchObject({ utteranceId: first, startMs: 1000, endMs: 2000 });
  });

  test("a turn in several breaths is one span, from the first to the last voiced frame", () => {
    const utterances = caller();
    utterances.speechStarted(2000);
    utterances.speechStopped(2500);
    utterances.speechStarted(2700);
    utterances.speechStopped(3300);
    utterances.committed(3800);
    expect(utterances.final("item_1", "in two breaths", 4000)).toMatchObject({ startMs: 1000, endMs: 2300 });
  });

  test("nothing understood is no utterance", () => {
    expect(caller().final("item_1", "  ", 2000)).toBeUndefined();
  });

  test("a provider that never finishes its items does not grow the table", () => {
    const utterances = caller();
    for (let i = 0; i < 1000; i++) utterances.utteranceId(`item_${i}`);
    expect(utterances.utteranceId("item_999")).toBe("utt_1000");
    expect(utterances.utteranceId("item_0")).toBe("utt_1001");
  });

  test("a backchannel is no part of the turn after it, and words for it keep its place", () => {
    const utterances = caller();
    utterances.speechStarted(2000);
    utterances.speechStopped(2300);
    utterances.discarded();
    expect(utterances.final("item_1", "mm-hm", 2500)).toMatchObject({ startMs: 1000, endMs: 1300 });
    utterances.speechStarted(9000);
    utterances.speechStopped(9500);
    utterances.committed(10_000);
    expect(utterances.final("item_2", "hello", 10_100)).toMatchObject({ startMs: 8000, endMs: 8500 });
  });

  test("a turn that never got its words does not put those after it in the wrong place", () => {
    const utterances = caller();
    utterances.speechStarted(2000);
    utterances.speechStopped(3000);
    utterances.committed(3500);
    utterances.speechStarted(60_000);
    utterances.speechStopped(61_000);
    utterances.committed(61_500);
    expect(utterances.spokenAt("item_1")).toBe(60_000);
    expect(utterances.final("item_1", "hello", 62_000)).toMatchObject({ startMs: 59_000, endMs: 60_000 });
  });
});
