import alawmulaw from "alawmulaw";
import { describe, expect, test } from "vitest";
import { decodeG711, encodeG711, pcmaLaw, pcmaToPcmu, pcmuLaw, pcmuToPcma } from "../../src/codecs/g711.ts";

const laws = [
  { name: "PCMU", law: pcmuLaw, reference: alawmulaw.mulaw },
  { name: "PCMA", law: pcmaLaw, reference: alawmulaw.alaw },
];
const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const allSamples = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);

describe.each(laws)("g711 $name", ({ law, reference }) => {
  test("every byte decodes as the reference does", () => {
    const out = new Int16Array(256);
    expect(decodeG711(law, allBytes, out)).toBe(256);
    expect(out).toEqual(reference.decode(allBytes));
  });

  test("every sample encodes as the reference does", () => {
    const out = new Uint8Array(65536);
    expect(encodeG711(law, allSamples, out)).toBe(65536);
    expect(Buffer.compare(out, reference.encode(allSamples))).toBe(0);
  });

  test("what was decoded encodes to the same sample", () => {
    const decoded = new Int16Array(256);
    const encoded = new Uint8Array(256);
    const again = new Int16Array(256);
    decodeG711(law, allBytes, decoded);
    encodeG711(law, decoded, encoded);
    decodeG711(law, encoded, again);
    expect(again).toEqual(decoded);
  });

  test("a louder sample never decodes to a quieter one", () => {
    const heard = Array.from(allSamples, (sample) => law.decode[law.encode[sample & 0xffff]!]!);
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  });

  test("a part of the payload decodes, and encodes to its place", () => {
    const pcm = new Int16Array(4);
    expect(decodeG711(law, allBytes, pcm, 10, 14)).toBe(4);
    const bytes = new Uint8Array(8);
    expect(encodeG711(law, pcm, bytes, 2, 3)).toBe(2);
    expect(law.decode[bytes[3]!]).toBe(pcm[0]);
    expect(law.decode[bytes[4]!]).toBe(pcm[1]);
    expect([...bytes.subarray(5)]).toEqual([0, 0, 0]);
  });

  test("an output too short is refused", () => {
    expect(() => decodeG711(law, allBytes, new Int16Array(255))).toThrow("too short");
    expect(() => encodeG711(law, allSamples, new Uint8Array(10))).toThrow("too short");
  });
});

test("g711: the values of ITU-T G.711 tables 1 and 2 stand at their places", () => {
  expect([0xff, 0x7f, 0x80, 0x00].map((byte) => pcmuLaw.decode[byte])).toEqual([0, 0, 32124, -32124]);
  expect([0xd5, 0x55, 0xaa, 0x2a].map((byte) => pcmaLaw.decode[byte])).toEqual([8, -8, 32256, -32256]);
  expect(pcmuLaw.encode[0]).toBe(0xff);
  expect(pcmaLaw.encode[0]).toBe(0xd5);
});

test("g711: the direct tables give what decoding and encoding gives", () => {
  for (const byte of allBytes) {
    expect(pcmuToPcma[byte]).toBe(alawmulaw.alaw.encodeSample(alawmulaw.mulaw.decodeSample(byte)));
    expect(pcmaToPcmu[byte]).toBe(alawmulaw.mulaw.encodeSample(alawmulaw.alaw.decodeSample(byte)) & 0xff);
  }
});
