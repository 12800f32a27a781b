import { levelDbov } from "./level.ts";

export interface CadenceOptions {
  /** Sound is speech from so far above the line's noise on, and no softer than so far below the loudest of its burst. */
  readonly overNoiseDb: number;
  readonly belowPeakDb: number;
  /** What noise is taken for, whatever the line holds: speech may fill it from the first moment. */
  readonly leastNoiseDbov: number;
  readonly mostNoiseDbov: number;
  /** Sound of so many frames among the last five begins a burst: clicks are shorter. */
  readonly startFrames: number;
  /** A pause this long parts two bursts, and one this long two utterances. */
  readonly burstGapMs: number;
  readonly utteranceGapMs: number;
}

export const defaultCadenceOptions = {
  overNoiseDb: 9,
  belowPeakDb: 26,
  leastNoiseDbov: -62,
  mostNoiseDbov: -45,
  startFrames: 3,
  burstGapMs: 160,
  utteranceGapMs: 1000,
} as const satisfies CadenceOptions;

const frameMs = 20;
/** The noise is the softest of the last two seconds. */
const keptFrames = 100;
const startWindow = 5;
/** How fast the loudest of a burst is forgotten. */
const peakFallDbPerFrame = 0.2;

/**
 * How the far end talks: when it began, how long it has, in how many bursts, and since when it is silent. By energy alone,
 * so that the end of a "hello" is known within a frame or two. Times in ms of the audio heard.
 */
export class AnswerCadence {
  readonly #options: CadenceOptions;
  readonly #levels = new Float64Array(keptFrames).fill(Number.POSITIVE_INFINITY);
  readonly #sounding = new Uint8Array(startWindow);
  #frames = 0;
  #peakDbov = Number.NEGATIVE_INFINITY;
  #inBurst = false;
  #onsetMs: number | undefined;
  #lastSoundMs = 0;
  #talkMs = 0;
  #bursts = 0;

  constructor(options: CadenceOptions = defaultCadenceOptions) {
    this.#options = options;
  }

  /** Audio heard so far. */
  get nowMs(): number {
    return this.#frames * frameMs;
  }

  /** When it was first heard to speak. */
  get onsetMs(): number | undefined {
    return this.#onsetMs;
  }

  /** Sound of the newest utterance, without its pauses. */
  get talkMs(): number {
    return this.#talkMs;
  }

  /** Bursts of the newest utterance. */
  get bursts(): number {
    return this.#bursts;
  }

  /** Since when nothing is said; before the first word, since the beginning. */
  get silenceMs(): number {
    return this.nowMs - this.#lastSoundMs;
  }

  /** One frame, Int16Array, 8 kHz. `deaf`: whatever sounds now is no speech (a tone, our own voice coming back). */
  frame(pcm: Int16Array, deaf: boolean): void {
    const level = levelDbov(pcm);
    const sounds = !deaf && level >= this.#gateDbov();
    this.#levels[this.#frames % keptFrames] = level;
    this.#sounding[this.#frames % startWindow] = sounds ? 1 : 0;
    this.#frames++;
    this.#peakDbov = sounds
      ? Math.max(level, this.#peakDbov - peakFallDbPerFrame)
      : this.#peakDbov - peakFallDbPerFrame;
    if (!this.#inBurst) {
      if (this.#recentFrames() >= this.#options.startFrames) this.#beginBurst();
    } else if (sounds) {
      this.#lastSoundMs = this.nowMs;
      this.#talkMs += frameMs;
    } else if (this.silenceMs >= this.#options.burstGapMs) this.#inBurst = false;
  }

  #gateDbov(): number {
    const { overNoiseDb, belowPeakDb, leastNoiseDbov, mostNoiseDbov } = this.#options;
    let softest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < keptFrames; i++) softest = Math.min(softest, this.#levels[i]!);
    const noiseDbov = Math.min(mostNoiseDbov, Math.max(leastNoiseDbov, softest));
    return Math.max(noiseDbov + overNoiseDb, this.#peakDbov - belowPeakDb);
  }

  #recentFrames(): number {
    let sum = 0;
    for (let i = 0; i < startWindow; i++) sum += this.#sounding[i]!;
    return sum;
  }

  #beginBurst(): void {
    const soundMs = this.#recentFrames() * frameMs;
    const fromMs = this.nowMs - soundMs;
    if (this.#onsetMs === undefined || fromMs - this.#lastSoundMs >= this.#options.utteranceGapMs) {
      this.#talkMs = 0;
      this.#bursts = 0;
    }
    this.#onsetMs ??= fromMs;
    this.#inBurst = true;
    this.#bursts++;
    this.#talkMs += soundMs;
    this.#lastSoundMs = this.nowMs;
  }
}
