/** Cost of the codecs: one line a result, microseconds for 20 ms of audio. Run: npm run build && node dist/bench/codecs.js */
import { createDecoder, createEncoder } from "../src/codecs/codec.ts";
import {
  type AudioFormat,
  frameMs,
  frameSamples,
  l16at24k,
  pcma8k,
  pcmu8k,
  type SampleRateHz,
} from "../src/codecs/format.ts";
import { OpusEncoder, type OpusEncoderOptions } from "../src/codecs/opus.ts";
import { Resampler } from "../src/codecs/resampler.ts";
import { Transcoder } from "../src/codecs/transcoder.ts";
import { StereoTimeline } from "../src/media/talk/recording.ts";
import { printCost } from "./report.ts";

const opus48k = { encoding: "opus", sampleRateHz: 48000 } as const satisfies AudioFormat;

/** Something like a voice: a tone that sweeps, with noise. */
function voice(sampleRateHz: number): Int16Array {
  return Int16Array.from({ length: (sampleRateHz / 1000) * frameMs }, (_, i) => {
    const seconds = i / sampleRateHz;
    return 6000 * Math.sin(2 * Math.PI * (180 + 900 * seconds) * seconds) + 800 * (Math.random() - 0.5);
  });
}

function benchCodec(name: string, format: AudioFormat, encodeGuide?: string, decodeGuide?: string): void {
  const pcm = voice(format.sampleRateHz);
  const out = new Int16Array(frameSamples(format));
  const payload = new Uint8Array(4000);
  const encoder = createEncoder(format);
  const decoder = createDecoder(format);
  const size = encoder.encode(pcm, payload);
  const frame = payload.subarray(0, size);
  const packet = new Uint8Array(4000);
  printCost(`${name} encode`, () => void encoder.encode(pcm, packet), encodeGuide);
  printCost(`${name} decode`, () => void decoder.decode(frame, out), decodeGuide);
}

function benchOpusEncoder(name: string, options: Partial<OpusEncoderOptions>, guide?: string): void {
  const encoder = new OpusEncoder(48000, options);
  const pcm = voice(48000);
  const packet = new Uint8Array(4000);
  printCost(`Opus 48 kHz, ${name} encode`, () => void encoder.encode(pcm, packet), guide);
}

function benchResampler(from: SampleRateHz, to: SampleRateHz, guide?: string): void {
  const resampler = new Resampler(from, to);
  const input = voice(from);
  const out = new Int16Array(resampler.maxOutput(input.length));
  printCost(`resample ${from} → ${to} Hz`, () => void resampler.process(input, out), guide);
}

function benchTranscoder(name: string, from: AudioFormat, to: AudioFormat): void {
  const transcoder = new Transcoder(from, to);
  const payload = new Uint8Array(4000);
  const frame = payload.subarray(0, createEncoder(from).encode(voice(from.sampleRateHz), payload));
  printCost(`transcode ${name}`, () => void transcoder.convert(frame));
}

function benchRecording(): void {
  const timeline = new StereoTimeline({ maxDurationMs: Number.MAX_SAFE_INTEGER / 8 });
  const pcm = voice(8000);
  const out = new Int16Array(32_000);
  let nowMs = 0;
  const work = () => {
    timeline.writeCaller(pcm, nowMs);
    timeline.writeAgent(pcm, Math.max(0, nowMs - 500));
    nowMs += frameMs;
    if (nowMs % 1000 === 0) while (timeline.takeChanged(out));
  };
  printCost("recording, both sides", work, "file writes not counted");
}

benchCodec("PCMU", pcmu8k, "guide: 0.15 µs a table pass", "guide: 0.15 µs a table pass; with loss history");
benchCodec("PCMA", pcma8k, "guide: 0.15 µs a table pass", "guide: 0.15 µs a table pass; with loss history");
benchCodec("L16 24 kHz", l16at24k);
benchCodec("Opus 48 kHz, complexity 5", opus48k, "guide: 48 µs", "guide: 14 µs");
benchOpusEncoder("complexity 0", { complexity: 0 }, "guide: 18 µs");
benchOpusEncoder("complexity 10", { complexity: 10 }, "guide: 63 µs");
benchOpusEncoder("with FEC", { expectedLossPercent: 5 });
benchResampler(8000, 24000, "guide: 17 µs (96 taps)");
benchResampler(24000, 8000, "guide: 17 µs the other way");
benchResampler(8000, 16000);
benchResampler(16000, 8000);
benchResampler(24000, 16000);
benchResampler(8000, 48000);
benchResampler(48000, 8000);
benchTranscoder("PCMU → PCMA", pcmu8k, pcma8k);
benchTranscoder("PCMU → L16 24 kHz", pcmu8k, l16at24k);
benchTranscoder("L16 24 kHz → PCMU", l16at24k, pcmu8k);
benchRecording();
