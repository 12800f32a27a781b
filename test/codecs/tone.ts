/** A sine wave: Int16Array, mono. */
export function tone(
  frequencyHz: number,
  sampleRateHz: number,
  samples: number,
  amplitude = 16000,
  firstSample = 0,
): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequencyHz * (firstSample + i)) / sampleRateHz)),
  );
}

/** Root mean square of samples from `start` to `end`. */
export function rms(pcm: Int16Array, start = 0, end = pcm.length): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += pcm[i]! ** 2;
  return Math.sqrt(sum / (end - start));
}

/** Splits audio into the tone at one frequency and the rest; both as RMS, by least squares. */
export function splitTone(
  pcm: Int16Array,
  frequencyHz: number,
  sampleRateHz: number,
): { toneRms: number; restRms: number; phase: number } {
  const step = (2 * Math.PI * frequencyHz) / sampleRateHz;
  let [cc, ss, cs, xc, xs] = [0, 0, 0, 0, 0];
  for (let i = 0; i < pcm.length; i++) {
    const c = Math.cos(step * i);
    const s = Math.sin(step * i);
    cc += c * c;
    ss += s * s;
    cs += c * s;
    xc += pcm[i]! * c;
    xs += pcm[i]! * s;
  }
  const determinant = cc * ss - cs * cs;
  const a = (xc * ss - xs * cs) / determinant;
  const b = (xs * cc - xc * cs) / determinant;
  let toneSum = 0;
  let restSum = 0;
  for (let i = 0; i < pcm.length; i++) {
    const fitted = a * Math.cos(step * i) + b * Math.sin(step * i);
    toneSum += fitted ** 2;
    restSum += (pcm[i]! - fitted) ** 2;
  }
  return {
    toneRms: Math.sqrt(toneSum / pcm.length),
    restRms: Math.sqrt(restSum / pcm.length),
    phase: Math.atan2(a, b),
  };
}

/** Level of one RMS over another in dB. */
export function decibels(value: number, reference: number): number {
  return 20 * Math.log10(value / reference);
}

/** Repeatable numbers in 0…1 for tests. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
