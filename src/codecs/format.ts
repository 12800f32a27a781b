/** Encodings that cross our edges. `l16` is 16-bit linear little-endian; the wire's byte order is the protocol file's business. */
export type AudioEncoding = "pcmu" | "pcma" | "l16" | "opus";

/** Rates we work in. `sampleRateHz` is what the PCM has, not what an RTP timestamp counts. */
export type SampleRateHz = 8000 | 16000 | 24000 | 48000;

/** What a run of audio bytes is. Mono, always. */
export interface AudioFormat {
  readonly encoding: AudioEncoding;
  readonly sampleRateHz: SampleRateHz;
}

/** Length of a frame everywhere inside. */
export const frameMs = 20;

export const pcmu8k = { encoding: "pcmu", sampleRateHz: 8000 } as const satisfies AudioFormat;
export const pcma8k = { encoding: "pcma", sampleRateHz: 8000 } as const satisfies AudioFormat;
export const l16at24k = { encoding: "l16", sampleRateHz: 24000 } as const satisfies AudioFormat;
export const l16at16k = { encoding: "l16", sampleRateHz: 16000 } as const satisfies AudioFormat;
export const l16at8k = { encoding: "l16", sampleRateHz: 8000 } as const satisfies AudioFormat;

/** True when bytes of one may be sent as the other untouched. */
export function sameFormat(a: AudioFormat, b: AudioFormat): boolean {
  return a.encoding === b.encoding && a.sampleRateHz === b.sampleRateHz;
}

/** Bytes a millisecond of a constant-rate encoding takes; throws for Opus, whose frames vary. */
export function bytesPerMs(format: AudioFormat): number {
  if (format.encoding === "opus") throw new Error("Opus has no constant byte rate");
  return (format.sampleRateHz / 1000) * (format.encoding === "l16" ? 2 : 1);
}

/** Bytes of a 20 ms frame of a constant-rate encoding. */
export function frameBytes(format: AudioFormat): number {
  return bytesPerMs(format) * frameMs;
}

/** Samples of a 20 ms frame. */
export function frameSamples(format: AudioFormat): number {
  return (format.sampleRateHz / 1000) * frameMs;
}

/** The byte that is silence: 0xFF in μ-law, 0xD5 in A-law, 0 in linear (ITU-T G.711). */
export function silenceByte(format: AudioFormat): number {
  return format.encoding === "pcmu" ? 0xff : format.encoding === "pcma" ? 0xd5 : 0;
}
