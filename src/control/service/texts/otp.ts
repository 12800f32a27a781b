/**
 * Finds the one-time code in a text: a word or figure that a word for "code" points at. What looks like a code but is a
 * price, a date, a telephone number, the end of a card's number or an order is ruled out by its shape or its neighbours.
 */
import {
  codeWord,
  figureName,
  moneyBefore,
  notCodes,
  otherCode,
  saysWhatFollows,
  saysWhatItIs,
  unitBehind,
} from "./otp-words.ts";

/** Characters read; real texts with codes have 30 to 300. */
const maxReadLength = 1600;
/** Farther than this from a word for a code nothing is one, in characters. */
const maxGap = 100;
/** Without a word that joins the two, a code is nearer. */
const maxLooseGap = 60;
/** Four digits can be so many things that they are nearer still. */
const maxLooseGapOfFour = 25;
/** Text in front of and behind a candidate that may rule it out. */
const neighbourLength = 40;

/** What may be a code. */
interface Candidate {
  readonly code: string;
  readonly start: number;
  readonly end: number;
  /** `figure`: digits; `mixed`: letters and digits; `letters`: letters alone. */
  readonly kind: "figure" | "mixed" | "letters";
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The one-time code of a text without its decoration (`G-123456` and `123 456` give `123456`); undefined: there is none. */
export function extractOtp(body: string): string | undefined {
  const text = plain(body.slice(0, maxReadLength));
  const direct = codeOfOrigin(text) ?? codeAlone(text);
  if (direct !== undefined) return direct;
  const masked = withoutLinks(text);
  const words = codeWordsIn(masked);
  if (words.length === 0) return undefined;
  let best: { readonly code: string; readonly score: number } | undefined;
  for (const candidate of [...figuresIn(masked), ...mixedIn(masked), ...lettersIn(masked)]) {
    const score = scoreOf(candidate, masked, words);
    if (score > (best?.score ?? 0)) best = { code: candidate.code, score };
  }
  return best?.code;
}

/** One writing of digits, spaces and dashes, and nothing invisible. */
function plain(body: string): string {
  return body
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .replace(/[٠-٩۰-۹०-९]/gu, digitValue)
    .replace(/[‐‑‒–—−]/gu, "-")
    .replace(/[^\S\n]+/gu, " ");
}

/** Arabic, Persian and Devanagari digits lie in rows that begin at …0 or …6. */
function digitValue(digit: string): string {
  const point = digit.codePointAt(0) ?? 0;
  const zero = point >= 0x966 ? 0x966 : point >= 0x6f0 ? 0x6f0 : 0x660;
  return String(point - zero);
}

/** `@example.com #123456` at a line's beginning (W3C "Origin-bound one-time codes"). */
function codeOfOrigin(text: string): string | undefined {
  return /^@[a-z0-9.-]{1,253}(?::\d+)? #([a-z0-9]{4,12})(?=\s|$)/im.exec(text)?.[1];
}

/** A text that is nothing but a code. */
function codeAlone(text: string): string | undefined {
  const match = /^\W*(?:[A-Z]{1,2}-)?(\d{4,8}|\d{3}[ -]\d{3}|\d{4}[ -]\d{4})[\s."']*$/.exec(text);
  if (!match || /[+$€£#/]/.test(text)) return undefined;
  const code = match[1]!.replace(/\D/g, "");
  return isYear(code) ? undefined : code;
}

/** Written so that each begins where nothing of the kind came before: a long row of dots or @ is read once. */
const links = [
  /https?:\/\/[\x21-\x7e]+/giu,
  /(?<![\w.+-])[\w.+-]{1,64}@[\w.-]+/gu,
  /(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63})+\/[\x21-\x7e]*/gu,
];

/** Links and mail addresses hold figures of their own. */
function withoutLinks(text: string): string {
  return links.reduce((rest, link) => rest.replace(link, (found) => "/".repeat(found.length)), text);
}

function codeWordsIn(text: string): Span[] {
  const masked = text.replace(otherCode, (other) => "/".repeat(other.length));
  return [...masked.matchAll(codeWord)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

/** Digits with what may stand between them; part of no word in Latin or Cyrillic letters, except behind `G-`. */
const figureRun =
  /(?<![\p{Script=Latin}\p{Script=Cyrillic}\d_])\+?\d+(?:(?:[-./:,]| |\) ?-?)\d+)*(?!-?[\p{Script=Latin}\p{Script=Cyrillic}_])/gu;

function* figuresIn(text: string): Generator<Candidate> {
  for (const match of text.matchAll(figureRun)) yield* figuresOfRun(match[0], match.index);
}

/** The codes a run of figures may hold: as a whole, or one of those between its spaces. */
function* figuresOfRun(run: string, start: number): Generator<Candidate> {
  const groups = run.split(/\D+/).filter((group) => group !== "");
  const lengths = groups.map((group) => group.length);
  const digits = groups.join("");
  const figure = (code: string, from: number, length: number): Candidate => ({
    code,
    start: from,
    end: from + length,
    kind: "figure",
  });
  if (run.startsWith("+") || run.includes(")")) return;
  if (/^[\d ]+$/.test(run) && isSpacedCode(lengths)) {
    yield figure(digits, start, run.length);
    return;
  }
  // A telephone number: 415 555 1234, 07911 123456.
  if (/^[\d -]+$/.test(run) && groups.length > 1 && digits.length >= 9 && lengths[0]! <= 5) return;
  let at = start;
  for (const part of run.split(" ")) {
    if (/^(?:\d{4,8}|\d{3}-\d{3}|\d{4}-\d{4})$/.test(part)) yield figure(part.replace("-", ""), at, part.length);
    at += part.length + 1;
  }
}

/** `123 456`, `1234 5678`, `12 34 56`, `1 2 3 4 5 6`. */
function isSpacedCode(lengths: readonly number[]): boolean {
  const [first = 0] = lengths;
  if (lengths.some((length) => length !== first)) return false;
  if (first === 1) return lengths.length >= 4 && lengths.length <= 8;
  return (first === 2 && lengths.length === 3) || ((first === 3 || first === 4) && lengths.length === 2);
}

/** Letters and digits mixed: `A1B2C3`, `9XK4-22PQ`. What is a prefix before digits counts as a figure: `ABC-123456`. */
const mixedRun = /(?<![A-Za-z0-9_-])[A-Za-z0-9]{2,10}(?:-[A-Za-z0-9]{2,6}){0,2}(?![\p{Script=Latin}\d_-])/gu;

function* mixedIn(text: string): Generator<Candidate> {
  for (const { 0: code, index: start } of text.matchAll(mixedRun)) {
    const end = start + code.length;
    const prefixed = /^([A-Za-z]{1,5})-(\d{4,8})$/.exec(code);
    if (prefixed) yield { code: prefixed[2]!, start, end, kind: "figure" };
    else if (isMixedCode(code)) yield { code, start, end, kind: "mixed" };
  }
}

function isMixedCode(code: string): boolean {
  const length = code.replaceAll("-", "").length;
  if (length < 4 || length > 12 || !/\d/.test(code) || !/[A-Za-z]/.test(code)) return false;
  // 10min, 24HRS, 1st; and names such as Windows11.
  if (/^\d{1,4}[A-Za-z]{1,5}$/.test(code) && (/[a-z]$/.test(code) || unitBehind.test(code.replace(/^\d+/, "")))) {
    return false;
  }
  return !/^[A-Z]?[a-z]{3,}\d+$/.test(code);
}

/** Capitals alone, in a text that is not all in capitals. */
function* lettersIn(text: string): Generator<Candidate> {
  if (!/[a-z]{3}/.test(text)) return;
  for (const { 0: code, index: start } of text.matchAll(/(?<![\p{L}\d_-])[A-Z]{4,8}(?![\p{L}\d_-])/gu)) {
    if (!notCodes.has(code)) yield { code, start, end: start + code.length, kind: "letters" };
  }
}

/** How likely it is the code; 0: it is none. */
function scoreOf({ code, start, end, kind }: Candidate, text: string, words: readonly Span[]): number {
  const before = text.slice(Math.max(0, start - neighbourLength), start);
  const behind = text.slice(end, end + neighbourLength);
  if (figureName.test(before) || moneyBefore.test(before) || unitBehind.test(behind)) return 0;
  let gap = maxGap + 1;
  let isPointedAt = false;
  for (const word of words) {
    if (word.start < end && word.end > start) continue;
    const isBefore = word.end <= start;
    const distance = isBefore ? start - word.end : word.start - end;
    if (distance > maxGap) continue;
    gap = Math.min(gap, distance);
    isPointedAt ||= isBefore
      ? saysWhatFollows.test(text.slice(word.end, start))
      : saysWhatItIs.test(behind) || isAskedFor(before);
  }
  if (gap > maxGap) return 0;
  if (!isPointedAt) {
    if (kind !== "figure" || isYear(code)) return 0;
    if (gap > (code.length === 4 ? maxLooseGapOfFour : maxLooseGap)) return 0;
  }
  const usual = code.length === 6 ? 15 : 0;
  const byKind = { figure: 30, mixed: 10, letters: 0 }[kind];
  return (isPointedAt ? 200 : 1) + (maxGap - gap) + usual + byKind;
}

/** "Enter 1234 to verify": the verb stands before, what it is for behind. */
function isAskedFor(before: string): boolean {
  return /\p{L}\s*$/u.test(before) && saysWhatFollows.test(before.slice(-12));
}

function isYear(code: string): boolean {
  return /^(?:19|20)\d\d$/.test(code);
}
