import { describe, expect, test } from "vitest";
import { promptTemplates, templatesFor } from "../../../../src/control/service/agents/prompt-templates.ts";
import {
  isSpokenLanguage,
  spokenLanguageOf,
  spokenLanguages,
  tagOf,
  withLanguage,
} from "../../../../src/control/service/agents/spoken-language.ts";
import { defaultVoice, voiceOfCall, voices } from "../../../../src/control/service/agents/voices.ts";

const voiceIds: readonly (string | undefined)[] = voices.map(({ id }) => id);

describe("voices", () => {
  test("there are the ten that are documented, shimmer when nothing is said", () => {
    const ids = voices.map(({ id }) => id as string);
    expect(ids.toSorted()).toEqual(
      ["alloy", "ash", "ballad", "cedar", "coral", "echo", "marin", "sage", "shimmer", "verse"].toSorted(),
    );
    expect(defaultVoice).toBe("shimmer");
    expect(voices.find(({ id }) => id === "sage")?.trait).toBe("calm, authoritative, confident");
  });
});

describe("prompt templates", () => {
  test("five for calls that come in, with the voices that are documented", () => {
    expect(
      Object.fromEntries(templatesFor("inbound").map(({ id, recommendedVoice }) => [id, recommendedVoice])),
    ).toEqual({
      receptionist: "shimmer",
      "lead-qualifier": "coral",
      "appointment-booker": "sage",
      "customer-support": "ash",
      "call-screener": "verse",
    });
  });

  test("three for calls we make", () => {
    expect(templatesFor("outbound").map(({ id }) => id)).toEqual([
      "outbound-appointment-booker",
      "outbound-info-request",
      "outbound-callback-confirmation",
    ]);
  });

  test("each has places to fill in, a voice of the list and a sensible length", () => {
    for (const template of promptTemplates) {
      expect(template.systemPrompt).toMatch(/\[[A-Z ]{3,}/);
      expect(voiceIds).toContain(template.recommendedVoice);
      expect(template.firstMessage.length).toBeGreaterThan(10);
      expect(template.maxDurationMs).toBeGreaterThanOrEqual(60_000);
    }
  });
});

describe("spoken language", () => {
  test("thirteen codes, each with its tag and back", () => {
    expect(spokenLanguages).toHaveLength(13);
    for (const language of spokenLanguages) expect(spokenLanguageOf(tagOf(language))).toBe(language);
    expect(spokenLanguageOf("en-US")).toBe("en");
    expect(spokenLanguageOf("sv")).toBe("auto");
    expect(isSpokenLanguage("toString")).toBe(false);
  });

  test("the model is told after the customer's own words", () => {
    expect(withLanguage("You are Ann.", "es")).toBe(
      "You are Ann.\n\nSpeak Spanish only, even when the other person speaks another language.",
    );
    expect(withLanguage("You are Ann.", "auto")).toContain("the language the other person speaks");
  });
});

describe("voices of other services", () => {
  test("somebody speaks in their place; ids nobody knows have the provider's default; all others stay", () => {
    for (const name of ["rachel", "21m00Tcm4TlvDq8ikWAM", "cgSgspJ2msm6clMCkdW9"]) {
      expect(voiceIds).toContain(voiceOfCall(name)!);
    }
    expect(voiceOfCall("0".repeat(20))).toBeUndefined();
    expect(voiceOfCall(null)).toBeUndefined();
    for (const name of ["marin", "slt", "our-own-voice", "toString"]) expect(voiceOfCall(name)).toBe(name);
  });
});
