import { describe, expect, test } from "vitest";
import { Rig } from "./rig.ts";

const call = (toolCallId: string, name = "weather") =>
  ({ type: "tool-call", toolCallId, name, argumentsJson: "{}" }) as const;

describe("pipeline: a turn", () => {
  test("an utterance is understood, answered and spoken clause by clause, first words early", () => {
    const rig = new Rig();
    rig.order({ type: "caller-speech-started" }).audio(300, 1).order({ type: "commit-turn" });
    rig.order({ type: "respond", reason: "caller-turn" });
    expect(rig.news()).toEqual(["transcribe 300 ms"]);
    rig.understood("When are you open?");
    expect(rig.news()).toEqual(['caller "When are you open?"', "started caller-turn", "ask caller-turn"]);
    rig.mind("Sure. ", "We are open ");
    expect(rig.news()).toEqual(['speak "Sure."']);
    rig.mind("from nine to five.").mindDone();
    expect(rig.news()).toEqual(['speak "We are open from nine to five."']);
    rig.spoken(400, 1).spoken(1_500, 2);
    expect(rig.news()).toEqual([
      expect.stringMatching(/^audio item_\d+ 400$/),
      expect.stringMatching(/^text item_\d+ "Sure\."$/),
      expect.stringMatching(/^audio item_\d+ 1500$/),
      expect.stringMatching(/^text item_\d+ " We are open/),
      expect.stringMatching(/^text item_\d+ " .*five\."$/),
      expect.stringMatching(/^item-done/),
      "usage",
      "done completed",
    ]);
    expect(rig.told()).toEqual(["caller: When are you open?"]);
  });

  test("the utterance has 500 ms from before the onset and nothing older", () => {
    const rig = new Rig();
    rig
      .audio(2_000, 7)
      .audio(500, 8)
      .order({ type: "caller-speech-started" })
      .audio(400, 9)
      .order({ type: "commit-turn" });
    const { audio } = rig.last("transcribe");
    expect(audio.length).toBe(900 * 8);
    expect(audio.subarray(0, 4_000).every((byte) => byte === 8)).toBe(true);
    expect(audio.subarray(4_000).every((byte) => byte === 9)).toBe(true);
  });

  test("of a monologue the last 60 s are kept", () => {
    const rig = new Rig();
    rig.order({ type: "caller-speech-started" }).audio(70_000, 1).audio(20_000, 2).order({ type: "commit-turn" });
    const { audio } = rig.last("transcribe");
    expect(audio.length).toBeLessThanOrEqual(60_000 * 8);
    expect(audio.length).toBeGreaterThan(45_000 * 8);
    expect(audio.subarray(-160_000).every((byte) => byte === 2)).toBe(true);
  });

  test("a commit without speech is nothing, and a reply to nothing is empty", () => {
    const rig = new Rig();
    rig.audio(1_000, 1).order({ type: "commit-turn" }).order({ type: "respond", reason: "caller-turn" });
    expect(rig.news()).toEqual(["started caller-turn", "done completed"]);
  });

  test("noise gets no answer", () => {
    const rig = new Rig().callerTurn("");
    expect(rig.news()).toEqual(["transcribe 200 ms", 'caller ""', "started caller-turn", "done completed"]);
  });

  test("a mind that wants to know is told that nothing was understood, once", () => {
    const rig = new Rig({}, { answersUnclear: true }).callerTurn("");
    expect(rig.told()).toEqual(["caller: "]);
    rig.mind("Pardon?").mindDone().spoken();
    rig.callerTurn("Hello");
    expect(rig.told().slice(0, -1).join()).not.toContain("caller");
    expect(rig.told().at(-1)).toBe("caller: Hello");
  });

  test("a backchannel's audio is forgotten, its end is the pre-roll of what follows", () => {
    const rig = new Rig();
    rig.order({ type: "caller-speech-started" }).audio(5_000, 3).order({ type: "discard-turn" });
    rig.order({ type: "caller-speech-started" }).audio(100, 4).order({ type: "commit-turn" });
    expect(rig.last("transcribe").audio.length).toBe(600 * 8);
  });

  test("keys come as a text of the caller and need no ears", () => {
    const rig = new Rig({}, { deaf: true });
    rig
      .order({ type: "add-text", role: "caller", text: "[keys] 12" })
      .order({ type: "respond", reason: "caller-turn" });
    expect(rig.told()).toEqual(["caller: [keys] 12"]);
  });

  test("utterances keep the order they were spoken in, whichever is understood first", () => {
    const rig = new Rig();
    for (const byte of [1, 2])
      rig.order({ type: "caller-speech-started" }).audio(100, byte).order({ type: "commit-turn" });
    rig.order({ type: "respond", reason: "caller-turn" });
    rig.input({ type: "transcribed", utterance: 2, text: "second", usage: undefined });
    expect(rig.events("response-started")).toEqual([]);
    rig.input({ type: "transcribed", utterance: 1, text: "first", usage: undefined });
    expect(rig.told()).toEqual(["caller: first", "caller: second"]);
  });
});

describe("pipeline: one reply at a time", () => {
  test("replies asked for meanwhile wait for the end of the one in flight", () => {
    const rig = new Rig();
    rig.order({ type: "say", reason: "greeting", text: "Hello, this is Tandem." });
    rig.order({ type: "say", reason: "nudge", text: "Are you there?" });
    expect(rig.news()).toEqual(["started greeting", 'speak "Hello, this is Tandem."']);
    rig.spoken();
    expect(rig.news().slice(-3)).toEqual(["done completed", "started nudge", 'speak "Are you there?"']);
  });

  test("too many replies at once are refused, not kept", () => {
    const rig = new Rig({ maxQueuedReplies: 2 });
    for (let i = 0; i < 5; i += 1) rig.order({ type: "say", reason: "say", text: `Number ${i}.` });
    expect(rig.events("error").map((event) => event.kind)).toEqual(["overflow", "overflow"]);
  });

  test("two clauses are with the voice at once, and their audio comes out in order", () => {
    const rig = new Rig();
    rig.order({
      type: "say",
      reason: "say",
      text: "One is first. Two is the second of them. Three is the last one here.",
    });
    expect(rig.orders.filter((order) => order.type === "speak").length).toBe(2);
    rig.spoken(100, 2);
    expect(rig.orders.some((order) => order.type === "agent-audio")).toBe(false);
    rig.spoken(200, 1);
    expect(rig.orders.flatMap((order) => (order.type === "agent-audio" ? [order.audio.length / 48] : []))).toEqual([
      200, 100,
    ]);
  });

  test("a sample cut between two pieces is put together", () => {
    const rig = new Rig();
    rig.order({ type: "say", reason: "say", text: "Hello." });
    const bytes = new Uint8Array(1_000).map((_, at) => at % 251);
    for (let at = 0; at < bytes.length; at += 333) {
      rig.input({ type: "speech-piece", speech: 1, piece: { audio: bytes.slice(at, at + 333) } });
    }
    rig.input({ type: "speech-done", speech: 1 });
    const out = rig.orders.flatMap((order) => (order.type === "agent-audio" ? [order.audio] : []));
    for (const audio of out) expect(audio.length % 2).toBe(0);
    expect(Buffer.concat(out)).toEqual(Buffer.from(bytes));
  });

  test("words get their place in the item's audio, across clauses and to the clause's end", () => {
    const rig = new Rig();
    rig.order({ type: "say", reason: "say", text: "Good morning to you. The second sentence is here." });
    rig.speech(300, 1).spoken(700, 1).spoken(2_000, 2);
    const words = rig.events("agent-text").flatMap((event) => event.words ?? []);
    expect(words.map((word) => word.text).join(" ")).toBe("Good morning to you. The second sentence is here.");
    expect(words[0]?.startMs).toBe(0);
    expect(words[3]?.endMs).toBe(1_000);
    expect(words[4]?.startMs).toBe(1_000);
    expect(words.at(-1)?.endMs).toBe(3_000);
    expect(words.slice(1).map((word) => word.startMs)).toEqual(words.slice(0, -1).map((word) => word.endMs));
  });

  test("while a clause still comes, only words inside its audio are told", () => {
    const rig = new Rig();
    rig.order({ type: "say", reason: "say", text: "Good morning to you and to your family." }).speech(600);
    const words = rig.events("agent-text").flatMap((event) => event.words ?? []);
    expect(words.length).toBeGreaterThan(0);
    for (const word of words) expect(word.endMs).toBeLessThanOrEqual(600);
    rig.order({ type: "cancel-response" });
    expect(rig.events("agent-text").flatMap((event) => event.words ?? []).length).toBe(words.length);
  });

  test("times the voice gives are moved to the clause's place in the item", () => {
    const rig = new Rig();
    rig.order({ type: "say", reason: "say", text: "Hi! There you are." });
    rig.speech(500, 1, [{ text: "Hi!", startMs: 40, endMs: 300 }]).input({ type: "speech-done", speech: 1 });
    rig
      .speech(700, 2, [{ text: "There", startMs: 10, endMs: 200 }])
      .speech(300, 2, [{ text: "you", startMs: 710, endMs: 800 }]);
    expect(rig.events("agent-text").map(({ delta, words }) => [delta, words?.[0]?.startMs, words?.[0]?.endMs])).toEqual(
      [
        ["Hi!", 40, 300],
        [" There", 510, 700],
        [" you", 1_210, 1_300],
      ],
    );
  });

  test("a reply without end is cut, and what is spoken of it ends cleanly", () => {
    const rig = new Rig({ maxReplyChars: 100 }).callerTurn("Tell me all.");
    rig.mind("This goes on. ".repeat(20));
    expect(rig.news()).toContain("abort mind");
    for (let speech = 1; rig.events("response-done").length === 0; speech += 1) rig.spoken(10, speech);
    expect(rig.events("response-done")[0]?.status).toBe("incomplete");
  });
});

describe("pipeline: barge-in", () => {
  test("everything under way is called off in one step, and late results change nothing", () => {
    const rig = new Rig().callerTurn("Tell me a story.");
    rig.mind("Once upon a time, there was a king. He had ").speech(500, 1);
    rig.news();
    rig.order({ type: "cancel-response" });
    const news = rig.news();
    expect(news.slice(0, 2)).toEqual(["abort mind", "abort voice"]);
    expect(news.at(-1)).toBe("done cancelled");
    expect(news.filter((line) => line.startsWith("item-done")).length).toBe(1);
    rig.mind("three daughters.").mindDone().speech(500, 1).spoken(500, 1);
    expect(rig.news()).toEqual([]);
  });

  test("only what was heard is in the history", () => {
    const rig = new Rig().callerTurn("Tell me a story.");
    rig.mind("Once upon a time, there was a king. He had three daughters. ").spoken(2_000, 1).speech(300, 2);
    const itemId = rig.last("agent-audio").itemId;
    rig.order({ type: "cancel-response" });
    rig.order({ type: "truncate", itemId, heardMs: 900, receivedMs: 2_300, heardText: "Once upon" });
    rig.callerTurn("Stop, please.");
    expect(rig.told()).toEqual(["caller: Tell me a story.", "agent: Once upon", "caller: Stop, please."]);
  });

  test("an item nobody heard anything of vanishes", () => {
    const rig = new Rig().callerTurn("Hello?");
    rig.mind("Hello there, how are you? ").speech(40, 1).order({ type: "cancel-response" });
    rig.callerTurn("Are you there?");
    expect(rig.told()).toEqual(["caller: Hello?", "caller: Are you there?"]);
  });

  test("a reply that is complete but was cut while it played keeps its heard part", () => {
    const rig = new Rig().callerTurn("Hi.");
    rig.mind("Good morning, nice to hear you.").mindDone().spoken();
    const itemId = rig.last("agent-audio").itemId;
    rig.order({ type: "cancel-response" });
    rig.order({ type: "truncate", itemId, heardMs: 500, receivedMs: 1_000, heardText: "Good morning," });
    rig.order({ type: "heard", itemId, heardText: "Good morning, nice to hear you." });
    rig.callerTurn("Bye.");
    expect(rig.told()).toEqual(["caller: Hi.", "agent: Good morning,", "caller: Bye."]);
  });

  test("a question that was called off before any answer is asked again, even when the barge-in was a cough", () => {
    const rig = new Rig().callerTurn("What time is it?");
    rig.order({ type: "cancel-response" });
    rig.callerTurn("");
    expect(rig.last("ask-mind").question).toBeGreaterThan(2);
    expect(rig.told()).toEqual(["caller: What time is it?"]);
  });

  test("words that are still with the ears are not lost by a barge-in", () => {
    const rig = new Rig();
    rig.order({ type: "caller-speech-started" }).audio(200, 1).order({ type: "commit-turn" });
    rig.order({ type: "respond", reason: "caller-turn" }).order({ type: "cancel-response" });
    rig.understood("I would like");
    expect(rig.events("response-started")).toEqual([]);
    rig.callerTurn("a table for two.");
    expect(rig.told()).toEqual(["caller: I would like", "caller: a table for two."]);
  });

  test("cancel when nothing is in flight does no harm", () => {
    const rig = new Rig().order({ type: "cancel-response" }).order({ type: "cancel-response" });
    expect(rig.news()).toEqual([]);
  });
});

describe("pipeline: tools", () => {
  test("the follow-up is asked once all results are there, and each call has one result in the history", () => {
    const rig = new Rig().callerTurn("Weather?");
    rig.mind("Let me look. ", call("a"), call("b")).mindDone().spoken();
    expect(rig.news().slice(-1)).toEqual(["done completed (tools pending)"]);
    rig.order({ type: "heard", itemId: rig.last("agent-audio").itemId, heardText: "Let me look." });
    rig.order({ type: "tool-result", toolCallId: "a", output: "sun", respond: true });
    expect(rig.news()).toEqual([]);
    rig.order({ type: "tool-result", toolCallId: "b", output: "rain", respond: true });
    expect(rig.news()).toEqual(["started tool-result", "ask tool-result"]);
    expect(rig.told()).toEqual([
      "caller: Weather?",
      "agent: Let me look.",
      "tool a weather: sun",
      "tool b weather: rain",
    ]);
  });

  test("a second result of a call and one of a call nobody made are ignored", () => {
    const rig = new Rig().callerTurn("Weather?");
    rig.mind(call("a")).mindDone();
    for (const output of ["sun", "rain"]) rig.order({ type: "tool-result", toolCallId: "a", output, respond: true });
    rig.order({ type: "tool-result", toolCallId: "zz", output: "?", respond: true });
    expect(rig.events("ignored").length).toBe(2);
    expect(rig.told()).toEqual(["caller: Weather?", "tool a weather: sun"]);
    expect(rig.orders.filter((order) => order.type === "ask-mind").length).toBe(2);
  });

  test("a result after a barge-in asks for nothing, and the caller's next turn knows it", () => {
    const rig = new Rig().callerTurn("Weather?");
    rig.mind(call("a")).mindDone().order({ type: "cancel-response" });
    rig.order({ type: "tool-result", toolCallId: "a", output: "sun", respond: false });
    expect(rig.orders.filter((order) => order.type === "ask-mind").length).toBe(1);
    rig.callerTurn("And tomorrow?");
    expect(rig.told()).toEqual(["caller: Weather?", "tool a weather: sun", "caller: And tomorrow?"]);
  });

  test("a call that still runs counts as running in the history, and its result comes once", () => {
    const rig = new Rig().callerTurn("Weather?");
    rig.mind(call("a")).mindDone();
    rig.callerTurn("Hurry up!");
    expect(rig.told()[1]).toMatch(/^tool a weather: \{"status":"running"/);
    rig.mind("Soon.").mindDone().spoken();
    rig.order({ type: "tool-result", toolCallId: "a", output: "sun", respond: true });
    expect(rig.told()[1]).toBe("tool a weather: sun");
    expect(rig.last("ask-mind").request.reason).toBe("tool-result");
  });

  test("results the caller's turn has told already are not told again", () => {
    const rig = new Rig().callerTurn("Weather?");
    rig.mind(call("a")).mindDone();
    rig.order({ type: "caller-speech-started" }).audio(200, 1).order({ type: "commit-turn" });
    rig.order({ type: "respond", reason: "caller-turn" });
    rig.order({ type: "tool-result", toolCallId: "a", output: "sun", respond: true });
    rig.understood("Well?").mind("It is sunny.").mindDone().spoken();
    expect(rig.orders.filter((order) => order.type === "ask-mind").length).toBe(2);
    expect(rig.news().slice(-2)).toEqual(["started tool-result", "done completed"]);
  });

  test("ids that a model uses again get another name", () => {
    const rig = new Rig().callerTurn("Weather?");
    rig.mind(call("call_0"), call("call_0"), call("")).mindDone();
    const ids = rig.events("tool-call").map((event) => event.toolCallId);
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe("call_0");
  });

  test("a model that only ever calls tools is made to speak", () => {
    const rig = new Rig({ maxToolRounds: 2 }).callerTurn("Weather?");
    for (const id of ["a", "b"]) {
      expect(rig.last("ask-mind").request.tools.length).toBe(1);
      rig.mind(call(id)).mindDone().order({ type: "tool-result", toolCallId: id, output: "", respond: true });
    }
    expect(rig.last("ask-mind").request.tools).toEqual([]);
  });

  test("the call ends only after what was said, and not when the caller cuts in", () => {
    const rig = new Rig().callerTurn("Bye.");
    rig.mind("Goodbye.", { type: "hang-up" }).mindDone();
    expect(rig.events("hang-up")).toEqual([]);
    rig.spoken();
    expect(rig.news().slice(-3)).toEqual(["usage", "hang-up", "done completed"]);
    const cut = new Rig().callerTurn("Bye.");
    cut.mind("Goodbye.", { type: "hang-up" }).mindDone().order({ type: "cancel-response" });
    expect(cut.events("hang-up")).toEqual([]);
  });
});

describe("pipeline: waiting and failing", () => {
  test("a slow answer to the caller gets a filler after 2 s, once, outside the model's history", () => {
    const rig = new Rig().callerTurn("Hard question?");
    rig.wait(1_999);
    expect(rig.news().at(-1)).toBe("ask caller-turn");
    rig.wait(1).spoken(600);
    expect(rig.news()[0]).toBe('speak "One moment."');
    rig.wait(5_000).mind("Forty-two.").mindDone().spoken();
    rig.order({ type: "heard", itemId: rig.last("agent-audio").itemId, heardText: "Forty-two." });
    const items = new Set(rig.orders.flatMap((order) => (order.type === "agent-audio" ? [order.itemId] : [])));
    expect(items.size).toBe(2);
    rig.callerTurn("Thanks.");
    expect(rig.told()).toEqual(["caller: Hard question?", "agent: Forty-two.", "caller: Thanks."]);
    expect(rig.orders.filter((order) => order.type === "speak" && order.text === "One moment.").length).toBe(1);
  });

  test("a greeting and a nudge get no filler, a silent slow tool does", () => {
    const rig = new Rig().order({ type: "respond", reason: "greeting" }).wait(4_000);
    expect(rig.news()).toEqual(["started greeting", "ask greeting"]);
    rig.mind("Hello.").mindDone().spoken();
    rig.callerTurn("Weather?").wait(500).mind(call("a")).mindDone();
    rig.news();
    rig.wait(1_500);
    expect(rig.news()).toEqual(["started tool-result", 'speak "One moment."']);
    rig.spoken(500).order({ type: "tool-result", toolCallId: "a", output: "sun", respond: true }).wait(4_000);
    expect(rig.news().at(-1)).toBe("ask tool-result");
  });

  test("an answer that breaks off is finished by the fallback, and the session goes on", () => {
    const rig = new Rig().callerTurn("Hello?");
    rig.mind("Well, let me tell you this. And th").fails("mind");
    const news = rig.news();
    expect(news).toContain('speak "Well, let me tell you this."');
    expect(news).toContain("error provider");
    rig.spoken(500, 1).spoken(2_000, 2);
    expect(rig.orders.some((order) => order.type === "speak" && order.text.startsWith("Sorry,"))).toBe(true);
    for (let speech = 3; rig.events("response-done").length === 0 && speech < 6; speech += 1) rig.spoken(500, speech);
    expect(rig.events("response-done")[0]?.status).toBe("failed");
    rig.callerTurn("Once more.");
    expect(rig.told().at(-1)).toBe("caller: Once more.");
    expect(rig.told().join()).not.toContain("Sorry");
  });

  test("a mind that says nothing for too long is given up", () => {
    const rig = new Rig({ filler: "" }).callerTurn("Hello?").wait(12_000);
    expect(rig.news().slice(-3)).toEqual(["abort mind", expect.stringContaining("speak"), "error timeout"]);
  });

  test("a mind that never ends is given up", () => {
    const rig = new Rig().callerTurn("Hello?").mind("So. ").spoken();
    rig.wait(59_000);
    expect(rig.events("error")).toEqual([]);
    rig.wait(2_000);
    expect(rig.events("error").map((event) => event.kind)).toEqual(["timeout"]);
  });

  test("ears that fail or never answer lead to the fallback, not to silence", () => {
    const rig = new Rig();
    rig.order({ type: "caller-speech-started" }).audio(200, 1).order({ type: "commit-turn" });
    rig.order({ type: "respond", reason: "caller-turn" }).wait(15_000);
    expect(rig.news()).toEqual([
      "transcribe 200 ms",
      "abort ears",
      'caller ""',
      "error timeout",
      "started caller-turn",
      expect.stringMatching(/^speak "Sorry,/),
    ]);
  });

  test("a voice that stalls is given up; its late audio is dropped", () => {
    const rig = new Rig().callerTurn("Hello?").mind("Good morning. ").speech(200, 1).wait(10_000);
    expect(rig.events("error").map((event) => event.kind)).toEqual(["timeout"]);
    const before = rig.orders.length;
    rig.speech(200, 1);
    expect(rig.orders.length).toBe(before);
  });

  test("a voice that never ends its clause is stopped", () => {
    const rig = new Rig({ maxClauseAudioMs: 1_000 }).callerTurn("Hello?").mind("Good morning. ");
    rig.speech(900, 1).speech(200, 1);
    expect(rig.news()).toContain("abort voice");
    expect(rig.events("error").map((event) => event.kind)).toEqual(["overflow"]);
  });

  test("three failures of the mind in a row end the session; successes in between do not count as such", () => {
    const rig = new Rig({ fallback: "" });
    rig.callerTurn("One").fails("mind").callerTurn("Two").fails("mind");
    rig.callerTurn("Three").mind("Yes.").mindDone().spoken();
    rig.callerTurn("Four").fails("mind").callerTurn("Five").fails("mind");
    expect(rig.events("error").some((event) => event.fatal)).toBe(false);
    rig.callerTurn("Six").fails("mind");
    expect(rig.news().slice(-2)).toEqual(["done failed", "error provider fatal"]);
    rig.order({ type: "say", reason: "say", text: "Seven." });
    expect(rig.news()).toEqual([]);
    expect(rig.core.deadline).toBeUndefined();
  });

  test("two clauses that fail together are one failure", () => {
    const rig = new Rig().callerTurn("Hello?").mind("Good morning. This is the second sentence. ");
    rig.input({ type: "failed", part: "voice", number: 1, kind: "provider", message: "x" });
    rig.input({ type: "failed", part: "voice", number: 2, kind: "provider", message: "x" });
    expect(rig.events("error").length).toBe(1);
  });
});
