import { describe, expect, test } from "vitest";
import { writeWavHeader } from "../../../../src/codecs/wav.ts";
import { WavHeaderFilter } from "../../../../src/media/ai/pipeline/wav-header.ts";

function filter(bytes: Uint8Array, cutBytes: number): number[] {
  const header = new WavHeaderFilter();
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += cutBytes) out.push(...header.push(bytes.slice(at, at + cutBytes)));
  return out;
}

describe("WAV header filter", () => {
  const pcm = Uint8Array.from({ length: 300 }, (_, at) => at % 256);

  test.each([1, 3, 44, 45, 1_000])("takes the header off, cut anywhere (%i bytes at a time)", (cut) => {
    const header = writeWavHeader({ channels: 1, sampleRateHz: 24_000, dataBytes: 0xffffff });
    expect(filter(Uint8Array.from([...header, ...pcm]), cut)).toEqual([...pcm]);
  });

  test.each([1, 7, 1_000])("leaves bare PCM as it is (%i bytes at a time)", (cut) => {
    expect(filter(pcm, cut)).toEqual([...pcm]);
    expect(filter(Uint8Array.from([0x52, 0x49, 0x00, 0x01]), cut)).toEqual([0x52, 0x49, 0x00, 0x01]);
  });

  test("a header without data is given up after a while, not collected for ever", () => {
    const endless = Uint8Array.from({ length: 10_000 }, (_, at) => [0x52, 0x49, 0x46, 0x46][at] ?? 1);
    expect(filter(endless, 500).length).toBe(10_000);
  });
});
