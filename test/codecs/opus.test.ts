import { describe, expect, test } from "vitest";
import { frameMs, type SampleRateHz } from "../../src/codecs/format.ts";
import { OpusDecoder, OpusEncoder, opusPacketSamples } from "../../src/codecs/opus.ts";
import { rms, seededRandom, splitTone, tone } from "./tone.ts";

const rates: SampleRateHz[] = [8000, 16000, 24000, 48000];
/** With loss expected the encoder works in its speech modes, without it at high rates in CELT mode. */
const cases = rates.flatMap((sampleRateHz) =>
  [0, 5].map((expectedLossPercent) => ({ sampleRateHz, expectedLossPercent })),
);

/** Packets of a 440 Hz tone, 20 ms each, and the samples of one. */
function tonePackets(
  sampleRateHz: SampleRateHz,
  count: number,
  expectedLossPercent = 0,
): { packets: Uint8Array[]; samples: number } {
  const samples = (sampleRateHz / 1000) * frameMs;
  const encoder = new OpusEncoder(sampleRateHz, { expectedLossPercent });
  const packet = new Uint8Array(1500);
  const packets = Array.from({ length: count }, (_, n) => {
    const pcm = tone(440, sampleRateHz, samples, 8000, n * samples);
    return packet.slice(0, encoder.encode(pcm, packet));
  });
  return { packets, samples };
}

describe.each(cases)(
  "opus at $sampleRateHz Hz, prepared for $expectedLossPercent percent loss",
  ({ sampleRateHz, expectedLossPercent }) => {
    test("a tone survives the way there and back", () => {
      const { packets, samples } = tonePackets(sampleRateHz, 20, expectedLossPercent);
      const decoder = new OpusDecoder(sampleRateHz);
      const heard = new Int16Array(samples * 20);
      packets.forEach((packet, n) => {
        expect(opusPacketSamples(packet, sampleRateHz)).toBe(samples);
        expect(decoder.decode(packet, heard.subarray(n * samples))).toBe(samples);
      });
      const { toneRms, restRms } = splitTone(heard.subarray(samples * 8, samples * 12), 440, sampleRateHz);
      expect(toneRms).toBeGreaterThan(4500);
      expect(restRms).toBeLessThan(toneRms / 5);
    });

    test("a lost frame of a tone is concealed with sound of 20 ms, and the next frame is heard", () => {
      const { packets, samples } = tonePackets(sampleRateHz, 20, expectedLossPercent);
      const decoder = new OpusDecoder(sampleRateHz);
      const frame = new Int16Array(samples);
      for (const packet of packets.slice(0, 10)) decoder.decode(packet, frame);
      const before = rms(frame);
      expect(decoder.conceal(frame)).toBe(samples);
      expect(rms(frame)).toBeGreaterThan(before / 2);
      expect(rms(frame)).toBeLessThan(before * 1.3);
      // SILK comes back at less than full level after a loss.
      expect(decoder.decode(packets[11]!, frame)).toBe(samples);
      expect(rms(frame)).toBeGreaterThan(before / 3);
    });

    test("a long loss fades to no more than background noise", () => {
      const { packets, samples } = tonePackets(sampleRateHz, 10, expectedLossPercent);
      const decoder = new OpusDecoder(sampleRateHz);
      const frame = new Int16Array(samples);
      for (const packet of packets) decoder.decode(packet, frame);
      const before = rms(frame);
      for (let n = 0; n < 50; n++) decoder.conceal(frame);
      expect(rms(frame)).toBeLessThan(before / 10);
    });
  },
);

test("opus: a loss before the first packet is silence", () => {
  const frame = new Int16Array(160).fill(7);
  expect(new OpusDecoder(8000).conceal(frame)).toBe(160);
  expect(rms(frame)).toBe(0);
});

test("opus: the length of a packet is read from its first bytes (RFC 6716 §3.1)", () => {
  const samples = (...bytes: number[]) => opusPacketSamples(Uint8Array.from(bytes), 48000);
  expect(samples(1 << 3)).toBe(960);
  expect(samples((3 << 3) | 1)).toBe(5760);
  expect(samples((12 << 3) | 0)).toBe(480);
  expect(samples((16 << 3) | 2)).toBe(240);
  expect(samples((31 << 3) | 3, 6)).toBe(5760);
  expect(samples((31 << 3) | 3, 7)).toBe(0);
  expect(samples((31 << 3) | 3)).toBe(0);
  expect(samples()).toBe(0);
});

test("opus: what is no packet, or too long for the output, is no samples and harms nothing", () => {
  const { packets, samples } = tonePackets(48000, 10);
  const decoder = new OpusDecoder(48000);
  const frame = new Int16Array(samples);
  const random = seededRandom(1);
  for (const packet of packets) {
    expect(decoder.decode(new Uint8Array(0), frame)).toBe(0);
    expect(decoder.decode(new Uint8Array(4000), frame)).toBe(0);
    expect(decoder.decode(Uint8Array.of((31 << 3) | 3, 6), frame)).toBe(0);
    const noise = Uint8Array.from({ length: 1 + Math.floor(random() * 200) }, () => random() * 256);
    expect(decoder.decode(noise, frame)).toBeLessThanOrEqual(samples);
    expect(decoder.decode(packet, frame)).toBe(samples);
  }
});

test("opus: a frame that is not 20 ms is refused by the encoder", () => {
  expect(() => new OpusEncoder(48000).encode(new Int16Array(959), new Uint8Array(1500))).toThrow("960");
});
