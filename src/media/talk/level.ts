/** Level of silence, and the floor of `levelDbov`. */
export const silenceDbov = -90;

/** Level of 16-bit PCM in dBov: RMS against full scale, 0 at the loudest, −90 at silence. */
export function levelDbov(pcm: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < pcm.length; i++) {
    const sample = pcm[i] as number;
    sum += sample * sample;
  }
  if (sum === 0 || pcm.length === 0) return silenceDbov;
  return Math.max(silenceDbov, 10 * Math.log10(sum / pcm.length / (32768 * 32768)));
}
