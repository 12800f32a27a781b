/**
 * Low-pass prototypes of the resampler: a sinc under a Kaiser window, cut into polyphase branches.
 *
 * Between the low rate's 0.85 and 1 × Nyquist (3400 and 4000 Hz at 8 kHz) the gain falls from −0.1 dB to below
 * −64 dB, so neither images nor aliases come within 60 dB of the signal.
 */

/** Length of the filter in samples of the lower of the two rates; its group delay is half of that. */
const lengthInLowRateSamples = 48;
/** −6 dB point as a part of the low rate's Nyquist frequency. */
const cutoff = 0.9175;
const kaiserBeta = 6;

/** Phases a table may have: enough for 11 025 → 48 000 Hz, little enough to stay below 300 kB. */
const maxPhases = 640;

/** Larger decimations gain nothing from the four-output kernel, and would need padding. */
const maxKernelStride = 6;

/** The polyphase branches of one ratio. */
export interface PolyphaseTable {
  /** Interpolation L and decimation M: rates are in the ratio L/M, without common factor. */
  readonly interpolation: number;
  readonly decimation: number;
  readonly tapsPerPhase: number;
  /** Distance of neighbouring inputs within a run of taps; the runs start at 0, 1 … stride − 1. */
  readonly stride: number;
  /** Float64Array, L × tapsPerPhase: for each phase `stride` runs of taps, oldest input first. */
  readonly taps: Float64Array;
  /** Group delay in samples of the input rate, the same at all frequencies. */
  readonly delayInputSamples: number;
}

const tables = new Map<string, PolyphaseTable>();

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The table for a pair of rates, made once for each ratio; throws when the ratio needs more than 640 phases. */
export function polyphaseTable(fromHz: number, toHz: number): PolyphaseTable {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const interpolation = toHz / divisor;
  const decimation = fromHz / divisor;
  if (!(interpolation >= 1 && interpolation <= maxPhases)) throw new Error(`Cannot resample ${fromHz} to ${toHz} Hz`);
  const key = `${interpolation}/${decimation}`;
  const known = tables.get(key);
  if (known) return known;
  const table = designTable(interpolation, decimation);
  tables.set(key, table);
  return table;
}

function designTable(interpolation: number, decimation: number): PolyphaseTable {
  const high = Math.max(interpolation, decimation);
  const stride = decimation <= maxKernelStride ? decimation : 1;
  const multiple = 4 * stride;
  const tapsPerPhase = Math.ceil((lengthInLowRateSamples * high) / interpolation / multiple) * multiple;
  const length = tapsPerPhase * interpolation;
  const prototype = kaiserSinc(length, cutoff / (2 * high));
  const taps = new Float64Array(length);
  for (let phase = 0; phase < interpolation; phase++) {
    // Each branch has a gain of exactly one at 0 Hz: a constant input has no image at all.
    let sum = 0;
    for (let k = 0; k < tapsPerPhase; k++) sum += prototype[phase + k * interpolation]!;
    const run = tapsPerPhase / stride;
    for (let k = 0; k < tapsPerPhase; k++) {
      // Input k of the window, oldest first, meets the branch's last coefficients first.
      const coefficient = prototype[phase + (tapsPerPhase - 1 - k) * interpolation]! / sum;
      taps[phase * tapsPerPhase + (k % stride) * run + Math.floor(k / stride)] = coefficient;
    }
  }
  const delayInputSamples = (length - 1) / 2 / interpolation;
  return { interpolation, decimation, tapsPerPhase, stride, taps, delayInputSamples };
}

/** A windowed sinc; `cutoffCycles` is the −6 dB frequency in cycles a sample. */
function kaiserSinc(length: number, cutoffCycles: number): Float64Array {
  const middle = (length - 1) / 2;
  const taps = new Float64Array(length);
  for (let n = 0; n < length; n++) {
    const angle = 2 * Math.PI * cutoffCycles * (n - middle);
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    taps[n] = sinc * besselI0(kaiserBeta * Math.sqrt(1 - ((n - middle) / middle) ** 2));
  }
  return taps;
}

/** Modified Bessel function of order zero, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
