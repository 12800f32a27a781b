/** Words that say "I am listening", not "I want to speak", by language. They keep the agent talking. */
export const backchannelWords = {
  en: "mm mhm mm-hm mmhm mm-hmm hm hmm uh uh-huh huh um er ah aha oh yeah yep yes yup ok okay right sure alright cool good great",
  de: "mm mhm mm-hm hm hmm äh ähm ah aha oh ach ja jo okay ok genau gut stimmt richtig klar so",
  es: "mm mhm ajá aha ah eh oh sí si ya vale bueno claro ok okay bien",
  fr: "mm mhm hm euh ah oh oui ouais ok okay d'accord voilà bien bon",
  it: "mm mhm hm eh ah oh sì si già ok okay bene certo va",
  pt: "mm mhm hm ah é oh sim tá ok okay certo bom",
  nl: "mm mhm hm eh ah oh ja jawel oké ok okay goed precies klopt",
  ja: "うん ええ はい へえ そう ああ",
} as const satisfies Record<string, string>;

/** At most this many words are a backchannel; three are the start of a sentence. */
export const maxBackchannelWords = 2;

/** The list for a language tag (`de-AT` → `de`); English, which most callers mix in, when there is none. */
export function backchannelWordsFor(language: string): readonly string[] {
  const tag = language.toLowerCase().split(/[-_]/)[0] ?? "";
  const own: string | undefined = (backchannelWords as Readonly<Record<string, string>>)[tag];
  return (own ?? backchannelWords.en).split(" ");
}

/** What a piece of transcript weighs: all its words, and those that are not backchannels. */
export interface WordWeight {
  readonly total: number;
  readonly real: number;
}

/** More of a transcript than this decides nothing. */
const maxWeighedChars = 400;
const wordPattern = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;
const unspacedScript = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** Weighs a transcript. In scripts without spaces two characters count as a word. */
export function weighWords(text: string, backchannels: readonly string[]): WordWeight {
  let total = 0;
  let real = 0;
  for (const match of text.slice(0, maxWeighedChars).toLowerCase().matchAll(wordPattern)) {
    const word = match[0].replaceAll("’", "'");
    if (backchannels.includes(word)) {
      total += 1;
      continue;
    }
    const count = unspacedScript.test(word) ? Math.ceil(word.length / 2) : 1;
    total += count;
    real += count;
  }
  return { total, real };
}

/** True for one or two words, all of them backchannels. */
export function isBackchannel(weight: WordWeight): boolean {
  return weight.real === 0 && weight.total > 0 && weight.total <= maxBackchannelWords;
}
