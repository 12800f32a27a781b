import type { SampleRateHz } from "./format.ts";
import { decodeG711, pcmaLaw, pcmuLaw } from "./g711.ts";
import { Resampler } from "./resampler.ts";

/*
 * RIFF WAVE, all numbers little-endian:
 *
 *   "RIFF" size:u32 "WAVE"  then chunks, each   id:4 size:u32 body:size [pad to even]
 *   "fmt " tag:u16 channels:u16 sampleRateHz:u32 bytesPerSecond:u32 bytesPerFrame:u16 bitsPerSample:u16
 *          [extraSize:u16 validBits:u16 speakers:u32 tag:u16 …]      the bracket only in WAVE_FORMAT_EXTENSIBLE
 *   "data" frames, channels interleaved
 */

/** Size of the header `writeWavHeader` makes. */
export const wavHeaderBytes = 44;

/** What a WAV header says. */
export interface WavShape {
  readonly channels: number;
  readonly sampleRateHz: number;
  /** Size of the data chunk. */
  readonly dataBytes: number;
}

/** A parsed file. `samples` is an Int16Array, channels interleaved, whole frames only. */
export interface Wav {
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly samples: Int16Array;
}

/** Why bytes are no WAV we can read. */
export interface WavFault {
  readonly fault: "not-wav" | "no-format" | "unsupported-format" | "unsupported-rate" | "no-data";
}

const tagPcm = 1;
const tagFloat = 3;
const tagPcma = 6;
const tagPcmu = 7;
const tagExtensible = 0xfffe;
const maxChannels = 8;
/** Rates files come at; a made-up one would cost a filter table of its own. */
const fileRatesHz = new Set([8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000]);

function writeTag(bytes: Uint8Array, at: number, tag: string): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = tag.charCodeAt(i);
}

/** The 44 bytes before 16-bit PCM data. */
export function writeWavHeader(shape: WavShape): Uint8Array {
  const bytes = new Uint8Array(wavHeaderBytes);
  const view = new DataView(bytes.buffer);
  const dataBytes = Math.min(shape.dataBytes, 0xffffffff - wavHeaderBytes);
  writeTag(bytes, 0, "RIFF");
  view.setUint32(4, wavHeaderBytes - 8 + dataBytes, true);
  writeTag(bytes, 8, "WAVE");
  writeTag(bytes, 12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, tagPcm, true);
  view.setUint16(22, shape.channels, true);
  view.setUint32(24, shape.sampleRateHz, true);
  view.setUint32(28, shape.sampleRateHz * shape.channels * 2, true);
  view.setUint16(32, shape.channels * 2, true);
  view.setUint16(34, 16, true);
  writeTag(bytes, 36, "data");
  view.setUint32(40, dataBytes, true);
  return bytes;
}

interface WavFormat {
  readonly tag: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bitsPerSample: number;
}

/** Reads PCM of 8 to 32 bits, 32-bit float and G.711, plain or extensible. A data chunk of size 0 or beyond the end is what is there. */
export function parseWav(bytes: Uint8Array): Wav | WavFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tagAt = (at: number) => String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
  if (bytes.length < 12 || tagAt(0) !== "RIFF" || tagAt(8) !== "WAVE") return { fault: "not-wav" };
  let format: WavFormat | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const tag = tagAt(at);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (tag === "fmt " && size >= 16 && body + size <= bytes.length) format = parseFormat(view, body, size);
    if (tag === "data") {
      if (!format) return { fault: "no-format" };
      // A header written before the audio was known says 0, or 4 GB.
      const end = size === 0 || body + size > bytes.length ? bytes.length : body + size;
      return decodeData(bytes.subarray(body, end), format);
    }
    at = body + size + (size & 1);
  }
  return { fault: format ? "no-data" : "no-format" };
}

function parseFormat(view: DataView, at: number, size: number): WavFormat {
  const tag = view.getUint16(at, true);
  return {
    // The extensible sub-format is a GUID whose first two bytes are the plain tag.
    tag: tag === tagExtensible && size >= 26 ? view.getUint16(at + 24, true) : tag,
    channels: view.getUint16(at + 2, true),
    sampleRateHz: view.getUint32(at + 4, true),
    bitsPerSample: view.getUint16(at + 14, true),
  };
}

function decodeData(data: Uint8Array, format: WavFormat): Wav | WavFault {
  const { channels, sampleRateHz } = format;
  const bytesPerSample = format.bitsPerSample >> 3;
  const decode = sampleReader(format);
  if (!decode || channels < 1 || channels > maxChannels || sampleRateHz < 1) return { fault: "unsupported-format" };
  const frames = Math.floor(data.length / (bytesPerSample * channels));
  const samples = new Int16Array(frames * channels);
  decode(data.subarray(0, samples.length * bytesPerSample), samples);
  return { channels, sampleRateHz, samples };
}

type SampleReader = (data: Uint8Array, out: Int16Array) => void;

/** How to turn a file's data into 16-bit samples; undefined when we cannot. */
function sampleReader(format: WavFormat): SampleReader | undefined {
  switch (format.tag) {
    case tagPcm:
      return integerReader(format.bitsPerSample);
    case tagFloat:
      return format.bitsPerSample === 32 ? readFloat : undefined;
    case tagPcmu:
      return format.bitsPerSample === 8 ? (data, out) => void decodeG711(pcmuLaw, data, out) : undefined;
    case tagPcma:
      return format.bitsPerSample === 8 ? (data, out) => void decodeG711(pcmaLaw, data, out) : undefined;
    default:
      return undefined;
  }
}

function integerReader(bitsPerSample: number): SampleReader | undefined {
  if (bitsPerSample === 8) {
    return (data, out) => {
      for (let i = 0; i < out.length; i++) out[i] = (data[i]! - 128) << 8;
    };
  }
  if (bitsPerSample !== 16 && bitsPerSample !== 24 && bitsPerSample !== 32) return undefined;
  const step = bitsPerSample >> 3;
  return (data, out) => {
    // The two most significant bytes of each sample.
    for (let i = 0, at = step - 2; i < out.length; i++, at += step) out[i] = data[at]! | (data[at + 1]! << 8);
  };
}

function readFloat(data: Uint8Array, out: Int16Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let i = 0; i < out.length; i++) {
    out[i] = Math.max(-32768, Math.min(32767, Math.round(view.getFloat32(i * 4, true) * 32768)));
  }
}

/** One channel of a file, mixed down and resampled without delay: Int16Array, mono, at `sampleRateHz`. */
export function readMonoAt(bytes: Uint8Array, sampleRateHz: SampleRateHz): Int16Array | WavFault {
  const wav = parseWav(bytes);
  if ("fault" in wav) return wav;
  const mono = mixDown(wav);
  if (wav.sampleRateHz === sampleRateHz) return mono;
  if (!fileRatesHz.has(wav.sampleRateHz)) return { fault: "unsupported-rate" };
  const resampler = new Resampler(wav.sampleRateHz, sampleRateHz);
  const tail = new Int16Array(Math.ceil((resampler.delayMs * wav.sampleRateHz) / 1000) + 1);
  const out = new Int16Array(resampler.maxOutput(mono.length) + resampler.maxOutput(tail.length));
  const written = resampler.process(mono, out);
  resampler.process(tail, out.subarray(written));
  const delay = Math.round((resampler.delayMs * sampleRateHz) / 1000);
  return out.subarray(delay, delay + Math.round((mono.length * sampleRateHz) / wav.sampleRateHz));
}

function mixDown(wav: Wav): Int16Array {
  const { channels, samples } = wav;
  if (channels === 1) return samples;
  const mono = new Int16Array(samples.length / channels);
  for (let frame = 0; frame < mono.length; frame++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[frame * channels + channel]!;
    mono[frame] = Math.round(sum / channels);
  }
  return mono;
}
