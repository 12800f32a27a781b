import { frameMs, type SampleRateHz } from "./format.ts";

/** Made-up audio reaches silence after this much loss in a row. */
const fadeMs = 60;
/** Pitch is looked for between 400 Hz and 66 Hz, by comparing the last 10 ms with earlier ones. */
const minPeriodMs = 2.5;
const maxPeriodMs = 15;
const compareMs = 10;
/** Samples a ms that are compared. */
const comparedPerMs = 8;
/** Int16Array: the history in steps of 8 kHz. Float64Array: the energy before each. Used within one search only. */
const compared = new Int16Array((maxPeriodMs + compareMs) * comparedPerMs);
const energies = new Float64Array(compared.length + 1);
/** The first good audio after a loss is blended in over this much, so that the seam does not click. */
const blendMs = 5;

/**
 * Conceals lost frames of codecs without a concealment of their own (the idea of ITU-T G.711 Appendix I): the last
 * pitch period is repeated and fades to silence.
 */
export class RepeatAndFade {
  /** Int16Array, mono, the last 25 ms heard, oldest first. */
  private readonly history: Int16Array;
  private readonly samplesPerMs: number;
  private periodSamples = 0;
  /** Samples made up since the last good one. */
  private lostSamples = 0;

  constructor(sampleRateHz: SampleRateHz) {
    this.samplesPerMs = sampleRateHz / 1000;
    this.history = new Int16Array((maxPeriodMs + compareMs) * this.samplesPerMs);
  }

  /** Takes note of good audio; after a loss the front of `pcm` is blended with what would have been made up. */
  heard(pcm: Int16Array, samples: number): void {
    if (samples === 0) return;
    if (this.lostSamples > 0) this.blend(pcm, samples);
    this.lostSamples = 0;
    const { history } = this;
    const kept = Math.max(0, history.length - samples);
    if (kept > 0) history.copyWithin(0, history.length - kept);
    const from = samples - (history.length - kept);
    for (let i = kept; i < history.length; i++) history[i] = pcm[from + i - kept]!;
  }

  /** Writes made-up audio, 20 ms unless told; returns samples written. */
  conceal(out: Int16Array, samples: number = frameMs * this.samplesPerMs): number {
    if (samples > out.length) throw new Error("Conceal: the output is too short");
    if (this.lostSamples === 0) this.periodSamples = this.findPeriod();
    const { history, periodSamples, lostSamples } = this;
    const fadeSamples = fadeMs * this.samplesPerMs;
    // Many calls may lose a packet at once, on code that seldom runs: the loop is short.
    let at = history.length - periodSamples + (lostSamples % periodSamples);
    for (let i = 0; i < samples; i++) {
      const left = fadeSamples - lostSamples - i;
      out[i] = left > 0 ? Math.round((history[at]! * left) / fadeSamples) : 0;
      if (++at === history.length) at -= periodSamples;
    }
    this.lostSamples += samples;
    return samples;
  }

  private blend(pcm: Int16Array, samples: number): void {
    const blendSamples = Math.min(samples, blendMs * this.samplesPerMs);
    for (let i = 0; i < blendSamples; i++) {
      const share = (i + 0.5) / blendSamples;
      pcm[i] = Math.round(pcm[i]! * share + this.madeUp(this.lostSamples + i) * (1 - share));
    }
  }

  /** The made-up sample that follows the last good one by `ahead` samples. */
  private madeUp(ahead: number): number {
    const gain = 1 - ahead / (fadeMs * this.samplesPerMs);
    if (gain <= 0) return 0;
    const { history, periodSamples } = this;
    return Math.round(history[history.length - periodSamples + (ahead % periodSamples)]! * gain);
  }

  /** Period whose normalised correlation is highest; compared at 8 kHz steps, which costs the same at every rate. */
  private findPeriod(): number {
    const { history, samplesPerMs } = this;
    const step = samplesPerMs / comparedPerMs;
    for (let i = 0; i < compared.length; i++) compared[i] = history[i * step]!;
    for (let i = 0; i < compared.length; i++) energies[i + 1] = energies[i]! + compared[i]! ** 2;
    const from = maxPeriodMs * comparedPerMs;
    let best = maxPeriodMs * comparedPerMs;
    let bestScore = 0;
    for (let lag = minPeriodMs * comparedPerMs; lag <= maxPeriodMs * comparedPerMs; lag++) {
      let product = 0;
      for (let i = from; i < compared.length; i++) product += compared[i]! * compared[i - lag]!;
      const score = product / Math.sqrt(1 + energies[compared.length - lag]! - energies[from - lag]!);
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
    return best * step;
  }
}
