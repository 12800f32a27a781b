import { describe, expect, test } from "vitest";
import { maxFailures, Receptionist } from "../../../../src/media/ai/local/receptionist.ts";
import { createReceptionistMind, receptionistInput } from "../../../../src/media/ai/local/receptionist-mind.ts";
import type { HistoryEntry, MindPiece, MindRequest } from "../../../../src/media/ai/pipeline/parts.ts";

/** Plays a call: `"words"` is said, `#12` is pressed, `?` is not understood, `…` is silence. Gives the last answer. */
function play(receptionist: Receptionist, ...inputs: readonly string[]): { text: string; hangUp: boolean } {
  let answer = receptionist.handle({ type: "call-answered" });
  for (const input of inputs) {
    if (input === "?") answer = receptionist.handle({ type: "unclear" });
    else if (input === "…") answer = receptionist.handle({ type: "silence" });
    else if (input.startsWith("#")) answer = receptionist.handle({ type: "keys", digits: input.slice(1) });
    else answer = receptionist.handle({ type: "words", text: input });
  }
  return answer;
}

const withEars = () => new Receptionist({ hasEars: true });
const withKeys = () => new Receptionist({ hasEars: false });

describe("receptionist", () => {
  test("receptionist: greets, says that it is an automated demo, and offers the menu by voice or key", () => {
    const { text, hangUp } = play(withEars());
    expect(text).toContain("automated demo");
    expect(text).toContain("Say or press: one, to hear about Tandem.");
    expect(hangUp).toBe(false);
  });

  test("receptionist: without ears it offers keys only, and says so", () => {
    const { text } = play(withKeys());
    expect(text).not.toMatch(/\bsay\b/i);
    expect(text).toContain("I can only understand keys.");
  });

  test.each([["one"], ["Tell me about Tandem, please."], ["#1"], ["Press one."], ["1"]])(
    "receptionist: tells about Tandem after %j and asks what else",
    (choice) => {
      const { text } = play(withEars(), choice);
      expect(text).toContain("voice gateway");
      expect(text).toContain("What else?");
    },
  );

  test("receptionist: reads back digits that were pressed", () => {
    const { text } = play(withEars(), "two", "#42");
    expect(text).toMatch(/^You entered four, two\. What else\?/);
  });

  test("receptionist: reads back digits that were said", () => {
    expect(play(withEars(), "read back digits", "nine one zero").text).toMatch(/^I heard nine, one, zero\./);
  });

  test("receptionist: asks again when no digits came", () => {
    const receptionist = withEars();
    const { text } = play(receptionist, "two", "what do you mean");
    expect(text).toMatch(/^Sorry, I did not understand\. Please say some digits/);
    expect(receptionist.state).toBe("digits");
  });

  test("receptionist: takes a message, says what it understood and keeps it when that is right", () => {
    const receptionist = withEars();
    expect(play(receptionist, "leave a message", "please call me back tomorrow.").text).toMatch(
      /^I understood: please call me back tomorrow\. If that is right/,
    );
    expect(receptionist.handle({ type: "words", text: "yes please" }).text).toContain("in the transcript of this call");
    expect(receptionist.state).toBe("menu");
  });

  test("receptionist: takes the message again when it was not right", () => {
    const receptionist = withEars();
    expect(play(receptionist, "#3", "blah", "no").text).toMatch(/^All right\. Please say your message now/);
    expect(play(receptionist, "#3", "blah", "#2").text).toMatch(/^All right/);
    expect(play(receptionist, "#3", "blah", "#1").text).toMatch(/^Thank you/);
    expect(play(receptionist, "#3", "blah", "banana").text).toContain("say yes or press one");
  });

  test("receptionist: reads back only the beginning of a long message", () => {
    const { text } = play(withEars(), "three", "word ".repeat(200));
    expect(text.length).toBeLessThan(400);
    expect(text).toContain("and more");
  });

  test("receptionist: without ears a message ends with a key, and it does not claim to have understood", () => {
    expect(play(withKeys(), "#3", "##").text).toContain("I can not understand speech here");
  });

  test.each([["goodbye"], ["#4"], ["Okay, bye."], ["hang up"], ["no thank you"]])(
    "receptionist: says goodbye and hangs up after %j",
    (words) => {
      expect(play(withEars(), words)).toEqual({ text: "Thank you for calling. Goodbye.", hangUp: true });
    },
  );

  test("receptionist: says goodbye from inside a message or digits, too", () => {
    expect(play(withEars(), "two", "goodbye").hangUp).toBe(true);
    expect(play(withEars(), "three", "goodbye").hangUp).toBe(true);
    expect(play(withEars(), "three", "say goodbye to your mother").hangUp).toBe(false);
  });

  test("receptionist: the star key and the word menu lead back to the menu from everywhere", () => {
    for (const path of [["two"], ["three"], ["three", "hello there"]]) {
      expect(play(withEars(), ...path, "#*").text).toMatch(/^Say or press/);
      expect(play(withEars(), ...path, "main menu").text).toMatch(/^Say or press/);
    }
  });

  test("receptionist: asks politely again, then offers keys, then gives up with a goodbye", () => {
    const misses = (count: number) => play(withEars(), ...Array<string>(count).fill("?"));
    expect(misses(1).text).toMatch(/^Sorry, I did not understand\. Say or press/);
    expect(misses(2).text).toMatch(/^I am sorry, I still did not understand\. Say or press/);
    expect(misses(4).text).toMatch(/Please use the keys of your phone\. Press one/);
    expect(misses(maxFailures).hangUp).toBe(false);
    expect(misses(maxFailures + 1)).toEqual({
      text: "I am sorry that this did not work. Please call again. Goodbye.",
      hangUp: true,
    });
  });

  test("receptionist: patience begins anew once something was understood", () => {
    expect(play(withEars(), "?", "?", "?", "one", "?").text).toMatch(/^Sorry, I did not understand\./);
  });

  test("receptionist: a key that is not on the menu is not understood", () => {
    expect(play(withEars(), "#7").text).toMatch(/^Sorry/);
    expect(play(withEars(), "#12").text).toMatch(/^Sorry/);
  });

  test("receptionist: free speech chooses an entry only when it names exactly one", () => {
    expect(play(withEars(), "i would like to leave a message for somebody").text).toContain("say your message now");
    expect(play(withEars(), "a message about the digits").text).toMatch(/^Sorry/);
    expect(play(withEars(), "one moment please").text).toMatch(/^Sorry/);
  });

  test("receptionist: asks a silent caller whether he is there, and what it waits for", () => {
    expect(play(withEars(), "two", "…").text).toMatch(/^Are you still there\? Please say some digits/);
  });

  test("receptionist: tells the ears what to listen for in each state", () => {
    const receptionist = withEars();
    play(receptionist);
    expect(receptionist.expects).toMatchObject({ grammar: expect.arrayContaining(["one", "leave a message"]) });
    play(receptionist, "two");
    expect(receptionist.expects).toEqual({ digits: true });
    play(receptionist, "three");
    expect(receptionist.expects).toBeUndefined();
    play(receptionist, "three", "call me");
    expect(receptionist.expects).toMatchObject({ grammar: expect.arrayContaining(["yes", "no"]) });
  });
});

describe("receptionist with people to put through to", () => {
  const people = ["Sales", "Anna"];
  const house = (hasEars = true) => new Receptionist({ hasEars, people });

  test("offers them in the menu, by voice or by keys alone", () => {
    expect(play(house()).text).toContain("To talk to Sales, say or press five. To talk to Anna, say or press six.");
    expect(play(house(false)).text).toContain("To talk to Anna, press six.");
    expect(play(withEars()).text).not.toContain("To talk to");
  });

  test.each([["#6"], ["six"], ["Press six, please."]])("puts through after %j, and says so", (choice) => {
    const answer = play(house(), choice);
    expect(answer).toEqual({
      text: "One moment, I will put you through to Anna.",
      hangUp: false,
      putThroughTo: "Anna",
    });
  });

  test("a key that nobody has is not understood", () => {
    expect(play(house(), "#7").text).toMatch(/^Sorry/);
    expect(play(withEars(), "#5").text).toMatch(/^Sorry/);
    expect(play(withEars(), "five").text).toMatch(/^Sorry/);
  });

  test("as many as there are keys left have one", () => {
    const many = new Receptionist({ hasEars: true, people: Array.from({ length: 16 }, (_, n) => `Desk ${n}`) });
    const { text } = play(many);
    expect(text).toContain("To talk to Desk 4, say or press nine.");
    expect(text).not.toContain("Desk 5");
  });

  test("listens for their numbers, in words the recogniser knows", () => {
    const receptionist = house();
    play(receptionist);
    const hint = receptionist.expects;
    expect(hint).toMatchObject({ grammar: expect.arrayContaining(["four", "five", "six"]) });
    expect(JSON.stringify(hint)).not.toMatch(/Sales|seven/);
  });
});

describe("receptionist by keys", () => {
  test("expects one key for every choice, and as many as the caller likes where digits are entered", () => {
    const receptionist = withEars();
    play(receptionist);
    expect(receptionist.keysExpected).toBe(1);
    play(receptionist, "two");
    expect(receptionist.keysExpected).toBeUndefined();
    play(receptionist, "three", "three", "call me");
    expect(receptionist.state).toBe("confirm");
    expect(receptionist.keysExpected).toBe(1);
  });
});

describe("receptionist as a mind", () => {
  const caller = (text: string): HistoryEntry => ({ role: "caller", text });
  const request = (reason: MindRequest["reason"], ...history: HistoryEntry[]): MindRequest => ({
    history,
    reason,
    instructions: "",
    tools: [],
    model: undefined,
    language: "en",
    call: { id: "call_1", from: "+1", to: "+2", metadata: {} },
  });

  async function pieces(answer: AsyncIterable<MindPiece>): Promise<MindPiece[]> {
    const all: MindPiece[] = [];
    for await (const piece of answer) all.push(piece);
    return all;
  }

  test("receptionist: reads keys, words and what was not understood out of the history", () => {
    expect(receptionistInput(request("caller-turn", caller("[keys] 42")))).toEqual({ type: "keys", digits: "42" });
    expect(receptionistInput(request("caller-turn", caller("hello"), { role: "agent", text: "hi" }))).toEqual({
      type: "words",
      text: "hello",
    });
    expect(receptionistInput(request("caller-turn", caller("hello"), caller("")))).toEqual({ type: "unclear" });
    expect(receptionistInput(request("tool-result"))).toBeUndefined();
    const note = { role: "system", text: "Nobody answered." } as const;
    expect(receptionistInput(request("instruction", note, caller("hello")))).toEqual({
      type: "told",
      text: "Nobody answered.",
    });
    expect(receptionistInput(request("instruction"))).toBeUndefined();
  });

  test("receptionist: answers as text, and hangs up after its goodbye", async () => {
    const mind = createReceptionistMind({ hasEars: true });
    const { signal } = new AbortController();
    const greeting = await pieces(mind.respond(request("greeting"), signal));
    expect(greeting).toEqual([{ type: "text", delta: expect.stringContaining("automated demo") }]);
    const last = await pieces(mind.respond(request("caller-turn", caller("[keys] 4")), signal));
    expect(last).toEqual([{ type: "text", delta: "Thank you for calling. Goodbye." }, { type: "hang-up" }]);
    expect(await pieces(mind.respond(request("duration-warning"), signal))).toEqual([
      { type: "text", delta: "This call will end in a few seconds." },
    ]);
  });

  test("receptionist: puts through by the tool, and is sorry when that is refused", async () => {
    const mind = createReceptionistMind({ hasEars: true, people: ["Sales"] });
    const { signal } = new AbortController();
    const [said, called] = await pieces(mind.respond(request("caller-turn", caller("[keys] 5")), signal));
    expect(said).toMatchObject({ type: "text", delta: expect.stringContaining("Sales") });
    expect(called).toEqual({
      type: "tool-call",
      toolCallId: "transfer_1",
      name: "transfer_call",
      argumentsJson: '{"target":"Sales"}',
    });
    const refused: HistoryEntry = {
      role: "tool",
      responseId: "r1",
      toolCallId: "transfer_1",
      name: "transfer_call",
      argumentsJson: "{}",
      output: '{"error":{"code":"not_possible","message":"No."}}',
    };
    expect(await pieces(mind.respond(request("tool-result", refused), signal))).toEqual([
      { type: "text", delta: expect.stringMatching(/^I am sorry, I can not put you through now\. What else\?/) },
    ]);
  });

  test("receptionist: says nothing once the answer is not wanted any more", async () => {
    const mind = createReceptionistMind({ hasEars: true });
    const answer = pieces(mind.respond(request("greeting"), AbortSignal.abort()));
    await expect(answer).rejects.toThrow("aborted");
  });
});
