/** What PocketSphinx made of an utterance. */
export interface Hypothesis {
  /** Lower case words, "" for nothing. */
  readonly text: string;
  /** Path score: 0 or less, the nearer to 0 the better it fits. */
  readonly score: number;
}

/**
 * Reads one answer line of `pocketsphinx_batch`, `words (utterance score)`, of the utterance asked for; undefined for
 * any other line.
 */
export function parseHypothesis(line: string, utterance: string): Hypothesis | undefined {
  const match = /^(.*)\(([^()\s]+) (-?[0-9]+)\)\s*$/.exec(line);
  if (!match || match[2] !== utterance) return undefined;
  const words = match[1]!.split(/\s+/).filter((word) => word !== "" && !/^[<[+]/.test(word));
  return { text: words.map((word) => word.replace(/\([0-9]+\)$/, "")).join(" "), score: Number(match[3]) };
}

/**
 * Below this score a grammar's answer is noise. Measured over recorded human prompts and three synthetic voices as
 * telephone audio with 0.3 s of silence at both ends: right answers −1800 … −4200, other speech mostly below −4300.
 */
export const minGrammarScore = -4300;

/** Longest utterance a menu's phrase can be, in ms with the silence around it; who talks longer says something else. */
export const maxGrammarUtteranceMs = 4500;

/** Shortest time a spoken digit takes, in ms. */
const minDigitMs = 220;

/** True when a grammar's answer may be believed, by its score and its length. */
export function isCredible(hypothesis: Hypothesis, utteranceMs: number, repeats: boolean): boolean {
  if (hypothesis.text === "") return false;
  const words = hypothesis.text.split(" ").length;
  if (repeats)
    return words * minDigitMs <= utteranceMs && hypothesis.score >= minGrammarScore * Math.max(1, words / 1.5);
  return utteranceMs <= maxGrammarUtteranceMs && hypothesis.score >= minGrammarScore;
}
