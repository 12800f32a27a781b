import alawmulaw from "alawmulaw";

/** One companding law as tables (ITU-T G.711). */
export interface G711Law {
  /** Int16Array, 256: the sample of each byte. */
  readonly decode: Int16Array;
  /** Uint8Array, 65536: the byte of each sample, indexed by the sample's 16 bits read as unsigned. */
  readonly encode: Uint8Array;
}

function makeLaw(decodeSample: (byte: number) => number, encodeSample: (sample: number) => number): G711Law {
  const decode = new Int16Array(256);
  for (let byte = 0; byte < 256; byte++) decode[byte] = decodeSample(byte);
  const encode = new Uint8Array(65536);
  for (let sample = -32768; sample < 32768; sample++) encode[sample & 0xffff] = encodeSample(sample);
  return { decode, encode };
}

/** μ-law tables (ITU-T G.711 table 2). */
export const pcmuLaw: G711Law = makeLaw(alawmulaw.mulaw.decodeSample, alawmulaw.mulaw.encodeSample);
/** A-law tables (ITU-T G.711 table 1). */
export const pcmaLaw: G711Law = makeLaw(alawmulaw.alaw.decodeSample, alawmulaw.alaw.encodeSample);

function makeBridge(from: G711Law, to: G711Law): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) table[byte] = to.encode[from.decode[byte]! & 0xffff]!;
  return table;
}

/** Uint8Array, 256: the A-law byte nearest to each μ-law byte. */
export const pcmuToPcma: Uint8Array = makeBridge(pcmuLaw, pcmaLaw);
/** Uint8Array, 256: the μ-law byte nearest to each A-law byte. */
export const pcmaToPcmu: Uint8Array = makeBridge(pcmaLaw, pcmuLaw);

/** Decodes the bytes from `start` to `end` to the front of `out`; returns samples written. */
export function decodeG711(
  law: G711Law,
  payload: Uint8Array,
  out: Int16Array,
  start = 0,
  end: number = payload.length,
): number {
  const table = law.decode;
  const samples = end - start;
  if (samples > out.length) throw new Error("G.711 decode: the output is too short");
  for (let i = 0; i < samples; i++) out[i] = table[payload[start + i]!]!;
  return samples;
}

/** Encodes the first `samples` of `pcm` to `out` from `outAt` on; returns bytes written. */
export function encodeG711(
  law: G711Law,
  pcm: Int16Array,
  out: Uint8Array,
  samples: number = pcm.length,
  outAt = 0,
): number {
  const table = law.encode;
  if (outAt + samples > out.length) throw new Error("G.711 encode: the output is too short");
  for (let i = 0; i < samples; i++) out[outAt + i] = table[pcm[i]! & 0xffff]!;
  return samples;
}
