import { describe, expect, test } from "vitest";
import { backchannelWordsFor, isBackchannel, weighWords } from "../../../src/media/talk/backchannel.ts";
import { defaultTurnOptions, turnOptions } from "../../../src/media/talk/turn-options.ts";
import { type TurnInput, type TurnOrder, TurnTaking } from "../../../src/media/talk/turn-taking.ts";
import { FloorScript } from "../../kit/floor-script.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";

const talk = (options = {}) => new FloorScript(options);

describe("turn-taking: the caller's turn", () => {
  test("a turn ends 500 ms after the last voiced frame, not after the VAD's report", () => {
    const script = talk().speech(0, 1000);
    expect(script.state).toBe("endpointing");
    expect(script.until(1499).log).toEqual([]);
    expect(script.until(1500).log).toEqual(["1500 commit-turn", "1500 respond"]);
    expect(script.state).toBe("thinking");
  });

  test("a pause for breath does not end the turn", () => {
    const script = talk().speech(0, 1000).speech(1300, 2000).until(2499);
    expect(script.log).toEqual([]);
    expect(script.until(2500).log).toEqual(["2500 commit-turn", "2500 respond"]);
  });

  test("the reply is heard and the floor is free again", () => {
    const script = talk().speech(0, 1000).agentAudio(2000);
    expect(script.state).toBe("agent-speaking");
    expect(script.playoutDone(4000).log.at(-1)).toBe("4000 turn-done");
    expect(script.state).toBe("listening");
    expect(script.machine.deadline).toBeUndefined();
  });

  test("when the provider ends turns, a pause waits for it and its word commits at once", () => {
    const script = talk({ detection: "provider" }).speech(0, 1000).until(2000);
    expect(script.state).toBe("endpointing");
    expect(script.at(2100, { type: "provider-turn-ended" }).log).toEqual(["2100 commit-turn", "2100 respond"]);
  });

  test("when the provider that ends turns is silent, the turn is committed in its place after 3 s", () => {
    expect(talk({ detection: "provider" }).speech(0, 1000).until(5000).log).toEqual([
      "4000 commit-turn",
      "4000 respond",
    ]);
  });

  test("words that still come put off that fallback", () => {
    const script = talk({ detection: "provider" }).speech(0, 1000).words(3500, "and I also", false).until(6499);
    expect(script.log).toEqual([]);
  });

  test("a provider that ends turns is believed while our VAD still hears sound", () => {
    const script = talk({ detection: "provider" }).speechStart(0).at(900, { type: "provider-turn-ended" });
    expect(script.log).toEqual(["900 commit-turn", "900 respond"]);
    expect(script.speechStop(950).state).toBe("thinking");
  });

  test("where our VAD ends turns, a provider's early end only spares the pause after it", () => {
    const script = talk().speechStart(0).at(900, { type: "provider-turn-ended" });
    expect(script.log).toEqual([]);
    expect(script.speechStop(1000).log).toEqual(["1200 commit-turn", "1200 respond"]);
  });

  test("a provider that hears what our VAD does not opens and ends a turn alone", () => {
    const script = talk({ detection: "provider" }).at(0, { type: "provider-turn-started" });
    expect(script.state).toBe("caller-speaking");
    expect(script.at(800, { type: "provider-turn-ended" }).log).toEqual(["800 commit-turn", "800 respond"]);
  });

  test("a provider's late or doubled end of a turn commits nothing", () => {
    const script = talk({ detection: "provider" }).speech(0, 500).at(800, { type: "provider-turn-ended" });
    script.at(900, { type: "provider-turn-ended" }).agentAudio(1000).playoutDone(2000);
    script.at(2100, { type: "provider-turn-ended" });
    expect(script.log).toEqual(["800 commit-turn", "800 respond", "2000 turn-done"]);
  });

  test("a line that is never silent is answered after a minute, and then needs a new onset", () => {
    const script = talk().speechStart(0).until(60_060);
    expect(script.log).toEqual(["60060 commit-turn", "60060 respond"]);
    expect(script.agentAudio(61_000).playoutDone(62_000).state).toBe("listening");
  });
});

describe("turn-taking: thinking", () => {
  test("the caller goes on before the reply is heard: it is called off, nothing is truncated", () => {
    const script = talk().speech(0, 1000).speechStart(1800);
    expect(script.log.slice(2)).toEqual(["1860 cancel-response"]);
    expect(script.state).toBe("caller-speaking");
    expect(script.speechStop(2500).until(3000).log.slice(3)).toEqual(["3000 commit-turn", "3000 respond"]);
  });

  test("the caller goes on by the provider's ears", () => {
    const script = talk({ detection: "provider" }).speech(0, 500).at(800, { type: "provider-turn-ended" });
    script.at(900, { type: "provider-turn-started" });
    expect(script.log.at(-1)).toBe("900 cancel-response");
    expect(script.state).toBe("caller-speaking");
  });

  test("an agent who may not be interrupted may still be called off before he speaks", () => {
    const script = talk({ interruptible: false }).speech(0, 1000).speechStart(1800);
    expect(script.log.at(-1)).toBe("1860 cancel-response");
  });

  test("a reply without sound gives the floor back", () => {
    const script = talk().speech(0, 1000).at(2000, { type: "response-failed" });
    expect(script.state).toBe("listening");
    expect(script.log).toHaveLength(2);
  });

  test("a reply that does not begin within 15 s is given up", () => {
    const script = talk().speech(0, 1000).until(60_000);
    expect(script.log.at(-1)).toBe("16500 reply-timeout");
    expect(script.state).toBe("listening");
  });

  test("a late transcript of the turn that was committed changes nothing", () => {
    const script = talk().speech(0, 1000).words(1800, "I would like to book a table");
    expect(script.state).toBe("thinking");
    script.agentAudio(2000).speechStart(2500).words(2700, "I would like to book a table", true, true);
    expect(script.state).toBe("overlapping");
  });

  test("a greeting that is protected survives a hello before its first sound, which is answered after it", () => {
    const script = talk().at(0, { type: "reply-requested", reason: "greeting", interruptible: false });
    script.speech(100, 500).agentAudio(800).playoutDone(4000);
    expect(script.state).toBe("endpointing");
    expect(script.until(4000).log).toEqual(["4000 turn-done", "4000 commit-turn", "4000 respond"]);
  });
});

describe("turn-taking: the caller speaks over the agent", () => {
  test('"mm-hm" does not stop the agent: paused at once, on from the exact sample', () => {
    const script = talk().agentSpeaks(0).speechStart(1000);
    expect(script.log).toEqual(["1060 pause-playout"]);
    expect(script.state).toBe("overlapping");
    script.speechStop(1400);
    expect(script.log.slice(1)).toEqual(["1600 resume-playout", "1600 backchannel"]);
    expect(script.state).toBe("agent-speaking");
  });

  test("500 ms of speech takes the floor, once the VAD had time to report an end", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).until(1699);
    expect(script.log).toEqual(["1060 pause-playout"]);
    expect(script.until(1700).log.slice(1)).toEqual(["1700 yield"]);
    expect(script.state).toBe("yielded");
  });

  test("speech of 490 ms, reported 200 ms after its end, is still a backchannel", () => {
    expect(talk().agentSpeaks(0).speech(1000, 1490).log.at(-1)).toBe("1690 backchannel");
  });

  test("words make it a turn: what was not heard is forgotten", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).words(2000, "No", false);
    expect(script.log.slice(1)).toEqual(["1700 yield", "2000 discard-interrupted", "2000 yielded"]);
    expect(script.state).toBe("caller-speaking");
  });

  test("the news of an interruption says when it began, when the agent fell silent and when it was decided", () => {
    const machine = new TurnTaking(defaultTurnOptions);
    machine.handle({ type: "agent-audio" }, 0);
    machine.handle({ type: "caller-speech-started", onsetAtMs: 1000 }, 1060);
    machine.handle({ type: "timeout" }, 1705);
    expect(machine.handle({ type: "words", text: "no wait", final: false }, 2000)).toContainEqual({
      type: "interruption",
      outcome: "yielded",
      onsetAtMs: 1000,
      pausedAtMs: 1060,
      decidedAtMs: 1705,
    });
  });

  test("two real words confirm before the deadline", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).words(1300, "wait please", false);
    expect(script.log.slice(1)).toEqual(["1300 yield", "1300 discard-interrupted", "1300 yielded"]);
    expect(script.state).toBe("caller-speaking");
  });

  test("one word, or any number of backchannels, does not confirm before the deadline", () => {
    for (const text of ["wait", "yeah okay", "okay okay okay"]) {
      expect(talk().agentSpeaks(0).speechStart(1000).words(1300, text, false).state).toBe("overlapping");
    }
  });

  test("a backchannel that is recognised lets the agent go on although sound continues", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).words(1350, "Yeah, right.");
    expect(script.log.slice(1)).toEqual(["1350 resume-playout", "1350 backchannel"]);
    expect(script.speechStop(1500).state).toBe("agent-speaking");
  });

  test("a backchannel that may become a sentence gets 800 ms to do so", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).words(1400, "okay", false).until(1999);
    expect(script.state).toBe("overlapping");
    expect(script.until(2000).log.at(-1)).toBe("2000 yield");
  });

  test('"stop" is as short as a backchannel: when its words come, the agent stops after all', () => {
    const script = talk().agentSpeaks(0).speech(1000, 1300).words(2100, "Stop.");
    expect(script.log.slice(3)).toEqual(["2100 yield", "2100 discard-interrupted", "2100 yielded"]);
    expect(script.until(2100).log.slice(6)).toEqual(["2100 commit-turn", "2100 respond"]);
  });

  test("words long after a backchannel, or without any speech over the agent, stop nobody", () => {
    expect(talk().agentSpeaks(0).speech(1000, 1300).words(4000, "Stop.").state).toBe("agent-speaking");
    expect(talk().agentSpeaks(0).words(1000, "who knows what").state).toBe("agent-speaking");
  });

  test("a cough that became a yield: without words in 2 s the agent says what was not heard", () => {
    const script = talk().agentSpeaks(0).speech(1000, 1800).until(3799);
    expect(script.state).toBe("yielded");
    expect(script.until(3800).log.slice(1)).toEqual(["1700 yield", "3800 resume-interrupted", "3800 false-alarm"]);
    expect(script.state).toBe("agent-speaking");
  });

  test("a recogniser that says it was noise ends the wait", () => {
    const script = talk().agentSpeaks(0).speech(1000, 1800).words(2200, "");
    expect(script.log.slice(2)).toEqual(["2200 resume-interrupted", "2200 false-alarm"]);
  });

  test("a long okay that became a yield is a backchannel all the same", () => {
    const script = talk().agentSpeaks(0).speech(1000, 1800).words(2200, "Okay.");
    expect(script.log.slice(2)).toEqual(["2200 resume-interrupted", "2200 backchannel"]);
  });

  test("an okay after all was heard is an answer", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).until(1700).playoutDone(1750).speechStop(1800);
    script.words(2200, "Okay.").until(2300);
    expect(script.log.slice(2)).toEqual([
      "2200 discard-interrupted",
      "2200 yielded",
      "2300 commit-turn",
      "2300 respond",
    ]);
  });

  test("a false alarm when nothing was left unheard frees the floor", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).until(1700).playoutDone(1750).speechStop(1800).until(9000);
    expect(script.log.slice(2)).toEqual(["3800 discard-interrupted", "3800 false-alarm", "3800 turn-done"]);
    expect(script.state).toBe("listening");
  });

  test("speech that stops while yielded is a turn when words come, counted from its last voiced frame", () => {
    const script = talk().agentSpeaks(0).speech(1000, 1800).words(2050, "never mind that");
    expect(script.state).toBe("endpointing");
    expect(script.until(2300).log.slice(-2)).toEqual(["2300 commit-turn", "2300 respond"]);
  });

  test("while the caller still makes sound the agent waits for words, but not for ever", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).until(9699);
    expect(script.state).toBe("yielded");
    expect(script.until(9700).log.at(-1)).toBe("9700 false-alarm");
  });

  test("noise in bursts does not put the end of the wait off for ever", () => {
    const script = talk().agentSpeaks(0);
    for (let at = 1000; at < 9000; at += 1000) script.speech(at, at + 700);
    expect(script.until(9700).log.at(-1)).toBe("9700 false-alarm");
  });

  test("a turn the provider opens while the agent has yielded is a turn", () => {
    const script = talk({ detection: "provider" }).agentSpeaks(0).speechStart(1000).until(1800);
    script.at(1900, { type: "provider-turn-started" });
    expect(script.log.slice(2)).toEqual(["1900 discard-interrupted", "1900 yielded"]);
    expect(script.state).toBe("caller-speaking");
  });

  test("a turn the provider opened before the deadline makes the yield final", () => {
    const script = talk({ detection: "provider" }).agentSpeaks(0).speechStart(1000);
    script.at(1300, { type: "provider-turn-started" });
    expect(script.state).toBe("overlapping");
    expect(script.until(1700).log.slice(1)).toEqual(["1700 yield", "1700 discard-interrupted", "1700 yielded"]);
  });

  test("the provider's late news of a backchannel does not pause the agent again", () => {
    const script = talk({ detection: "provider" }).agentSpeaks(0).speech(1000, 1300);
    script.at(1650, { type: "provider-turn-started" }).at(1900, { type: "provider-turn-ended" });
    expect(script.log).toEqual(["1060 pause-playout", "1500 resume-playout", "1500 backchannel"]);
    expect(script.state).toBe("agent-speaking");
  });

  test("a barge-in only the provider hears pauses, and is a turn when it lasts", () => {
    const script = talk({ detection: "provider" }).agentSpeaks(0).at(1000, { type: "provider-turn-started" });
    script.until(1700).at(2500, { type: "provider-turn-ended" });
    expect(script.log).toEqual([
      "1000 pause-playout",
      "1700 yield",
      "1700 discard-interrupted",
      "1700 yielded",
      "2500 commit-turn",
      "2500 respond",
    ]);
  });

  test("without ears VAD alone decides: the floor is the caller's at the deadline", () => {
    const script = talk({ wordsExpected: false }).agentSpeaks(0).speechStart(1000).until(1700);
    expect(script.log.slice(1)).toEqual(["1700 yield", "1700 discard-interrupted", "1700 yielded"]);
    expect(script.state).toBe("caller-speaking");
    expect(script.speechStop(2500).until(3000).log.slice(-2)).toEqual(["3000 commit-turn", "3000 respond"]);
  });

  describe("when words come only after the turn", () => {
    /** The agent is cut off at 1700 by sound from 1000 to 2500, which is a turn at 3000. */
    const cutOff = () =>
      talk({ wordsExpected: false, wordsFollow: true }).agentSpeaks(0).speech(1000, 2500).until(3000);
    const words = (script: FloorScript, at: number, text: string, spokenAtMs?: number) =>
      script.at(at, { type: "words", text, final: true, late: true, spokenAtMs });

    test("the floor is the caller's at the deadline, and what was cut off is kept until his words come", () => {
      const script = cutOff();
      expect(script.log.slice(1)).toEqual(["1700 yield", "3000 commit-turn", "3000 respond"]);
      words(script, 3400, "no wait", 1000);
      expect(script.log.slice(4)).toEqual(["3400 discard-interrupted", "3400 yielded"]);
      expect(script.state).toBe("thinking");
    });

    test("it was noise: the reply is called off and the agent goes on where he was cut", () => {
      const script = words(cutOff(), 3400, "", 1000);
      expect(script.log.slice(4)).toEqual(["3400 cancel-response", "3400 resume-interrupted", "3400 false-alarm"]);
      expect(script.state).toBe("agent-speaking");
    });

    test("an answer that comes before the words settles it", () => {
      const script = cutOff().agentAudio(3300);
      expect(script.log.slice(4)).toEqual(["3300 discard-interrupted", "3300 yielded"]);
      expect(words(script, 3500, "", 1000).state).toBe("agent-speaking");
      expect(script.log).toHaveLength(6);
    });

    test("words of a turn before the interruption say nothing about it", () => {
      const script = words(cutOff(), 3100, "", 200);
      expect(words(script, 3200, "what I said before", 200).log).toHaveLength(4);
      expect(words(script, 3400, "", 1000).state).toBe("agent-speaking");
    });

    test("noise in two bursts is two turns: the agent goes on when both were nothing", () => {
      const script = cutOff().speechStart(3050);
      expect(script.log.at(-1)).toBe("3110 cancel-response");
      words(script, 3300, "", 1000);
      expect(script.state).toBe("caller-speaking");
      script.speechStop(3500).until(4000);
      expect(words(script, 4300, "", 3050).log.slice(-2)).toEqual(["4300 resume-interrupted", "4300 false-alarm"]);
    });

    test("a second turn with words after noise is a turn", () => {
      const script = words(cutOff().speechStart(3050), 3300, "", 1000).speechStop(3500).until(4000);
      expect(words(script, 4300, "stop it", 3050).log.slice(-2)).toEqual(["4300 discard-interrupted", "4300 yielded"]);
    });

    test("neither words nor a reply: what was cut off is not kept for ever", () => {
      const script = cutOff().until(18_000);
      expect(script.log.slice(4)).toEqual(["18000 reply-timeout", "18000 discard-interrupted", "18000 yielded"]);
      expect(script.state).toBe("listening");
    });

    test("a key settles it", () => {
      expect(cutOff().key(3100).log.slice(4)).toEqual([
        "3100 discard-interrupted",
        "3100 yielded",
        "3100 cancel-response",
      ]);
    });
  });

  test("the agent comes to his end while paused: the caller simply has the floor", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).playoutDone(1200);
    expect(script.log.slice(1)).toEqual(["1200 resume-playout", "1200 turn-done"]);
    expect(script.state).toBe("caller-speaking");
    expect(script.speechStop(1500).until(2000).log.slice(-1)).toEqual(["2000 respond"]);
  });

  test("a new reply while the first is paused stays paused with it", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).agentAudio(1200);
    expect(script.log).toEqual(["1060 pause-playout"]);
    expect(script.state).toBe("overlapping");
  });

  test("a new reply after a yield: what was kept is forgotten, and the new one respects who speaks", () => {
    const silent = talk().agentSpeaks(0).speech(1000, 1800).agentSpeaks(2200);
    expect(silent.log.slice(2)).toEqual(["2200 discard-interrupted", "2200 yielded"]);
    expect(silent.state).toBe("agent-speaking");
    const speaking = talk().agentSpeaks(0).speechStart(1000).agentSpeaks(2200);
    expect(speaking.log.slice(2)).toEqual(["2200 discard-interrupted", "2200 yielded", "2200 pause-playout"]);
    expect(speaking.state).toBe("overlapping");
  });

  test("an interruptible reply does not begin over a caller who has the floor", () => {
    const script = talk().speechStart(0).agentSpeaks(500);
    expect(script.log).toEqual(["500 yield", "500 discard-interrupted"]);
    expect(script.state).toBe("caller-speaking");
  });

  test("a caller who still speaks when the agent is done has the floor", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).words(1300, "okay").playoutDone(2000);
    expect(script.state).toBe("caller-speaking");
  });
});

describe("turn-taking: an uninterruptible reply", () => {
  test("is not paused, and what was said over it is a turn after it", () => {
    const script = talk().agentSpeaks(0, false).speech(1000, 2000).playoutDone(4000);
    expect(script.log).toEqual(["4000 turn-done"]);
    expect(script.state).toBe("endpointing");
    expect(script.until(4000).log.slice(1)).toEqual(["4000 commit-turn", "4000 respond"]);
  });

  test("gives the floor to a caller who is still speaking at its end", () => {
    const script = talk().agentSpeaks(0, false).speechStart(1000).playoutDone(2000);
    expect(script.state).toBe("caller-speaking");
    expect(script.speechStop(2500).until(3000).log.slice(-2)).toEqual(["3000 commit-turn", "3000 respond"]);
  });

  test("a turn the provider has ended meanwhile needs no pause after it", () => {
    const script = talk({ detection: "provider" }).agentSpeaks(0, false);
    script.at(1000, { type: "provider-turn-started" }).at(1900, { type: "provider-turn-ended" }).playoutDone(4000);
    expect(script.log).toEqual(["4000 turn-done", "4000 commit-turn", "4000 respond"]);
  });

  test("holds against keys too, which are a turn after it", () => {
    const script = talk().agentSpeaks(0, false).key(1000).keysComplete(3000);
    expect(script.log).toEqual([]);
    expect(script.playoutDone(5000).log).toEqual(["5000 turn-done", "5000 commit-turn", "5000 respond"]);
  });

  test("may begin while the caller speaks, and does not lose what he was saying", () => {
    const script = talk().speechStart(0).agentSpeaks(500, false);
    expect(script.state).toBe("agent-speaking");
    expect(script.speechStop(1000).playoutDone(2000).until(2000).log).toEqual([
      "2000 turn-done",
      "2000 commit-turn",
      "2000 respond",
    ]);
  });

  test("a reply asked for behind it is awaited after it", () => {
    const script = talk().agentSpeaks(0, false);
    script.at(500, { type: "reply-requested", reason: "say", interruptible: true }).playoutDone(2000);
    expect(script.state).toBe("thinking");
    expect(script.agentAudio(2100).speechStart(3000).state).toBe("overlapping");
  });
});

describe("turn-taking: keys", () => {
  test("a key stops the agent at once, and the keys are a turn", () => {
    const script = talk().agentSpeaks(0).key(1000);
    expect(script.log).toEqual(["1000 yield", "1000 discard-interrupted", "1000 yielded"]);
    expect(script.state).toBe("listening");
    expect(script.keysComplete(3500).log.slice(3)).toEqual(["3500 commit-turn", "3500 respond"]);
  });

  test("a key decides an overlap and ends a wait for words", () => {
    const overlapping = talk().agentSpeaks(0).speechStart(1000).key(1200);
    expect(overlapping.log.slice(1)).toEqual(["1200 yield", "1200 discard-interrupted", "1200 yielded"]);
    expect(overlapping.state).toBe("caller-speaking");
    const yielded = talk().agentSpeaks(0).speech(1000, 1800).key(2500);
    expect(yielded.log.slice(2)).toEqual(["2500 discard-interrupted", "2500 yielded"]);
    expect(yielded.state).toBe("listening");
  });

  test("complete keys stop the agent even when no single key did", () => {
    expect(talk().agentSpeaks(0).keysComplete(1000).log).toEqual([
      "1000 yield",
      "1000 discard-interrupted",
      "1000 yielded",
      "1000 commit-turn",
      "1000 respond",
    ]);
  });

  test("keys before the reply is heard call it off and are answered in its place", () => {
    const script = talk().speech(0, 1000).key(2000);
    expect(script.log.at(-1)).toBe("2000 cancel-response");
    expect(script.keysComplete(4500).log.slice(-2)).toEqual(["4500 commit-turn", "4500 respond"]);
  });

  test("words and keys of one breath are one turn", () => {
    const script = talk().speech(0, 1000).key(1300).keysComplete(3800).until(9000);
    expect(script.log.slice(0, 2)).toEqual(["3800 commit-turn", "3800 respond"]);
  });
});

describe("turn-taking: time", () => {
  test("a timer that was set before the deadline moved decides nothing", () => {
    const machine = new TurnTaking(defaultTurnOptions);
    machine.handle({ type: "caller-speech-started", onsetAtMs: 0 }, 60);
    machine.handle({ type: "caller-speech-stopped", lastVoicedAtMs: 1000 }, 1200);
    expect(machine.handle({ type: "timeout" }, 1300)).toEqual([]);
    expect(machine.state).toBe("endpointing");
  });

  test("a reply that never ends is cleared away", () => {
    const script = talk().agentSpeaks(0).until(700_000);
    expect(script.log).toEqual(["600000 yield", "600000 discard-interrupted", "600000 reply-timeout"]);
    expect(script.state).toBe("listening");
  });
});

describe("turn-taking: an agent who is to fall silent", () => {
  test("a reply that is heard is cut, one that is awaited called off; neither is an interruption by the caller", () => {
    const hush = { type: "agent-hushed", deaf: false } as const;
    const speaking = talk().agentSpeaks(0, false).at(1000, hush);
    expect([speaking.state, speaking.log]).toEqual(["listening", ["1000 yield", "1000 discard-interrupted"]]);
    const thinking = talk().at(0, { type: "reply-requested", reason: "say", interruptible: false }).at(1000, hush);
    expect([thinking.state, thinking.log]).toEqual(["listening", ["1000 cancel-response"]]);
  });

  test("a caller who speaks over it has the floor, and his turn is committed as ever", () => {
    const script = talk().agentSpeaks(0).speechStart(1000).at(1200, { type: "agent-hushed", deaf: false });
    expect(script.log.slice(1)).toEqual(["1200 yield", "1200 discard-interrupted", "1200 yielded"]);
    expect(script.state).toBe("caller-speaking");
    expect(script.speechStop(2000).until(2500).log.slice(-2)).toEqual(["2500 commit-turn", "2500 respond"]);
  });

  test("nobody is waited for by one who is deaf, too", () => {
    const script = talk().speechStart(0).at(500, { type: "agent-hushed", deaf: true });
    expect([script.state, script.machine.deadline]).toEqual(["listening", undefined]);
    expect(script.speechStop(1000).until(5000).log).toEqual(["500 cancel-response"]);
  });
});

describe("turn-taking: whatever happens, in whatever order", () => {
  const inputs: readonly ((now: number, random: SeededRandom) => TurnInput)[] = [
    (now, random) => ({ type: "caller-speech-started", onsetAtMs: now - random.int(0, 100) }),
    (now, random) => ({ type: "caller-speech-stopped", lastVoicedAtMs: now - random.int(0, 300) }),
    () => ({ type: "provider-turn-started" }),
    () => ({ type: "provider-turn-ended" }),
    (_now, random) => ({
      type: "words",
      text: random.pick(["", "mm-hm", "okay", "no", "I want to", "yeah but listen to me"]),
      final: random.chance(0.5),
      late: random.chance(0.4),
    }),
    () => ({ type: "agent-audio" }),
    () => ({ type: "agent-audio" }),
    () => ({ type: "playout-done" }),
    () => ({ type: "response-failed" }),
    () => ({ type: "dtmf-barge-in" }),
    () => ({ type: "dtmf-turn" }),
    (_now, random) => ({ type: "reply-requested", reason: "say", interruptible: random.chance(0.7) }),
    (_now, random) => ({ type: "agent-hushed", deaf: random.chance(0.5) }),
  ];

  /** Rules that hold for every run of orders; throws when one is broken. */
  class Rules {
    #evidence = false;
    #speaking = false;
    #audible = false;
    #paused = false;
    #kept = false;
    readonly #holds: boolean;

    /** `holds`: what was cut off may be kept until the words of the turn come. */
    constructor(holds: boolean) {
      this.#holds = holds;
    }

    input(input: TurnInput): void {
      if (input.type === "caller-speech-started") this.#speaking = true;
      if (input.type === "caller-speech-stopped") this.#speaking = false;
      const says = ["caller-speech-started", "provider-turn-started", "dtmf-turn"].includes(input.type);
      if (says || this.#speaking) this.#evidence = true;
      if (input.type === "agent-audio") this.#audible = true;
    }

    order(order: TurnOrder): void {
      switch (order.type) {
        case "commit-turn":
          if (!this.#evidence) throw new Error("a turn was committed, and the caller had said nothing since the last");
          this.#evidence = this.#speaking;
          break;
        case "yield":
          if (!this.#audible) throw new Error("yielded without agent audio");
          this.#audible = false;
          this.#paused = false;
          this.#kept = true;
          break;
        case "pause-playout":
          if (this.#paused) throw new Error("paused twice");
          if (!this.#audible) throw new Error("paused without agent audio");
          this.#paused = true;
          break;
        case "resume-playout":
          if (!this.#paused) throw new Error("resumed what was not paused");
          this.#paused = false;
          break;
        case "resume-interrupted":
          if (!this.#kept) throw new Error("brought back what was not kept");
          this.#kept = false;
          this.#audible = true;
          break;
        case "discard-interrupted":
          if (!this.#kept) throw new Error("forgot what was not kept");
          this.#kept = false;
          break;
        case "interruption":
          if (order.pausedAtMs > order.decidedAtMs) throw new Error("decided before it was paused");
          break;
        case "respond":
        case "cancel-response":
        case "turn-done":
        case "reply-timeout":
          break;
      }
    }

    state(machine: TurnTaking, now: number): void {
      const { state, deadline } = machine;
      if (deadline !== undefined && deadline < now) throw new Error(`${state}: deadline in the past`);
      if ((deadline === undefined) !== (state === "listening")) throw new Error(`${state}: deadline ${deadline}`);
      if (this.#paused !== (state === "overlapping")) throw new Error(`${state}: paused is ${this.#paused}`);
      const mayHold = ["caller-speaking", "endpointing", "thinking"].includes(state);
      const fits = state === "yielded" || (mayHold && this.#holds) ? this.#kept || mayHold : !this.#kept;
      if (!fits) throw new Error(`${state}: kept is ${this.#kept}`);
    }
  }

  test("10 000 random calls keep the rules, and every one finds back to listening by timeouts alone", () => {
    const visited = new Set<string>();
    for (let seed = 1; seed <= 10_000; seed++) {
      const random = new SeededRandom(seed);
      const wordsExpected = random.chance(0.6);
      const wordsFollow = random.chance(0.5);
      const machine = new TurnTaking({
        ...defaultTurnOptions,
        detection: random.pick(["local", "provider"]),
        wordsExpected,
        wordsFollow,
        interruptible: random.chance(0.8),
      });
      const rules = new Rules(wordsFollow && !wordsExpected);
      let now = 0;
      const history: string[] = [];
      const bring = (input: TurnInput) => {
        history.push(`${now} ${input.type}`);
        rules.input(input);
        for (const order of machine.handle(input, now)) rules.order(order);
        rules.state(machine, now);
        visited.add(machine.state);
      };
      try {
        for (let step = 0; step < 40; step++) {
          const then = now + random.int(0, random.chance(0.3) ? 4000 : 400);
          for (let due = machine.deadline; due !== undefined && due <= then; due = machine.deadline) {
            now = Math.max(now, due);
            bring({ type: "timeout" });
          }
          now = then;
          bring(random.pick(inputs)(now, random));
        }
        for (let waits = 0; machine.state !== "listening"; waits++) {
          if (waits > 12) throw new Error(`stuck in ${machine.state}`);
          now = machine.deadline ?? now;
          bring({ type: "timeout" });
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}\n${history.slice(-12).join("\n")}`);
      }
    }
    expect([...visited].sort()).toEqual([
      "agent-speaking",
      "caller-speaking",
      "endpointing",
      "listening",
      "overlapping",
      "thinking",
      "yielded",
    ]);
  });
});

describe("turn options", () => {
  test("are the defaults when nothing is set", () => {
    expect(turnOptions({})).toEqual(defaultTurnOptions);
  });

  test("are held inside what a call can bear, and nonsense is as good as nothing", () => {
    const options = turnOptions({
      endpointingMs: 1,
      maxEndpointingMs: 50,
      bargeInConfirmMs: -5,
      falseInterruptionMs: Number.NaN,
      nudgeAfterMs: 3,
      maxNudges: 1e9,
      nudgeText: "  ",
      dtmfTimeoutMs: Number.POSITIVE_INFINITY,
    });
    expect(options).toMatchObject({
      endpointingMs: 100,
      maxEndpointingMs: 100,
      bargeInConfirmMs: 0,
      falseInterruptionMs: 2000,
      nudgeAfterMs: 1000,
      maxNudges: 20,
      nudgeText: defaultTurnOptions.nudgeText,
      dtmfTimeoutMs: 2500,
    });
    expect(turnOptions({ nudgeAfterMs: 0 }).nudgeAfterMs).toBe(0);
  });

  test("take what the session knows", () => {
    expect(
      turnOptions({}, { language: "de-AT", wordsExpected: false, wordsFollow: true, speechStopLagMs: 320 }),
    ).toMatchObject({
      language: "de-AT",
      wordsExpected: false,
      wordsFollow: true,
      speechStopLagMs: 320,
    });
  });
});

describe("backchannels", () => {
  const english = backchannelWordsFor("en-GB");

  test("one or two listening words are one, a third or a real word is not", () => {
    for (const text of ["Mm-hm.", "yeah, okay", "Right!", "uh huh"]) {
      expect(isBackchannel(weighWords(text, english)), text).toBe(true);
    }
    for (const text of ["", "…", "no", "yeah but", "okay okay okay", "stop"]) {
      expect(isBackchannel(weighWords(text, english)), text).toBe(false);
    }
  });

  test("each language has its own, an unknown one has the English", () => {
    expect(isBackchannel(weighWords("genau", backchannelWordsFor("de")))).toBe(true);
    expect(isBackchannel(weighWords("d’accord", backchannelWordsFor("fr-CA")))).toBe(true);
    expect(isBackchannel(weighWords("はい", backchannelWordsFor("ja")))).toBe(true);
    expect(isBackchannel(weighWords("genau", english))).toBe(false);
    expect(isBackchannel(weighWords("yeah", backchannelWordsFor("xx")))).toBe(true);
  });

  test("scripts without spaces count two characters as a word", () => {
    expect(weighWords("予約を変更したい", backchannelWordsFor("ja"))).toEqual({ total: 4, real: 4 });
  });
});
