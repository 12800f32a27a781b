import type { EarsHint } from "../pipeline/parts.ts";
import { digitsOf } from "./jsgf.ts";
import { confirmHint, isGoodbye, isMenu, menuHint, readMenuChoice, readYesNo } from "./receptionist-words.ts";

/** What happens on the call, as the receptionist sees it. */
export type ReceptionistInput =
  | { readonly type: "call-answered" }
  /** The caller said this; never empty. */
  | { readonly type: "words"; readonly text: string }
  /** The caller pressed these keys. */
  | { readonly type: "keys"; readonly digits: string }
  /** The caller said something that was not understood. */
  | { readonly type: "unclear" }
  | { readonly type: "silence" }
  | { readonly type: "time-is-short" }
  /** The caller was not put through to whom he wanted. */
  | { readonly type: "not-put-through" }
  /** Somebody of the house wants this said. */
  | { readonly type: "told"; readonly text: string }
  | { readonly type: "goodbye" };

/** What the receptionist says, and whether the call ends once it was heard, or goes to somebody else. */
export interface ReceptionistAnswer {
  readonly text: string;
  readonly hangUp: boolean;
  /** Name of whom the caller is put through to. */
  readonly putThroughTo?: string;
}

export interface ReceptionistOptions {
  readonly hasEars: boolean;
  /** Names of those the caller can be put through to; as many as there are keys left have one. */
  readonly people?: readonly string[];
}

/** Where the conversation stands. */
export type ReceptionistState = "menu" | "digits" | "message" | "confirm" | "over";

/** Failed attempts in a row after which the receptionist only offers keys, and after which the call ends. */
export const maxReprompts = 3;
export const maxFailures = 5;

const sentences = {
  greeting: "Hello, you have reached Tandem. This is an automated demo.",
  about:
    "Tandem is a voice gateway. It joins telephone calls with speaking machines. " +
    "This demo runs inside the gateway itself: my voice and my ears need no outside service, so I follow a script. " +
    "With the key of an AI provider, you would be talking with a real assistant now.",
  goodbye: "Thank you for calling. Goodbye.",
  sorry: "Sorry, I did not understand.",
  stillSorry: "I am sorry, I still did not understand.",
  hardToHear: "This line is hard for me to understand. Please use the keys of your phone.",
  giveUp: "I am sorry that this did not work. Please call again. Goodbye.",
  stillThere: "Are you still there?",
  timeIsShort: "This call will end in a few seconds.",
  notPutThrough: "I am sorry, I can not put you through now.",
  kept: "Thank you. Your message is in the transcript of this call.",
  keptInRecording:
    "Thank you. I can not understand speech here, but if this call is recorded, your message is in the recording.",
} as const;

/** The spoken menu, long and short, and what each state asks for; by ears or by keys alone. */
const promptsWithEars = {
  menu:
    "Say or press: one, to hear about Tandem. Two, to have digits read back. Three, to leave a message. " +
    "Or say goodbye, or press four, to end the call.",
  more: "What else? One is about Tandem, two reads back digits, three takes a message. Or say goodbye.",
  digits: "Please say some digits one by one, or enter them on your keypad and press pound.",
  message: "Please say your message now. When you pause, I will tell you what I understood.",
  confirm: "If that is right, say yes or press one. To try again, say no or press two.",
} as const;

const promptsWithKeys: Record<keyof typeof promptsWithEars, string> = {
  menu:
    "Press one to hear about Tandem, two to have digits read back, three to leave a message, " +
    "or four to end the call. I can only understand keys.",
  more: "What else? Press one, two or three, or four to end the call.",
  digits: "Please enter some digits on your keypad, then press pound.",
  message: "Please speak now, and press pound when you are done.",
  confirm: "If that is right, press one. To try again, press two.",
};

const digitNames = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

const expected: Record<ReceptionistState, EarsHint | undefined> = {
  menu: menuHint,
  digits: { digits: true },
  message: undefined,
  confirm: confirmHint,
  over: menuHint,
};

/** The first of the keys that put through to people, and the last. */
const firstPersonKey = 5;
const lastPersonKey = 9;

/** Longest message that is read back, in characters. */
const maxReadBackChars = 240;

/** A scripted receptionist: one answer for each thing that happens. English; voice or keys. */
export class Receptionist {
  readonly #hasEars: boolean;
  readonly #people: readonly string[];
  #state: ReceptionistState = "menu";
  #failures = 0;

  constructor({ hasEars, people = [] }: ReceptionistOptions) {
    this.#hasEars = hasEars;
    this.#people = people.slice(0, lastPersonKey - firstPersonKey + 1);
  }

  get state(): ReceptionistState {
    return this.#state;
  }

  /** What the caller will probably say next; undefined: anything. */
  get expects(): EarsHint | undefined {
    const hint = expected[this.#state];
    if (hint !== menuHint || this.#people.length === 0) return hint;
    return { grammar: [...menuHint.grammar, ...this.#people.map((_, at) => digitNames[firstPersonKey + at] ?? "")] };
  }

  /** How many keys the caller will press next; undefined: as many as he likes. */
  get keysExpected(): number | undefined {
    return this.#state === "digits" ? undefined : 1;
  }

  handle(input: ReceptionistInput): ReceptionistAnswer {
    switch (input.type) {
      case "call-answered":
        return this.#go("menu", sentences.greeting, this.#prompt("menu"));
      case "words":
        return this.#words(input.text);
      case "keys":
        return this.#keys(input.digits);
      case "unclear":
        return this.#notUnderstood();
      case "silence":
        return say(sentences.stillThere, this.#promptAgain());
      case "time-is-short":
        return say(sentences.timeIsShort);
      case "not-put-through":
        return this.#go("menu", sentences.notPutThrough, this.#prompt("more"));
      case "told":
        return say(input.text);
      case "goodbye":
        return this.#goodbye();
    }
  }

  #words(text: string): ReceptionistAnswer {
    if (isGoodbye(text)) return this.#goodbye();
    if (isMenu(text)) return this.#go("menu", this.#prompt("menu"));
    switch (this.#state) {
      case "menu":
      case "over": {
        const choice = readMenuChoice(text);
        return choice === undefined ? this.#notUnderstood() : this.#choose(choice);
      }
      case "digits": {
        const digits = digitsOf(text);
        return digits === "" ? this.#notUnderstood() : this.#readBack("I heard", digits);
      }
      case "message":
        return this.#go("confirm", `I understood: ${shortened(text)}.`, this.#prompt("confirm"));
      case "confirm": {
        const answer = readYesNo(text);
        return answer === undefined ? this.#notUnderstood() : this.#confirmed(answer);
      }
    }
  }

  #keys(keys: string): ReceptionistAnswer {
    // The star key leads back from everywhere.
    if (keys.endsWith("*")) return this.#go("menu", this.#prompt("menu"));
    switch (this.#state) {
      case "menu":
      case "over":
        return this.#choose(keys);
      case "digits": {
        const digits = keys.replace(/[^0-9]/g, "");
        return digits === "" ? this.#notUnderstood() : this.#readBack("You entered", digits);
      }
      case "message":
        return this.#go("menu", this.#hasEars ? sentences.kept : sentences.keptInRecording, this.#prompt("more"));
      case "confirm":
        return keys === "1" || keys === "2" ? this.#confirmed(keys === "1") : this.#notUnderstood();
    }
  }

  #choose(choice: string): ReceptionistAnswer {
    switch (choice) {
      case "1":
        return this.#go("menu", sentences.about, this.#prompt("more"));
      case "2":
        return this.#go("digits", this.#prompt("digits"));
      case "3":
        return this.#go("message", this.#prompt("message"));
      case "4":
        return this.#goodbye();
      case "#":
        return this.#go("menu", this.#prompt("menu"));
      default: {
        const name = this.#people[Number(choice) - firstPersonKey];
        if (name === undefined) return this.#notUnderstood();
        return { ...this.#go("menu", `One moment, I will put you through to ${name}.`), putThroughTo: name };
      }
    }
  }

  #readBack(verb: string, digits: string): ReceptionistAnswer {
    const spoken = [...digits].map((digit) => digitNames[Number(digit)]).join(", ");
    return this.#go("menu", `${verb} ${spoken}.`, this.#prompt("more"));
  }

  #confirmed(isRight: boolean): ReceptionistAnswer {
    if (!isRight) return this.#go("message", "All right.", this.#prompt("message"));
    return this.#go("menu", sentences.kept, this.#prompt("more"));
  }

  #notUnderstood(): ReceptionistAnswer {
    this.#failures += 1;
    if (this.#failures > maxFailures) {
      this.#state = "over";
      return { text: sentences.giveUp, hangUp: true };
    }
    if (this.#failures > maxReprompts) return say(sentences.hardToHear, this.#keyPrompt());
    return say(this.#failures === 1 ? sentences.sorry : sentences.stillSorry, this.#promptAgain());
  }

  #goodbye(): ReceptionistAnswer {
    this.#state = "over";
    return { text: sentences.goodbye, hangUp: true };
  }

  #go(state: ReceptionistState, ...parts: readonly string[]): ReceptionistAnswer {
    this.#state = state;
    this.#failures = 0;
    return say(...parts);
  }

  #prompt(name: keyof typeof promptsWithEars): string {
    const prompt = (this.#hasEars ? promptsWithEars : promptsWithKeys)[name];
    if (name !== "menu") return prompt;
    const press = this.#hasEars ? "say or press" : "press";
    const people = this.#people.map(
      (person, at) => `To talk to ${person}, ${press} ${digitNames[firstPersonKey + at]}.`,
    );
    return [prompt, ...people].join(" ");
  }

  #promptAgain(): string {
    return this.#prompt(this.#state === "over" ? "menu" : this.#state);
  }

  #keyPrompt(): string {
    if (this.#state !== "menu" && this.#state !== "over") return promptsWithKeys[this.#state];
    return "Press one for Tandem, two for digits, three for a message, or four to end the call.";
  }
}

function say(...parts: readonly string[]): ReceptionistAnswer {
  return { text: parts.join(" "), hangUp: false };
}

function shortened(text: string): string {
  const clean = text.replace(/[.\s]+$/, "");
  if (clean.length <= maxReadBackChars) return clean;
  return `${clean.slice(0, clean.lastIndexOf(" ", maxReadBackChars))}, and more`;
}
