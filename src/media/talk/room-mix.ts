/** Length of a fade where a voice begins or ends. */
const seamMs = 5;

/** Samples of a fade at a rate. */
export function seamSamples(rateHz: number): number {
  return (rateHz / 1000) * seamMs;
}

/** Sums up to here are left as they are; beyond, they are bent so that the largest sum stays a sample. */
const knee = 24_576;
const headroom = 32_767 - knee;

/** A sum as a sample: soft beyond the knee, never wrapped around. */
export function limit(sum: number): number {
  if (sum <= knee && sum >= -knee) return sum;
  const over = Math.abs(sum) - knee;
  const bent = knee + (headroom * over) / (headroom + over);
  return sum < 0 ? -bent : bent;
}

/** Adds a frame to a sum; `first`: the sum is nothing yet. */
export function addFrame(sum: Int32Array, frame: Int16Array, first: boolean): void {
  if (first) for (let i = 0; i < sum.length; i++) sum[i] = frame[i]!;
  else for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + frame[i]!;
}

/** Writes a sum without the listener's own part to `out`, or adds it to what is there when it is not the `first`. */
export function mixMinus(out: Int16Array, sum: Int32Array, own: Int16Array | undefined, first: boolean): void {
  if (first && own) for (let i = 0; i < out.length; i++) out[i] = limit(sum[i]! - own[i]!);
  else if (first) for (let i = 0; i < out.length; i++) out[i] = limit(sum[i]!);
  else for (let i = 0; i < out.length; i++) out[i] = limit(out[i]! + sum[i]! - (own ? own[i]! : 0));
}

/** Raises the beginning of a frame from nothing. */
export function fadeIn(frame: Int16Array, samples: number): void {
  for (let i = 0; i < samples; i++) frame[i] = frame[i]! * ((i + 0.5) / samples);
}

/** Lowers the end of a frame to nothing. */
export function fadeOut(frame: Int16Array, samples: number): void {
  for (let i = 0, at = frame.length - 1; i < samples; i++, at--) frame[at] = frame[at]! * ((i + 0.5) / samples);
}

/**
 * What follows a voice that stopped without warning: the end of its last frame mirrored, which begins where it stopped,
 * fading to nothing. `first`: the tail is nothing yet.
 */
export function addTail(tail: Float64Array, last: Int16Array, first: boolean): void {
  for (let i = 0; i < tail.length; i++) {
    const mirrored = last[last.length - 1 - i]! * (1 - (i + 0.5) / tail.length);
    tail[i] = first ? mirrored : tail[i]! + mirrored;
  }
}

/** Writes the mirrored end of a frame to `end`, whose front fits any rate's seam; silence for none. */
export function keepEnd(frame: Int16Array | undefined, end: Float64Array): void {
  for (let i = 0; i < end.length; i++) end[i] = frame ? frame[frame.length - 1 - i]! : 0;
}

/** Writes `next` (undefined: silence) to `out`, which it may be, so that it follows a kept end without a step; returns `out`. */
export function spliceAfter(
  end: Float64Array,
  next: Int16Array | undefined,
  out: Int16Array,
  samples: number,
): Int16Array {
  if (next === undefined) out.fill(0);
  else if (next !== out) out.set(next);
  for (let i = 0; i < samples; i++) {
    const share = (i + 0.5) / samples;
    out[i] = end[i]! * (1 - share) + out[i]! * share;
  }
  return out;
}
