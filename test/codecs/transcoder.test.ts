import { describe, expect, test } from "vitest";
import { type AudioFormat, bytesPerMs, l16at8k, l16at16k, l16at24k, pcma8k, pcmu8k } from "../../src/codecs/format.ts";
import { decodeG711, encodeG711, pcmaLaw, pcmuLaw, pcmuToPcma } from "../../src/codecs/g711.ts";
import { decodeL16, encodeL16 } from "../../src/codecs/l16.ts";
import { Transcoder } from "../../src/codecs/transcoder.ts";
import { decibels, splitTone, tone } from "./tone.ts";

const formats: AudioFormat[] = [pcmu8k, pcma8k, l16at8k, l16at16k, l16at24k];
const pairs = formats.flatMap((from) => formats.filter((to) => to !== from).map((to) => ({ from, to })));

function encode(format: AudioFormat, pcm: Int16Array): Uint8Array {
  const bytes = new Uint8Array(pcm.length * 2);
  const size =
    format.encoding === "l16"
      ? encodeL16(pcm, bytes)
      : encodeG711(format.encoding === "pcmu" ? pcmuLaw : pcmaLaw, pcm, bytes);
  return bytes.slice(0, size);
}

function decode(format: AudioFormat, bytes: Uint8Array): Int16Array {
  const pcm = new Int16Array(bytes.length);
  const samples =
    format.encoding === "l16"
      ? decodeL16(bytes, pcm)
      : decodeG711(format.encoding === "pcmu" ? pcmuLaw : pcmaLaw, bytes, pcm);
  return pcm.subarray(0, samples);
}

const name = ({ encoding, sampleRateHz }: AudioFormat) => `${encoding}/${sampleRateHz}`;

describe.each(pairs.map((pair) => ({ ...pair, title: `${name(pair.from)} → ${name(pair.to)}` })))(
  "transcoder $title",
  ({ from, to }) => {
    const input = encode(from, tone(1000, from.sampleRateHz, from.sampleRateHz / 2, 12000));

    test("a tone keeps its level and stays clean", () => {
      const out = decode(to, new Transcoder(from, to).convert(input));
      const { toneRms, restRms } = splitTone(out.subarray(to.sampleRateHz / 10), 1000, to.sampleRateHz);
      expect(Math.abs(decibels(toneRms, 12000 / Math.SQRT2))).toBeLessThan(0.2);
      expect(decibels(restRms, toneRms)).toBeLessThan(-30);
    });

    test("the same bytes come out however the input is cut", () => {
      const whole = new Transcoder(from, to).convert(input).slice();
      for (const sizes of [[bytesPerMs(from) * 20], [1, 3, 2, 961, 7], [5001]]) {
        const transcoder = new Transcoder(from, to);
        const pieces: number[] = [];
        for (let at = 0, n = 0; at < input.length; n++) {
          const piece = input.subarray(at, at + sizes[n % sizes.length]!);
          pieces.push(...transcoder.convert(piece));
          at += piece.length;
        }
        expect(Buffer.compare(Uint8Array.from(pieces), whole)).toBe(0);
      }
    });

    test("with the flushed tail no audio is missing", () => {
      const transcoder = new Transcoder(from, to);
      const sizeBytes = transcoder.convert(input).length + transcoder.flush().length;
      expect(sizeBytes).toBeGreaterThanOrEqual(500 * bytesPerMs(to));
      expect(sizeBytes).toBeLessThanOrEqual(504 * bytesPerMs(to));
    });

    test("frames of one length share one view", () => {
      const transcoder = new Transcoder(from, to);
      const frame = input.subarray(0, bytesPerMs(from) * 20);
      const first = transcoder.convert(frame);
      expect(first.length).toBe(bytesPerMs(to) * 20);
      expect(transcoder.convert(frame)).toBe(first);
    });
  },
);

test.each(formats)("transcoder: the same format passes through untouched: $encoding $sampleRateHz", (format) => {
  const transcoder = new Transcoder(format, { ...format });
  const input = Uint8Array.of(1, 2, 3);
  expect(transcoder.passThrough).toBe(true);
  expect(transcoder.convert(input)).toBe(input);
  expect(transcoder.flush().length).toBe(0);
});

test("transcoder: μ-law to A-law goes by the direct table", () => {
  const transcoder = new Transcoder(pcmu8k, pcma8k);
  expect(transcoder.passThrough).toBe(false);
  expect([...transcoder.convert(Uint8Array.of(0xff, 0x00, 0x80))]).toEqual(
    [0xff, 0x00, 0x80].map((byte) => pcmuToPcma[byte]),
  );
});

test("transcoder: a sample cut in two is put together again", () => {
  const transcoder = new Transcoder(l16at8k, pcmu8k);
  expect(transcoder.convert(Uint8Array.of(0x34)).length).toBe(0);
  expect([...transcoder.convert(Uint8Array.of(0x12, 0x78))]).toEqual([pcmuLaw.encode[0x1234]]);
  expect([...transcoder.convert(Uint8Array.of(0x56))]).toEqual([pcmuLaw.encode[0x5678]]);
});

test("transcoder: after a flush nothing of the earlier audio is left", () => {
  const transcoder = new Transcoder(l16at24k, pcmu8k);
  transcoder.convert(encode(l16at24k, tone(500, 24000, 1001)));
  transcoder.convert(Uint8Array.of(1));
  transcoder.flush();
  const input = encode(l16at24k, tone(700, 24000, 480));
  expect(transcoder.convert(input)).toEqual(new Transcoder(l16at24k, pcmu8k).convert(input));
});

test("transcoder: no bytes give no bytes", () => {
  expect(new Transcoder(pcmu8k, l16at24k).convert(new Uint8Array(0)).length).toBe(0);
});

test("transcoder: Opus is refused", () => {
  expect(() => new Transcoder({ encoding: "opus", sampleRateHz: 48000 }, pcmu8k)).toThrow("Opus");
  expect(() => new Transcoder(pcmu8k, { encoding: "opus", sampleRateHz: 48000 })).toThrow("Opus");
});
