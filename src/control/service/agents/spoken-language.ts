/** What language an agent of a number speaks. */

/** Spoken languages by their code (ISO 639-1); `auto`: the caller's. */
const names = {
  auto: "",
  en: "English",
  es: "Spanish",
  fr: "French",
  de: "German",
  it: "Italian",
  pt: "Portuguese",
  nl: "Dutch",
  ja: "Japanese",
  ko: "Korean",
  zh: "Mandarin Chinese",
  hi: "Hindi",
  ar: "Arabic",
} as const;

export type SpokenLanguage = keyof typeof names;

export const spokenLanguages = Object.keys(names) as readonly SpokenLanguage[];

/** BCP 47 of a language that is not known: callers bring their own. */
export const undetermined = "und";

/** True for the code of a language in the list. */
export function isSpokenLanguage(text: string): text is SpokenLanguage {
  return Object.hasOwn(names, text);
}

/** The agent's language tag. */
export function tagOf(language: SpokenLanguage): string {
  return language === "auto" ? undetermined : language;
}

/** The spoken language of an agent's tag; `auto` where it is none of the list. */
export function spokenLanguageOf(tag: string): SpokenLanguage {
  const code = tag.split("-", 1)[0] ?? "";
  return isSpokenLanguage(code) ? code : "auto";
}

/** What the model is told of it, after the customer's own words, which stay as they are. */
export function withLanguage(instructions: string, language: SpokenLanguage): string {
  const directive =
    language === "auto"
      ? "Speak the language the other person speaks."
      : `Speak ${names[language]} only, even when the other person speaks another language.`;
  return `${instructions}\n\n${directive}`;
}
