import { describe, expect, test } from "vitest";
import { ClauseSplitter } from "../../../src/media/ai/clauses.ts";

/** Feeds a text in deltas of `size` characters. */
function split(text: string, size = 4, language = "en"): string[] {
  const splitter = new ClauseSplitter({ language });
  const clauses: string[] = [];
  for (let at = 0; at < text.length; at += size) clauses.push(...splitter.push(text.slice(at, at + size)));
  return [...clauses, ...splitter.flush()];
}

describe("clauses", () => {
  test("the first clause ends at an early comma, later ones are whole sentences", () => {
    expect(split("Yes, I can help you with that, of course. Which day suits you best? We are open all week.")).toEqual([
      "Yes, I can help you with that,",
      "of course. Which day suits you best?",
      "We are open all week.",
    ]);
  });

  test("the first clause comes out as soon as the word after it begins", () => {
    const splitter = new ClauseSplitter();
    expect(splitter.push("Sure.")).toEqual([]);
    expect(splitter.push(" I")).toEqual(["Sure."]);
  });

  test.each([1, 2, 3, 7, 1000])("the cut does not depend on how the text arrives (%i characters at a time)", (size) => {
    const text =
      "Good morning, this is Dr. Smith's office. It costs $3.50, i.e. 1,000.25 in all. Shall we say 9 a.m. on May 5, 2026?";
    expect(split(text, size)).toEqual([
      "Good morning, this is Dr. Smith's office.",
      "It costs $3.50, i.e. 1,000.25 in all.",
      "Shall we say 9 a.m. on May 5, 2026?",
    ]);
  });

  test.each([
    ["The code is 3.14159 exactly, and version 2.0.1 is out.", 1],
    ["Call Mr. J. Smith vs. Mrs. Doe at 5 p.m. today please", 1],
    ["Visit example.com/a.b or mail a.b@c.de today", 1],
    ["It is U.S. law", 1],
  ])("numbers, abbreviations and addresses stay whole: %s", (text, count) => {
    const clauses = split(text, 3);
    expect(clauses.length).toBeLessThanOrEqual(count + 1);
    expect(clauses.join(" ")).toBe(text);
    for (const clause of clauses) expect(clause).not.toMatch(/(Mr|Mrs|vs|J|U|\d)\.$/);
  });

  test("a German ordinal is no sentence end, an English number at a sentence end is", () => {
    expect(split("Wir treffen uns am 3. Mai um 10 Uhr in der Stadt.", 5, "de-DE")).toEqual([
      "Wir treffen uns am 3. Mai um 10 Uhr in der Stadt.",
    ]);
    expect(split("We have a table for 4. You can come at noon if you like.")).toEqual([
      "We have a table for 4.",
      "You can come at noon if you like.",
    ]);
  });

  test("a text without punctuation is cut at a word border, early the first time", () => {
    const clauses = split("word ".repeat(120).trim(), 11);
    expect(clauses[0]?.length).toBeLessThanOrEqual(80);
    for (const clause of clauses) {
      expect(clause.length).toBeLessThanOrEqual(220);
      expect(clause).toMatch(/^word( word)*$/);
    }
    expect(clauses.join(" ")).toBe("word ".repeat(120).trim());
  });

  test("a text without any border is cut all the same, never inside a surrogate pair", () => {
    const clauses = split("𠮷".repeat(400), 3);
    expect(clauses.join("")).toBe("𠮷".repeat(400));
    for (const clause of clauses) expect(clause.length).toBeLessThanOrEqual(220);
  });

  test("Chinese and Japanese sentences end without a space", () => {
    expect(split("はい、わかりました。少々お待ちください。今すぐ確認いたしますので。", 2)[0]).toBe(
      "はい、わかりました。",
    );
  });

  test("markdown, links, tags and emoji are not spoken", () => {
    const text =
      "# Menu\n\n- **Soup** of the `day`\n- [Bread](https://x.example/a_b) 🍞\n\n1. _Wait_ for it.\n```js\nlet x;\n```\n<b>Done</b> 5 * 3 is snake_case.";
    expect(split(text, 5).join("|")).toBe(
      "Menu|Soup of the day|Bread|1. Wait for it.|let x;|Done 5 * 3 is snake_case.",
    );
  });

  test.each(["***", "— … !", "🎉🎉", "```\n```", " \n \n"])("what no voice can say is left out: %j", (text) => {
    expect(split(text, 1)).toEqual([]);
  });

  test.each([1, 3, 8, 100])("reasoning is never spoken, however it is cut (%i)", (size) => {
    expect(
      split("<think>Secret plan. Really!</think>Hello there. <THINKING>more</THINKING>Bye now.", size).join(" "),
    ).toBe("Hello there. Bye now.");
  });

  test("unclosed reasoning is dropped, a lone closing tag drops what stands before it", () => {
    expect(split("Hello. <think>I should never say this. Not at all.")).toEqual(["Hello."]);
    expect(split("the user wants a greeting so</think>Hello there.", 6)).toEqual(["Hello there."]);
  });

  test("a bare < is no tag", () => {
    expect(split("If a < b and 3 <4 then stop <now", 2).join(" ")).toBe("If a < b and 3 <4 then stop <now");
  });
});
