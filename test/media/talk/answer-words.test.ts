import { expect, test } from "vitest";
import { weighAnswerWords } from "../../../src/media/talk/answer-words.ts";

test("answer words: what machines say, however it is written", () => {
  for (const text of [
    "Please leave a message",
    "HI YOU'VE  REACHED the Smiths",
    "I can’t take your call right now",
    "Sie haben die Mailbox von",
    "vous êtes sur la messagerie de",
    "spreek een bericht in na de toon",
    "deixe seu recado após o sinal",
    "lasciate un messaggio dopo il segnale",
  ]) {
    expect(weighAnswerWords(text), text).toBe("machine");
  }
});

test("answer words: who offers help is a person, and a hello tells nothing", () => {
  expect(weighAnswerWords("Harbour Marine, how can I help you?")).toBe("human");
  expect(weighAnswerWords("Who is this?")).toBe("human");
  expect(weighAnswerWords("Hello? Smith.")).toBeUndefined();
  expect(weighAnswerWords("")).toBeUndefined();
});

test("answer words: only the beginning of a long text is looked at", () => {
  expect(weighAnswerWords(`${"so ".repeat(100_000)}leave a message`)).toBeUndefined();
});
