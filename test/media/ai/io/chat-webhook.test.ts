import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ChatServer, startChatServer } from "../../../../bench/sim/chat-server.ts";
import { checkSignature } from "../../../../src/kit/signature.ts";
import { createChatWebhookMind } from "../../../../src/media/ai/io/chat-webhook.ts";
import type { MindPiece, MindRequest } from "../../../../src/media/ai/pipeline/parts.ts";

const request: MindRequest = {
  history: [{ role: "caller", text: "Grüße" }],
  reason: "caller-turn",
  instructions: "",
  tools: [],
  model: "my-model",
  language: "en",
  call: { id: "call_1", from: "+15550001", to: "+15550100", metadata: { shop: "7" } },
};

describe("chat webhook", () => {
  let server: ChatServer;

  beforeEach(async () => {
    server = await startChatServer();
  });
  afterEach(() => server.close());

  function makeMind(allowPrivate = true) {
    const url = `${server.baseUrl}/chat/completions`;
    return createChatWebhookMind({ url, secret: "whsec", model: "default", allowPrivate, nowS: () => 1_700_000_000 });
  }
  async function ask(mind = makeMind(), signal = new AbortController().signal): Promise<MindPiece[]> {
    const pieces: MindPiece[] = [];
    for await (const piece of mind.respond(request, signal)) pieces.push(piece);
    return pieces;
  }

  test("posts model, messages and the call, signed over the very bytes", async () => {
    server.script({ text: "Good day." });
    const pieces = await ask();
    expect(pieces.map((piece) => (piece.type === "text" ? piece.delta : "")).join("")).toBe("Good day.");
    const [seen] = server.requests;
    expect(seen?.body).toEqual({
      model: "my-model",
      messages: [{ role: "user", content: "Grüße" }],
      stream: true,
      call: { id: "call_1", from: "+15550001", to: "+15550100", metadata: { shop: "7" } },
    });
    const header = String(seen?.headers["x-tandem-signature"]);
    expect(header).toMatch(/^t=1700000000,v1=[0-9a-f]{64}$/);
    const rawBody = seen?.rawBody ?? "";
    expect(checkSignature({ header, rawBody, secret: "whsec", nowS: 1_700_000_010 })).toBeUndefined();
  });

  test("an endpoint that answers plain JSON is understood", async () => {
    server.script({ text: "Plain.", quirks: ["plain-json"] });
    expect(await ask()).toContainEqual({ type: "text", delta: "Plain." });
  });

  test("a refusal and a private address are failures", async () => {
    server.script({ quirks: ["status-503"] });
    await expect(ask()).rejects.toMatchObject({ kind: "provider", message: "the agent's webhook answered 503" });
    await expect(ask(makeMind(false))).rejects.toMatchObject({ kind: "rejected" });
    expect(server.requests.length).toBe(1);
  });

  test("closing the mind ends what it is asking", async () => {
    server.script({ quirks: ["hangs"] });
    const mind = makeMind();
    const answer = ask(mind);
    await expect.poll(() => server.requests.length).toBe(1);
    mind.close();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });
});
