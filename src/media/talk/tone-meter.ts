import { silenceDbov } from "./level.ts";

/** Samples of a 20 ms frame at 8 kHz, and of the window looked at: it reaches 12 ms back into the frame before. */
const frameSamples = 160;
const windowSamples = 256;
const binHz = 8000 / windowSamples;
/** Where a tone is looked for: beeps, ringback, special information tones, fax; 8 kHz. */
const lowestBin = Math.ceil(300 / binHz);
const highestBin = Math.floor(2250 / binHz);
/** A Hann window spreads a tone over this many bins to each side of its own. */
const spreadBins = 2;
/** Quieter windows are not analysed: no tone we look for is that soft. */
const softestDbov = -46;

const hann = Float64Array.from(
  { length: windowSamples },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / windowSamples),
);
const hannEnergy = hann.reduce((sum, weight) => sum + weight * weight, 0);
const cosines = Float64Array.from({ length: windowSamples / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / windowSamples));
const sines = Float64Array.from({ length: windowSamples / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / windowSamples));
const reversed = Uint8Array.from({ length: windowSamples }, (_, i) => {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) out |= ((i >> bit) & 1) << (7 - bit);
  return out;
});
/** One window's spectrum, for whoever reads just now: nothing of it lives longer than a `read`. */
const real = new Float64Array(windowSamples);
const imaginary = new Float64Array(windowSamples);
const power = new Float64Array(windowSamples / 2);

/** How much of a line's sound is one steady tone, or two at once; looked at every 20 ms. The fields hold the newest look. */
export class ToneMeter {
  /** Level of the window, in dBov. */
  levelDbov = silenceDbov;
  /** The strongest tone, and the next one beside it, in Hz; 0 when there is none. */
  hz = 0;
  otherHz = 0;
  /** Shares of the window's energy that lie in the strongest tone and in the other one. */
  share = 0;
  otherShare = 0;
  /** Share at half the strongest tone's pitch, or at the two tones' difference: what a voice has below its harmonics. */
  lowerShare = 0;
  readonly #window = new Float64Array(windowSamples);

  /** Looks at the next frame: Int16Array, mono, 8 kHz, 160 samples. */
  read(frame: Int16Array): void {
    const window = this.#window;
    window.copyWithin(0, frameSamples);
    for (let i = 0; i < frameSamples; i++) window[windowSamples - frameSamples + i] = frame[i]! / 32768;
    let energy = 0;
    for (let i = 0; i < windowSamples; i++) {
      const weighted = window[i]! * hann[i]!;
      energy += weighted * weighted;
      const to = reversed[i]!;
      real[to] = weighted;
      imaginary[to] = 0;
    }
    this.levelDbov = energy > 0 ? Math.max(silenceDbov, 10 * Math.log10(energy / hannEnergy)) : silenceDbov;
    this.hz = 0;
    this.otherHz = 0;
    this.share = 0;
    this.otherShare = 0;
    this.lowerShare = 0;
    if (this.levelDbov < softestDbov) return;
    transform();
    // Parseval: the positive half of the spectrum holds half of the energy, times its length.
    const whole = (energy * windowSamples) / 2;
    const first = strongest();
    this.hz = frequencyAt(first);
    this.share = takeOut(first) / whole;
    const second = strongest();
    const otherHz = frequencyAt(second);
    this.otherShare = takeOut(second) / whole;
    this.otherHz = otherHz;
    this.lowerShare = Math.max(around(this.hz / 2), around(Math.abs(otherHz - this.hz))) / whole;
  }
}

/** In place, decimation in time; fills `power`. */
function transform(): void {
  for (let half = 1; half < windowSamples; half *= 2) {
    const step = windowSamples / (2 * half);
    for (let start = 0; start < windowSamples; start += 2 * half) {
      for (let i = 0; i < half; i++) {
        const even = start + i;
        const odd = even + half;
        const c = cosines[i * step]!;
        const s = sines[i * step]!;
        const re = real[odd]! * c - imaginary[odd]! * s;
        const im = real[odd]! * s + imaginary[odd]! * c;
        real[odd] = real[even]! - re;
        imaginary[odd] = imaginary[even]! - im;
        real[even] = real[even]! + re;
        imaginary[even] = imaginary[even]! + im;
      }
    }
  }
  for (let bin = 0; bin < power.length; bin++) power[bin] = real[bin]! ** 2 + imaginary[bin]! ** 2;
}

function strongest(): number {
  let best = lowestBin;
  for (let bin = lowestBin + 1; bin <= highestBin; bin++) if (power[bin]! > power[best]!) best = bin;
  return best;
}

/** Between the bins, by how a Hann window shares a tone out between two neighbours. */
function frequencyAt(bin: number): number {
  const below = power[bin - 1]!;
  const above = power[bin + 1]!;
  const ratio = Math.sqrt(Math.max(below, above) / Math.max(power[bin]!, Number.MIN_VALUE));
  const offset = Math.max(0, (2 * ratio - 1) / (1 + ratio));
  return (bin + (above > below ? offset : -offset)) * binHz;
}

/** The energy at a pitch, as far as it was not taken out. */
function around(hz: number): number {
  const bin = Math.max(1, Math.round(hz / binHz));
  return power[bin - 1]! + power[bin]! + power[bin + 1]!;
}

/** The energy around a bin, which is then gone from the spectrum. */
function takeOut(bin: number): number {
  let sum = 0;
  for (let at = bin - spreadBins; at <= bin + spreadBins; at++) {
    sum += power[at]!;
    power[at] = 0;
  }
  return sum;
}
