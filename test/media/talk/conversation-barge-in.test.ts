import { describe, expect, test } from "vitest";
import { ConversationCall } from "../../kit/conversation-call.ts";

const answer = "The ferry to the northern islands leaves every day at seven in the morning and at noon.";

/** A call whose agent begins to be heard at about 2720 and would speak until about 8900. */
function answering(capabilities: ConstructorParameters<typeof ConversationCall>[1] = {}, turn = {}): ConversationCall {
  const call = new ConversationCall({ turn: { nudgeAfterMs: 0, ...turn } }, capabilities);
  call.ai.replies.push({ text: answer });
  call.ai.words.push("when does it leave");
  return call.speech(1000, 2000);
}

const byProvider = [{ endsTurns: true }, { detection: "provider" }] as const;

describe("conversation: barge-in", () => {
  test("the agent falls silent at once; when it is confirmed, the model is told to the ms what was heard", () => {
    const call = answering();
    call.ai.words.push("no the southern islands");
    call.speech(5000, 6500).until(5059);
    const before = call.carrier.messages.clears;
    call.until(5700);
    expect(call.carrier.messages.clears).toBe(before + 1);
    const heardMs = call.carrier.playedAll.length / 8;
    expect(heardMs).toBeGreaterThan(2300);
    expect(call.ai.log.slice(-2)).toEqual(["5700 cancel-response", `5700 truncate item_1 ${heardMs}`]);
    call.until(12_000);
    const [, interrupted] = call.transcript;
    expect(interrupted).toMatch(/^agent: The ferry to the northern.*…$/);
    expect(interrupted?.length).toBeLessThan(answer.length / 2);
    expect(call.transcript.slice(2)).toEqual(["caller: no the southern islands", "agent: All right then."]);
    expect(call.newsOf("interruption").map(({ interruption }) => interruption)).toEqual([
      { onsetAtMs: 5000, silencedAtMs: 5060, decidedAtMs: 5700, outcome: "yielded", heardMs },
    ]);
  });

  test('"mm-hm" pauses for its length: on from the exact sample, and the model never hears of it', () => {
    const call = answering().speech(5000, 5300).until(5400);
    const pausedAt = call.carrier.playedAll.length;
    expect(call.until(5480).carrier.playedAll.length).toBe(pausedAt);
    call.until(12_000);
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.ai.log.filter((line) => /discard|cancel|truncate/.test(line))).toEqual(["5500 discard-turn"]);
    expect(call.newsOf("interruption").map(({ interruption }) => interruption.outcome)).toEqual(["backchannel"]);
    expect(call.transcript).toEqual(["caller: when does it leave", `agent: ${answer}`]);
  });

  test("after a backchannel the next turn begins where it begins", () => {
    const call = answering().speech(5000, 5300).speech(10_000, 11_000);
    call.ai.words.push("thank you very much");
    call.until(14_000);
    expect(call.utterances.findLast(({ role }) => role === "caller")).toMatchObject({ startMs: 10_000, endMs: 11_000 });
  });

  test("noise that takes the floor is known by its empty words: the agent goes on where he was cut", () => {
    const call = answering();
    call.ai.words.push("");
    call.speech(5000, 6500).until(15_000);
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.newsOf("interruption").map(({ interruption }) => interruption.outcome)).toEqual(["false-alarm"]);
    expect(call.transcript[1]).toBe(`agent: ${answer}`);
    expect(call.transcript).toHaveLength(2);
    // The reply that was asked for the noise is called off, and the model is told that the rest was heard after all.
    expect(call.ai.log).toContain("7100 cancel-response");
    expect(call.ai.log.at(-1)).toMatch(/add-text agent: .*morning and at noon\.$/);
    expect(call.utterances[1]).toMatchObject({ interrupted: false });
  });

  test("an item that goes on after noise and is then cut: the model is told what was heard in between", () => {
    const call = answering();
    call.ai.words.push("", "wait a moment");
    call.speech(4000, 5200).speech(8000, 9500).until(14_000);
    const cut = call.transcript[1] ?? "";
    expect(cut).toMatch(/…$/);
    const told = call.ai.orders.flatMap((order) =>
      order.type === "truncate" ? [order.heardText] : order.type === "add-text" ? [order.text] : [],
    );
    expect(told).toHaveLength(2);
    expect(`agent: ${told.join(" ")}…`).toBe(cut);
  });

  test("an answer that comes before the words settles it: nothing is said again", () => {
    const call = answering();
    call.ai.transcribeMs = 900;
    call.ai.words.push("");
    call.speech(5000, 6500).until(15_000);
    expect(call.heardWhole("item_1")).toBe(false);
    expect(call.transcript.slice(1)).toEqual([expect.stringMatching(/…$/), "agent: All right then."]);
  });

  test("a provider that ends turns: without words what was unheard is said, and the call listens again", () => {
    const call = new ConversationCall({ turn: { nudgeAfterMs: 4000, maxNudges: 1, ...byProvider[1] } }, byProvider[0]);
    call.ai.replies.push({ text: answer });
    call.speech(1000, 2000).at(2300, () => call.conversation.aiEvent({ type: "turn-ended" }, call.now));
    call.speech(5000, 6500).until(14_000);
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.newsOf("interruption").map(({ interruption }) => interruption.outcome)).toEqual(["false-alarm"]);
    expect(call.ai.log.at(-1)).toMatch(/add-text agent: .*noon\.$/);
    // Listening: silence is minuted again.
    expect(call.until(18_000).ai.log.some((line) => line.endsWith("say nudge"))).toBe(true);
  });

  test("a provider's words make it a turn", () => {
    const call = new ConversationCall({ turn: { nudgeAfterMs: 0, ...byProvider[1] } }, byProvider[0]);
    call.ai.replies.push({ text: answer });
    call.ai.words.push("when");
    call.speech(1000, 2000).at(2300, () => call.conversation.aiEvent({ type: "turn-ended" }, call.now));
    const words = { type: "caller-transcript", itemId: "turn_x", text: "no the southern islands" } as const;
    call.speech(5000, 6500).at(6600, () => call.conversation.aiEvent({ ...words, final: true }, call.now));
    call.at(6900, () => call.conversation.aiEvent({ type: "turn-ended" }, call.now)).until(12_000);
    expect(call.transcript).toEqual([
      "caller: when",
      expect.stringMatching(/^agent: The ferry.*…$/),
      "caller: no the southern islands",
      "agent: All right then.",
    ]);
  });

  test("keys take the floor at once, and are the turn", () => {
    const call = answering().key(5000, "4").key(5400, "2").until(5001);
    expect(call.ai.log.at(-1)).toMatch(/^5000 truncate item_1 \d+$/);
    call.until(12_000);
    expect(call.newsOf("dtmf").map(({ digit }) => digit)).toEqual(["4", "2"]);
    expect(call.ai.log).toContain("7900 add-text caller: [keys] 42");
    expect(call.ai.log).toContain("7900 respond caller-turn");
    expect(call.utterances.find(({ via }) => via === "dtmf")).toMatchObject({ text: "42", startMs: 5000, endMs: 7900 });
  });

  test("one key is a turn at once where the agent's script expects one, whatever the customer has set", () => {
    const call = new ConversationCall({ turn: { dtmfMaxDigits: 3 } });
    call.ai.keys = 1;
    call.key(1000, "2").key(1100, "#").until(3000);
    expect(call.ai.log.slice(0, 3)).toEqual([
      "1000 add-text caller: [keys] 2",
      "1000 commit-turn",
      "1000 respond caller-turn",
    ]);
    // A # out of habit is no further turn and does not call the answer off.
    expect(call.newsOf("dtmf").map(({ digit }) => digit)).toEqual(["2", "#"]);
    expect(call.transcript).toEqual(["caller: 2", "agent: All right then."]);
  });

  test("as many keys as the customer has set are a turn at once", () => {
    const call = new ConversationCall({ turn: { dtmfMaxDigits: 3 } });
    call.key(1000, "2").key(1300, "7").key(1600, "9").until(1601);
    expect(call.ai.log[0]).toBe("1600 add-text caller: [keys] 279");
  });

  test("keys are a turn when nobody speaks; # ends it", () => {
    const call = new ConversationCall().key(1000, "7").key(1500, "#").until(6000);
    expect(call.ai.log.slice(0, 3)).toEqual([
      "1500 add-text caller: [keys] 7",
      "1500 commit-turn",
      "1500 respond caller-turn",
    ]);
    expect(call.transcript).toEqual(["caller: 7", "agent: All right then."]);
  });
});
