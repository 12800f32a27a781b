import { describe, expect, test } from "vitest";
import { ConversationCall } from "../../kit/conversation-call.ts";
import { spokenMs } from "../../kit/scripted-ai.ts";

const answer = "The ferry to the northern islands leaves every day at seven in the morning and at noon.";
const nudging = { turn: { nudgeAfterMs: 4000, maxNudges: 2, nudgeText: "Are you there?" } };
const tool = { toolCallId: "tool_1", name: "lookup" };

/** When orders of a kind were given. */
function times(call: ConversationCall, order: string): number[] {
  return call.ai.log.filter((line) => line.endsWith(` ${order}`)).map((line) => Number(line.split(" ")[0]));
}

describe("conversation: tools", () => {
  test("a call is run once and its result told once, and the agent goes on to say it", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: "Let me see.", tools: [tool] }, { text: "It is number forty two." });
    call.speech(1000, 2000).answerTool(4000, "tool_1").answerTool(4100, "tool_1").until(9000);
    expect(call.toolsRun).toEqual(["tool_1"]);
    expect(call.newsOf("tool-started")).toMatchObject([{ toolCallId: "tool_1", name: "lookup", argumentsJson: "{}" }]);
    expect(call.newsOf("tool-ended")).toMatchObject([{ toolCallId: "tool_1", ok: true }]);
    expect(times(call, "tool-result tool_1 true")).toEqual([4000]);
    expect(call.transcript).toEqual(["agent: Let me see.", "agent: It is number forty two."]);
    expect(call.newsOf("turn").map(({ turn }) => turn.reason)).toEqual(["caller-turn", "tool-result"]);
  });

  test("the same call told twice by the provider is run once", () => {
    const call = new ConversationCall();
    const event = { type: "tool-call", responseId: "response_1", argumentsJson: "{}", ...tool } as const;
    call.conversation.aiEvent(event, 10);
    call.conversation.aiEvent(event, 20);
    expect(call.toolsRun).toEqual(["tool_1"]);
    expect(call.newsOf("tool-started")).toHaveLength(1);
  });

  test("of several results the last one brings the reply", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: "Let me see.", tools: [tool, { toolCallId: "tool_2", name: "lookup" }] });
    call.speech(1000, 2000).answerTool(4000, "tool_1").until(4500);
    expect(call.newsOf("turn").map(({ turn }) => turn.reason)).toEqual(["caller-turn"]);
    call.answerTool(5000, "tool_2").until(9000);
    expect(call.newsOf("turn").map(({ turn }) => turn.reason)).toContain("tool-result");
  });

  test("a result that comes while the caller speaks waits for his turn", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: "Let me see.", tools: [tool] }, { text: "It is number forty two." });
    call.speech(1000, 2000).speech(5000, 7000).answerTool(6500, "tool_1").until(12_000);
    expect(times(call, "tool-result tool_1 false")).toEqual([6500]);
    expect(times(call, "respond caller-turn")).toEqual([2500, 7500]);
    expect(call.transcript).toEqual(["agent: Let me see.", "agent: It is number forty two."]);
  });

  test("a slow tool without a word from the agent is no late reply", () => {
    const call = new ConversationCall(nudging);
    call.ai.replies.push({ audioMs: 0, tools: [tool] }, { text: "It is number forty two." });
    call.speech(1000, 2000).answerTool(40_000, "tool_1").until(43_000);
    expect(call.newsOf("call-error")).toEqual([]);
    expect(times(call, "say nudge")).toEqual([]);
    expect(call.transcript).toEqual(["agent: It is number forty two."]);
  });
});

describe("conversation: silence", () => {
  test("is counted from what was played: a nudge, another one, a goodbye, and the end as caller-silent", () => {
    const call = new ConversationCall({ ...nudging, firstMessage: answer }).until(60_000);
    const nudgeMs = spokenMs("Are you there?");
    const [first = 0, second = 0] = times(call, "say nudge");
    const greetedMs = call.utterances[0]?.endMs ?? 0;
    expect(first - greetedMs).toBeGreaterThanOrEqual(4000);
    expect(first - greetedMs).toBeLessThan(4100);
    expect(second - first).toBeGreaterThanOrEqual(4000 + nudgeMs);
    expect(call.transcript.slice(1, 3)).toEqual(["agent: Are you there?", "agent: Are you there?"]);
    const goodbye = call.utterances.at(-1);
    expect(goodbye?.text).toMatch(/Goodbye\.$/);
    expect(goodbye?.interrupted).toBe(false);
    expect(call.ending?.cause).toBe("caller-silent");
    expect(call.ending?.at).toBeGreaterThanOrEqual((goodbye?.endMs ?? 0) + 200);
  });

  test("a caller who speaks or presses a key begins it anew", () => {
    const call = new ConversationCall(nudging).speech(3000, 3500).key(9000, "1").until(16_000);
    for (const at of times(call, "say nudge")) expect(at).toBeGreaterThan(13_000);
  });

  test("no nudge while a tool runs", () => {
    const call = new ConversationCall(nudging);
    call.ai.replies.push({ text: "Let me see.", tools: [tool] });
    expect(times(call.speech(1000, 2000).until(30_000), "say nudge")).toEqual([]);
  });

  test("no nudge while the agent has unplayed audio", () => {
    const call = new ConversationCall({ turn: { nudgeAfterMs: 1000, maxNudges: 1 } });
    call.ai.replies.push({ text: answer });
    call.speech(500, 900).until(7000);
    expect(times(call, "say nudge")).toEqual([]);
  });

  test("a caller who answers the goodbye is not hung up on", () => {
    const call = new ConversationCall({ turn: { nudgeAfterMs: 2000, maxNudges: 1 } }).until(6000);
    const [goodbyeAt = 0] = times(call, "say goodbye");
    expect(goodbyeAt).toBeGreaterThan(0);
    call.ai.words.push("yes I am still here");
    call.speech(goodbyeAt + 1500, goodbyeAt + 3000).until(goodbyeAt + 5500);
    expect(call.ending).toBeUndefined();
    expect(call.transcript.at(-1)).toBe("agent: All right then.");
  });
});

describe("conversation: the end", () => {
  const goodbye = "Thank you for calling, goodbye and have a good day.";

  /** The agent says goodbye, hangs up by tool, and is heard from about 2720 on. */
  function leaving(): ConversationCall {
    const call = new ConversationCall();
    call.ai.replies.push({ text: goodbye, tools: [{ toolCallId: "tool_1", name: "hang_up" }] });
    call.speech(1000, 2000).at(2900, () => call.conversation.leave("agent-hung-up", call.now));
    return call.answerTool(2900, "tool_1", "hang_up");
  }

  test("the agent's hang-up waits until the goodbye was played", () => {
    const call = leaving().until(20_000);
    expect(call.transcript).toEqual([`agent: ${goodbye}`]);
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.ending).toMatchObject({ cause: "agent-hung-up" });
    expect((call.ending?.at ?? 0) - (call.utterances[0]?.endMs ?? 0)).toBeLessThan(500);
  });

  test("a pipeline's own hang-up does so too", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: goodbye });
    call
      .speech(1000, 2000)
      .at(2900, () => call.conversation.aiEvent({ type: "hang-up" }, call.now))
      .until(20_000);
    expect(call.ending?.cause).toBe("agent-hung-up");
    expect(call.heardWhole("item_1")).toBe(true);
  });

  test("a caller who takes the floor during the goodbye keeps the call", () => {
    const call = leaving().speech(4000, 6000);
    call.ai.words.push("yes", "wait one more question");
    call.until(12_000);
    expect(call.ending).toBeUndefined();
    expect(call.transcript.at(-1)).toBe("agent: All right then.");
  });

  test('"bye" and noise over the goodbye do not', () => {
    for (const [from, to] of [
      [4000, 4300],
      [4000, 5500],
    ] as const) {
      const call = leaving().speech(from, to);
      call.ai.words.push("yes", "");
      call.until(20_000);
      expect(call.ending?.cause).toBe("agent-hung-up");
      expect(call.heardWhole("item_1")).toBe(true);
    }
  });

  test("a goodbye that the provider never finishes, or never begins, does not keep the call", () => {
    for (const broken of [{ text: goodbye, endless: true }, { lost: true }]) {
      const call = new ConversationCall();
      call.ai.replies.push(broken);
      call
        .speech(1000, 2000)
        .at(3000, () => call.conversation.leave("agent-hung-up", call.now))
        .until(60_000);
      expect(call.ending?.cause).toBe("agent-hung-up");
      expect(call.ending?.at).toBeLessThanOrEqual(18_100);
    }
  });

  test("the longest duration is announced 20 s before, and ends the call", () => {
    const call = new ConversationCall({ maxDurationMs: 60_000 }).until(80_000);
    expect(times(call, "say duration-warning")).toEqual([40_000]);
    expect(call.transcript).toEqual([expect.stringMatching(/^agent: We are almost out of time/)]);
    expect(call.ending).toMatchObject({ cause: "max-duration" });
    expect(call.ending?.at).toBeLessThan(60_500);
  });

  test("the warning waits for a caller who speaks, but not for ever", () => {
    const short = new ConversationCall({ maxDurationMs: 60_000 }).speech(38_000, 43_000).until(60_000);
    expect(short.transcript.join()).toContain("almost out of time");
    expect(times(short, "say duration-warning")[0]).toBeGreaterThan(43_000);
    const long = new ConversationCall({ maxDurationMs: 60_000 }).speech(38_000, 59_000).until(59_000);
    expect(times(long, "say duration-warning")).toEqual([50_000]);
    expect(long.transcript.join()).toContain("almost out of time");
  });
});

describe("conversation: the operator's words", () => {
  const text = "A colleague will call you back today.";

  test("are spoken at once when nobody speaks", () => {
    const call = new ConversationCall();
    call.at(1000, () => call.conversation.say(text, call.now)).until(6000);
    expect(times(call, "say say")).toEqual([1000]);
    expect(call.transcript).toEqual([`agent: ${text}`]);
  });

  test("wait while the caller has the floor, and for the answer he gets", () => {
    const call = new ConversationCall().speech(1000, 4000).at(2000, () => call.conversation.say(text, call.now));
    expect(call.until(12_000).transcript).toEqual(["agent: All right then.", `agent: ${text}`]);
    expect(call.newsOf("interruption")).toEqual([]);
  });

  test("called off before their first sound they are said again", () => {
    const call = new ConversationCall().at(1000, () => call.conversation.say(text, call.now)).speech(1050, 2500);
    expect(call.until(12_000).transcript).toEqual(["agent: All right then.", `agent: ${text}`]);
  });

  test("too many at once: the last ones are refused, and that is told", () => {
    const call = new ConversationCall().speech(1000, 4000);
    call.at(2000, () => {
      for (let n = 0; n < 10; n++) call.conversation.say(text, call.now);
    });
    call.until(2500);
    expect(call.newsOf("call-error").map(({ kind }) => kind)).toEqual(["announcements-full", "announcements-full"]);
  });
});
