import { describe, expect, test } from "vitest";
import { isEchoOfAgent } from "../../../src/media/talk/echo-guard.ts";

const agent =
  "Thanks for calling Acme. Our office is closed today, but I can take a message. Would you like to book a table or leave your number?";

describe("transcripts that are our own words", () => {
  test.each([
    "Our office is closed today, but I can take a message.",
    "our office is closed today but i can take a message",
    "OFFICE IS CLOSED TODAY, BUT I CAN",
    "Would you like to book a table or leave your number",
    "our office is closed to day but I can take a message",
  ])("echo text: %j is the agent's", (text) => expect(isEchoOfAgent(text, agent)).toBe(true));

  test.each([
    "yes",
    "book a table",
    "leave your number",
    "I would like to book a table, please",
    "Is your office closed tomorrow as well?",
    "My number is five five five one two",
    "take a table but today I closed the office",
    "",
    "…?!",
  ])("echo text: %j is the caller's", (text) => expect(isEchoOfAgent(text, agent)).toBe(false));

  test("echo text: only the agent's last words count", () => {
    const long = `${agent} ${"And then there was something else to say. ".repeat(20)}`;
    expect(isEchoOfAgent("Our office is closed today", long)).toBe(false);
  });

  test("echo text: scripts without spaces are compared word by word", () => {
    expect(isEchoOfAgent("今日は営業していません", "申し訳ございません。今日は営業していません。")).toBe(true);
    expect(isEchoOfAgent("明日の予約をお願いします", "申し訳ございません。今日は営業していません。")).toBe(false);
  });

  test("echo text: absurd lengths take no absurd time", () => {
    const start = performance.now();
    for (let i = 0; i < 20; i += 1) isEchoOfAgent("a b c d ".repeat(20_000), "x y ".repeat(100_000));
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
