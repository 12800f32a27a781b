import { Resampler } from "../../src/codecs/resampler.ts";

/** Root mean square of a signal, full scale 1. */
export function rms(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length)) / 32768;
}

/** Loudness of each 20 ms at 8 kHz. */
export function envelope(samples: Int16Array): number[] {
  return Array.from({ length: Math.floor(samples.length / 160) }, (_, n) =>
    rms(samples.subarray(n * 160, (n + 1) * 160)),
  );
}

/** How alike the loudness of two signals runs at their best shift (1: the same), and that shift in ms. */
export function likeness(sent: Int16Array, arrived: Int16Array): { likeness: number; shiftMs: number } {
  const [a, b] = [envelope(sent), envelope(arrived)];
  let best = { likeness: 0, shiftMs: 0 };
  for (let shift = -20; shift < b.length - 10; shift++) {
    let ab = 0;
    let aa = 0;
    let bb = 0;
    for (let i = 0; i < a.length; i++) {
      const x = a[i] as number;
      const y = b[i + shift] ?? 0;
      ab += x * y;
      aa += x * x;
      bb += y * y;
    }
    const found = ab / Math.sqrt(aa * bb || 1);
    if (found > best.likeness) best = { likeness: found, shiftMs: shift * 20 };
  }
  return best;
}

/** Length of sound above a level, in ms, gaps up to 200 ms counted in. */
export function soundMs(samples: Int16Array, level = 0.005): number {
  const loud = envelope(samples).map((one) => one > level);
  const first = loud.indexOf(true);
  return first < 0 ? 0 : (loud.lastIndexOf(true) - first + 1) * 20;
}

/** Signals are compared at this rate, so that a shift by part of an 8 kHz sample is no difference. */
const fineHz = 24_000;
const fine = fineHz / 8000;
/** Length of the pieces in which speech is looked for: 200 ms. */
const pieceSamples = fineHz / 5;
/** A piece quieter than this (full scale 1) says nothing. */
const quietRms = 0.01;
/** A piece this alike is the same sound, through any codec. */
const sameSound = 0.95;
/** Pieces follow one another when less than 10 ms were taken out or put in between them. */
const seamSamples = fineHz / 100;

/** What of some speech was found in what arrived. */
export interface Recognition {
  /** Share of its pieces of 200 ms that arrived, of those with sound. */
  readonly found: number;
  /** Share of its pairs of neighbours that arrived as neighbours. */
  readonly joined: number;
  /** How much louder it arrived, in dB: the middle one of the pieces. */
  readonly gainDb: number;
}

/** Speech was heard: a stall on the way may have torn some of it, but other speech, or another rate, shares next to nothing. */
export function isHeard({ found, joined }: Recognition): boolean {
  return found >= 0.6 && joined >= 0.4;
}

/**
 * Looks for speech in what arrived, piece by piece, anywhere. Whoever stalls on the way moves or tears some of it; what
 * was said a few times is whole somewhere, while what is wrong with every packet is wrong everywhere. Both mono, 8 kHz.
 */
export function recognise(said: Int16Array, arrived: Int16Array): Recognition {
  const [speech, signal] = [refine(said), refine(arrived)];
  const places: (readonly number[] | undefined)[] = [];
  const gains: number[] = [];
  for (let from = 0; from + pieceSamples <= speech.length; from += pieceSamples) {
    const piece = speech.subarray(from, from + pieceSamples);
    const level = rms(piece);
    const found = level < quietRms ? undefined : findPiece(piece, signal);
    places.push(found);
    for (const at of found ?? []) gains.push(20 * Math.log10(rms(signal.subarray(at, at + pieceSamples)) / level));
  }
  const pieces = places.filter((found) => found !== undefined);
  const pairs = places.flatMap((found, n) => {
    const next = places[n + 1];
    return found && next ? [{ found, next }] : [];
  });
  const joined = pairs.filter(({ found, next }) =>
    found.some((a) => next.some((b) => Math.abs(b - a - pieceSamples) < seamSamples)),
  );
  return {
    found: pieces.filter((found) => found.length > 0).length / pieces.length,
    joined: joined.length / pairs.length,
    gainDb: gains.sort((a, b) => a - b)[gains.length >> 1] ?? Number.NEGATIVE_INFINITY,
  };
}

function refine(samples: Int16Array): Int16Array {
  const resampler = new Resampler(8000, fineHz);
  const out = new Int16Array(resampler.maxOutput(samples.length));
  return out.subarray(0, resampler.process(samples, out));
}

/** All places where a piece is in a signal, in samples from its start. */
function findPiece(piece: Int16Array, signal: Int16Array): number[] {
  const found: number[] = [];
  let best = 0;
  for (let at = 0; at + piece.length <= signal.length; at++) {
    // A coarse look is enough to pass over most places.
    if (at % fine === 0 && alike(piece, signal, at, 23 * fine) < sameSound / 2) {
      at += fine - 1;
      continue;
    }
    const likeness = alike(piece, signal, at, 3 * fine);
    if (likeness < sameSound) continue;
    const last = found.length - 1;
    const another = last < 0 || at - found[last]! > pieceSamples / 2;
    if (another) found.push(at);
    else if (likeness > best) found[last] = at;
    if (another || likeness > best) best = likeness;
  }
  return found;
}

/** Likeness of a piece and a signal from `at` on (1: the same), by every so manieth sample. */
function alike(piece: Int16Array, signal: Int16Array, at: number, step: number): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < piece.length; i += step) {
    const a = piece[i]!;
    const b = signal[at + i]!;
    ab += a * b;
    aa += a * a;
    bb += b * b;
  }
  return ab / Math.sqrt(aa * bb || 1);
}
