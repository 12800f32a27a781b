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
