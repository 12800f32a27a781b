import { describe, expect, test } from "vitest";
import { prepareSpeech, readFliteWav } from "../../../../src/media/ai/local/flite-audio.ts";
import { maxClauseLength, speakableClauses, speakableText } from "../../../../src/media/ai/local/flite-text.ts";
import { isCredible, parseHypothesis } from "../../../../src/media/ai/local/hypothesis.ts";
import { digitsOf, grammarOf, withoutUnknownWords, writeJsgf } from "../../../../src/media/ai/local/jsgf.ts";
import { voicedSpans, wordTimes } from "../../../../src/media/ai/local/word-times.ts";

describe("flite text", () => {
  test("flite text: becomes plain ASCII that no option can hide in", () => {
    expect(speakableText("“Café” – it’s\n\topen… 日本 --help")).toBe('"Cafe", it\'s open... --help');
    expect(speakableText("--version")).toBe("version");
  });

  test("flite text: is cut at sentences, else between words, never longer than a clause", () => {
    const sentence = `${"word ".repeat(30).trim()}. `;
    const clauses = speakableClauses(sentence.repeat(5));
    expect(clauses.every((clause) => clause.endsWith(".") && clause.length <= maxClauseLength)).toBe(true);
    const endless = speakableClauses("x".repeat(10_000));
    expect(endless.every((clause) => clause.length <= maxClauseLength)).toBe(true);
    expect(endless.join("").length).toBe(4000);
    expect(speakableClauses("?! …")).toEqual([]);
  });
});

describe("flite audio", () => {
  test("flite audio: pauses around the speech are cut and the level is brought to −18 dBFS", () => {
    const samples = new Int16Array(16_000);
    for (let index = 4000; index < 12_000; index += 1) samples[index] = 2000 * Math.sin(index / 5);
    const { samples: prepared, cutMs } = prepareSpeech(samples);
    expect(cutMs).toBe(230);
    expect(prepared.length / 16).toBe(20 + 500 + 160);
    const speech = prepared.subarray(20 * 16, 520 * 16);
    const rms = Math.sqrt(speech.reduce((sum, sample) => sum + sample * sample, 0) / speech.length);
    expect(20 * Math.log10(rms / 32768)).toBeCloseTo(-18, 0);
  });

  test("flite audio: a lone peak is not clipped, the whole stays softer instead", () => {
    const samples = new Int16Array(16_000).map((_, index) => (index === 8000 ? 32_000 : 500 * Math.sin(index / 5)));
    const { samples: prepared } = prepareSpeech(samples);
    expect(Math.max(...prepared)).toBeLessThanOrEqual(29_205);
    expect(Math.max(...prepared)).toBeGreaterThan(29_000);
  });

  test("flite audio: silence stays silence, and what is no WAV is refused", () => {
    expect(prepareSpeech(new Int16Array(320)).samples).toEqual(new Int16Array(320));
    expect(readFliteWav(new Uint8Array(10))).toBeUndefined();
    expect(readFliteWav(new Uint8Array(100))).toBeUndefined();
  });
});

describe("word times", () => {
  const phones = "pau:0.1 hh:0.2 ow:0.5 pau:0.7 hh:0.8 aw:1.1 aa:1.3 pau:1.5 ";

  test("word times: each phrase gets its own run of sound, shared by the length of its words", () => {
    expect(voicedSpans(phones)).toEqual([
      { startMs: 100, endMs: 500 },
      { startMs: 700, endMs: 1300 },
    ]);
    const words = wordTimes("Hello, how are", voicedSpans(phones));
    expect(words[0]).toEqual({ text: "Hello,", startMs: 100, endMs: 500 });
    expect(words[1]).toEqual({ text: "how", startMs: 700, endMs: 1000 });
    expect(words[2]!.endMs).toBeCloseTo(1300);
  });

  test("word times: where pauses and punctuation differ, words share all the sound and skip the pauses", () => {
    const words = wordTimes("Hello how are you", voicedSpans(phones));
    expect(words).toHaveLength(4);
    expect(words[0]!.startMs).toBe(100);
    expect(words.at(-1)!.endMs).toBeCloseTo(1300);
    for (let index = 1; index < words.length; index += 1) {
      expect(words[index]!.startMs).toBeGreaterThanOrEqual(words[index - 1]!.endMs - 1e-6);
    }
  });

  test("word times: no words or no sound give none", () => {
    expect(wordTimes("…", voicedSpans(phones))).toEqual([]);
    expect(wordTimes("Hello", voicedSpans("pau:0.5"))).toEqual([]);
    expect(voicedSpans("nonsense")).toEqual([]);
  });
});

describe("grammar", () => {
  test("grammar: a menu is its phrases and the words that compete with them, without loops", () => {
    const grammar = grammarOf({ grammar: ["Leave a message!", "Press 1"] })!;
    expect(grammar.phrases).toEqual(expect.arrayContaining(["leave a message", "press one", "zero", "hello"]));
    expect(writeJsgf(grammar)).not.toMatch(/[+*]/);
    expect(writeJsgf(grammar)).toMatch(
      /^#JSGF V1\.0;\ngrammar tandem;\n<phrase> = .*press one.*;\npublic <utterance> = <phrase>;\n$/,
    );
  });

  test("grammar: hostile phrases cannot break out of it", () => {
    const grammar = grammarOf({ grammar: ["a; public <x> = <x>+ | b", "\n\n", "word ".repeat(500)] })!;
    expect(writeJsgf(grammar).match(/public/g)!.length).toBeLessThanOrEqual(2);
    expect(grammar.phrases.every((phrase) => /^[a-z' ]+$/.test(phrase))).toBe(true);
    expect(grammarOf({ grammar: ["!!", ""] })).toBeUndefined();
  });

  test("grammar: the same menu has the same key, in whatever order", () => {
    expect(grammarOf({ grammar: ["a", "b"] })!.key).toBe(grammarOf({ grammar: ["b", "A."] })!.key);
  });

  test("grammar: digits repeat, and a way out may be said instead", () => {
    const grammar = grammarOf({ digits: true })!;
    expect(writeJsgf(grammar)).toContain("public <utterance> = <phrase>+ | goodbye | main menu | cancel;");
  });

  test("grammar: phrases with words the dictionary lacks are left out", () => {
    const grammar = grammarOf({ grammar: ["hello tandem", "hello qwertz"] })!;
    expect(withoutUnknownWords(grammar, new Set(["hello", "tandem"]))!.phrases).toEqual(["hello", "hello tandem"]);
    expect(withoutUnknownWords(grammar, new Set())).toBeUndefined();
  });

  test("digits: are read out of words and figures", () => {
    expect(digitsOf("nine one oh")).toBe("910");
    expect(digitsOf("it is 42, seven")).toBe("427");
    expect(digitsOf("hello")).toBe("");
  });
});

describe("hypothesis", () => {
  test("hypothesis: an answer line is words, name and score; other lines are nothing", () => {
    expect(parseHypothesis("nine one zero (u7 -4952)", "u7")).toEqual({ text: "nine one zero", score: -4952 });
    expect(parseHypothesis("(u7 0)", "u7")).toEqual({ text: "", score: 0 });
    expect(parseHypothesis("<sil> the(2) ++NOISE++ end [SPEECH] (u7 -9)", "u7")).toEqual({
      text: "the end",
      score: -9,
    });
    for (const line of ["", "hello", "hello (u8 -9)", "hello (u7 nine)", "(((("]) {
      expect(parseHypothesis(line, "u7")).toBeUndefined();
    }
  });

  test("hypothesis: a menu's answer is believed when it fits well and is short", () => {
    expect(isCredible({ text: "one", score: -2300 }, 1500, false)).toBe(true);
    expect(isCredible({ text: "one", score: -4800 }, 1500, false)).toBe(false);
    expect(isCredible({ text: "one", score: -2300 }, 6000, false)).toBe(false);
    expect(isCredible({ text: "", score: -100 }, 1500, false)).toBe(false);
  });

  test("hypothesis: digits are believed when there was time to say them", () => {
    expect(isCredible({ text: "nine one nine zero", score: -8186 }, 4100, true)).toBe(true);
    expect(isCredible({ text: "one two three four five six", score: -4000 }, 1000, true)).toBe(false);
  });
});
