import {
  Band,
  higherLaw,
  higherLevels,
  lowerLaw,
  lowerLevels4,
  lowerLevels6,
  mirrorFilter,
  saturate,
} from "./g722-band.ts";

/*
 * ITU-T G.722 at 64 kbit/s, 16 kHz PCM. Two samples make one byte, and an RTP clock of 8000 counts the bytes
 * (RFC 3551 §4.5.2):
 *
 *    7   6   5   4   3   2   1   0
 *   | higher |    lower band         |
 */

/** Decision levels of the lower band for a step of 4096 (ITU-T G.722 table 15, Q6). */
const decisions = Int16Array.from([
  0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339,
  1458, 1612, 1765, 1980, 2195, 2557, 2919,
]);
/** Share of the higher band's step that parts small from large (ITU-T G.722 §5.2.1.2). */
const higherDecision = 564;
const taps = 24;
/** Samples of history kept before it is moved to the front. */
const lineSamples = 1024;

/** The code of a lower-band interval: 31 is the smallest positive, 63 down to 62 and 31 … 4 the negative (table 16). */
function lowerCode(interval: number, negative: boolean): number {
  if (!negative) return 62 - interval;
  return interval < 3 ? 64 - interval : 34 - interval;
}

/** PCM of 16 kHz to G.722, mono. */
export class G722Encoder {
  readonly #lower = new Band(lowerLaw);
  readonly #higher = new Band(higherLaw);
  /** Int16Array, mono: the last samples, oldest first. */
  readonly #line = new Int16Array(lineSamples);
  #end = taps;

  /** Encodes an even number of samples, one byte for two; returns bytes written. */
  encode(pcm: Int16Array, out: Uint8Array): number {
    const bytes = pcm.length >> 1;
    if (bytes > out.length) throw new Error("G.722 encode: the output is too short");
    for (let i = 0; i < bytes; i++) out[i] = this.#encodePair(pcm[2 * i]!, pcm[2 * i + 1]!);
    return bytes;
  }

  #encodePair(first: number, second: number): number {
    const line = this.#line;
    if (this.#end + 2 > lineSamples) {
      line.copyWithin(0, this.#end - taps, this.#end);
      this.#end = taps;
    }
    line[this.#end++] = first;
    line[this.#end++] = second;
    let odd = 0;
    let even = 0;
    for (let i = 0, at = this.#end - taps; i < taps / 2; i++, at += 2) {
      odd = (odd + Math.imul(line[at]!, mirrorFilter[i]!)) | 0;
      even = (even + Math.imul(line[at + 1]!, mirrorFilter[taps / 2 - 1 - i]!)) | 0;
    }
    const lower = this.#encodeLower((even + odd) >> 14);
    return (this.#encodeHigher((even - odd) >> 14) << 6) | lower;
  }

  #encodeLower(sample: number): number {
    const band = this.#lower;
    const error = saturate(sample - band.signal);
    const size = error >= 0 ? error : -(error + 1);
    let interval = 1;
    while (interval < 30 && size >= Math.imul(decisions[interval]!, band.step) >> 12) interval++;
    const code = lowerCode(interval, error < 0);
    band.update(Math.imul(band.step, lowerLevels4[code >> 2]!) >> 15, code >> 2);
    return code;
  }

  #encodeHigher(sample: number): number {
    const band = this.#higher;
    const error = saturate(sample - band.signal);
    const size = error >= 0 ? error : -(error + 1);
    const large = size >= Math.imul(higherDecision, band.step) >> 12;
    const code = (error >= 0 ? 2 : 0) + (large ? 0 : 1);
    band.update(Math.imul(band.step, higherLevels[code]!) >> 15, code);
    return code;
  }
}

/** G.722 to PCM of 16 kHz, mono. */
export class G722Decoder {
  readonly #lower = new Band(lowerLaw);
  readonly #higher = new Band(higherLaw);
  /** Int16Array: sums and differences of the two bands' last samples, oldest first. */
  readonly #line = new Int16Array(lineSamples);
  #end = taps;

  /** Decodes all bytes, two samples each; returns samples written. */
  decode(payload: Uint8Array, out: Int16Array): number {
    if (payload.length * 2 > out.length) throw new Error("G.722 decode: the output is too short");
    for (let i = 0; i < payload.length; i++) this.#decodeByte(payload[i]!, out, 2 * i);
    return payload.length * 2;
  }

  #decodeByte(byte: number, out: Int16Array, at: number): void {
    const lower = this.#decodeLower(byte & 0x3f);
    const higher = this.#decodeHigher(byte >> 6);
    const line = this.#line;
    if (this.#end + 2 > lineSamples) {
      line.copyWithin(0, this.#end - taps, this.#end);
      this.#end = taps;
    }
    line[this.#end++] = lower + higher;
    line[this.#end++] = lower - higher;
    let first = 0;
    let second = 0;
    for (let i = 0, from = this.#end - taps; i < taps / 2; i++, from += 2) {
      second = (second + Math.imul(line[from]!, mirrorFilter[i]!)) | 0;
      first = (first + Math.imul(line[from + 1]!, mirrorFilter[taps / 2 - 1 - i]!)) | 0;
    }
    out[at] = saturate(first >> 11);
    out[at + 1] = saturate(second >> 11);
  }

  #decodeLower(code: number): number {
    const band = this.#lower;
    const sample = limitBand(band.signal + (Math.imul(band.step, lowerLevels6[code]!) >> 15));
    band.update(Math.imul(band.step, lowerLevels4[code >> 2]!) >> 15, code >> 2);
    return sample;
  }

  #decodeHigher(code: number): number {
    const band = this.#higher;
    const difference = Math.imul(band.step, higherLevels[code]!) >> 15;
    const sample = limitBand(band.signal + difference);
    band.update(difference, code);
    return sample;
  }
}

/** A band's sample has 15 bits (ITU-T G.722 §5.2.2). */
function limitBand(sample: number): number {
  return sample > 16383 ? 16383 : sample < -16384 ? -16384 : sample;
}
