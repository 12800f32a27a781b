import { expect, test } from "vitest";
import { languageCode } from "../../../src/media/ai/language-code.ts";

test("language code: two letters of a tag, none where the tag has three or is nobody's", () => {
  expect(["en", "de-AT", "EN-us", "und", "fil", "und-Latn", ""].map(languageCode)).toEqual([
    "en",
    "de",
    "en",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
