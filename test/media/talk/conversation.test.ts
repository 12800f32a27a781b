import { describe, expect, test } from "vitest";
import { ConversationCall } from "../../kit/conversation-call.ts";
import { spokenMs } from "../../kit/scripted-ai.ts";

const greeting = "Welcome to the harbour office.";
const answer = "The ferry to the northern islands leaves every day at seven in the morning and at noon.";

describe("conversation: the greeting", () => {
  test("is spoken as soon as the AI is ready, and heard to its end", () => {
    const call = new ConversationCall({ firstMessage: greeting }).until(5000);
    expect(call.ai.log[0]).toBe("0 say greeting");
    expect(call.transcript).toEqual([`agent: ${greeting}`]);
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.ai.log.at(-1)).toMatch(/heard item_1$/);
  });

  test("is not interrupted, and what the caller says over it is his turn after it", () => {
    const call = new ConversationCall({ firstMessage: greeting });
    call.ai.words.push("hello who is there");
    call.speech(500, 1500).until(6000);
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.carrier.messages.clears).toBe(0);
    const endMs = call.utterances[0]?.endMs ?? 0;
    const committedAt = Number(call.ai.log.find((line) => line.endsWith("commit-turn"))?.split(" ")[0]);
    expect(committedAt).toBeGreaterThanOrEqual(endMs);
    expect(committedAt).toBeLessThan(endMs + 200);
    expect(call.transcript).toEqual([`agent: ${greeting}`, "caller: hello who is there", "agent: All right then."]);
  });

  test("that the model makes up is asked for; an empty one means that the caller speaks first", () => {
    expect(new ConversationCall({ firstMessage: undefined }).ai.log).toEqual(["0 respond greeting"]);
    expect(new ConversationCall({ firstMessage: "" }).ai.log).toEqual([]);
  });

  test("is not said again when the session comes back after a reconnect", () => {
    const call = new ConversationCall({ firstMessage: greeting }).at(4000, () => call.ai.start());
    expect(call.until(8000).ai.log.filter((line) => line.includes("say"))).toHaveLength(1);
  });
});

describe("conversation: a turn", () => {
  test("goes from the caller's last voiced frame to the heard answer, and its parts are measured", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: answer });
    call.ai.words.push("when does the ferry leave");
    call.speech(1000, 2000).until(12_000);
    expect(call.ai.log.slice(0, 3)).toEqual([
      "1060 caller-speech-started",
      "2500 commit-turn",
      "2500 respond caller-turn",
    ]);
    expect(call.transcript).toEqual(["caller: when does the ferry leave", `agent: ${answer}`]);
    expect(call.newsOf("turn").map(({ turn }) => turn)).toEqual([
      {
        turnId: expect.any(String),
        reason: "caller-turn",
        callerLastVoicedAtMs: 2000,
        decidedAtMs: 2500,
        providerFirstByteAtMs: 2700,
        firstFrameOnWireAtMs: expect.closeTo(2710, -1.5),
      },
    ]);
  });

  test("the agent's partial transcripts run up to what was heard, under the id of the whole", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: answer });
    call.speech(1000, 2000).until(12_000);
    const partials = call.newsOf("transcript-partial").filter(({ role }) => role === "agent");
    expect(partials.length).toBeGreaterThan(5);
    for (const { text, utteranceId } of partials) {
      expect(answer.startsWith(text)).toBe(true);
      expect(utteranceId).toBe(call.utterances.at(-1)?.utteranceId);
    }
    const atMs = partials.map((partial) => partial.atMs);
    expect(atMs.every((at, index) => index === 0 || at - (atMs[index - 1] ?? 0) >= 200)).toBe(true);
  });

  test("a reply without sound gives the floor back at once", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ audioMs: 0 }, { text: answer });
    call.speech(1000, 2000).speech(3000, 4000).until(14_000);
    expect(call.transcript).toEqual([`agent: ${answer}`]);
    expect(call.newsOf("call-error")).toEqual([]);
  });

  test("a reply that never begins is given up, said so, and the next turn is answered", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ lost: true }, { text: answer });
    call.speech(1000, 2000).speech(20_000, 21_000).until(30_000);
    expect(call.newsOf("call-error")).toMatchObject([{ kind: "reply-timeout", fatal: false, atMs: 17_500 }]);
    expect(call.newsOf("turn")[0]?.turn.firstFrameOnWireAtMs).toBeUndefined();
    expect(call.transcript).toEqual([`agent: ${answer}`]);
  });

  test("audio of a reply that was called off is dropped and counted", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: answer });
    call
      .speech(1000, 2000)
      .speech(4000, 6000)
      .at(5500, () => call.ai.lateAudio("response_1"));
    call.until(15_000);
    expect(call.counts).toContain("late-audio");
    expect(call.ai.audio.has("late item")).toBe(false);
    expect(call.utterances.map(({ interrupted }) => interrupted)).toEqual([true, false]);
  });

  test("a transcript of our own voice is no word of the caller", () => {
    const call = new ConversationCall({}, {});
    call.ai.replies.push({ text: answer });
    call.speech(1000, 2000).speech(5000, 6500);
    call.ai.words.push("when does it leave", "the ferry to the northern islands leaves");
    call.until(20_000);
    expect(call.counts).toContain("echo-transcript");
    expect(call.utterances.filter(({ role }) => role === "caller").map(({ text }) => text)).toEqual([
      "when does it leave",
    ]);
    // Nor does the agent stay silent for it: he goes on where he was cut.
    expect(call.heardWhole("item_1")).toBe(true);
  });

  test("the provider's errors are told; only a fatal one ends the call, once what had come was heard", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: answer });
    const error = { type: "error", kind: "rate-limited", message: "slow down" } as const;
    call.speech(1000, 2000).at(3000, () => call.conversation.aiEvent({ ...error, fatal: false }, call.now));
    call.until(4000);
    expect(call.ending).toBeUndefined();
    expect(call.newsOf("call-error")).toMatchObject([{ kind: "rate-limited", fatal: false, atMs: 3000 }]);
    call.at(5000, () => call.conversation.aiEvent({ ...error, fatal: true }, call.now)).until(20_000);
    expect(call.newsOf("call-error").at(-1)).toMatchObject({ fatal: true, atMs: 5000 });
    expect(call.ending).toMatchObject({ cause: "provider-failed", detail: "rate-limited: slow down" });
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.transcript).toEqual([`agent: ${answer}`]);
    expect((call.ending?.at ?? 0) - (call.utterances[0]?.endMs ?? 0)).toBeLessThanOrEqual(60);
  });

  test("a provider that is gone in the middle of a reply: what had come of it is heard, even the last part of a frame", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: answer, audioMs: 1230, endless: true });
    const error = { type: "error", kind: "socket-closed", message: "gone", fatal: true } as const;
    call.speech(1000, 2000).at(3100, () => call.conversation.aiEvent(error, call.now));
    call.until(20_000);
    expect(call.ending).toMatchObject({ cause: "provider-failed" });
    expect(call.heardWhole("item_1")).toBe(true);
    expect(call.utterances).toMatchObject([{ role: "agent", interrupted: false }]);
  });

  test("what a lost provider left to say is cut after five seconds, and at once by the caller", () => {
    const error = { type: "error", kind: "socket-closed", message: "gone", fatal: true } as const;
    const talkative = (): ConversationCall => {
      const call = new ConversationCall();
      call.ai.replies.push({ text: answer, audioMs: 60_000 });
      return call.speech(1000, 2000).at(5000, () => call.conversation.aiEvent(error, call.now));
    };
    expect(talkative().until(20_000).ending).toMatchObject({ at: 10_000, cause: "provider-failed" });
    const interrupted = talkative().speech(6000, 9000).until(20_000);
    expect(interrupted.ending).toMatchObject({ cause: "provider-failed" });
    expect(interrupted.ending?.at).toBeLessThan(6800);
  });

  test("a provider that is gone while nothing is to be heard ends the call at once", () => {
    const call = new ConversationCall();
    call.at(500, () =>
      call.conversation.aiEvent({ type: "error", kind: "rejected", message: "no", fatal: true }, call.now),
    );
    expect(call.until(1000).ending).toEqual({ at: 500, cause: "provider-failed", detail: "rejected: no" });
  });

  test("a call that ends before it is known what spoke over the agent has that interruption on record", () => {
    const cut = (endAt: number, speechTo: number): Record<string, unknown>[] => {
      const call = new ConversationCall();
      call.ai.replies.push({ text: answer });
      call.speech(1000, 2000).speech(5000, speechTo).until(endAt);
      expect(call.newsOf("interruption")).toEqual([]);
      call.conversation.closed(call.now);
      return call.newsOf("interruption").map(({ interruption }) => ({ ...interruption }));
    };
    const heardMs = expect.closeTo(2340, -2);
    // The agent was paused, and for what was never decided.
    expect(cut(5400, 9000)).toEqual([
      { onsetAtMs: 5000, silencedAtMs: 5060, decidedAtMs: 5400, outcome: "yielded", heardMs },
    ]);
    // He had yielded, and the words did not come any more.
    expect(cut(6500, 6000)).toEqual([
      { onsetAtMs: 5000, silencedAtMs: 5060, decidedAtMs: 5700, outcome: "yielded", heardMs },
    ]);
    expect(cut(4000, 9000)).toEqual([]);
  });

  test("a call that ends in the middle reports what was heard and what was under way", () => {
    const call = new ConversationCall();
    call.ai.replies.push({ text: answer, tools: [{ toolCallId: "tool_1", name: "lookup" }] });
    call.speech(1000, 2000).until(4700);
    call.conversation.closed(call.now);
    const heardMs = 4700 - 2720;
    const [utterance] = call.utterances;
    expect(utterance).toMatchObject({ role: "agent", interrupted: true });
    expect(utterance?.text.length).toBeLessThanOrEqual(answer.length * (heardMs / spokenMs(answer)));
    expect(utterance?.text.length).toBeGreaterThan(10);
    expect(call.newsOf("tool-ended")).toMatchObject([{ toolCallId: "tool_1", name: "lookup", ok: false }]);
  });

  test("messages of the AI that nobody knows are counted", () => {
    const call = new ConversationCall();
    call.conversation.aiEvent({ type: "ignored", name: "novelty" }, 10);
    expect(call.counts).toEqual(["ignored"]);
  });
});
