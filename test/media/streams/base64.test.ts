import { describe, expect, test } from "vitest";
import { decodeBase64, decodedBytes } from "../../../src/media/streams/base64.ts";
import { diceBytes, seededDice } from "./dice.ts";

function decode(text: string): number[] | undefined {
  const source = Buffer.from(`<${text}>`);
  const target = new Uint8Array(decodedBytes(text.length));
  const sizeBytes = decodeBase64(source, 1, source.length - 1, target);
  return sizeBytes < 0 ? undefined : [...target.subarray(0, sizeBytes)];
}

describe("base64", () => {
  test("decodes what Node encodes, with padding and without (RFC 4648 §4)", () => {
    const dice = seededDice(3);
    for (let length = 0; length < 300; length++) {
      const bytes = diceBytes(dice, length);
      const text = Buffer.from(bytes).toString("base64");
      expect(decode(text)).toEqual([...bytes]);
      expect(decode(text.replace(/=/g, ""))).toEqual([...bytes]);
    }
  });

  test("refuses every byte that is not of the alphabet, at every place", () => {
    for (let value = 0; value < 256; value++) {
      const isCharacter = /[A-Za-z0-9+/]/.test(String.fromCharCode(value));
      for (let place = 0; place < 7; place++) {
        const source = Buffer.from("AAAAAAA");
        source[place] = value;
        const answer = decodeBase64(source, 0, 7, new Uint8Array(6));
        expect(answer, `byte ${value} at ${place}`).toBe(isCharacter ? 5 : -1);
      }
    }
  });

  test("refuses a lone character and padding where none belongs", () => {
    for (const text of ["A", "AAAAA", "=", "==", "A===", "AA=", "AAA==", "AAAA=", "AA==AAAA", "===="]) {
      expect(decode(text), text).toBeUndefined();
    }
  });
});
