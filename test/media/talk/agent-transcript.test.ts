import { describe, expect, test } from "vitest";
import type { AiOrder } from "../../../src/media/ai/session.ts";
import { AgentTranscript } from "../../../src/media/talk/agent-transcript.ts";
import type { ItemPosition } from "../../../src/media/talk/playout.ts";

/** A transcript over a playout of which the test says what was heard. */
function transcript() {
  const orders: AiOrder[] = [];
  let heardText = "";
  const item = (): ItemPosition => ({ heardMs: 0, receivedMs: 0, heardText, startedAtMs: 0, done: false });
  let lastId = 0;
  const agent = new AgentTranscript(
    { order: (order) => orders.push(order) },
    { item },
    {
      startedAt: 1000,
      makeId: () => `utterance_${++lastId}`,
    },
  );
  const heard = (text: string, interrupted = false) => {
    const rest = { responseId: "r1", startMs: 2000, endMs: 3000, heardMs: 1000 };
    return agent.itemHeard({ type: "item-heard", itemId: "i1", text, interrupted, ...rest });
  };
  const cut = (text: string) => {
    const rest = { responseId: "r1", heardMs: 500, receivedMs: 900, complete: false };
    agent.interrupted([{ itemId: "i1", heardText: text, ...rest }]);
  };
  return { agent, orders, heard, cut, hears: (text: string) => (heardText = text) };
}

describe("agent transcript", () => {
  test("partials every 200 ms while there are new words, under the id of the whole", () => {
    const { agent, heard, hears } = transcript();
    expect(agent.partial(1000)).toBeUndefined();
    agent.itemStarted("i1");
    hears("good");
    expect(agent.partial(2000)).toEqual({ utteranceId: "utterance_1", text: "good" });
    hears("good morning");
    expect(agent.partial(2180)).toBeUndefined();
    expect(agent.partial(2200)).toEqual({ utteranceId: "utterance_1", text: "good morning" });
    expect(agent.partial(2400)).toBeUndefined();
    expect(heard("good morning to you")).toEqual({
      utteranceId: "utterance_1",
      role: "agent",
      text: "good morning to you",
      startMs: 1000,
      endMs: 2000,
      interrupted: false,
      via: "speech",
    });
  });

  test("the model is told what was heard: all of it, or where it was cut", () => {
    const whole = transcript();
    whole.heard("good morning");
    expect(whole.orders).toEqual([{ type: "heard", itemId: "i1", heardText: "good morning" }]);
    const part = transcript();
    part.cut("good");
    part.heard("good", true);
    expect(part.orders).toEqual([{ type: "truncate", itemId: "i1", heardMs: 500, receivedMs: 900, heardText: "good" }]);
  });

  test("heard on after a false alarm: the model is told the rest, as text, piece by piece", () => {
    const { agent, orders, heard, cut } = transcript();
    cut("good");
    agent.restored([{ itemId: "i1", remainderText: "morning to you" }]);
    cut("good morning");
    agent.restored([{ itemId: "i1", remainderText: "to you" }]);
    heard("good morning to you");
    expect(orders.slice(1)).toEqual([
      { type: "add-text", role: "agent", text: "morning" },
      { type: "add-text", role: "agent", text: "to you" },
    ]);
  });

  test("words of which nothing was heard are no utterance", () => {
    expect(transcript().heard("", true)).toBeUndefined();
  });

  test("the last words are known while they are heard, so that their echo is", () => {
    const { agent, heard, hears } = transcript();
    heard("welcome to the harbour");
    agent.itemStarted("i2");
    hears("the ferry leaves");
    expect(agent.recentText.trim()).toBe("welcome to the harbour the ferry leaves");
  });
});
