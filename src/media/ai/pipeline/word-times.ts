import type { TimedWord } from "../session.ts";

/** How long a character of English speech takes, in ms, before anything was measured; rather slow, so that words are told late. */
export const defaultMsPerChar = 70;

/**
 * Gives the words of a clause their times where the voice tells none: by length, at the pace measured so far while the
 * audio comes in, and over what is left of the audio when its end is known.
 */
export class WordSpreader {
  readonly #words: readonly string[];
  readonly #msPerChar: number;
  /** Where the clause begins in its item's audio, in ms. */
  readonly #baseMs: number;
  #next = 0;
  /** End of the last word given, in ms from the clause's start. */
  #atMs = 0;

  constructor(text: string, baseMs: number, msPerChar: number) {
    this.#words = text.split(/\s+/).filter((word) => word !== "");
    this.#baseMs = baseMs;
    this.#msPerChar = msPerChar;
  }

  /** Words that are surely inside the first `audioMs` of the clause; the last one waits for the clause's end. */
  covered(audioMs: number): TimedWord[] {
    const words: TimedWord[] = [];
    for (;;) {
      const text = this.#words[this.#next];
      if (text === undefined || this.#next === this.#words.length - 1) return words;
      const endMs = this.#atMs + (text.length + 1) * this.#msPerChar;
      if (endMs > audioMs) return words;
      words.push(this.#give(text, endMs));
    }
  }

  /** The clause has ended after `audioMs`: the words that are left share what is left. */
  finish(audioMs: number): TimedWord[] {
    let leftChars = 0;
    for (let i = this.#next; i < this.#words.length; i += 1) leftChars += (this.#words[i]?.length ?? 0) + 1;
    const msPerChar = Math.max(0, audioMs - this.#atMs) / Math.max(1, leftChars);
    const words: TimedWord[] = [];
    for (let text = this.#words[this.#next]; text !== undefined; text = this.#words[this.#next]) {
      words.push(this.#give(text, this.#atMs + (text.length + 1) * msPerChar));
    }
    return words;
  }

  #give(text: string, endMs: number): TimedWord {
    const word = {
      text,
      startMs: Math.round(this.#baseMs + this.#atMs),
      endMs: Math.round(this.#baseMs + endMs),
    };
    this.#atMs = endMs;
    this.#next += 1;
    return word;
  }
}

/** The pace after a clause of `chars` characters took `audioMs`. */
export function learnPace(msPerChar: number, chars: number, audioMs: number): number {
  if (chars < 10 || audioMs <= 0) return msPerChar;
  return Math.min(150, Math.max(35, 0.6 * msPerChar + 0.4 * (audioMs / chars)));
}
