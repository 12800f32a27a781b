import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChatServer, type SeenRequest, startChatServer } from "../../bench/sim/chat-server.ts";
import { checkSignature } from "../../src/kit/signature.ts";
import { agentAt, callNumber, type FinishedCall, transcriptOf } from "../kit/calls.ts";
import { type Json, startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";
import { StallWatch } from "../kit/stalls.ts";

const greeting = "Good morning, this is the harbour office.";
const longAnswer =
  "The ferry to the northern islands leaves every day at seven in the morning. There is another one at noon. " +
  "The last one leaves at six in the evening. The crossing takes about two hours in good weather. " +
  "It takes a little longer when the wind is up, and dogs travel free of charge.";
const lastAnswer = "Goodbye, and a good journey.";
const listen = { type: "wait-for-agent", quietMs: 1000 } as const;
const clip = (prompt: string) => ({ label: prompt, samples: speech(prompt) });

interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

for (const provider of ["pipeline", "chat-webhook"] as const) {
  describe(`a call with a ${provider} agent`, () => {
    const number = "+15550111";
    let sim: ChatServer;
    let gateway: TestGateway;
    let agent: Json;
    let call: FinishedCall;
    let lines: readonly Json[];
    let questions: readonly SeenRequest[];
    let watch: StallWatch;

    beforeAll(async () => {
      sim = await startChatServer();
      sim.transcripts("when does the ferry leave", "stop that is enough");
      sim.script({ text: longAnswer }, { text: lastAnswer });
      gateway = await startGateway({
        OPENAI_API_KEY: "sk-test",
        OPENAI_BASE_URL: sim.baseUrl,
        TANDEM_ALLOW_PRIVATE_TARGETS: "true",
      });
      agent = await agentAt(gateway, number, {
        name: "Harbour",
        instructions: "You are the harbour office.",
        provider,
        first_message: greeting,
        ...(provider === "chat-webhook" && { webhook_url: `http://127.0.0.1:${sim.port}/customer/chat/completions` }),
      });
      watch = await StallWatch.begin(gateway);
      call = await callNumber(gateway, number, [
        listen,
        { type: "play", clip: clip("queue-thankyou") },
        { type: "barge-in", afterMs: 3000, clip: clip("vm-tocallnum") },
        listen,
        { type: "hang-up" },
      ]);
      lines = await transcriptOf(gateway, call.callId);
      questions = sim.requests.filter(({ path }) => path.endsWith("/chat/completions"));
    }, 120_000);

    afterAll(async () => {
      watch?.close();
      await gateway?.close();
      await sim?.close();
    });

    const messagesOf = (question: SeenRequest | undefined) => (question?.body.messages ?? []) as ChatMessage[];

    test("the caller hears greeting, answer and, after he interrupted, the next answer, without a gap", async () => {
      expect(call.result.agentSpeech.length).toBeGreaterThanOrEqual(3);
      expect(await watch.unexplained([call])).toEqual([]);
      expect(call.result.faults).toEqual([]);
      expect(call.record.cause).toBe("caller-hung-up");
    });

    test("the model is asked once a turn, with instructions, greeting and the caller's words", () => {
      expect(questions.length).toBe(2);
      const messages = messagesOf(questions[0]);
      expect(messages[0]?.role).toBe("system");
      expect(messages[0]?.content).toContain("You are the harbour office.");
      expect(messages.slice(1)).toEqual([
        { role: "assistant", content: greeting },
        { role: "user", content: "when does the ferry leave" },
      ]);
      expect(questions[0]?.body.stream).toBe(true);
    });

    test("after a barge-in the model is shown only what the caller heard of its answer", () => {
      expect(call.result.bargeIns.map(({ silentMs }) => silentMs)).toEqual([expect.any(Number)]);
      expect(call.result.messages.clear).toBeGreaterThanOrEqual(1);
      const messages = messagesOf(questions[1]);
      const answer = messages.findLast(({ role }) => role === "assistant")?.content ?? "";
      const heard = answer.replace(/\W*(\[.*\])?\W*$/, "");
      expect(heard.length).toBeGreaterThan(10);
      expect(longAnswer.startsWith(heard)).toBe(true);
      expect(heard.length).toBeLessThan(longAnswer.length * 0.7);
      expect(messages.at(-1)).toEqual({ role: "user", content: "stop that is enough" });
    });

    test("the transcript has the same: heard words only, marked as interrupted", () => {
      const interrupted = lines.find((line) => line.interrupted === true);
      expect(interrupted?.role).toBe("agent");
      const spokenAfterGreeting = lines
        .slice(lines.findIndex(({ role }) => role === "caller") + 1)
        .filter(({ role }) => role === "agent")
        .map(({ text }) => String(text));
      expect(spokenAfterGreeting.at(-1)).toBe(lastAnswer);
      const heard = spokenAfterGreeting.slice(0, -1).join(" ");
      expect(longAnswer.startsWith(heard)).toBe(true);
      expect(heard.length).toBeLessThan(longAnswer.length * 0.7);
    });

    test("usage of ears and voice is written down, and the model's own where it is ours to pay", () => {
      expect(call.record.usage.output_text_tokens > 0).toBe(provider === "pipeline");
      expect(call.record.usage.transcription_seconds).toBeGreaterThan(0);
      expect(call.record.usage.speech_characters).toBeGreaterThan(greeting.length);
    });

    if (provider === "chat-webhook") {
      test("each request to the customer is signed with the agent's secret and names the call", () => {
        for (const { headers, rawBody, body } of questions) {
          const header = String(headers["x-tandem-signature"]);
          const secret = String(agent.signing_secret);
          expect(checkSignature({ header, rawBody, secret, nowS: Date.now() / 1000 })).toBeUndefined();
          expect(checkSignature({ header, rawBody: `${rawBody} `, secret, nowS: Date.now() / 1000 })).toBeDefined();
          expect(body.call).toMatchObject({ id: call.callId, from: "+15550122", to: number });
        }
      });
    } else {
      test("the service is asked with its key, and the key is in no log line", () => {
        expect(questions[0]?.headers.authorization).toBe("Bearer sk-test");
        expect(gateway.lines.join("\n")).not.toContain("sk-test");
      });
    }
  });
}
