import { EchoGuard, type EchoGuardOptions } from "./echo-guard.ts";
import { levelDbov } from "./level.ts";
import { defaultSpeechDetectorOptions, SpeechDetector, type SpeechDetectorOptions, type SpeechEvent } from "./vad.ts";
import type { CheapVad } from "./vad-cheap.ts";
import { VadGate, type VadGateOptions } from "./vad-gate.ts";

/** The neural tier as one call sees it. Positions count 8 kHz samples, skipped ones too. */
export interface NeuralVad {
  /** Nothing is judged at present: the cheap tier decides alone. */
  readonly down: boolean;
  push(pcm8k: Int16Array): void;
  skip(samples: number): void;
  reset(): void;
  close(): void;
}

/** Opens a call's neural tier, which reports each judged window. */
export type OpenNeuralVad = (onProbability: (probability: number, windowEndSample: number) => void) => NeuralVad;

export interface CallVadOptions {
  readonly detector?: SpeechDetectorOptions;
  readonly gate?: VadGateOptions;
  readonly echo?: EchoGuardOptions;
}

const samplesPerMs = 8;
/** The neural tier is also made to forget after so long without speech on a line that is never quiet. */
const forgetAfterSamples = 5 * 8000;

/** All the detection of one call: both tiers, the gate between them, the echo guard and the detector they feed. */
export class CallVad {
  readonly #cheap: CheapVad;
  readonly #neural: NeuralVad | undefined;
  readonly #gate: VadGate | undefined;
  readonly #detector: SpeechDetector;
  readonly #echo: EchoGuard;
  readonly #offProbability: number;
  /** Samples given to the neural tier or skipped so far, and when the last of them came. */
  #samples = 0;
  #samplesAt = 0;
  #speechAtSample = 0;

  /** `openNeural` undefined: the cheap tier decides with an energy gate. Takes `cheap` over. */
  constructor(cheap: CheapVad, openNeural: OpenNeuralVad | undefined, options: CallVadOptions = {}) {
    const detector = options.detector ?? defaultSpeechDetectorOptions;
    this.#cheap = cheap;
    this.#offProbability = detector.offProbability;
    this.#detector = new SpeechDetector({ ...detector, neural: openNeural !== undefined });
    this.#echo = new EchoGuard(options.echo);
    this.#neural = openNeural?.((probability, windowEndSample) => this.#judged(probability, windowEndSample));
    this.#gate = this.#neural && new VadGate(this.#neural, options.gate);
  }

  /** What the echo guard believes of the line; for the log. */
  get line(): { readonly gainDb: number; readonly delayMs: number | undefined } {
    return this.#echo.line;
  }

  /** One frame of the caller that ended at `now`: Int16Array, mono, 8 kHz, 160 samples. */
  frame(pcm8k: Int16Array, now: number, agentAudible: boolean): void {
    const level = levelDbov(pcm8k);
    const voiced = this.#cheap.voiced(pcm8k);
    const { echo } = this.#echo.frame(level, now);
    if (this.#neural) this.#detector.neural = !this.#neural.down;
    this.#detector.frame(voiced && !echo, level, now, agentAudible);
    this.#samples += pcm8k.length;
    this.#samplesAt = now;
    // An echo is heard too: what comes on top of it is judged in its context.
    this.#gate?.frame(pcm8k, voiced || this.#detector.speaking);
  }

  /** 20 ms of the agent that are at the caller's ear from `at` on: Int16Array, mono, 8 kHz. */
  agentFrame(pcm8k: Int16Array, at: number): void {
    this.#echo.agentFrame(levelDbov(pcm8k), at);
  }

  /** The agent's utterance ended, or was cut, at `now`. */
  agentStopped(now: number): void {
    this.#echo.reset(now);
  }

  /** The next event, if one is due. Call until it gives undefined. */
  poll(now: number): SpeechEvent | undefined {
    return this.#detector.poll(now);
  }

  /** Frees both tiers. Twice is fine. */
  close(): void {
    this.#neural?.close();
    this.#cheap.close();
  }

  #judged(probability: number, windowEndSample: number): void {
    this.#detector.probability(probability, this.#samplesAt - (this.#samples - windowEndSample) / samplesPerMs);
    if (probability >= this.#offProbability) this.#speechAtSample = windowEndSample;
    else if (windowEndSample - this.#speechAtSample >= forgetAfterSamples) {
      this.#speechAtSample = windowEndSample;
      this.#neural?.reset();
    }
  }
}
