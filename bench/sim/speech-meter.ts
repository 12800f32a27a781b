/** From when to when somebody spoke, in ms since the call began. */
export interface SpeechSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** Sound below this is silence: −45 dBFS, as a mean square of 16-bit samples. */
const minMeanSquare = (32768 * 10 ** (-45 / 20)) ** 2;

/** Pauses shorter than this are part of speech. */
export const maxPauseMs = 400;

/** True when a run of samples holds sound. */
export function isVoiced(samples: Int16Array, start = 0, end: number = samples.length): boolean {
  let sum = 0;
  for (let index = start; index < end; index += 1) sum += samples[index]! * samples[index]!;
  return end > start && sum / (end - start) >= minMeanSquare;
}

/** Where the sound in 8 kHz samples begins and ends, in ms; undefined when there is none. */
export function voicedPart(samples: Int16Array): SpeechSpan | undefined {
  const block = 80;
  let startMs: number | undefined;
  let endMs = 0;
  for (let start = 0; start < samples.length; start += block) {
    const end = Math.min(samples.length, start + block);
    if (!isVoiced(samples, start, end)) continue;
    startMs ??= start / 8;
    endMs = end / 8;
  }
  return startMs === undefined ? undefined : { startMs, endMs };
}

/** Follows one voice frame by frame by its energy: when it spoke, with pauses up to `maxPauseMs` inside. */
export class SpeechMeter {
  readonly spans: SpeechSpan[] = [];
  #startMs: number | undefined;
  #voicedUntilMs: number | undefined;

  /** Start of the speech going on; undefined in silence. */
  get speakingSinceMs(): number | undefined {
    return this.#startMs;
  }

  /** End of the last frame that held sound; undefined when there was none yet. */
  get voicedUntilMs(): number | undefined {
    return this.#voicedUntilMs;
  }

  /** One frame that was played from `startMs` to `endMs`; tells whether speech began or ended with it. */
  push(frame: Int16Array, startMs: number, endMs: number): "began" | "ended" | undefined {
    if (isVoiced(frame)) {
      this.#voicedUntilMs = endMs;
      if (this.#startMs !== undefined) return undefined;
      this.#startMs = startMs;
      return "began";
    }
    if (this.#startMs === undefined || endMs - this.#voicedUntilMs! < maxPauseMs) return undefined;
    this.finish();
    return "ended";
  }

  /** The call is over: ends the speech going on. */
  finish(): void {
    if (this.#startMs === undefined) return;
    this.spans.push({ startMs: this.#startMs, endMs: this.#voicedUntilMs! });
    this.#startMs = undefined;
  }
}
