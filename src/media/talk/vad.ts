/** When speech starts and stops; every length in ms of audio. */
export interface SpeechDetectorOptions {
  /** False: no neural tier to begin with; the cheap one decides with an energy gate, and hears speech in noise. */
  readonly neural: boolean;
  /** Silero's probability from which on a window is speech, and below which it no longer is (ai-providers §7.3). */
  readonly onProbability: number;
  readonly offProbability: number;
  /** One window this sure is enough, where the cheap tier had its doubts just before. */
  readonly sureProbability: number;
  /** Voiced audio before speech counts as started: in silence, over the agent's voice, and with the cheap tier alone. */
  readonly startMs: number;
  readonly startOverAgentMs: number;
  readonly startCheapMs: number;
  /** Silence before speech counts as stopped. Ending the turn is turn-taking's business. */
  readonly stopMs: number;
  /** A frame below this is not voiced, whatever it sounds like. */
  readonly minLevelDbov: number;
  /** How far above the line's noise speech is, for the cheap tier alone. */
  readonly overNoiseDb: number;
}

export const defaultSpeechDetectorOptions = {
  neural: true,
  onProbability: 0.5,
  offProbability: 0.35,
  sureProbability: 0.8,
  startMs: 60,
  startOverAgentMs: 80,
  startCheapMs: 120,
  stopMs: 200,
  minLevelDbov: -60,
  overNoiseDb: 12,
} as const satisfies SpeechDetectorOptions;

/** Speech began at `onsetAtMs` or ended after `lastVoicedAtMs` (monotonic ms, as the frames' times). */
export type SpeechEvent =
  | { readonly type: "speech-started"; readonly onsetAtMs: number }
  | { readonly type: "speech-stopped"; readonly lastVoicedAtMs: number };

const frameMs = 20;
const windowMs = 32;
/** Frames looked back at: 1.28 s. */
const keptFrames = 64;
/** Frames among which the voiced ones are counted before a start: gaps of closed lips are not silence. */
const recentFrames = 6;
/** Unvoiced frames that do not end a run when the onset is looked for. */
const runGapFrames = 2;
/** The neural tier is late by so much at most; the onset is not dated back further before its first window. */
const maxBackdateMs = 160;
/** A cheap tier voiced for longer than this tells nothing: the line is noisy. */
const uninformativeMs = 400;
/** Without any frame for so long the line is dead, and speech with it. */
const staleMs = 300;
/** How fast the noise floor follows upwards; downwards it jumps. */
const noiseRiseDbPerFrame = 0.1;

/**
 * Merges the two tiers: a moment is voiced when the cheap tier says so of the frame (and it is no echo) and the neural
 * one of the window around it. The neural tier's windows come later than the frames they cover.
 */
export class SpeechDetector {
  readonly #options: SpeechDetectorOptions;
  /** End of each kept frame, and whether the cheap tier called it voiced; a ring. */
  readonly #frameAt = new Float64Array(keptFrames).fill(Number.NEGATIVE_INFINITY);
  readonly #frameVoiced = new Uint8Array(keptFrames);
  #frames = 0;
  #neural: boolean;
  #overAgent = false;
  #noiseDbov: number;
  /** Hysteresis of the neural tier, the speech it heard in a row, and where that began and last ended. */
  #active = false;
  #evidenceMs = 0;
  #evidenceFrom = 0;
  #sure = false;
  #judgedUntil = Number.NEGATIVE_INFINITY;
  #lastVoicedAt = Number.NEGATIVE_INFINITY;
  #speaking = false;
  #started: SpeechEvent | undefined;

  constructor(options: SpeechDetectorOptions = defaultSpeechDetectorOptions) {
    this.#options = options;
    this.#neural = options.neural;
    this.#noiseDbov = options.minLevelDbov;
  }

  /** Speech has started and not stopped. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** The last frame looked at counted as voiced for the cheap tier. */
  get voiced(): boolean {
    return this.#frames > 0 && this.#frameVoiced[(this.#frames - 1) % keptFrames] === 1;
  }

  /** There is a neural tier; it may go and come back, and speech under way goes on. */
  get neural(): boolean {
    return this.#neural;
  }

  set neural(neural: boolean) {
    if (neural === this.#neural) return;
    this.#neural = neural;
    this.#forgetEvidence();
  }

  /** One 20 ms frame that ended at `now`; `cheapVoiced` false also for what is only the echo of the agent. */
  frame(cheapVoiced: boolean, levelDbov: number, now: number, agentAudible: boolean): void {
    const { minLevelDbov, overNoiseDb } = this.#options;
    const neural = this.#neural;
    this.#noiseDbov = Math.min(levelDbov, this.#noiseDbov + noiseRiseDbPerFrame);
    const gateDbov = neural ? minLevelDbov : Math.max(minLevelDbov, this.#noiseDbov + overNoiseDb);
    const voiced = cheapVoiced && levelDbov >= gateDbov;
    const slot = this.#frames % keptFrames;
    this.#frameAt[slot] = now;
    this.#frameVoiced[slot] = voiced ? 1 : 0;
    this.#frames += 1;
    this.#overAgent = agentAudible;
    if (!neural) this.#judge(voiced, voiced, now, frameMs);
    else if (!this.#speaking) this.#tryStart();
  }

  /** Silero's judgement of the window that ended at `windowEndAt`. */
  probability(p: number, windowEndAt: number): void {
    const { onProbability, offProbability, sureProbability } = this.#options;
    this.#judge(p >= (this.#active ? offProbability : onProbability), p >= sureProbability, windowEndAt, windowMs);
  }

  /** The next event, if one is due. Call until it gives undefined. */
  poll(now: number): SpeechEvent | undefined {
    const started = this.#started;
    if (started !== undefined) {
      this.#started = undefined;
      return started;
    }
    if (!this.#speaking || !this.#silent(now)) return undefined;
    this.#speaking = false;
    this.#forgetEvidence();
    return { type: "speech-stopped", lastVoicedAtMs: this.#lastVoicedAt };
  }

  #judge(active: boolean, sure: boolean, endAt: number, lengthMs: number): void {
    this.#active = active;
    this.#judgedUntil = endAt;
    if (!active) {
      this.#forgetEvidence();
      return;
    }
    if (this.#evidenceMs === 0) this.#evidenceFrom = endAt - lengthMs;
    this.#evidenceMs += lengthMs;
    this.#sure ||= sure;
    const lastVoicedAt = this.#lastVoicedBefore(endAt);
    if (this.#speaking) this.#lastVoicedAt = Math.max(this.#lastVoicedAt, lastVoicedAt);
    else this.#tryStart();
  }

  #forgetEvidence(): void {
    this.#active = false;
    this.#evidenceMs = 0;
    this.#sure = false;
  }

  #tryStart(): void {
    if (!this.#active) return;
    const { startMs, startOverAgentMs, startCheapMs } = this.#options;
    const neural = this.#neural;
    const neededMs = Math.max(this.#overAgent ? startOverAgentMs : startMs, neural ? 0 : startCheapMs);
    if (this.#recentlyVoicedMs() < neededMs) return;
    const runFrom = this.#runStart();
    const informative = this.#evidenceFrom - runFrom <= uninformativeMs;
    const enough = neural
      ? this.#evidenceMs >= 2 * windowMs || (this.#sure && informative)
      : this.#evidenceMs >= neededMs;
    if (!enough) return;
    const onsetAtMs = informative ? Math.max(runFrom, this.#evidenceFrom - maxBackdateMs) : this.#evidenceFrom;
    this.#speaking = true;
    this.#lastVoicedAt = Math.max(onsetAtMs, this.#lastVoicedBefore(this.#judgedUntil));
    this.#started = { type: "speech-started", onsetAtMs };
  }

  /** By what was judged, by the cheap tier, or because nothing comes any more. */
  #silent(now: number): boolean {
    const { stopMs } = this.#options;
    if (this.#judgedUntil - this.#lastVoicedAt >= stopMs) return true;
    const lastFrameAt = this.#frameAt[(this.#frames - 1) % keptFrames]!;
    if (lastFrameAt - this.#lastVoicedBefore(lastFrameAt) >= stopMs) return true;
    return now - Math.max(lastFrameAt, this.#judgedUntil) >= stopMs + staleMs;
  }

  #recentlyVoicedMs(): number {
    let voiced = 0;
    for (let back = 1; back <= recentFrames && back <= this.#frames; back += 1) {
      voiced += this.#frameVoiced[(this.#frames - back) % keptFrames]!;
    }
    return voiced * frameMs;
  }

  /** Where the newest run of voiced frames began, short gaps overlooked. */
  #runStart(): number {
    let from = this.#judgedUntil;
    let gap = 0;
    let inRun = false;
    for (let back = 1; back <= Math.min(keptFrames, this.#frames); back += 1) {
      const slot = (this.#frames - back) % keptFrames;
      if (this.#frameVoiced[slot] === 1) {
        from = this.#frameAt[slot]! - frameMs;
        gap = 0;
        inRun = true;
      } else if (inRun) {
        gap += 1;
        if (gap > runGapFrames) break;
      }
    }
    return from;
  }

  /** End of the last voiced frame that had begun by `at`. */
  #lastVoicedBefore(at: number): number {
    for (let back = 1; back <= Math.min(keptFrames, this.#frames); back += 1) {
      const slot = (this.#frames - back) % keptFrames;
      if (this.#frameVoiced[slot] === 1 && this.#frameAt[slot]! - frameMs < at) return this.#frameAt[slot]!;
    }
    return Number.NEGATIVE_INFINITY;
  }
}
