import type { TimedWord } from "../session.ts";

/** A run of sound between two pauses, in ms. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Reads flite's `-psdur` line (`pau:0.119 hh:0.212 …`: phone and end time in s) into the spans between its pauses. */
export function voicedSpans(phones: string): readonly Span[] {
  const spans: Span[] = [];
  let startMs = 0;
  let endMs = 0;
  let voiced = false;
  for (const match of phones.matchAll(/([a-z]+\d?):([0-9]+(?:\.[0-9]+)?)/g)) {
    const nextMs = Number(match[2]) * 1000;
    if (match[1] === "pau") {
      if (voiced) spans.push({ startMs, endMs });
      voiced = false;
    } else if (!voiced) {
      voiced = true;
      startMs = endMs;
    }
    endMs = nextMs;
  }
  if (voiced) spans.push({ startMs, endMs });
  return spans;
}

/**
 * When each word of a text is spoken. Phrases of the text (up to its punctuation) are matched with the spans between
 * pauses; inside a phrase time is shared by the length of the words. Where the counts differ, all words share all spans.
 */
export function wordTimes(text: string, spans: readonly Span[]): readonly TimedWord[] {
  const words = text.split(/\s+/).filter((word) => /[A-Za-z0-9]/.test(word));
  if (words.length === 0 || spans.length === 0) return [];
  const phrases: string[][] = [[]];
  for (const word of words) {
    phrases.at(-1)!.push(word);
    if (/[,.;:?!]["')]*$/.test(word)) phrases.push([]);
  }
  if (phrases.at(-1)!.length === 0) phrases.pop();
  if (phrases.length !== spans.length) return spread(words, spans);
  return phrases.flatMap((phrase, index) => spread(phrase, [spans[index]!]));
}

/** A digit is read as a word of its own, so it weighs like four letters. */
function weight(word: string): number {
  const digits = word.replace(/[^0-9]/g, "").length;
  const letters = word.replace(/[^A-Za-z]/g, "").length;
  return 1 + letters + 4 * digits;
}

function spread(words: readonly string[], spans: readonly Span[]): readonly TimedWord[] {
  const totalMs = spans.reduce((sum, span) => sum + span.endMs - span.startMs, 0);
  const totalWeight = words.reduce((sum, word) => sum + weight(word), 0);
  let before = 0;
  return words.map((text) => {
    const startMs = placeOf((before / totalWeight) * totalMs, spans, true);
    before += weight(text);
    return { text, startMs, endMs: placeOf((before / totalWeight) * totalMs, spans, false) };
  });
}

/** Where the given amount of sound has passed; on a border the next span's start or this one's end. */
function placeOf(soundMs: number, spans: readonly Span[], atStart: boolean): number {
  let rest = soundMs;
  for (const span of spans) {
    const lengthMs = span.endMs - span.startMs;
    if (atStart ? rest < lengthMs - 1e-6 : rest <= lengthMs + 1e-6) return span.startMs + rest;
    rest -= lengthMs;
  }
  return spans.at(-1)!.endMs;
}
