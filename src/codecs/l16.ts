/** 16-bit linear PCM, little-endian bytes. A lone last byte is left out; who cuts samples in two keeps the half. */

/** Decodes the bytes from `start` to `end` to the front of `out`; returns samples written. */
export function decodeL16(payload: Uint8Array, out: Int16Array, start = 0, end: number = payload.length): number {
  const samples = (end - start) >> 1;
  if (samples > out.length) throw new Error("L16 decode: the output is too short");
  for (let i = 0, at = start; i < samples; i++, at += 2) out[i] = payload[at]! | (payload[at + 1]! << 8);
  return samples;
}

/** Encodes the first `samples` of `pcm` to `out` from `outAt` on; returns bytes written. */
export function encodeL16(pcm: Int16Array, out: Uint8Array, samples: number = pcm.length, outAt = 0): number {
  if (outAt + samples * 2 > out.length) throw new Error("L16 encode: the output is too short");
  for (let i = 0, at = outAt; i < samples; i++, at += 2) {
    const sample = pcm[i]!;
    out[at] = sample;
    out[at + 1] = sample >> 8;
  }
  return samples * 2;
}
