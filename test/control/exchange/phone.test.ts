import { describe, expect, test } from "vitest";
import { dialledIn, parseExtension, readDialled } from "../../../src/control/exchange/phone.ts";
import { parseUri } from "../../../src/sip/uri.ts";

describe("what people dial", () => {
  test.each([
    ["101", "101"],
    ["00", "00"],
    ["123456", "123456"],
    ["+15550100", "+15550100"],
    ["15550100", "+15550100"],
    ["1 (555) 01-00", "+15550100"],
    ["1", undefined],
    ["0123456", undefined],
    ["12a", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("number: %j is %j", (text, number) => {
    expect(readDialled(text)).toBe(number);
  });

  test("extension: two to six digits, and nothing around them", () => {
    expect(["9", "10", "999999", "1000000", "+12", " 12", "12\n"].map(parseExtension)).toEqual([
      undefined,
      "10",
      "999999",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("number: read from sip: and tel: URIs, unescaped", () => {
    const uris = ["sip:%2B15550100@example.com", "tel:+1-555-0100", "sip:101@192.0.2.1;user=phone", "sip:example.com"];
    expect(uris.map((text) => dialledIn(parseUri(text)!))).toEqual(["+15550100", "+15550100", "101", undefined]);
  });
});
