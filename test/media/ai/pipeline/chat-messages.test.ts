import { describe, expect, test } from "vitest";
import { chatMessages, chatTools } from "../../../../src/media/ai/pipeline/chat-messages.ts";
import type { HistoryEntry, MindRequest } from "../../../../src/media/ai/pipeline/parts.ts";
import type { RespondReason } from "../../../../src/media/ai/session.ts";

function request(history: readonly HistoryEntry[], reason: RespondReason = "caller-turn"): MindRequest {
  const call = { id: "call_1", from: "", to: "", metadata: {} };
  return { history, reason, instructions: "Be kind.", tools: [], model: undefined, language: "en", call };
}

const tool = (responseId: string, toolCallId: string): HistoryEntry => ({
  role: "tool",
  responseId,
  toolCallId,
  name: "weather",
  argumentsJson: '{"city":"Köln"}',
  output: `result ${toolCallId}`,
});
const asCall = (id: string) => ({ id, type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } });

describe("chat messages", () => {
  test("the calls of one reply are one assistant message as received, then one tool message each", () => {
    const history = [
      { role: "caller", text: "Weather?" },
      { role: "agent", text: "Let me look." },
    ] as const;
    expect(chatMessages(request([...history, tool("r1", "a"), tool("r1", "b"), tool("r2", "c")]))).toEqual([
      { role: "system", content: "Be kind." },
      { role: "user", content: "Weather?" },
      { role: "assistant", content: "Let me look.", tool_calls: [asCall("a"), asCall("b")] },
      { role: "tool", tool_call_id: "a", content: "result a" },
      { role: "tool", tool_call_id: "b", content: "result b" },
      { role: "assistant", content: null, tool_calls: [asCall("c")] },
      { role: "tool", tool_call_id: "c", content: "result c" },
    ]);
  });

  test("neighbours of one role become one message", () => {
    const history = [
      { role: "caller", text: "I would like" },
      { role: "caller", text: "a table." },
      { role: "agent", text: "For how" },
      { role: "agent", text: "many?" },
    ] as const;
    expect(chatMessages(request(history)).slice(1)).toEqual([
      { role: "user", content: "I would like\na table." },
      { role: "assistant", content: "For how many?" },
    ]);
  });

  test.each<RespondReason>(["greeting", "nudge", "goodbye", "duration-warning", "instruction"])(
    "a reply nobody's words ask for (%s) ends with a stage direction of the user",
    (reason) => {
      const last = chatMessages(request([], reason)).at(-1);
      expect(last?.role).toBe("user");
      expect(last?.content).toMatch(/^\(.*\)$/);
    },
  );

  test("an utterance nobody understood is told as such, and no tools is no list", () => {
    expect(chatMessages(request([{ role: "caller", text: "" }])).at(-1)?.content).toBe("(unintelligible)");
    expect(chatTools([])).toBeUndefined();
  });
});
