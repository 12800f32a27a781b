import { describe, expect, test } from "vitest";
import { applyKeyword, readKeyword } from "../../../../src/control/service/texts/keywords.ts";

const hour = 3_600_000;
const willing = { isOptedOut: false, helpedAt: null };

describe("text keywords", () => {
  test.each([
    ["stop", ["STOP", "stop", " Stop ", "StOp.", '"STOP"', "stop!!", "\nSTOP\n", "ＳＴＯＰ"]],
    [
      "stop",
      ["STOPALL", "stop all", "STOP  ALL", "UNSUBSCRIBE", "Cancel", "end", "QUIT", "optout", "Opt out", "revoke"],
    ],
    ["start", ["START", "unstop", "Yes", "yes!", "YES."]],
    ["help", ["HELP", "help?", "Info"]],
  ] as const)("keywords: %s is asked for by %j", (keyword, bodies) => {
    expect(bodies.map(readKeyword)).toEqual(bodies.map(() => keyword));
  });

  test.each([
    "Please stop by at 5",
    "stop it",
    "don't stop",
    "STOP 2",
    "yes please",
    "The end",
    "cancel my order",
    "helpful",
    "info@example.com",
    "STOPP",
    "S T O P",
    "",
    "?",
    "constructor",
    "__proto__",
    `${" ".repeat(50)}STOP`,
  ])("keywords: %j is none", (body) => {
    expect(readKeyword(body)).toBeUndefined();
  });

  test("keywords: STOP is granted and answered once", () => {
    const first = applyKeyword("stop", willing, 0);
    expect(first?.consent).toEqual({ isOptedOut: true, helpedAt: null });
    expect(first?.reply).toContain("START");
    expect(applyKeyword("stop", first!.consent, hour)).toBeUndefined();
  });

  test("keywords: START counts after STOP only, so a YES in a conversation is a word", () => {
    expect(applyKeyword("start", willing, 0)).toBeUndefined();
    const again = applyKeyword("start", { isOptedOut: true, helpedAt: 7 }, 0);
    expect(again?.consent).toEqual({ isOptedOut: false, helpedAt: 7 });
    expect(again?.reply).toContain("STOP");
  });

  test("keywords: HELP is answered once a day, and changes no wish", () => {
    const first = applyKeyword("help", { isOptedOut: true, helpedAt: null }, 0);
    expect(first?.consent).toEqual({ isOptedOut: true, helpedAt: 0 });
    expect(applyKeyword("help", first!.consent, 24 * hour - 1)).toBeUndefined();
    expect(applyKeyword("help", first!.consent, 24 * hour)?.consent.helpedAt).toBe(24 * hour);
  });

  test("keywords: no answer is itself a keyword, and each fits one message", () => {
    for (const keyword of ["stop", "start", "help"] as const) {
      const { reply } = applyKeyword(keyword, { isOptedOut: keyword === "start", helpedAt: null }, 0)!;
      expect(readKeyword(reply)).toBeUndefined();
      expect(reply.length).toBeLessThanOrEqual(160);
    }
  });
});
