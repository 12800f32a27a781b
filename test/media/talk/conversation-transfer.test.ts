import { describe, expect, test } from "vitest";
import { ConversationCall } from "../../kit/conversation-call.ts";

const transfer = { toolCallId: "tool_1", name: "transfer_call" };
const wish = { toolCallId: "tool_1", target: "Sales", briefing: "A buyer." };
const words = "I will put you through to my colleague in sales.";

/** The caller asks for somebody at 1 s, and the agent calls the tool with these words. */
function asks(text: string): ConversationCall {
  const call = new ConversationCall();
  call.ai.replies.push({ text, audioMs: text === "" ? 0 : undefined, tools: [transfer] });
  return call.speech(1000, 2000).at(2702, () => call.conversation.tools.transfer(wish, call.now));
}

function resultOf(call: ConversationCall) {
  return call.newsOf("tool-ended").map(({ ok, output }) => (ok ? "ok" : JSON.parse(output).error.code));
}

describe("conversation: putting the caller through", () => {
  test("the gateway is asked once the agent's words were played to their end", () => {
    const call = asks(words).until(12_000);
    expect(call.newsOf("transfer-wanted")).toEqual([{ type: "transfer-wanted", ...wish }]);
    const kinds = call.news.map(({ type }) => type);
    expect(kinds.indexOf("transfer-wanted")).toBeGreaterThan(kinds.indexOf("utterance"));
    expect(call.transcript).toEqual([`agent: ${words}`]);
  });

  test("without a word it is asked as soon as the reply is over", () => {
    expect(asks("").until(2780).newsOf("transfer-wanted")).toHaveLength(1);
  });

  test("under way: the agent is away, and its model knows the result without being asked to speak", () => {
    const call = asks(words).until(8000);
    call.conversation.become("away", 8000);
    call.conversation.tools.transferAnswered("tool_1", undefined, 8000);
    call.until(20_000);
    expect(resultOf(call)).toEqual(["ok"]);
    expect(call.ai.log).toContain("8000 tool-result tool_1 false");
    expect(call.transcript).toEqual([`agent: ${words}`]);
  });

  test("refused: the agent says so", () => {
    const call = asks(words).until(8000);
    call.ai.replies.push({ text: "I am sorry, that does not work." });
    call.conversation.tools.transferAnswered("tool_1", "The exchange is not up.", 8000);
    call.conversation.tools.transferAnswered("tool_1", undefined, 8000);
    call.until(14_000);
    expect(resultOf(call)).toEqual(["not_possible"]);
    expect(call.newsOf("tool-ended")[0]?.output).toContain("The exchange is not up.");
    expect(call.transcript.at(-1)).toBe("agent: I am sorry, that does not work.");
  });

  test("a gateway that does not answer has refused", () => {
    const call = asks(words).until(30_000);
    expect(resultOf(call)).toEqual(["timeout"]);
    expect(call.newsOf("turn").at(-1)?.turn.reason).toBe("tool-result");
  });

  test("a caller who speaks over these words stays, and is answered", () => {
    const call = asks(words).speech(4000, 6000).until(20_000);
    expect(call.newsOf("transfer-wanted")).toEqual([]);
    expect(resultOf(call)).toEqual(["caller_spoke"]);
    expect(call.ai.log.filter((line) => line.includes("tool-result"))).toEqual([
      expect.stringMatching(/ tool-result tool_1 false$/),
    ]);
    expect(call.transcript.at(-1)).toBe("agent: All right then.");
  });

  test("a caller who presses a key stays too, and gets one reply", () => {
    const call = asks(words).key(4000, "5").until(20_000);
    expect(call.newsOf("transfer-wanted")).toEqual([]);
    expect(resultOf(call)).toEqual(["caller_spoke"]);
    expect(call.newsOf("turn").map(({ turn }) => turn.reason)).toEqual(["caller-turn", "caller-turn"]);
  });

  test('"mm-hm" does not keep him', () => {
    const call = asks(words).speech(4000, 4200).until(12_000);
    expect(call.newsOf("transfer-wanted")).toHaveLength(1);
    expect(call.transcript).toEqual([`agent: ${words}`]);
  });

  test("at the end of the call it is answered once", () => {
    const call = asks(words).until(4000);
    call.conversation.closed(4000);
    call.conversation.tools.transferAnswered("tool_1", undefined, 4000);
    expect(resultOf(call)).toEqual(["call_ended"]);
  });
});
