import type { FastifyReply } from "fastify";
import type { CallOrder, PlacedCall } from "../../service/calls/place-call.ts";
import { defaultPersona } from "../../service/numbers/inbound.ts";
import { hashOf } from "../idempotency.ts";
import type { TypedApp } from "../shapes.ts";
import { AiCallBody, CallBody, InitiateBody } from "./call-schemas.ts";
import { readPersona } from "./number-agents.ts";
import { renderPlaced } from "./render-call.ts";
import { markReplay } from "./shapes.ts";

const tags = ["Voice Calls"];

/** `/v1/calls/initiate` and `/v1/calls/ai`: calls of ours, between people or with an agent. */
export function placeCallRoutes(app: TypedApp): void {
  app.post(
    "/v1/calls/initiate",
    {
      config: { scope: "calls" },
      schema: {
        tags,
        summary: "Start a standard call between people (billed)",
        body: InitiateBody,
        response: { 201: CallBody },
      },
    },
    async ({ commands, body }, reply) => {
      const { record, connectTo: bridgeTo } = body;
      const order: CallOrder = { ...dialled(body), kind: "bridge", record, bridgeTo };
      return sendPlaced(reply, await commands.placeCall(order));
    },
  );
  app.post(
    "/v1/calls/ai",
    {
      config: { scope: "calls" },
      schema: {
        tags,
        summary: "Start a call on which an AI agent talks (billed, Pro plan)",
        body: AiCallBody,
        response: { 201: CallBody },
      },
    },
    async ({ commands, body }, reply) => sendPlaced(reply, await commands.placeCall(readAiOrder(body))),
  );
}

function sendPlaced(reply: FastifyReply, { call, isReplay }: PlacedCall): FastifyReply {
  markReplay(reply, isReplay);
  return reply.code(201).send(renderPlaced(call));
}

function readAiOrder(body: AiCallBody): CallOrder {
  const { systemPrompt, useSavedAgent, language, record, liveTranscript } = body;
  const order = { ...dialled(body), record, liveTranscript };
  const agent = {
    name: "AgentCall",
    ...readPersona(body),
    ...(systemPrompt !== undefined && { instructions: systemPrompt }),
  };
  if (useSavedAgent) return { ...order, useSavedAgent, agent, language };
  return { ...order, agent: { ...defaultPersona, ...agent }, language: language ?? "auto" };
}

/** What both kinds of calls have. A key said again is the first request said again, whatever else is in it. */
function dialled(body: InitiateBody | AiCallBody) {
  const { from, to, metadata = {}, idempotencyKey } = body;
  const once = { idempotencyKey, idempotencyScope: "number", onOtherBody: "replay" } as const;
  return { from, to, metadata, ...once, requestHash: hashOf(body) };
}
