/** Pieces of this length are taken out or put in: what a voice repeats. */
const minPieceMs = 2.5;
const maxPieceMs = 10;
/** Likeness of neighbouring pieces below which the seam could be heard. */
const minLikeness = 0.6;
/** Mean square below which nothing is heard at all (−50 dBov). */
const quietPower = 100 * 100;

/**
 * Makes audio shorter by one piece: two like neighbours are blended into one. Works in place on the first `samples` of
 * `pcm`; returns the new length, the old one when no seam would go unheard and `force` is not given.
 */
export function shrink(pcm: Int16Array, samples: number, samplesPerMs: number, force = false): number {
  const piece = findPiece(pcm, samples, samplesPerMs, force);
  if (piece === 0) return samples;
  for (let i = 0; i < piece; i++) {
    const share = (i + 0.5) / piece;
    pcm[i] = Math.round(pcm[i]! * (1 - share) + pcm[i + piece]! * share);
  }
  pcm.copyWithin(piece, 2 * piece, samples);
  return samples - piece;
}

/**
 * Makes audio longer by one piece, blended in between two like neighbours. Works in place, `pcm` must have room for
 * 10 ms more; returns the new length, the old one when no seam would go unheard and `force` is not given.
 */
export function stretch(pcm: Int16Array, samples: number, samplesPerMs: number, force = false): number {
  const piece = findPiece(pcm, samples, samplesPerMs, force);
  if (piece === 0 || samples + piece > pcm.length) return samples;
  pcm.copyWithin(2 * piece, piece, samples);
  for (let i = 0; i < piece; i++) {
    const share = (i + 0.5) / piece;
    // What would follow fades into what came before, whose end leads back to what would follow.
    pcm[piece + i] = Math.round(pcm[2 * piece + i]! * (1 - share) + pcm[i]! * share);
  }
  return samples + piece;
}

/** Length of the piece at the front that is most like the one after it, in samples; 0 when none is. */
function findPiece(pcm: Int16Array, samples: number, samplesPerMs: number, force: boolean): number {
  const longest = Math.min(maxPieceMs * samplesPerMs, samples >> 1);
  const shortest = Math.ceil(minPieceMs * samplesPerMs);
  if (longest < shortest) return 0;
  // Compared in 8 kHz steps, which costs the same at every rate.
  const step = Math.max(1, Math.round(samplesPerMs / 8));
  let best = 0;
  let bestLikeness = -1;
  let bestPower = 0;
  for (let piece = longest; piece >= shortest; piece -= step) {
    let product = 0;
    let firstPower = 1;
    let secondPower = 1;
    for (let i = 0; i < piece; i += step) {
      const first = pcm[i]!;
      const second = pcm[i + piece]!;
      product += first * second;
      firstPower += first * first;
      secondPower += second * second;
    }
    const likeness = product / Math.sqrt(firstPower * secondPower);
    if (likeness > bestLikeness) {
      bestLikeness = likeness;
      best = piece;
      bestPower = (firstPower + secondPower) / ((2 * piece) / step);
    }
  }
  return force || bestLikeness >= minLikeness || bestPower < quietPower ? best : 0;
}
