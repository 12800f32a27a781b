import { expect, test } from "vitest";
import { decodeL16, encodeL16 } from "../../src/codecs/l16.ts";

test("l16: samples are little-endian, and come back the same", () => {
  const pcm = Int16Array.from([0, 1, -1, 258, -32768, 32767]);
  const bytes = new Uint8Array(12);
  expect(encodeL16(pcm, bytes)).toBe(12);
  expect([...bytes]).toEqual([0, 0, 1, 0, 255, 255, 2, 1, 0, 128, 255, 127]);
  const again = new Int16Array(6);
  expect(decodeL16(bytes, again)).toBe(6);
  expect(again).toEqual(pcm);
});

test("l16: a lone last byte is left out", () => {
  const out = new Int16Array(2);
  expect(decodeL16(Uint8Array.of(5, 0, 7), out)).toBe(1);
  expect([...out]).toEqual([5, 0]);
});

test("l16: parts go to their places, at odd offsets too", () => {
  const bytes = new Uint8Array(7);
  expect(encodeL16(Int16Array.from([-2, 3, 4]), bytes, 2, 1)).toBe(4);
  const out = new Int16Array(2);
  expect(decodeL16(bytes, out, 1, 5)).toBe(2);
  expect([...out]).toEqual([-2, 3]);
});

test("l16: an output too short is refused", () => {
  expect(() => decodeL16(new Uint8Array(4), new Int16Array(1))).toThrow("too short");
  expect(() => encodeL16(new Int16Array(2), new Uint8Array(3))).toThrow("too short");
});
