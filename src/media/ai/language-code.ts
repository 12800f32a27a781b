/** The two-letter code (ISO 639-1) a BCP 47 tag begins with; undefined when it has none (`und`: the speaker's, whatever it is). */
export function languageCode(tag: string): string | undefined {
  return /^[a-z]{2}(?![a-z])/i.exec(tag)?.[0].toLowerCase();
}
