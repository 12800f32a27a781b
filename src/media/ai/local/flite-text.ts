/** Longest text given to flite at once, in characters; about 25 s of speech. */
export const maxClauseLength = 300;

/** Longest text `speakableClauses` takes in all; the rest is dropped. */
export const maxTextLength = 4000;

const replacements: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201b]/g, "'"],
  [/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"'],
  [/\s*[\u2013\u2014]\s*/g, ", "],
  [/[\u0300-\u036f]/g, ""],
  [/[^\x20-\x7e]+/g, " "],
  [/\s+/g, " "],
];

/** Text as flite's English front end can read it: ASCII, one line, nothing that looks like a command-line option. */
export function speakableText(text: string): string {
  let clean = text.slice(0, maxTextLength).replace(/\s+/g, " ").normalize("NFKD");
  for (const [pattern, replacement] of replacements) clean = clean.replace(pattern, replacement);
  return clean.trim().replace(/^-+/, "").trim();
}

/** True when there is anything to pronounce in a text. */
export function isPronounceable(text: string): boolean {
  return /[A-Za-z0-9]/.test(text);
}

/**
 * Cuts a text into pieces of at most `maxClauseLength` characters, at the ends of sentences where there are some, else
 * between words: the first one can be heard while the next is made.
 */
export function speakableClauses(text: string): readonly string[] {
  const clauses: string[] = [];
  let rest = speakableText(text);
  while (rest.length > maxClauseLength) {
    const head = rest.slice(0, maxClauseLength + 1);
    const sentenceEnd = Math.max(head.lastIndexOf(". "), head.lastIndexOf("? "), head.lastIndexOf("! "));
    const space = head.lastIndexOf(" ");
    const cut = sentenceEnd > 0 ? sentenceEnd + 1 : space > 0 ? space : maxClauseLength;
    clauses.push(rest.slice(0, cut).trim());
    rest = rest.slice(cut).trim();
  }
  clauses.push(rest);
  return clauses.filter(isPronounceable);
}
