import { describe, expect, test } from "vitest";
import { segmentText } from "../../../../src/control/service/texts/segments.ts";

/** Encoding, units, and the number of messages of a text. */
function measure(body: string): readonly [string, number, number] {
  const { encoding, units, segments } = segmentText(body);
  expect(segments.join("")).toBe(body);
  return [encoding, units, segments.length];
}

describe("text segments", () => {
  test.each([
    ["a letter", "a", ["gsm-7", 1, 1]],
    ["nothing at all", "", ["gsm-7", 0, 1]],
    ["160 letters", "a".repeat(160), ["gsm-7", 160, 1]],
    ["161 letters", "a".repeat(161), ["gsm-7", 161, 2]],
    ["two full parts", "a".repeat(306), ["gsm-7", 306, 2]],
    ["one letter more than two parts", "a".repeat(307), ["gsm-7", 307, 3]],
    ["line ends", "a\r\nb", ["gsm-7", 4, 1]],
    ["form feed, escaped", "\f", ["gsm-7", 2, 1]],
    ["a price in euros", "10 €", ["gsm-7", 5, 1]],
    ["the whole extension table", "^{}\\[~]|€", ["gsm-7", 18, 1]],
    ["80 escaped characters", "€".repeat(80), ["gsm-7", 160, 1]],
    ["81 escaped characters", "€".repeat(81), ["gsm-7", 162, 2]],
    ["70 Cyrillic letters", "я".repeat(70), ["ucs-2", 70, 1]],
    ["71 Cyrillic letters", "я".repeat(71), ["ucs-2", 71, 2]],
    ["134 Cyrillic letters", "я".repeat(134), ["ucs-2", 134, 2]],
    ["135 Cyrillic letters", "я".repeat(135), ["ucs-2", 135, 3]],
    ["35 emoji", "😀".repeat(35), ["ucs-2", 70, 1]],
    ["36 emoji", "😀".repeat(36), ["ucs-2", 72, 2]],
  ])("segments: %s", (_name, body, expected) => {
    expect(measure(body)).toEqual(expected);
  });

  test.each(["Grüße aus Köln, Ä Ö Ü ß", "¿Qué? ¡Señor! Ñ", "è é ù ì ò à", "Æ æ Ø ø Å å É", "ΔΦΓΛΩΠΨΣΘΞ", "@£$¥¤§_"])(
    "segments: the national characters of the GSM alphabet keep 7 bits: %s (TS 23.038 §6.2.1)",
    (body) => {
      expect(segmentText(body).encoding).toBe("gsm-7");
    },
  );

  test.each(["ç", "á", "ê", "`", "’", "–", "…", "α", "ő", "한", "\u00a0", "\t"])(
    "segments: %j is outside the alphabet and turns the whole text into UCS-2",
    (character) => {
      expect(segmentText(`abc${character}`)).toMatchObject({ encoding: "ucs-2", units: 4 });
    },
  );

  test("segments: an escaped character does not stand across the border of two messages", () => {
    const { segments, units } = segmentText(`${"a".repeat(152)}€${"b".repeat(10)}`);
    expect(units).toBe(164);
    expect(segments).toEqual(["a".repeat(152), `€${"b".repeat(10)}`]);
  });

  test("segments: room lost at borders can cost a message more than the units say", () => {
    const body = `${"a".repeat(152)}€${"a".repeat(151)}€a`;
    expect(measure(body)).toEqual(["gsm-7", 308, 3]);
    const full = `${"a".repeat(151)}€${"a".repeat(151)}€`;
    expect(measure(full)).toEqual(["gsm-7", 306, 2]);
    const torn = `${"a".repeat(152)}€${"a".repeat(152)}`;
    expect(measure(torn)).toEqual(["gsm-7", 306, 3]);
  });

  test("segments: a surrogate pair is not torn apart", () => {
    const { segments } = segmentText(`${"я".repeat(66)}😀${"я".repeat(10)}`);
    expect(segments).toEqual(["я".repeat(66), `😀${"я".repeat(10)}`]);
  });

  test("segments: half a surrogate pair counts as one unit and stops nothing", () => {
    expect(measure("a\ud83d")).toEqual(["ucs-2", 2, 1]);
  });
});
