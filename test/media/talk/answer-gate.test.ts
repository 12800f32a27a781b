import { describe, expect, test } from "vitest";
import type { AnsweringMachinePlan } from "../../../src/media/protocol.ts";
import { AnswerGate } from "../../../src/media/talk/answer-gate.ts";
import { joined, onLine, tone, trimmed } from "../../kit/answer-corpus.ts";
import { ConversationCall } from "../../kit/conversation-call.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

const message = "This is Harbour Marine. Please call us back.";
const greeting = "Good morning to you.";

/** A whole outgoing call on a virtual clock: what answers is played to the gate and reported to the conversation. */
class OutgoingCall {
  readonly call: ConversationCall;
  readonly gate: AnswerGate;

  constructor(plan: Partial<AnsweringMachinePlan> = {}, agent: ConstructorParameters<typeof ConversationCall>[0] = {}) {
    this.call = new ConversationCall({ firstMessage: greeting, ...agent }, {}, (conversation, ports) => {
      const full = { onMachine: "hang-up", message: undefined, decideWithinMs: 4000, ...plan } as const;
      const { report, end } = ports;
      return new AnswerGate(full, { agent: conversation, report, end }, 0);
    });
    this.gate = this.call.gate!;
  }

  /** What is heard of the far end, from the answer on; our detector tells of speech where it is. */
  hears(pcm: Int16Array, speeches: readonly (readonly [from: number, to: number])[]): this {
    const { call, gate } = this;
    for (let from = 0, at = 20; from + 160 <= pcm.length; from += 160, at += 20) {
      const frame = pcm.subarray(from, from + 160);
      call.at(at, () => gate.frame(frame, call.now, call.conversation.agentAudible));
    }
    for (const [from, to] of speeches) {
      call.speech(from, to);
      call.at(from + 60, () => gate.speech("speech-started", call.now));
      call.at(to + 200, () => gate.speech("speech-stopped", call.now));
    }
    return this;
  }

  until(end: number): this {
    this.call.until(end);
    return this;
  }

  /** When the agent was asked for its first words, and its message. */
  get saidAt(): number[] {
    return this.call.ai.log.filter((line) => line.includes("say greeting")).map((line) => Number.parseInt(line, 10));
  }

  get verdicts(): string[] {
    return this.call.newsOf("answered-by").map(({ kind, isFinal }) => (isFinal ? `${kind}!` : kind));
  }
}

const line = { leadMs: 500, levelDbov: -20, noiseDbov: -60 };
const hello = trimmed(speech("hello"));
const helloEnd = 500 + hello.length / 8;
const person = onLine(hello, line, new SeededRandom(1), 6000);
const theirHello = [[500, helloEnd]] as const;

function machine(tailMs = 6000): {
  pcm: Int16Array;
  speeches: readonly (readonly [number, number])[];
  beepEnd: number;
} {
  const talk = joined([speech("vm-theperson"), speech("digits/5"), speech("vm-isunavail"), speech("vm-intro")]);
  const beep = tone(1000, 400, -18);
  const pcm = onLine(joined([talk, 600, beep]), line, new SeededRandom(2), tailMs);
  const talkEnd = 500 + talk.length / 8;
  return { pcm, speeches: [[600, talkEnd]], beepEnd: talkEnd + 600 + 400 };
}

describe("answer gate", () => {
  test("a person who says hello is greeted within 100 ms of its end, in reply to it", () => {
    const outgoing = new OutgoingCall().hears(person, theirHello).until(6000);
    const { ai } = outgoing.call;
    expect(outgoing.saidAt).toHaveLength(1);
    expect(outgoing.saidAt[0]! - helloEnd).toBeGreaterThan(0);
    expect(outgoing.saidAt[0]! - helloEnd).toBeLessThanOrEqual(100);
    expect(ai.log.findIndex((order) => order.endsWith("commit-turn"))).toBeLessThan(
      ai.log.findIndex((order) => order.endsWith("say greeting")),
    );
    expect(ai.orders.filter(({ type }) => type === "respond")).toEqual([]);
    expect(outgoing.verdicts.at(-1)).toBe("human!");
    expect(outgoing.call.transcript).toEqual([`agent: ${greeting}`]);
    expect(outgoing.call.ending).toBeUndefined();
  });

  test("the hello of a person is in the transcript, before the greeting", () => {
    const outgoing = new OutgoingCall().hears(person, theirHello);
    outgoing.call.ai.words.push("Hello?");
    outgoing.until(6000);
    expect(outgoing.call.transcript).toEqual(["caller: Hello?", `agent: ${greeting}`]);
  });

  test("an agent that lets the caller speak first answers the hello at once", () => {
    const outgoing = new OutgoingCall({}, { firstMessage: "" }).hears(person, theirHello).until(5000);
    const asked = outgoing.call.ai.log.find((order) => order.endsWith("respond caller-turn"));
    expect(Number.parseInt(asked ?? "", 10) - helloEnd).toBeLessThanOrEqual(100);
    expect(outgoing.saidAt).toEqual([]);
  });

  test("nobody says a word: the first verdict is out in 800 ms, and the agent greets when the time is over", () => {
    const silence = onLine(new Int16Array(8), { ...line, leadMs: 0 }, new SeededRandom(3), 6000);
    const outgoing = new OutgoingCall().hears(silence, []).until(6000);
    const [first] = outgoing.call.newsOf("answered-by");
    expect(first?.atMs).toBeLessThanOrEqual(800);
    expect(outgoing.verdicts).toEqual(["unknown", "unknown!"]);
    expect(outgoing.saidAt[0]).toBeGreaterThanOrEqual(4000);
    expect(outgoing.saidAt[0]).toBeLessThanOrEqual(4040);
  });

  test("a line without any audio is decided all the same", () => {
    const outgoing = new OutgoingCall().until(6000);
    expect(outgoing.verdicts).toEqual(["unknown", "unknown!"]);
    expect(outgoing.call.newsOf("answered-by")[0]?.atMs).toBeLessThanOrEqual(800);
    expect(outgoing.saidAt).toHaveLength(1);
  });

  test("the time to decide is kept within bounds", () => {
    const outgoing = new OutgoingCall({ decideWithinMs: 600_000 }).until(12_000);
    expect(outgoing.call.newsOf("answered-by").at(-1)?.atMs).toBeLessThanOrEqual(10_140);
    expect(outgoing.saidAt).toHaveLength(1);
  });

  test("a person who only drew breath is not talked over: the greeting waits while it cannot be heard yet", () => {
    const sentence = joined([hello, 180, trimmed(speech("digits/day-3"))]);
    const end = 500 + sentence.length / 8;
    const outgoing = new OutgoingCall();
    outgoing.call.ai.latencyMs = 400;
    outgoing.hears(onLine(sentence, line, new SeededRandom(4), 5000), [[500, end]]).until(6000);
    const [first, again, ...more] = outgoing.saidAt;
    expect(first! - helloEnd).toBeLessThanOrEqual(120);
    expect(again! - end).toBeGreaterThan(0);
    expect(again! - end).toBeLessThanOrEqual(400);
    expect(more).toEqual([]);
    expect(outgoing.call.transcript).toEqual([`agent: ${greeting}`]);
  });

  test("hang-up: a machine is hung up on, and nothing was said to it", () => {
    const { pcm, speeches, beepEnd } = machine();
    const outgoing = new OutgoingCall({ onMachine: "hang-up" }).hears(pcm, speeches).until(12_000);
    expect(outgoing.call.ending).toMatchObject({ cause: "machine-answered", detail: "" });
    expect(outgoing.call.ending?.at).toBeLessThan(beepEnd);
    expect(outgoing.verdicts.at(-1)).toBe("machine!");
    expect(outgoing.call.transcript).toEqual([]);
  });

  test("leave-message: after the beep the message is said to its end, whatever sounds, and then the call ends", () => {
    const { pcm, speeches, beepEnd } = machine(15_000);
    const outgoing = new OutgoingCall({ onMachine: "leave-message", message });
    outgoing.hears(pcm, [...speeches, [beepEnd + 800, beepEnd + 2400]]).until(30_000);
    expect(outgoing.saidAt.at(-1)! - beepEnd).toBeGreaterThan(0);
    expect(outgoing.saidAt.at(-1)! - beepEnd).toBeLessThanOrEqual(100);
    expect(outgoing.call.transcript.filter((text) => text.startsWith("agent"))).toEqual([`agent: ${message}`]);
    expect(outgoing.call.heardWhole("item_1")).toBe(true);
    expect(outgoing.call.ending).toMatchObject({ cause: "machine-answered" });
    expect(outgoing.call.ai.orders.filter(({ type }) => type === "respond")).toEqual([]);
  });

  test("leave-message without a message leaves what the agent says first", () => {
    const { pcm, speeches } = machine();
    const outgoing = new OutgoingCall({ onMachine: "leave-message" }).hears(pcm, speeches).until(20_000);
    expect(outgoing.call.transcript).toEqual([`agent: ${greeting}`]);
    expect(outgoing.call.ending?.cause).toBe("machine-answered");
  });

  test("leave-message: a greeting begun for a person is cut off when he turns out to be a machine", () => {
    const talk = joined([
      hello,
      700,
      speech("vm-theperson"),
      speech("digits/6"),
      speech("vm-isunavail"),
      speech("vm-intro"),
      500,
      tone(1400, 500, -18),
    ]);
    const end = 500 + talk.length / 8;
    const outgoing = new OutgoingCall(
      { onMachine: "leave-message", message },
      { firstMessage: "so many words ".repeat(10) },
    );
    outgoing
      .hears(onLine(talk, line, new SeededRandom(5), 8000), [
        [500, helloEnd],
        [helloEnd + 700, end - 1000],
      ])
      .until(40_000);
    const agentSaid = outgoing.call.utterances.filter(({ role }) => role === "agent");
    expect(agentSaid.map(({ interrupted }) => interrupted)).toEqual([true, false]);
    expect(agentSaid[1]?.text).toBe(message);
    expect(outgoing.saidAt.at(-1)! - end).toBeGreaterThan(0);
    expect(outgoing.saidAt.at(-1)! - end).toBeLessThanOrEqual(100);
    expect(outgoing.call.ending?.cause).toBe("machine-answered");
  });

  test("leave-message: a beep that comes late has the message begin again, so that all of it is recorded", () => {
    const talk = joined([speech("vm-intro"), 3400, tone(1000, 400, -18)]);
    const talkEnd = 500 + speech("vm-intro").length / 8;
    const outgoing = new OutgoingCall({ onMachine: "leave-message", message });
    outgoing.hears(onLine(talk, line, new SeededRandom(6), 9000), [[600, talkEnd]]).until(30_000);
    const agentSaid = outgoing.call.utterances.filter(({ role }) => role === "agent");
    expect(agentSaid.map(({ interrupted }) => interrupted)).toEqual([true, false]);
    expect(agentSaid[1]?.text).toBe(message);
    expect(outgoing.call.ending?.cause).toBe("machine-answered");
  });

  test("continue: the agent talks to a machine as to anybody", () => {
    const { pcm, speeches } = machine();
    const outgoing = new OutgoingCall({ onMachine: "continue" }).hears(pcm, speeches).until(12_000);
    expect(outgoing.verdicts.at(-1)).toBe("machine!");
    expect(outgoing.call.transcript).toEqual([`agent: ${greeting}`]);
    expect(outgoing.call.ending).toBeUndefined();
  });

  test("words that tell a machine are enough, and are taken up outside the conversation's own step", () => {
    const talk = onLine(speech("vm-nobodyavail"), line, new SeededRandom(7), 4000);
    const outgoing = new OutgoingCall({ onMachine: "hang-up" }).hears(talk, [[600, 1500]]);
    const { call } = outgoing;
    call.at(1400, () =>
      call.conversation.aiEvent(
        { type: "caller-transcript", itemId: "i", text: "please leave a message", final: false },
        call.now,
      ),
    );
    outgoing.until(6000);
    expect(call.ending).toMatchObject({ cause: "machine-answered" });
    expect(call.ending?.at).toBeLessThanOrEqual(1440);
  });

  test("a fax machine is left no message", () => {
    const fax = onLine(tone(2100, 3500, -18), line, new SeededRandom(8), 1000);
    const outgoing = new OutgoingCall({ onMachine: "leave-message", message }).hears(fax, []).until(8000);
    expect(outgoing.call.ending?.cause).toBe("machine-answered");
    expect(outgoing.saidAt).toEqual([]);
  });

  test("a model that is ready late greets when it is, once it is known who answered", () => {
    const outgoing = new OutgoingCall({}, {}).hears(person, theirHello);
    expect(outgoing.saidAt).toEqual([]);
    outgoing.until(5000);
    outgoing.call.conversation.aiEvent({ type: "ready" }, 5000);
    expect(outgoing.saidAt).toHaveLength(1);
  });

  test("what the operator has the agent say is said before it is known who answered", () => {
    const outgoing = new OutgoingCall();
    outgoing.call.at(300, () => outgoing.call.conversation.say("One moment.", 300));
    outgoing.until(3000);
    expect(outgoing.call.transcript).toEqual(["agent: One moment."]);
  });
});
