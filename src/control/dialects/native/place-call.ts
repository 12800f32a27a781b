import { createHash } from "node:crypto";
import { Type } from "@fastify/type-provider-typebox";
import type { CallOrder } from "../../service/calls/place-call.ts";
import type { TypedApp } from "../shapes.ts";
import { readAgent } from "./agents.ts";
import { CallBody, PlaceCallBody } from "./call-schemas.ts";
import { refusals } from "./errors.ts";
import { renderCall } from "./render-call.ts";

const defaultDecideWithinMs = 4_000;
const Headers = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({ minLength: 1, maxLength: 255, description: "Said again with the same body: no second call." }),
  ),
});

/** `POST /calls`: the gateway calls somebody. */
export function placeCallRoute(app: TypedApp): void {
  app.post(
    "/calls",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "placeCall",
        tags: ["calls"],
        description:
          "Calls a number or a phone and has an agent talk. The answer comes before anybody rings; follow the call by its " +
          "events. A repeated request with the same Idempotency-Key answers with the first one's call and " +
          "`Idempotent-Replayed: true`.",
        headers: Headers,
        body: PlaceCallBody,
        response: { 201: CallBody, ...refusals(402, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const order = readOrder(request.body, request.headers["idempotency-key"]);
      const { call, isReplay } = await request.commands.placeCall(order);
      if (isReplay) reply.header("idempotent-replayed", "true");
      return reply.code(201).send(renderCall(call));
    },
  );
}

function readOrder(body: PlaceCallBody, idempotencyKey: string | undefined): CallOrder {
  const { agent, answering_machine: machine } = body;
  return {
    kind: body.kind,
    from: body.from,
    to: body.to,
    agentId: body.agent_id,
    agent: agent && { ...readAgent(agent), name: agent.name ?? "Inline" },
    useSavedAgent: body.use_saved_agent,
    language: body.language,
    bridgeTo: body.bridge_to,
    trunk: body.trunk,
    metadata: body.metadata ?? {},
    record: body.record,
    disclosure: body.recording_disclosure,
    liveTranscript: body.live_transcript,
    maxDurationMs: body.max_duration_ms,
    ringTimeoutMs: body.ring_timeout_ms,
    answeringMachine: machine && {
      onMachine: machine.on_machine,
      message: machine.message,
      decideWithinMs: machine.decide_within_ms ?? defaultDecideWithinMs,
    },
    idempotencyKey,
    requestHash: createHash("sha256").update(JSON.stringify(body)).digest("hex"),
  };
}
