/** What a conversation came to, read from its transcript by rules alone: the same words always give the same summary. */
import type { Utterance } from "../../../media/protocol.ts";
import type { CallIntent, CallSummary } from "../webhooks/notices.ts";

/** Sums up a transcript in order. It runs in the transaction of a call's ending: it asks nobody and does not wait. */
export type Summarise = (transcript: readonly Utterance[]) => CallSummary;

const maxSummaryChars = 300;
const maxQuotedSentences = 2;
const maxCallbackChars = 80;

/** Signs of each intent, the more telling first; where several fit as well, the first of them is it. */
const intentSigns: readonly (readonly [Exclude<CallIntent, "other">, RegExp])[] = [
  [
    "spam",
    /extended warranty|business (?:loan|listing|funding)|google listing|seo services|press (?:one|1)\b|you(?: have|'ve) (?:won|been selected)|free (?:cruise|vacation)|crypto ?currency/i,
  ],
  [
    "complaint",
    /complain|refund|unacceptable|not (?:at all )?(?:happy|satisfied)|unhappy|disappoint|terrible|never (?:showed|came|called)|overcharg/i,
  ],
  ["scheduling", /appointment|(?:re)?schedul|\bbook(?:ing)?\b|reserv(?:e|ation)|come in (?:on|at)|\bslot\b/i],
  ["quote_request", /\bquote\b|estimate|how much|\bprices?\b|pricing|\bcosts?\b|\brates?\b/i],
  [
    "service_request",
    /\bfix|repair|broken|broke down|\bleak|not working|doesn't work|does not work|install|clog|\bneed (?:some(?:one|body)|help|an?|the|my)\b|help (?:me )?with/i,
  ],
  [
    "general_inquiry",
    /\bhours\b|are you open|do you (?:have|offer|do|take|accept)|where are you|\bquestion\b|wondering|\?/i,
  ],
];

const highUrgency =
  /emergency|\burgent|\basap\b|as soon as possible|right (?:away|now)|immediately|flood|\bburst\b|\bfire\b|\bgas\b.*\bsmell|smell.*\bgas\b/i;
const lowUrgency = /no (?:rush|hurry)|not (?:urgent|in a hurry)|isn't urgent|whenever|take your time/i;

/** "my name is sam" in any case; other beginnings only before a capital, for "I'm calling" is no name. */
const spokenNames = [
  /\b[Mm]y name(?:'s| is)\s+([A-Za-z][\w'-]*(?:\s+[A-Z][\w'-]*){0,2})/,
  /\b(?:[Tt]his is|I'm|I am|[Ii]t's|[Cc]all me|[Nn]ame's)\s+([A-Z][a-z'-]+(?:\s+[A-Z][a-z'-]+){0,2})/,
];
const notNames = new Set([
  "Calling",
  "Looking",
  "Interested",
  "Just",
  "Not",
  "Sorry",
  "Okay",
  "Yes",
  "No",
  "The",
  "A",
  "I",
]);

const callback =
  /\b(?:call|ring|phone|reach|text)(?:\s+me)?(?:\s+back)?\s+((?:today|tonight|tomorrow|this|next|at|by|before|after|around|between|on|in|any ?time|within|as soon as)\b[^.?!,;]*)/i;

/** A summary without a model: the caller's most telling sentences, and what can be told from single words. */
export const summariseByRules: Summarise = (transcript) => {
  const said = transcript
    .filter(({ role, via }) => role === "caller" && via === "speech")
    .map(({ text }) => text.trim());
  const words = said.join(" ");
  const callerName = nameIn(said);
  const intent = intentOf(words);
  const spam = intent === "spam";
  return {
    summary: sentenceOf(said, callerName, intent),
    callerName,
    intent,
    urgency: spam || lowUrgency.test(words) ? "low" : highUrgency.test(words) ? "high" : "medium",
    callbackBy: callback.exec(words)?.[1]?.trim().slice(0, maxCallbackChars) ?? null,
    spam,
  };
};

function intentOf(words: string): CallIntent {
  return intentSigns.find(([, sign]) => sign.test(words))?.[0] ?? "other";
}

function nameIn(said: readonly string[]): string | null {
  for (const text of said) {
    for (const pattern of spokenNames) {
      const name = pattern.exec(text)?.[1];
      if (name && !notNames.has(name.split(/\s/, 1)[0] ?? "")) return name.replace(/^[a-z]/, (c) => c.toUpperCase());
    }
  }
  return null;
}

function sentenceOf(said: readonly string[], name: string | null, intent: CallIntent): string {
  const who = name ?? "The caller";
  const sentences = said.flatMap((text) => text.split(/(?<=[.?!])\s+/)).filter((sentence) => sentence !== "");
  if (sentences.length === 0) return `${who} said nothing.`;
  const sign = intentSigns.find(([each]) => each === intent)?.[1];
  const ranked = sentences.map((sentence, place) => ({ sentence, place, weight: weightOf(sentence, sign) }));
  const chosen = ranked
    .sort((one, other) => other.weight - one.weight || one.place - other.place)
    .slice(0, maxQuotedSentences)
    .sort((one, other) => one.place - other.place);
  const quoted = chosen.map(({ sentence }) => sentence).join(" ");
  const cut = quoted.length > maxSummaryChars ? `${quoted.slice(0, maxSummaryChars - 1).trimEnd()}…` : quoted;
  return `${who} said: "${cut}"`;
}

/** What bears on the intent weighs most, then what says when or how much, then what is not just a word or two. */
function weightOf(sentence: string, sign: RegExp | undefined): number {
  const words = sentence.split(/\s+/).length;
  return (
    (sign?.test(sentence) ? 100 : 0) + (callback.test(sentence) || /[0-9]/.test(sentence) ? 10 : 0) + Math.min(words, 9)
  );
}
