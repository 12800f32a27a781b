import { describe, expect, test } from "vitest";
import { ConversationCall } from "../../kit/conversation-call.ts";

const long = "The ferry to the northern islands leaves every morning and at noon, and on Sundays in the evening too.";
const note = "Nobody answered at the office.";

/** An agent who is in the middle of a long answer at 4 s. */
function answering(): ConversationCall {
  const call = new ConversationCall().speech(1000, 2000);
  call.ai.words.push("when does it leave");
  call.ai.replies.push({ text: long });
  return call;
}

function orders(call: ConversationCall): string[] {
  return call.ai.log.map((line) => line.slice(line.indexOf(" ") + 1));
}

describe("conversation: an agent who listens", () => {
  test("falls silent in the middle of a word, and the transcript holds what was heard", () => {
    const call = answering().at(4000, () => call.conversation.become("listens", call.now));
    call.until(12_000);
    expect(call.transcript).toEqual(["caller: when does it leave", expect.stringMatching(/^agent: The ferry.*…$/)]);
    expect(orders(call).some((line) => line.startsWith("truncate item_1"))).toBe(true);
    // It lost the floor to nobody.
    expect(call.newsOf("interruption")).toEqual([]);
    expect(call.carrier.quiet).toBe(true);
  });

  test("writes down every turn and answers none, however long nobody speaks", () => {
    const call = new ConversationCall({ turn: { nudgeAfterMs: 2000 } });
    call.conversation.become("listens", 0);
    call.speech(1000, 2000).speech(4000, 5000);
    call.ai.words.push("hello there", "how are you");
    call.until(60_000);
    expect(call.transcript).toEqual(["caller: hello there", "caller: how are you"]);
    expect(orders(call)).toContain("commit-turn");
    expect(orders(call).filter((line) => /^(respond|say)/.test(line))).toEqual([]);
    expect(call.newsOf("turn")).toEqual([]);
  });

  test("does not greet, and does not end the call by itself", () => {
    const call = new ConversationCall({ firstMessage: "Good morning.", maxDurationMs: 30_000 });
    const silent = new ConversationCall({ firstMessage: "Good morning.", maxDurationMs: 30_000 });
    silent.conversation.become("listens", 0);
    expect(call.until(5000).transcript).toEqual(["agent: Good morning."]);
    expect(silent.until(60_000).transcript).toEqual([]);
    expect(silent.ending).toBeUndefined();
  });

  test("answers again when it is part of the talk again", () => {
    const call = new ConversationCall();
    call.conversation.become("listens", 0);
    call
      .speech(1000, 2000)
      .at(4000, () => call.conversation.become("talks", call.now))
      .speech(5000, 6000);
    call.ai.words.push("hello there", "and you");
    call.until(12_000);
    expect(call.transcript).toEqual(["caller: hello there", "caller: and you", "agent: All right then."]);
  });

  test("what the operator wants said is refused, and that is told", () => {
    const call = new ConversationCall();
    call.conversation.become("listens", 0);
    call.at(1000, () => call.conversation.say("A colleague will call you.", call.now)).until(5000);
    expect(call.transcript).toEqual([]);
    expect(call.newsOf("call-error")).toMatchObject([{ kind: "agent-silent", fatal: false }]);
  });

  test("a tool's result reaches the model and brings no reply", () => {
    const call = new ConversationCall().speech(1000, 2000);
    call.ai.replies.push({ text: "", tools: [{ toolCallId: "tool_1", name: "lookup" }] });
    call.at(4000, () => call.conversation.become("listens", call.now)).answerTool(5000, "tool_1");
    call.until(10_000);
    expect(orders(call)).toContain("tool-result tool_1 false");
    expect(call.transcript).toEqual([]);
  });

  test("its own wish to hang up is off", () => {
    const call = answering().at(4000, () => {
      call.conversation.leave("agent-hung-up", call.now);
      call.conversation.become("listens", call.now);
    });
    expect(call.until(40_000).ending).toBeUndefined();
  });
});

describe("conversation: an agent who waits", () => {
  test("neither hears nor answers; keys are told all the same", () => {
    const call = new ConversationCall({ turn: { nudgeAfterMs: 2000 } });
    call.conversation.become("away", 0);
    call.speech(1000, 2000).key(3000, "5");
    call.until(30_000);
    expect(call.transcript).toEqual([]);
    expect(call.newsOf("dtmf").map(({ digit }) => digit)).toEqual(["5"]);
    expect(orders(call)).toEqual(["cancel-response", "discard-turn"]);
  });

  test("a caller who was speaking when it went is not waited for", () => {
    const call = new ConversationCall().speech(1000, 9000);
    call.at(3000, () => call.conversation.become("away", call.now));
    call.at(10_000, () => call.conversation.become("talks", call.now)).speech(11_000, 12_000);
    call.until(16_000);
    expect(orders(call).filter((line) => line === "commit-turn")).toHaveLength(1);
    expect(call.transcript).toEqual(["agent: All right then."]);
  });

  test("comes back, is told why, and goes on with the talk", () => {
    const call = answering().at(4000, () => call.conversation.become("away", call.now));
    call.at(20_000, () => {
      call.conversation.become("talks", call.now);
      call.conversation.instruct(note, call.now);
    });
    call.ai.replies.push({ text: "I am sorry, nobody is there." });
    call.until(30_000);
    expect(call.transcript.at(-1)).toBe("agent: I am sorry, nobody is there.");
    expect(call.ai.log.filter((line) => line.startsWith("20000"))).toEqual([
      `20000 add-text system: ${note}`,
      "20000 respond instruction",
    ]);
  });

  test("comes back to a silent caller and asks for him as ever", () => {
    const call = new ConversationCall({ turn: { nudgeAfterMs: 2000, nudgeText: "Are you there?" } });
    call.conversation.become("away", 0);
    call.at(10_000, () => call.conversation.become("talks", call.now)).until(14_000);
    expect(call.transcript).toEqual(["agent: Are you there?"]);
  });
});

describe("conversation: an instruction", () => {
  test("is spoken about at once when nobody has the floor, else after that", () => {
    const call = new ConversationCall();
    call.at(1000, () => call.conversation.instruct(note, call.now)).until(1000);
    expect(orders(call)).toEqual([`add-text system: ${note}`, "respond instruction"]);
    const busy = new ConversationCall().speech(1000, 3000).at(2000, () => busy.conversation.instruct(note, busy.now));
    busy.until(12_000);
    expect(orders(busy).filter((line) => line.startsWith("respond"))).toEqual([
      "respond caller-turn",
      "respond instruction",
    ]);
  });

  test("called off before its first sound, it is asked for again and told once", () => {
    const call = new ConversationCall().at(1000, () => call.conversation.instruct(note, call.now)).speech(1050, 2500);
    call.until(12_000);
    const told = orders(call).filter((line) => line.startsWith("add-text system"));
    expect(told).toEqual([`add-text system: ${note}`]);
    expect(orders(call).filter((line) => line === "respond instruction")).toHaveLength(2);
  });
});

describe("conversation: another far end", () => {
  test("goes on there from the sample where it stopped, even when it is paused", () => {
    for (const at of [4000, 4110]) {
      const call = answering().at(at, () => {
        call.conversation.reroute(() => call.counts.push("switched"), call.now);
      });
      call.until(15_000);
      expect(call.counts).toEqual(["switched"]);
      expect(call.carrier.messages.clears).toBe(1);
      expect(call.transcript.at(-1)).toBe(`agent: ${long}`);
      expect(call.heardWhole("item_1")).toBe(true);
    }
    const paused = answering().speech(3900, 4100);
    paused.at(4050, () => paused.conversation.reroute(() => {}, paused.now)).until(15_000);
    expect(paused.newsOf("interruption").map(({ interruption }) => interruption.outcome)).toEqual(["backchannel"]);
    expect(paused.heardWhole("item_1")).toBe(true);
  });
});
