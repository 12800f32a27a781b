/** Encodings that cross our edges. `l16` is 16-bit linear little-endian; the wire's byte order is the protocol file's business. */
export type AudioEncoding = "pcmu" | "pcma" | "g722" | "l16" | "opus";

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
export const g722at16k = { encoding: "g722", sampleRateHz: 16000 } as const satisfies AudioFormat;
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
  const samplesPerMs = format.sampleRateHz / 1000;
  // G.722 packs two samples in a byte.
  return format.encoding === "l16" ? samplesPerMs * 2 : format.encoding === "g722" ? samplesPerMs / 2 : samplesPerMs;
}

/** Bytes of a 20 ms frame of a constant-rate encoding. */
export function frameBytes(format: AudioFormat): number {
  return bytesPerMs(format) * frameMs;
}

/** Samples of a 20 ms frame. */
export function frameSamples(format: AudioFormat): number {
  return (format.sampleRateHz / 1000) * frameMs;
}

/** Bytes that are silence: μ-law and A-law (ITU-T G.711), the G.722 code of no change in either band, linear. */
const silenceBytes: Readonly<Record<AudioEncoding, number>> = { pcmu: 0xff, pcma: 0xd5, g722: 0xfc, l16: 0, opus: 0 };

/** The byte a silent frame is filled with; means nothing for Opus. */
export function silenceByte(format: AudioFormat): number {
  return silenceBytes[format.encoding];
}
