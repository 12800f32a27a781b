/** The words by which people refuse texts, take them again, or ask who writes (CTIA Messaging Principles §5.1.3; 47 CFR 64.1200(a)(10)). */

/** What a keyword asks for. */
export type TextKeyword = "stop" | "start" | "help";

const keywords: Readonly<Record<string, TextKeyword>> = {
  STOP: "stop",
  STOPALL: "stop",
  "STOP ALL": "stop",
  UNSUBSCRIBE: "stop",
  CANCEL: "stop",
  END: "stop",
  QUIT: "stop",
  OPTOUT: "stop",
  "OPT OUT": "stop",
  "OPT-OUT": "stop",
  REVOKE: "stop",
  START: "start",
  UNSTOP: "start",
  YES: "start",
  HELP: "help",
  INFO: "help",
};

/** Longer texts are no keyword, whatever surrounds the word. */
const maxKeywordLength = 40;

/** The keyword a text is: the word alone, however written, with at most quotes and punctuation around it. "Please stop by at 5" is none. */
export function readKeyword(body: string): TextKeyword | undefined {
  if (body.length > maxKeywordLength) return undefined;
  const word = body
    .normalize("NFKC")
    .replace(/^[\s"'“”‘’«».,!?;:()[\]*_-]+|[\s"'“”‘’«».,!?;:()[\]*_-]+$/gu, "")
    .replace(/\s+/gu, " ")
    .toUpperCase();
  return Object.hasOwn(keywords, word) ? keywords[word] : undefined;
}

/** What is known of a contact's wishes about one of our numbers. */
export interface Consent {
  readonly isOptedOut: boolean;
  /** Wall ms of the last answer to HELP; null: never. */
  readonly helpedAt: number | null;
}

/** What a keyword changes, and the answer to it; undefined: nothing, and no answer. */
export interface KeywordOutcome {
  readonly consent: Consent;
  readonly reply: string;
}

/** HELP is answered once a day and pair, so that two machines cannot talk for ever. */
const helpEveryMs = 24 * 3_600_000;

const replies: Readonly<Record<TextKeyword, string>> = {
  stop: "You have been unsubscribed and will get no more messages from this number. Reply START to get them again.",
  start: "You will get messages from this number again. Reply STOP to unsubscribe, HELP for help.",
  help: "Reply STOP to get no more messages from this number, START to get them again. Message and data rates may apply.",
};

/** Decides about a keyword. A wish that was granted already is not answered again, so YES in a conversation is only a word. */
export function applyKeyword(keyword: TextKeyword, consent: Consent, now: number): KeywordOutcome | undefined {
  switch (keyword) {
    case "stop":
      return consent.isOptedOut ? undefined : { consent: { ...consent, isOptedOut: true }, reply: replies.stop };
    case "start":
      return consent.isOptedOut ? { consent: { ...consent, isOptedOut: false }, reply: replies.start } : undefined;
    case "help": {
      const isSoon = consent.helpedAt !== null && now - consent.helpedAt < helpEveryMs;
      return isSoon ? undefined : { consent: { ...consent, helpedAt: now }, reply: replies.help };
    }
  }
}
