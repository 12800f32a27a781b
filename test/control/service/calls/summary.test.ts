import { describe, expect, test } from "vitest";
import { summariseByRules } from "../../../../src/control/service/calls/summary.ts";
import type { Utterance } from "../../../../src/media/protocol.ts";

const transcript = (...lines: string[]): Utterance[] =>
  lines.map((line, n) => {
    const isAgent = line.startsWith("agent: ");
    const [startMs, endMs] = [n * 1000, n * 1000 + 900];
    const text = isAgent ? line.slice("agent: ".length) : line;
    const role = isAgent ? "agent" : "caller";
    return { utteranceId: `utt_${n}`, role, text, startMs, endMs, interrupted: false, via: "speech" };
  });

describe("a summary by rules", () => {
  test("quotes what the caller wanted, and tells name, intent, urgency and when to call back", () => {
    const summary = summariseByRules(
      transcript(
        "agent: Thanks for calling Acme Plumbing. How can I help?",
        "Hi. My name is Ann Lee.",
        "A pipe burst in my kitchen and the floor is flooding. I need somebody right away.",
        "agent: When can we reach you?",
        "Please call me back before six tonight. Thanks!",
      ),
    );
    expect(summary).toEqual({
      summary: 'Ann Lee said: "I need somebody right away. Please call me back before six tonight."',
      callerName: "Ann Lee",
      intent: "service_request",
      urgency: "high",
      callbackBy: "before six tonight",
      spam: false,
    });
  });

  test.each([
    ["I'd like to book an appointment for Tuesday.", "scheduling"],
    ["How much do you charge to paint a fence?", "quote_request"],
    ["I want a refund, this is unacceptable.", "complaint"],
    ["My heater is not working.", "service_request"],
    ["What are your hours on Sunday?", "general_inquiry"],
    ["We have been trying to reach you about your car's extended warranty.", "spam"],
    ["Okay, thank you.", "other"],
  ])("%j is %s", (text, intent) => {
    expect(summariseByRules(transcript(text))).toMatchObject({ intent, spam: intent === "spam" });
  });

  test.each([
    ["my name is sam and I need a plumber", "Sam"],
    ["This is Bob Jones from next door.", "Bob Jones"],
    ["Hi, I'm Maria.", "Maria"],
    ["I'm calling about my order.", null],
    ["I'm Calling about my order.", null],
    ["It is raining.", null],
  ])("the name in %j is %j", (text, name) => {
    expect(summariseByRules(transcript(text)).callerName).toBe(name);
  });

  test.each([
    ["It is an emergency.", "high"],
    ["No rush, whenever you can.", "low"],
    ["It's not urgent.", "low"],
    ["The tap drips.", "medium"],
  ])("%j is of %s urgency", (text, urgency) => {
    expect(summariseByRules(transcript(text)).urgency).toBe(urgency);
  });

  test("what the agent says, and keys that were pressed, are not the caller's words", () => {
    const [first] = transcript("agent: My name is Eve, this is an emergency line.");
    const digits: Utterance = { ...first!, utteranceId: "utt_9", role: "caller", text: "42", via: "dtmf" };
    expect(summariseByRules([first!, digits])).toEqual({
      summary: "The caller said nothing.",
      callerName: null,
      intent: "other",
      urgency: "medium",
      callbackBy: null,
      spam: false,
    });
  });

  test("a torrent of words stays a sentence, and takes no time to speak of", () => {
    const torrent = transcript(...Array.from({ length: 500 }, (_, n) => `${"word ".repeat(200)}${n}.`));
    const { summary } = summariseByRules(torrent);
    expect(summary.length).toBeLessThan(330);
    expect(summary).toMatch(/…"$/);
  });
});
