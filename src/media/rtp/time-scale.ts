/** Pieces of this length are taken out or put in: what a voice repeats. */
const minPieceMs = 2.5;
const maxPieceMs = 10;
/** Likeness of neighbouring pieces below which the seam could be heard. */
const minLikeness = 0.6;
/** Samples a ms that are compared. */
const comparedPerMs = 8;
/** Float64Array: energy of the compared samples before each, counted once for all pieces. */
const energies = new Float64Array(2 * maxPieceMs * comparedPerMs + 1);
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
  // Compared in 8 kHz steps, which costs the same at every rate.
  const step = Math.max(1, Math.round(samplesPerMs / comparedPerMs));
  const longest = Math.floor(Math.min(maxPieceMs * samplesPerMs, samples >> 1) / step);
  const shortest = Math.ceil((minPieceMs * samplesPerMs) / step);
  if (longest < shortest) return 0;
  for (let i = 0; i < 2 * longest; i++) energies[i + 1] = energies[i]! + pcm[i * step]! ** 2;
  let best = 0;
  let bestLikeness = -1;
  let bestPower = 0;
  for (let piece = longest; piece >= shortest; piece--) {
    const size = piece * step;
    let product = 0;
    for (let i = 0; i < size; i += step) product += pcm[i]! * pcm[i + size]!;
    const firstPower = 1 + energies[piece]!;
    const secondPower = 1 + energies[2 * piece]! - energies[piece]!;
    const likeness = product / Math.sqrt(firstPower * secondPower);
    if (likeness > bestLikeness) {
      bestLikeness = likeness;
      best = size;
      bestPower = (firstPower + secondPower) / (2 * piece);
    }
  }
  return force || bestLikeness >= minLikeness || bestPower < quietPower ? best : 0;
}
