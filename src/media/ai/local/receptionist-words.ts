import type { EarsHint } from "../pipeline/parts.ts";

const goodbyeWords = ["goodbye", "good bye", "bye", "bye bye", "hang up", "that's all", "nothing", "no thank you"];
const menuWords = ["main menu", "menu", "repeat", "help", "cancel"];
const menuNumbers = ["one", "two", "three", "four"];
const numberWords = [...menuNumbers, "five", "six", "seven", "eight", "nine"];

/** The menu's entries in the caller's words. */
const entryWords = {
  "1": ["hear about tandem", "about tandem", "tell me about tandem", "tandem"],
  "2": ["read back digits", "digits", "numbers"],
  "3": ["leave a message", "take a message", "message"],
} as const;

/** Small grammars without open loops: what the ears listen for in a state. */
export const menuHint = {
  grammar: [...menuNumbers, ...Object.values(entryWords).flat(), ...goodbyeWords, ...menuWords],
} as const satisfies EarsHint;
export const confirmHint: EarsHint = {
  grammar: [
    "yes",
    "yes please",
    "right",
    "that's right",
    "correct",
    "no",
    "wrong",
    "try again",
    ...goodbyeWords,
    ...menuWords,
  ],
};
function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9' ]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** True when all that was said is a goodbye, with a little politeness around it. */
export function isGoodbye(text: string): boolean {
  const words = plain(text).replace(/^(?:okay|ok|no|well|thank you|thanks|and|please)\s+|\s+(?:now|please|then)$/g, "");
  return goodbyeWords.includes(words) || goodbyeWords.includes(plain(text));
}

/** True when the caller asks for the menu. */
export function isMenu(text: string): boolean {
  return menuWords.includes(plain(text).replace(/\s+please$/, ""));
}

/** The menu entry a caller means, "1" … "9"; free speech counts when it names exactly one. */
export function readMenuChoice(text: string): string | undefined {
  const words = plain(text);
  const number = /^(?:(?:press|number|option|say|i want) )*([a-z0-9]+)(?: please)?$/.exec(words)?.[1];
  if (number !== undefined && /^[1-9]$/.test(number)) return number;
  if (number !== undefined && numberWords.includes(number)) return String(numberWords.indexOf(number) + 1);
  const named = Object.entries(entryWords).filter(([, entries]) => {
    return entries.some((entry) => ` ${words} `.includes(` ${entry} `));
  });
  return named.length === 1 ? named[0]![0] : undefined;
}

/** Yes or no; undefined when it is neither or both. */
export function readYesNo(text: string): boolean | undefined {
  const words = ` ${plain(text)} `;
  const yes = / (?:yes|yeah|right|correct|okay|one|1|keep it) /.test(words);
  const no = / (?:no|wrong|try again|two|2|not right) /.test(words);
  return yes === no ? undefined : yes;
}
