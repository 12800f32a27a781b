import { expect, test } from "vitest";
import { ConversationCall } from "../../kit/conversation-call.ts";
import type { ReplyScript } from "../../kit/scripted-ai.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";

const sentences = [
  "Yes.",
  "It is number forty two.",
  "The ferry to the northern islands leaves every day at seven in the morning and at noon.",
];
const callerWords = ["", "", "okay", "no wait a moment please", "when does it leave", "(never)"];
/** The caller does as he likes for so long, then he is silent for good. */
const livelyMs = 40_000;

/** A call in which both sides do whatever may happen. */
function randomCall(seed: number): ConversationCall {
  const random = new SeededRandom(seed);
  const byProvider = random.chance(0.4);
  const call = new ConversationCall(
    {
      firstMessage: random.chance(0.7) ? random.pick(["", "Welcome to the harbour office."]) : undefined,
      turn: {
        nudgeAfterMs: 3000,
        maxNudges: 1,
        detection: byProvider ? "provider" : "local",
        interruptible: random.chance(0.85),
        greetingInterruptible: random.chance(0.3),
      },
    },
    { endsTurns: byProvider, ears: random.chance(0.85) },
  );
  call.stepMs = 5;
  call.ai.transcribeMs = random.pick([100, 400, 900]);
  call.ai.latencyMs = random.pick([50, 200, 800]);
  for (let n = 0; n < 30; n++) {
    const words = random.pick(callerWords);
    call.ai.words.push(words === "(never)" ? undefined : words);
    const toolCallId = `tool_${n}`;
    const text = random.pick(sentences);
    const replies: readonly ReplyScript[] = [
      { text },
      { text },
      { text, tools: [{ toolCallId, name: "lookup" }] },
      { audioMs: 0, tools: [{ toolCallId, name: "lookup" }] },
      { audioMs: 0 },
      { lost: true },
    ];
    call.ai.replies.push(random.pick(replies));
    call.answerTool(random.int(1000, livelyMs + 5000), toolCallId);
  }
  for (let at = 0; at < livelyMs; at += random.int(100, 6000)) {
    const length = random.int(50, 2500);
    const action = random.int(0, 10);
    if (action < 7) call.speech(at, at + length);
    else if (action === 7) call.key(at, random.pick(["1", "2", "#"]));
    else if (action === 8) call.at(at, () => call.conversation.say("A colleague will call you back.", call.now));
    else call.at(at, () => call.conversation.leave(random.pick(["agent-hung-up", "api-hung-up"] as const), call.now));
    if (byProvider && random.chance(0.6)) {
      call.at(at + 150, () => call.conversation.aiEvent({ type: "turn-started" }, call.now));
      call.at(at + length + 300, () => call.conversation.aiEvent({ type: "turn-ended" }, call.now));
    }
    at += length;
  }
  return call;
}

test("conversation: whatever happens it comes to an end, and tells of the agent what was heard and nothing else", () => {
  const causes = new Set<string>();
  for (let seed = 1; seed <= 25; seed++) {
    const call = randomCall(seed);
    for (let end = livelyMs; !call.ending && end < 300_000; end += 5000) {
      call.until(end);
      for (let n = 0; n < 30; n++) call.finishTool(`tool_${n}`);
    }
    expect(call.ending, `seed ${seed}: no end\n${call.ai.log.slice(-12).join("\n")}`).toBeDefined();
    causes.add(call.ending?.cause ?? "");
    for (const started of call.newsOf("tool-started")) {
      const ends = call.newsOf("tool-ended").filter(({ toolCallId }) => toolCallId === started.toolCallId);
      expect(ends.length, `seed ${seed}: ${started.toolCallId}`).toBe(1);
    }
    // No byte of the agent is heard twice, and what is called whole was heard whole.
    const sent = [...call.ai.audio.values()].reduce((sum, audio) => sum + audio.length, 0);
    const heard = call.carrier.playedAll.filter((byte) => byte !== 0xff).length;
    expect(heard, `seed ${seed}`).toBeLessThanOrEqual(sent);
    const whole = call.utterances.filter(({ role, interrupted }) => role === "agent" && !interrupted).length;
    const heardWhole = [...call.ai.audio.keys()].filter((itemId) => call.heardWhole(itemId)).length;
    expect(heardWhole, `seed ${seed}`).toBeGreaterThanOrEqual(whole);
    const ids = call.utterances.map(({ utteranceId }) => utteranceId);
    expect(new Set(ids).size, `seed ${seed}`).toBe(ids.length);
  }
  expect([...causes].sort()).toEqual(["agent-hung-up", "api-hung-up", "caller-silent"]);
}, 60_000);
