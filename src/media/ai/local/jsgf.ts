import type { EarsHint } from "../pipeline/parts.ts";

/** What one recogniser process listens for: a grammar without open loops, but for spoken digits. */
export interface Grammar {
  /** The same for the same phrases, whatever their order. */
  readonly key: string;
  readonly phrases: readonly string[];
  /** Every word the pronunciation dictionary must have. */
  readonly words: readonly string[];
  /** Any number of the phrases may follow each other, or one of `exits` is said alone. */
  readonly repeats: boolean;
  readonly exits: readonly string[];
}

/** Most phrases of a grammar and most words of a phrase; the rest is left out. */
export const maxPhrases = 60;
export const maxPhraseWords = 8;

/** What else may be said when digits are asked for. */
const digitExits = ["goodbye", "main menu", "cancel"];

const digitWords = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/**
 * Words that compete with a menu's phrases. A grammar always returns something, so what people say besides the menu
 * must be something too; who asked for the menu sees an answer it does not have.
 */
const competitors = [...digitWords, "yes", "no", "hello", "sorry", "what", "okay", "thank you", "please"];

/** The grammar of a hint; undefined when it names nothing that can be pronounced. */
export function grammarOf(hint: EarsHint): Grammar | undefined {
  if ("digits" in hint) {
    const words = allWords([...digitWords, ...digitExits]);
    return { key: "digits", phrases: digitWords, words, repeats: true, exits: digitExits };
  }
  const phrases = hint.grammar.map(spokenForm).filter((phrase) => phrase !== "" && wordsOf(phrase) <= maxPhraseWords);
  if (phrases.length === 0) return undefined;
  const all = [...new Set([...phrases.slice(0, maxPhrases), ...competitors])].sort();
  return { key: all.join("|"), phrases: all, words: allWords(all), repeats: false, exits: [] };
}

/** The grammar without the phrases that use words the dictionary lacks; undefined when none is left. */
export function withoutUnknownWords(grammar: Grammar, known: ReadonlySet<string>): Grammar | undefined {
  const sayable = (phrase: string) => phrase.split(" ").every((word) => known.has(word));
  const phrases = grammar.phrases.filter(sayable);
  const exits = grammar.exits.filter(sayable);
  return phrases.length === 0 ? undefined : { ...grammar, phrases, exits, words: allWords([...phrases, ...exits]) };
}

/** The grammar in the JSpeech Grammar Format 1.0. */
export function writeJsgf(grammar: Grammar): string {
  const utterance = [grammar.repeats ? "<phrase>+" : "<phrase>", ...grammar.exits].join(" | ");
  return `#JSGF V1.0;\ngrammar tandem;\n<phrase> = ${grammar.phrases.join(" | ")};\npublic <utterance> = ${utterance};\n`;
}

/** Words as the dictionary spells them: lower case, letters and apostrophes; digits are spelled out. */
function spokenForm(phrase: string): string {
  return phrase
    .slice(0, 200)
    .toLowerCase()
    .replace(/[0-9]/g, (digit) => ` ${digitWords[Number(digit)]} `)
    .replace(/[^a-z']+/g, " ")
    .trim();
}

function wordsOf(phrase: string): number {
  return phrase.split(" ").length;
}

function allWords(phrases: readonly string[]): readonly string[] {
  return [...new Set(phrases.flatMap((phrase) => phrase.split(" ")))];
}

/** The digits of spoken digit words, "42" for "four two"; words that are no digits are left out. */
export function digitsOf(text: string): string {
  let digits = "";
  for (const word of text.toLowerCase().split(/[^a-z0-9]+/)) {
    const value = word === "oh" ? 0 : digitWords.indexOf(word);
    digits += value >= 0 ? String(value) : /^[0-9]+$/.test(word) ? word : "";
  }
  return digits;
}
