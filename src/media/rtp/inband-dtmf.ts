import type { SampleRateHz } from "../../codecs/format.ts";

/** Low and high group (ITU-T Q.23), and the keys where they cross. */
const lowHz = [697, 770, 852, 941] as const;
const highHz = [1209, 1336, 1477, 1633] as const;
const keys = "123A456B789C*0#D";
/** A block of audio that is judged as one: 12.75 ms, which sets the tones 78 Hz apart. */
const blockMs = 12.75;
/**
 * Blocks, each half over the one before, with the key in a row before it counts: 32 ms of tone, 38 ms where they lie
 * badly, so 40 ms always do. Blocks without it before the same key may count again.
 */
const hitsNeeded = 4;
const missesNeeded = 4;
/** High over low group, and low over high, as power: 4 dB and 8 dB (ITU-T Q.24, annex A). */
const maxReverseTwist = 2.51;
const maxTwist = 6.31;
/** The strongest tone of a group over each other one: 8 dB. */
const minOverOthers = 6.31;
/** Share of a block's energy that the two tones must hold; voices rarely do. */
const minToneShare = 0.84;
/** Weakest tone: −36 dBov, some 3 dB below the weakest level exchanges must accept. */
const minPower = (32768 * 10 ** (-36 / 20)) ** 2 / 2;
/** Second harmonic over the tone, as power: a voice has strong ones, a key has none (ITU-T Q.24 talk-off). */
const maxHarmonic = 0.1;

/** Finds DTMF tones in PCM by Goertzel filters. One a direction; `detect` wants all audio, in pieces of any length. */
export class InbandDtmfDetector {
  readonly #blockSamples: number;
  /** Float64Array, 12: 2·cos of each tone's step; low, high, then the high ones' second harmonics. */
  readonly #steps: Float64Array;
  readonly #block: Float64Array;
  readonly #powers = new Float64Array(12);
  #filled = 0;
  #candidate = -1;
  #hits = 0;
  #held = -1;
  #misses = 0;

  constructor(sampleRateHz: SampleRateHz) {
    this.#blockSamples = Math.round((blockMs * sampleRateHz) / 1000);
    this.#block = new Float64Array(this.#blockSamples);
    this.#steps = Float64Array.from(
      [...lowHz, ...highHz, ...highHz.map((hz) => 2 * hz)],
      (hz) => 2 * Math.cos((2 * Math.PI * hz) / sampleRateHz),
    );
  }

  /** The key that was found in this audio, or "" (nearly always). Audio is at most 60 ms, so at most one key ends in it. */
  detect(pcm: Int16Array, samples: number = pcm.length): string {
    let found = "";
    for (let i = 0; i < samples; i++) {
      this.#block[this.#filled++] = pcm[i]!;
      if (this.#filled < this.#blockSamples) continue;
      const key = this.#judge(this.#keyOfBlock());
      if (key >= 0) found = keys[key]!;
      this.#block.copyWithin(0, this.#blockSamples >> 1);
      this.#filled = this.#blockSamples - (this.#blockSamples >> 1);
    }
    return found;
  }

  /** The key that counts from this block on, or −1. */
  #judge(key: number): number {
    if (key === this.#held && key >= 0) {
      this.#misses = 0;
      return -1;
    }
    if (this.#held >= 0 && ++this.#misses >= missesNeeded) this.#held = -1;
    this.#hits = key >= 0 && key === this.#candidate ? this.#hits + 1 : key >= 0 ? 1 : 0;
    this.#candidate = key;
    if (this.#hits < hitsNeeded) return -1;
    this.#held = key;
    this.#misses = 0;
    this.#hits = 0;
    return key;
  }

  #keyOfBlock(): number {
    const block = this.#block;
    let energy = 0;
    for (let i = 0; i < block.length; i++) energy += block[i]! * block[i]!;
    // Too quiet for two tones: the filters are not worth their time.
    if (energy / block.length < minPower) return -1;
    const powers = this.#powers;
    this.#measure(0);
    const low = strongest(powers, 0);
    const lowPower = powers[low]!;
    if (lowPower < minPower || !standsOut(powers, low, 0)) return -1;
    this.#measure(4);
    const high = strongest(powers, 4);
    const highPower = powers[high]!;
    if (highPower < minPower || !standsOut(powers, high, 4)) return -1;
    if (highPower > lowPower * maxReverseTwist || lowPower > highPower * maxTwist) return -1;
    if ((lowPower + highPower) * block.length < minToneShare * energy) return -1;
    this.#measure(8);
    // Only the high group's: the low group's lie on the high tones.
    if (powers[high + 4]! > highPower * maxHarmonic) return -1;
    return low * 4 + (high - 4);
  }

  /** Mean square of four tones in the block; side by side, because each filter alone waits for its own last value. */
  #measure(first: number): void {
    const block = this.#block;
    const step0 = this.#steps[first]!;
    const step1 = this.#steps[first + 1]!;
    const step2 = this.#steps[first + 2]!;
    const step3 = this.#steps[first + 3]!;
    let [before0, before1, before2, before3] = [0, 0, 0, 0];
    let [last0, last1, last2, last3] = [0, 0, 0, 0];
    for (let i = 0; i < block.length; i++) {
      const sample = block[i]!;
      const value0 = step0 * last0 - before0 + sample;
      before0 = last0;
      last0 = value0;
      const value1 = step1 * last1 - before1 + sample;
      before1 = last1;
      last1 = value1;
      const value2 = step2 * last2 - before2 + sample;
      before2 = last2;
      last2 = value2;
      const value3 = step3 * last3 - before3 + sample;
      before3 = last3;
      last3 = value3;
    }
    const { length } = block;
    this.#powers[first] = meanSquare(last0, before0, step0, length);
    this.#powers[first + 1] = meanSquare(last1, before1, step1, length);
    this.#powers[first + 2] = meanSquare(last2, before2, step2, length);
    this.#powers[first + 3] = meanSquare(last3, before3, step3, length);
  }
}

function meanSquare(last: number, before: number, step: number, samples: number): number {
  return ((last * last + before * before - step * last * before) * 2) / (samples * samples);
}

/** The tone is far stronger than the others of its group. */
function standsOut(powers: Float64Array, tone: number, first: number): boolean {
  for (let other = first; other < first + 4; other++) {
    if (other !== tone && powers[other]! * minOverOthers > powers[tone]!) return false;
  }
  return true;
}

function strongest(powers: Float64Array, first: number): number {
  let best = first;
  for (let tone = first + 1; tone < first + 4; tone++) if (powers[tone]! > powers[best]!) best = tone;
  return best;
}

/** Writes a key's tones over all of `pcm`, each with `amplitude`; `firstSample` goes on where an earlier piece ended. */
export function writeDtmf(
  pcm: Int16Array,
  key: string,
  sampleRateHz: SampleRateHz,
  firstSample = 0,
  amplitude = 5000,
): void {
  const at = keys.indexOf(key);
  if (at < 0) throw new Error("DTMF: no such key");
  const low = (2 * Math.PI * lowHz[at >> 2]!) / sampleRateHz;
  const high = (2 * Math.PI * highHz[at & 3]!) / sampleRateHz;
  for (let i = 0; i < pcm.length; i++) {
    const t = firstSample + i;
    pcm[i] = Math.round(amplitude * (Math.sin(low * t) + Math.sin(high * t)));
  }
}
