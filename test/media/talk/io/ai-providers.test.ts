import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import type { AgentSpec, CallPlan } from "../../../../src/media/protocol.ts";
import { AiProviders } from "../../../../src/media/talk/io/ai-providers.ts";
import { FakeLeg } from "../../../kit/fake-leg.ts";

test("AI providers: the customer's own key is what the provider is asked with, the gateway's where there is none", async () => {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  const keys: (string | undefined)[] = [];
  sockets.on("connection", (_socket, request) => keys.push(request.headers.authorization));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  const log = createLogger("silent", "test");
  const { port } = server.address() as AddressInfo;
  const settings = {
    openaiApiKey: "sk-gateway",
    openaiBaseUrl: `http://127.0.0.1:${port}/v1`,
    realtimeModel: "m",
    realtimeTranscriptionModel: "",
    realtimeDialect: "ga",
    chatModel: "m",
    sttModel: "local",
    ttsModel: "local",
    allowPrivateTargets: false,
  } as const;
  const providers = await AiProviders.open(settings, systemClock, log);
  const agent: AgentSpec = {
    agentId: "agent_1",
    name: "A",
    provider: "openai-realtime",
    model: undefined,
    voice: undefined,
    language: "und",
    instructions: "",
    firstMessage: undefined,
    tools: [],
    transfers: [],
    turn: {},
    maxDurationMs: 60_000,
    webhook: undefined,
  };
  const plan = { callId: "call_1", carrier: "sip", from: "", to: "", metadata: {}, recordingPath: undefined } as const;
  for (const spec of [{ ...agent, providerKey: "sk-customer" }, agent]) {
    const whole: CallPlan = { ...plan, agent: spec };
    const sink = { event: () => undefined, agentAudio: () => undefined };
    const session = providers.create(whole, spec, new FakeLeg(), sink, log);
    session.start();
    const [, request] = await once(sockets, "connection");
    expect(request).toBeDefined();
    session.close();
  }
  expect(keys).toEqual(["Bearer sk-customer", "Bearer sk-gateway"]);
});
