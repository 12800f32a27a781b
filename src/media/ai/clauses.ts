import { ReasoningFilter, toSpeakable } from "./pipeline/speakable.ts";

/** Where a text is cut for the voice; lengths in characters. */
export interface ClauseOptions {
  /** BCP 47 tag; decides whether "3. " may be an ordinal. */
  readonly language: string;
  /** The first clause may end at a comma once it is this long, so that the voice starts early. */
  readonly firstMinChars: number;
  /** The first clause is cut at a word border here at the latest. */
  readonly firstMaxChars: number;
  /** A later sentence shorter than this is joined with the next. */
  readonly minChars: number;
  /** A later clause is cut here at the latest. */
  readonly maxChars: number;
}

/** First words early, then whole sentences. */
export const defaultClauseOptions = {
  language: "en",
  firstMinChars: 16,
  firstMaxChars: 80,
  minChars: 24,
  maxChars: 220,
} as const satisfies ClauseOptions;

/** Words that end in a full stop inside a sentence, lower case, without the stop. */
const abbreviations = new Set(
  (
    "mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie no nr fig approx dept est inc ltd co corp ave blvd rd apt ext tel " +
    "a.m p.m u.s u.k jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun " +
    "z.b d.h u.a bzw ca usw str hr fr evtl ggf inkl sra srta ud uds pág av mme mlle p.ex"
  ).split(" "),
);

/** Languages that write ordinals with a full stop ("am 3. Mai"). */
const ordinalStopLanguages = new Set("de da nb nn no fi cs sk pl hu hr sl et lv tr".split(" "));

/** Cuts a stream of model text into clauses a voice can say; reasoning and markup never come out. */
export class ClauseSplitter {
  readonly #options: ClauseOptions;
  readonly #ordinalStops: boolean;
  readonly #reasoning = new ReasoningFilter();
  #pending = "";
  #first = true;

  constructor(options: Partial<ClauseOptions> = {}) {
    this.#options = { ...defaultClauseOptions, ...options };
    this.#ordinalStops = ordinalStopLanguages.has(this.#options.language.slice(0, 2).toLowerCase());
  }

  /** True when text waits for the end of its clause. */
  get hasText(): boolean {
    return this.#pending.trim() !== "";
  }

  /** Adds model text; gives the clauses that are complete now. */
  push(delta: string): string[] {
    const { text, restart } = this.#reasoning.push(delta);
    this.#pending = restart ? text : this.#pending + text;
    return this.#cut();
  }

  /** The stream ended: gives what is left. */
  flush(): string[] {
    this.#pending += this.#reasoning.flush();
    const clauses = this.#cut();
    const rest = toSpeakable(this.#pending);
    this.#pending = "";
    if (rest !== "") clauses.push(rest);
    return clauses;
  }

  #cut(): string[] {
    const clauses: string[] = [];
    for (;;) {
      const end = this.#findCut();
      if (end === undefined) return clauses;
      const clause = toSpeakable(this.#pending.slice(0, end));
      this.#pending = this.#pending.slice(end).trimStart();
      if (clause === "") continue;
      this.#first = false;
      clauses.push(clause);
    }
  }

  /** Index after the next clause; undefined when more text is needed to know. */
  #findCut(): number | undefined {
    const text = this.#pending;
    const { firstMinChars, firstMaxChars, minChars, maxChars } = this.#options;
    const limit = this.#first ? firstMaxChars : maxChars;
    let lastWeak: number | undefined;
    for (let i = 0; i < text.length && i <= limit; i += 1) {
      const border = this.#borderAfter(text, i);
      if (border === "none") continue;
      if (border === "line") {
        if (text.slice(0, i).trim() !== "") return i + 1;
        continue;
      }
      const end = endOfClosers(text, i + 1);
      const longEnough = border === "sentence" ? this.#first || end >= minChars : this.#first && end >= firstMinChars;
      if (longEnough) return end;
      lastWeak = end;
    }
    if (text.length <= limit) return undefined;
    if (lastWeak !== undefined && lastWeak > limit / 4) return lastWeak;
    const space = text.lastIndexOf(" ", limit);
    if (space > 0) return space;
    const code = text.charCodeAt(limit - 1);
    return code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
  }

  /** What kind of border the character at `i` is, given the text after it. */
  #borderAfter(text: string, i: number): "none" | "line" | "sentence" | "weak" {
    const char = text[i];
    if (char === "\n") return "line";
    if (char === "。" || char === "！" || char === "？") return "sentence";
    if (char === undefined || !".!?…,;:–—".includes(char)) return "none";
    const next = text[endOfClosers(text, i + 1)];
    if (next === undefined || !/\s/.test(next)) return "none";
    if (char === "!" || char === "?" || char === "…") return "sentence";
    if (char === ".") return this.#isSentenceStop(text, i) ? "sentence" : "none";
    // "May 5, 2026": a comma between numbers belongs to them.
    return char === "," && isDigit(text[i - 1]) && isDigit(text[i + 2]) ? "none" : "weak";
  }

  #isSentenceStop(text: string, i: number): boolean {
    const before = /[\p{L}\p{N}.]*$/u.exec(text.slice(Math.max(0, i - 24), i))?.[0] ?? "";
    if (before === "") return true;
    if (/^[\d.]+$/.test(before)) {
      const startsLine = /(?:^|\n)\s*$/.test(text.slice(0, i - before.length));
      const follower = /^[.\s"')\]]*(\S)/.exec(text.slice(i))?.[1];
      if (startsLine || this.#ordinalStops || follower === undefined) return false;
      return !isDigit(follower) && follower !== follower.toLowerCase();
    }
    if (/^\p{L}$/u.test(before)) return false;
    return !abbreviations.has(before.toLowerCase());
  }
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= "0" && char <= "9";
}

/** Closing quotes and brackets stay with the sentence they end. */
function endOfClosers(text: string, from: number): number {
  let end = from;
  while (end < text.length && `"'”’»)]*_`.includes(text[end] ?? " ")) end += 1;
  return end;
}
