import { describe, expect, test } from "vitest";
import {
  calledNumber,
  inboundNumber,
  outboundNumber,
  rewriteNumber,
} from "../../../src/control/exchange/number-rewriting.ts";
import type { E164 } from "../../../src/kit/ids.ts";

const german = [
  { match: "00", replace: "+" },
  { match: "0", replace: "+49" },
];

describe("number rewriting", () => {
  test("rewriting: the first rule that fits is the only one", () => {
    expect(rewriteNumber("0049301234", german)).toBe("+49301234");
    expect(rewriteNumber("0301234", german)).toBe("+49301234");
    expect(rewriteNumber("+49301234", german)).toBe("+49301234");
    expect(
      rewriteNumber("0", [
        { match: "0", replace: "00" },
        { match: "00", replace: "x" },
      ]),
    ).toBe("00");
  });

  test("rewriting: a rule without a match puts something before every number", () => {
    expect(rewriteNumber("+15550100", [{ match: "", replace: "1234#" }])).toBe("1234#+15550100");
  });

  test.each([
    ["a national number becomes E.164", "030 123-4567", "+49301234567"],
    ["an international one too", "0015550100", "+15550100"],
    ["E.164 stays", "+15550100", "+15550100"],
    ["a missing + is put before it", "15550100", "+15550100"],
    ["visual separators go", "(030) 123.45", "+493012345"],
    ["parameters of the number go", "+15550100;npdi;rn=+1555", "+15550100"],
  ])("inbound: %s", (_what, user, number) => {
    expect(inboundNumber(user, german)).toBe(number);
  });

  test.each([
    ["anonymous"],
    [""],
    [undefined],
    ["+0123"],
    ["+1234567890123456"],
    ["12a4"],
    ["*100"],
    ["+1+2"],
    ["1".repeat(40)],
  ])("inbound: %s is no number", (user) => {
    expect(inboundNumber(user, [])).toBeUndefined();
  });

  test("inbound: a national number without a rule is none, as it could be anywhere", () => {
    expect(inboundNumber("0301234", [])).toBeUndefined();
  });

  test("inbound: what was called stands in the Request-URI, or in To when that names our registered Contact", () => {
    expect(calledNumber(["t00ff", "0301234"], german)).toBe("+49301234");
    expect(calledNumber(["+15550100", "0301234"], german)).toBe("+15550100");
    expect(calledNumber([undefined, "bob"], german)).toBeUndefined();
  });

  test("outbound: E.164 goes as the carrier wants it", () => {
    const national = [
      { match: "+49", replace: "0" },
      { match: "+", replace: "00" },
    ];
    expect(outboundNumber("+49301234" as E164, national)).toBe("0301234");
    expect(outboundNumber("+15550100" as E164, national)).toBe("0015550100");
    expect(outboundNumber("+15550100" as E164, [])).toBe("+15550100");
  });
});
