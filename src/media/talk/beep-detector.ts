import type { ToneMeter } from "./tone-meter.ts";

/** A tone that ended in quiet; times in ms of the audio heard so far. */
export interface HeardTone {
  readonly startMs: number;
  readonly endMs: number;
  /** Its last part; `otherHz` is 0 unless two tones sounded at once. */
  readonly hz: number;
  readonly otherHz: number;
  /** Pitches one after the other: 1 for a plain beep. */
  readonly parts: number;
}

export interface BeepOptions {
  /** Part of a window's energy that one tone, or two together, must hold. Vowels rarely do, and not for long. */
  readonly minShare: number;
  /** The weaker of two tones at once holds at least so much. */
  readonly minOtherShare: number;
  /** Where a voice has its fundamental, a beep has no more than this. */
  readonly maxLowerShare: number;
  /** How far pitch and level of a steady tone move from one window to the next. */
  readonly maxDriftHz: number;
  readonly maxDriftDb: number;
  /** How far the level moves in all. */
  readonly maxChangeDb: number;
  /** Windows of one pitch before it counts, and of all pitches: 4 lie wholly in any 120 ms. */
  readonly minPartFrames: number;
  readonly minFrames: number;
  /** Longer is no beep: a dial tone, a fax, a whistle. */
  readonly maxFrames: number;
  /** Pitches one after the other; more make a tune. */
  readonly maxParts: number;
  /** Windows that are neither tone nor quiet, where tones begin, change and end. */
  readonly maxEdgeFrames: number;
  /** After a beep the line is quieter by this, for so many windows. */
  readonly quietDropDb: number;
  readonly quietFrames: number;
  readonly lowestHz: number;
}

export const defaultBeepOptions = {
  minShare: 0.85,
  minOtherShare: 0.08,
  maxLowerShare: 0.02,
  maxDriftHz: 5,
  maxDriftDb: 1.6,
  maxChangeDb: 8,
  minPartFrames: 3,
  minFrames: 4,
  maxFrames: 150,
  maxParts: 3,
  maxEdgeFrames: 2,
  quietDropDb: 10,
  quietFrames: 2,
  lowestHz: 335,
} as const satisfies BeepOptions;

const frameMs = 20;
/** How far the window reaches back into the frame before. */
const overlapMs = 12;

/**
 * Finds beeps: one narrow, steady tone, or two at once, or up to three in a row, with quiet after it. What goes over into
 * speech or music is none.
 */
export class BeepDetector {
  readonly #options: BeepOptions;
  #frames = 0;
  /** The pitch of the newest windows. */
  #hz = 0;
  #otherHz = 0;
  #levelDbov = 0;
  #startDbov = 0;
  #partFrames = 0;
  /** The tones in a row, of which the newest is not part before it counts. */
  #toneFrames = 0;
  #parts = 0;
  #toneHz = 0;
  #toneOtherHz = 0;
  #toneDbov = 0;
  #toneStart = 0;
  #toneEnd = 0;
  #edge = 0;
  #quiet = 0;

  constructor(options: BeepOptions = defaultBeepOptions) {
    this.#options = options;
  }

  /** The newest window holds a tone, however short. */
  get tonal(): boolean {
    return this.#partFrames > 0;
  }

  /** Pitch and length of a tone that goes on; 0 when there is none. */
  get heldHz(): number {
    return this.#partFrames >= this.#options.minPartFrames ? this.#hz : 0;
  }

  get heldMs(): number {
    return this.heldHz > 0 ? this.#partFrames * frameMs : 0;
  }

  /** One look at the line; the tone that is now known to be over, undefined nearly always. */
  frame(meter: ToneMeter): HeardTone | undefined {
    this.#frames++;
    if (this.#isTone(meter)) {
      this.#tone(meter);
      return undefined;
    }
    this.#partFrames = 0;
    if (this.#toneFrames === 0) return undefined;
    const { quietDropDb, quietFrames, maxEdgeFrames } = this.#options;
    if (meter.levelDbov <= this.#toneDbov - quietDropDb) {
      if (++this.#quiet < quietFrames) return undefined;
      const heard = this.#heard();
      this.#forget();
      return heard;
    }
    if (++this.#edge > maxEdgeFrames) this.#forget();
    return undefined;
  }

  #isTone({ hz, otherHz, share, otherShare, lowerShare }: ToneMeter): boolean {
    const { minShare, minOtherShare, maxLowerShare, lowestHz } = this.#options;
    if (hz < lowestHz || lowerShare > maxLowerShare || share + otherShare < minShare) return false;
    return share >= minShare || (otherShare >= minOtherShare && otherHz >= lowestHz);
  }

  #tone(meter: ToneMeter): void {
    const { minShare, minPartFrames, maxEdgeFrames } = this.#options;
    const single = meter.share >= minShare;
    const low = single ? meter.hz : Math.min(meter.hz, meter.otherHz);
    const high = single ? 0 : Math.max(meter.hz, meter.otherHz);
    this.#quiet = 0;
    if (this.#partFrames > 0 && this.#goesOn(low, high, meter.levelDbov)) this.#partFrames++;
    else {
      // What was too short to count was an edge.
      if (this.#partFrames > 0 && this.#partFrames < minPartFrames) this.#edge += this.#partFrames;
      if (this.#edge > maxEdgeFrames) this.#forget();
      this.#partFrames = 1;
      this.#startDbov = meter.levelDbov;
    }
    this.#hz = low;
    this.#otherHz = high;
    this.#levelDbov = meter.levelDbov;
    if (this.#partFrames >= minPartFrames) this.#count(minPartFrames);
  }

  #goesOn(low: number, high: number, levelDbov: number): boolean {
    const { maxDriftHz, maxDriftDb, maxChangeDb } = this.#options;
    return (
      Math.abs(low - this.#hz) <= maxDriftHz &&
      Math.abs(high - this.#otherHz) <= maxDriftHz &&
      Math.abs(levelDbov - this.#levelDbov) <= maxDriftDb &&
      Math.abs(levelDbov - this.#startDbov) <= maxChangeDb
    );
  }

  /** The newest pitch is long enough: it belongs to the tone. */
  #count(minPartFrames: number): void {
    const fresh = this.#partFrames === minPartFrames;
    if (this.#toneFrames === 0) this.#toneStart = this.#frames - minPartFrames;
    if (fresh && !this.#samePitch()) this.#parts++;
    this.#toneFrames += fresh ? minPartFrames : 1;
    this.#toneHz = this.#hz;
    this.#toneOtherHz = this.#otherHz;
    this.#toneDbov = this.#levelDbov;
    this.#toneEnd = this.#frames;
    this.#edge = 0;
  }

  #samePitch(): boolean {
    const { maxDriftHz } = this.#options;
    return (
      this.#toneFrames > 0 &&
      Math.abs(this.#hz - this.#toneHz) <= maxDriftHz &&
      Math.abs(this.#otherHz - this.#toneOtherHz) <= maxDriftHz
    );
  }

  #heard(): HeardTone | undefined {
    const { minFrames, maxFrames, maxParts } = this.#options;
    if (this.#toneFrames < minFrames || this.#toneFrames > maxFrames || this.#parts > maxParts) return undefined;
    return {
      startMs: this.#toneStart * frameMs - overlapMs,
      endMs: this.#toneEnd * frameMs,
      hz: this.#toneHz,
      otherHz: this.#toneOtherHz,
      parts: this.#parts,
    };
  }

  #forget(): void {
    this.#toneFrames = 0;
    this.#parts = 0;
    this.#edge = 0;
    this.#quiet = 0;
  }
}
