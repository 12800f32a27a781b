import { DelayFinder } from "./echo-delay.ts";
import { silenceDbov } from "./level.ts";

export { isEchoOfAgent } from "./echo-text.ts";

export interface EchoGuardOptions {
  /** Echo against what was sent, in dB, that is believed before the line has shown its own. */
  readonly assumedGainDb: number;
  /** How far above the expected echo a caller must be. */
  readonly marginDb: number;
  /** Added to the margin in the first `earlyMs` of each agent utterance (ai-providers §7.4). */
  readonly earlyMarginDb: number;
  readonly earlyMs: number;
}

export const defaultEchoGuardOptions = {
  assumedGainDb: -12,
  marginDb: 5,
  earlyMarginDb: 6,
  earlyMs: 400,
} as const satisfies EchoGuardOptions;

/** Whether the agent's own voice explains a caller frame, and the level above which it would not. */
export interface EchoVerdict {
  readonly echo: boolean;
  readonly thresholdDbov: number;
}

const frameMs = 20;
/** Agent levels kept by time slot: what was heard, and what will be (audio is sent ahead); 5 s. */
const agentSlots = 256;
/** The echo's delay, in frames: 40–800 ms. */
const minLag = 2;
const maxLag = 40;
/** Frames before and after the known delay in which the echo of a frame may lie (jitter; the tail of a room). */
const lagSlackBefore = 2;
const lagSlackAfter = 4;
/** Agent frames older than all echoes, among which the loudest is looked for. */
const peakFrames = 15;
const callerFrames = maxLag + peakFrames;
/** Below this the agent's frames teach nothing. */
const teachingDbov = -40;
/** A pause of the agent so long makes what follows a new utterance. */
const utterancePauseMs = 1000;
const minGainDb = -50;
const maxGainDb = 3;
const gainLeakDb = 0.02;
const gainRiseDb = 0.25;
const sureCorrelation = 0.8;

/**
 * Knows our own voice when the telephone network brings it back 100–600 ms later. It learns two things of the line:
 * the delay, from the correlation of the levels, and the gain, from a bound that needs no correlation: whatever the
 * delay, the loudest the caller's side has been since is at least the echo of the loudest the agent was before.
 */
export class EchoGuard {
  readonly #options: EchoGuardOptions;
  readonly #agentDbov = new Float32Array(agentSlots).fill(silenceDbov);
  /** Which time slot each entry is of. */
  readonly #agentSlot = new Float64Array(agentSlots).fill(-1);
  readonly #callerDbov = new Float32Array(callerFrames).fill(silenceDbov);
  readonly #callerAt = new Float64Array(callerFrames);
  readonly #delay = new DelayFinder(minLag, maxLag);
  /** Agent levels by lag, from `minLag` on: what the delay is looked for in. */
  readonly #sentDbov = new Float32Array(maxLag - minLag + 1);
  readonly #verdict = { echo: false, thresholdDbov: silenceDbov };
  #callerCount = 0;
  #gainDb: number;
  /** Undefined: not known yet. */
  #lag: number | undefined;
  #utteranceFrom = Number.NEGATIVE_INFINITY;
  #agentUntil = Number.NEGATIVE_INFINITY;

  constructor(options: EchoGuardOptions = defaultEchoGuardOptions) {
    this.#options = options;
    this.#gainDb = options.assumedGainDb;
  }

  /** What the line is believed to do: echo against what was sent, and its delay once known. */
  get line(): { readonly gainDb: number; readonly delayMs: number | undefined } {
    return { gainDb: this.#gainDb, delayMs: this.#lag === undefined ? undefined : this.#lag * frameMs };
  }

  /** One 20 ms frame of the agent that is at the caller's ear from `at` on (may lie ahead). */
  agentFrame(levelDbov: number, at: number): void {
    if (at - this.#agentUntil > utterancePauseMs) this.#utteranceFrom = at;
    this.#agentUntil = Math.max(this.#agentUntil, at + frameMs);
    const slot = Math.round(at / frameMs);
    const index = slot % agentSlots;
    const known = this.#agentSlot[index] === slot;
    this.#agentDbov[index] = known ? Math.max(levelDbov, this.#agentDbov[index]!) : levelDbov;
    this.#agentSlot[index] = slot;
  }

  /** One 20 ms frame of the caller that ended at `now`. The verdict is valid until the next frame. */
  frame(callerLevelDbov: number, now: number): EchoVerdict {
    const slot = Math.round(now / frameMs) - 1;
    const index = this.#callerCount % callerFrames;
    this.#callerDbov[index] = callerLevelDbov;
    this.#callerAt[index] = now;
    this.#callerCount += 1;
    const loudest = this.#loudestAgent(slot - maxLag, slot - minLag);
    this.#verdict.thresholdDbov = silenceDbov;
    this.#verdict.echo = false;
    if (loudest === silenceDbov) return this.#verdict;
    this.#learn(callerLevelDbov, slot, now);
    const { marginDb, earlyMarginDb, earlyMs } = this.#options;
    const expected =
      this.#lag === undefined
        ? loudest
        : this.#loudestAgent(slot - this.#lag - lagSlackAfter, slot - this.#lag + lagSlackBefore);
    const early = now - this.#utteranceFrom < earlyMs + (this.#lag ?? 0) * frameMs;
    this.#verdict.thresholdDbov = Math.max(
      silenceDbov,
      expected === silenceDbov ? silenceDbov : expected + this.#gainDb + marginDb + (early ? earlyMarginDb : 0),
    );
    this.#verdict.echo = callerLevelDbov <= this.#verdict.thresholdDbov;
    return this.#verdict;
  }

  /**
   * The agent's utterance ended or was cut at `now`: what was to be heard after it will not come back, and no average
   * of it goes on. Gain and delay belong to the line and stay; so does what is still on its way.
   */
  reset(now: number): void {
    const slot = Math.round(now / frameMs);
    for (let i = 0; i < agentSlots; i += 1) {
      if (this.#agentSlot[i]! >= slot) this.#agentDbov[i] = silenceDbov;
    }
    this.#delay.reset();
    this.#agentUntil = Number.NEGATIVE_INFINITY;
  }

  #learn(callerLevelDbov: number, slot: number, now: number): void {
    for (let lag = minLag; lag <= maxLag; lag += 1) this.#sentDbov[lag - minLag] = this.#agent(slot - lag);
    const correlation = this.#delay.push(callerLevelDbov, this.#sentDbov);
    if (correlation !== undefined) this.#lag = this.#delay.lag;
    const bound = this.#gainBound(slot, now);
    if (bound !== undefined && bound < this.#gainDb) this.#gainDb = Math.max(minGainDb, bound);
    else if (this.#gainDb < this.#options.assumedGainDb) this.#gainDb += gainLeakDb;
    // Louder than believed: only where the two follow each other closely, or a caller would raise his own threshold.
    if (this.#lag === undefined || correlation === undefined || correlation < sureCorrelation) return;
    const agent = this.#loudestAgent(slot - this.#lag - 1, slot - this.#lag + 1);
    if (agent < teachingDbov || callerLevelDbov - agent <= this.#gainDb) return;
    this.#gainDb = Math.min(maxGainDb, this.#gainDb + gainRiseDb);
  }

  /** The echo is at most so loud; undefined when the agent said nothing loud long enough ago, or frames are missing. */
  #gainBound(slot: number, now: number): number | undefined {
    if (this.#callerCount < callerFrames) return undefined;
    const oldestAt = this.#callerAt[this.#callerCount % callerFrames]!;
    if (now - oldestAt > (callerFrames + 5) * frameMs) return undefined;
    const agent = this.#loudestAgent(slot - callerFrames + 1, slot - maxLag);
    if (agent < teachingDbov) return undefined;
    let caller: number = silenceDbov;
    for (let i = 0; i < callerFrames; i += 1) caller = Math.max(caller, this.#callerDbov[i]!);
    return caller - agent;
  }

  #loudestAgent(fromSlot: number, toSlot: number): number {
    let loudest: number = silenceDbov;
    for (let slot = fromSlot; slot <= toSlot; slot += 1) loudest = Math.max(loudest, this.#agent(slot));
    return loudest;
  }

  #agent(slot: number): number {
    if (slot < 0) return silenceDbov;
    const index = slot % agentSlots;
    return this.#agentSlot[index] === slot ? this.#agentDbov[index]! : silenceDbov;
  }
}
