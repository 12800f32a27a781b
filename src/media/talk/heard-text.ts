/** Where a word with a known time ends: in its item's audio and in its item's text. */
export interface WordEnd {
  readonly endMs: number;
  /** Index into the text just after the word. */
  readonly endChar: number;
}

/** How much of an item's audio is there and was heard. */
export interface HeardExtent {
  readonly heardMs: number;
  readonly receivedMs: number;
  /** All audio of the item was received, so all its text belongs to `receivedMs`. */
  readonly complete: boolean;
}

/** Brisk English; text of an incomplete item runs ahead of its audio, so its length tells nothing. */
const charsPerMs = 0.014;
/** Scripts that write a syllable or more with one sign. */
const wideCharsPerMs = 0.006;
const wideScript = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const whitespace = /\s/;
const wordChar = /[\p{L}\p{N}]/u;

/**
 * How many characters of an item's text the caller can have heard, cut where a word ends: by the words' own times where
 * there are any, else by the share of the audio, and never faster than people speak while the item is incomplete.
 */
export function heardChars(text: string, words: readonly WordEnd[], extent: HeardExtent): number {
  const { heardMs, receivedMs, complete } = extent;
  if (heardMs <= 0 || receivedMs <= 0) return 0;
  if (complete && heardMs >= receivedMs) return text.length;
  if (words.length > 0) return timedChars(text, words, heardMs);
  const share = text.length * Math.min(1, heardMs / receivedMs);
  const spoken = heardMs * (wideScript.test(text) ? wideCharsPerMs : charsPerMs);
  return wordBoundary(text, Math.floor(complete ? share : Math.min(share, spoken)));
}

function timedChars(text: string, words: readonly WordEnd[], heardMs: number): number {
  let end = 0;
  for (const word of words) {
    if (word.endMs > heardMs) break;
    end = Math.max(end, word.endChar);
  }
  // The full stop belongs to the word before it.
  while (end > 0 && end < text.length && !whitespace.test(text.charAt(end)) && !wordChar.test(text.charAt(end))) end++;
  return end;
}

/** The last end of a word at or before `limit`. */
function wordBoundary(text: string, limit: number): number {
  if (limit >= text.length) return text.length;
  let end = limit;
  while (end > 0 && !whitespace.test(text.charAt(end))) end--;
  if (end > 0 || !wideScript.test(text)) return end;
  // No spaces to cut at; but never inside a surrogate pair.
  return /[\udc00-\udfff]/.test(text.charAt(limit)) ? limit - 1 : limit;
}
