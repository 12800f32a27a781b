import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ChatServer, startChatServer } from "../../../../bench/sim/chat-server.ts";
import { createChatCompletionsMind } from "../../../../src/media/ai/io/chat-completions.ts";
import type { MindPiece, MindRequest } from "../../../../src/media/ai/pipeline/parts.ts";

const request: MindRequest = {
  history: [{ role: "caller", text: "Hello" }],
  reason: "caller-turn",
  instructions: "Be kind.",
  tools: [{ name: "weather", description: "Tells the weather.", parameters: { type: "object" } }],
  model: undefined,
  language: "en",
  call: { id: "call_1", from: "+15550001", to: "+15550100", metadata: {} },
};

describe("chat completions", () => {
  let server: ChatServer;

  beforeEach(async () => {
    server = await startChatServer();
  });
  afterEach(() => server.close());

  async function ask(signal = new AbortController().signal, mind = makeMind()): Promise<MindPiece[]> {
    const pieces: MindPiece[] = [];
    for await (const piece of mind.respond(request, signal)) pieces.push(piece);
    return pieces;
  }
  const makeMind = () =>
    createChatCompletionsMind({ apiKey: "sk-test", baseUrl: server.baseUrl, model: "sim-1", retryAfterMs: 5 });
  const textOf = (pieces: MindPiece[]) => pieces.map((piece) => (piece.type === "text" ? piece.delta : "")).join("");

  test("asks with model, messages and tools, and streams the answer", async () => {
    server.script({ text: "Hi there.", tools: [{ id: "c1", name: "weather", arguments: { city: "Bonn" } }] });
    const pieces = await ask();
    expect(textOf(pieces)).toBe("Hi there.");
    expect(pieces.at(-2)).toEqual({
      type: "tool-call",
      toolCallId: "c1",
      name: "weather",
      argumentsJson: '{"city":"Bonn"}',
    });
    expect(pieces.at(-1)?.type).toBe("usage");
    expect(server.requests[0]?.headers.authorization).toBe("Bearer sk-test");
    expect(server.requests[0]?.body).toMatchObject({
      model: "sim-1",
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hello" },
      ],
      tools: [{ type: "function", function: { name: "weather" } }],
    });
  });

  test.each(["plain-json", "no-done", "no-finish-reason", "crlf", "holds-open"] as const)(
    "a server with the quirk %s is understood",
    async (quirk) => {
      server.script({ text: "Fine.", quirks: [quirk] });
      expect(textOf(await ask())).toBe("Fine.");
    },
  );

  test("a server that refuses stream_options is asked without them, from then on", async () => {
    const mind = makeMind();
    server.script({ text: "One.", quirks: ["refuses-stream-options"] }, { text: "One." }, { text: "Two." });
    await ask(undefined, mind);
    await ask(undefined, mind);
    expect(server.requests.map((seen) => "stream_options" in seen.body)).toEqual([true, false, false]);
  });

  test.each(["status-429", "status-503"] as const)("%s is tried once more, not twice", async (quirk) => {
    server.script({ quirks: [quirk] }, { text: "Back." });
    expect(textOf(await ask())).toBe("Back.");
    server.script({ quirks: [quirk] }, { quirks: [quirk] });
    await expect(ask()).rejects.toMatchObject({
      name: "PartFailure",
      kind: quirk === "status-429" ? "rate-limited" : "provider",
    });
    expect(server.requests.length).toBe(4);
  });

  test("a refused key fails at once", async () => {
    server.script({ quirks: ["status-401"] });
    await expect(ask()).rejects.toMatchObject({
      kind: "rejected",
      message: "chat completions answered 401 (simulated)",
    });
    expect(server.requests.length).toBe(1);
  });

  test.each(["error-chunk", "error-event", "drops"] as const)(
    "%s in the middle is a failure that keeps the server's words out",
    async (quirk) => {
      server.script({ text: "Well then,", quirks: [quirk] });
      const pieces: MindPiece[] = [];
      const answering = (async () => {
        for await (const piece of makeMind().respond(request, new AbortController().signal)) pieces.push(piece);
      })();
      await expect(answering).rejects.toMatchObject({
        name: "PartFailure",
        message: expect.not.stringContaining("secret"),
      });
      expect(textOf(pieces)).toBe("Well then,");
    },
  );

  test("an empty answer is a failure", async () => {
    server.script({ text: "" });
    await expect(ask()).rejects.toMatchObject({ kind: "provider" });
  });

  test("nobody there is a failure to connect", async () => {
    const mind = createChatCompletionsMind({
      apiKey: "",
      baseUrl: "http://127.0.0.1:1/v1",
      model: "m",
      retryAfterMs: 1,
    });
    await expect(ask(undefined, mind)).rejects.toMatchObject({ kind: "connect-failed" });
  });

  test("an abort ends the request at the server too", async () => {
    server.script({ text: "a b c d e f g h i j k l m n o p", chunkMs: 50 });
    const barge = new AbortController();
    const answering = (async () => {
      for await (const piece of makeMind().respond(request, barge.signal)) if (piece.type === "text") barge.abort();
    })();
    await expect(answering).rejects.toThrow();
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });
});
