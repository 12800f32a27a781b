import { describe, expect, test } from "vitest";
import { mailWords, type SummaryContent, textWords } from "../../../../src/control/service/calls/summary-words.ts";
import type { E164 } from "../../../../src/kit/ids.ts";

const content: SummaryContent = {
  summary: {
    summary: 'Ann Lee said: "A pipe burst. I need somebody right away."',
    callerName: "Ann Lee",
    intent: "service_request",
    urgency: "high",
    callbackBy: "before six tonight",
    spam: false,
  },
  from: "+14155559876",
  number: "+12125559123" as E164,
  calledAt: Date.UTC(2026, 10, 22, 12, 5),
  businessName: "Acme Plumbing",
  agencyName: "The Acme Team",
};

const hostile = (text: string): SummaryContent => ({
  ...content,
  summary: { ...content.summary, callerName: text, summary: text, callbackBy: text },
  from: text,
  businessName: text,
  agencyName: text,
});

describe("the words of a summary", () => {
  test("an e-mail has the business and the urgency in its subject, who called and what for, and the sign-off", () => {
    expect(mailWords(content)).toEqual({
      subject: "[High] Acme Plumbing: call from Ann Lee, +14155559876",
      text: [
        "Caller: Ann Lee",
        "Phone: +14155559876",
        "Urgency: High",
        "Wants to hear from you: before six tonight",
        "Called: 2026-11-22 12:05 UTC, +12125559123",
        "",
        'Ann Lee said: "A pipe burst. I need somebody right away."',
        "",
        "-- The Acme Team",
        "",
      ].join("\n"),
    });
  });

  test("what is not known is left out: no name, no number, no business, no sign-off", () => {
    const summary = { ...content.summary, callerName: null, callbackBy: null, urgency: "medium" } as const;
    const words = mailWords({ ...content, summary, from: "", businessName: null, agencyName: null });
    expect(words.subject).toBe("[Medium] +12125559123: call from a withheld number");
    expect(words.text).toContain("Caller: no name given\nPhone: a withheld number\n");
    expect(words.text).not.toContain("--");
  });

  test("a text has who, what, how urgent, when to call back, and the way out", () => {
    expect(textWords(content)).toBe(
      'Call from Ann Lee, +14155559876. Ann Lee said: "A pipe burst. I need somebody right away." Urgency: high. ' +
        "Call back before six tonight. Reply STOP to opt out.",
    );
  });

  test("nobody adds a header or a line: what was said is one line wherever it stands", () => {
    const evil = "Ann\r\nBcc: all@example.com\r\n\r\nhello\u2028there\u0000";
    const plain = "Ann Bcc: all@example.com hello there";
    const { subject, text } = mailWords(hostile(evil));
    expect(subject).toBe(`[High] ${plain}: call from ${plain}, ${plain}`);
    expect(text.split("\n").filter((line) => /^Bcc/.test(line))).toEqual([]);
    expect(text.split("\n")).toHaveLength(mailWords(content).text.split("\n").length);
    expect(textWords(hostile(evil))).not.toMatch(/\p{Cc}/u);
  });

  test("long words are cut between characters", () => {
    const long = "😀".repeat(5000);
    const { subject, text } = mailWords(hostile(long));
    expect(Array.from(subject)).toHaveLength(200);
    expect(text.length).toBeLessThan(3000);
    const sent = textWords(hostile(long));
    expect(Buffer.from(sent).toString()).toBe(sent);
    expect(Array.from(sent).length).toBeLessThan(500);
  });
});
