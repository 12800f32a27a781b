import { type Static, Type } from "@fastify/type-provider-typebox";
import type { CallFilter } from "../../service/calls/calls.ts";
import type { Call } from "../../service/calls/kept-call.ts";
import { callsIn, stateOf } from "../call-states.ts";
import { hashOf, IdempotencyHeaders, markReplay } from "../idempotency.ts";
import { Metadata, type TypedApp, words } from "../shapes.ts";
import {
  agentIds,
  E164Text,
  IdParams,
  IdText,
  instant,
  instantOrNull,
  PageQuery,
  perPage,
  readAgentId,
  readPage,
  renderPage,
} from "./shapes.ts";
import { callStatuses, roles, stateOfWord } from "./words.ts";

const day = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const time = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
const DateText = Type.String({
  pattern: `^${day}(T${time})?$`,
  description: "ISO 8601: a day (UTC), or an instant.",
});
const CallQuery = Type.Object({
  ...PageQuery.properties,
  agent_id: Type.Optional(IdText),
  status: Type.Optional(words(Object.values(callStatuses))),
  start_date: Type.Optional(DateText),
  end_date: Type.Optional(DateText),
});
const PlaceCallBody = Type.Object({
  agent_id: IdText,
  to: E164Text,
  from: Type.Optional(E164Text),
  metadata: Type.Optional(Metadata),
});

/** `/v1/calls`: calls placed and found, what was said on them and how it sounds. */
export function callRoutes(app: TypedApp): void {
  app.get("/v1/calls", { schema: { querystring: CallQuery } }, async ({ tenant, query }) => {
    const page = readPage(query, perPage.documented);
    return renderPage(await tenant.calls.listPage(readFilter(query), page), page, renderCall);
  });
  app.post(
    "/v1/calls",
    { config: { scope: "calls" }, schema: { headers: IdempotencyHeaders, body: PlaceCallBody } },
    async ({ tenant, commands, body, headers }, reply) => {
      const agentId = readAgentId(body.agent_id);
      const { call, isReplay } = await commands.placeCall({
        agentId,
        from: body.from ?? (await tenant.numbers.callingFrom(agentId)),
        to: body.to,
        metadata: body.metadata ?? {},
        idempotencyKey: headers["idempotency-key"],
        requestHash: hashOf(body),
      });
      markReplay(reply, isReplay);
      const { id, status, agent_id, to } = renderCall(call);
      return reply.code(201).send({ id, status, agent_id, to, created_at: instant(call.createdAt) });
    },
  );
  app.get("/v1/calls/:id", { schema: { params: IdParams } }, async ({ tenant, params }) => {
    const call = await tenant.calls.get(params.id);
    return {
      ...renderCall(call),
      direction: call.direction,
      metadata: call.metadata,
      created_at: instant(call.createdAt),
      ended_at: instantOrNull(call.endedAt),
    };
  });
  app.get("/v1/calls/:id/transcript", { schema: { params: IdParams } }, async ({ tenant, params }) => {
    const lines = await tenant.calls.transcript(params.id);
    const transcript = lines.map(({ role, text, startMs }) => ({
      role: roles[role],
      text,
      timestamp: Math.round(startMs) / 1000,
    }));
    return { call_id: params.id, transcript };
  });
  app.get("/v1/calls/:id/recording", { schema: { params: IdParams } }, async ({ tenant, params }) => {
    const call = await tenant.calls.get(params.id);
    const { url, expiresAt } = tenant.recordingLinks.create(call);
    return { call_id: call.id, recording_url: url, expires_at: instant(expiresAt) };
  });
}

function renderCall(call: Call) {
  return {
    id: call.id,
    agent_id: call.agentId === null ? null : agentIds.show(call.agentId),
    to: call.to,
    from: call.from,
    status: callStatuses[stateOf(call)],
    duration_seconds: call.durationMs === null ? null : Math.round(call.durationMs / 1000),
    started_at: instantOrNull(call.startedAt),
  };
}

const dayMs = 86_400_000;

function readFilter({ agent_id, status, start_date, end_date }: Static<typeof CallQuery>): CallFilter {
  return {
    ...(status !== undefined && callsIn(stateOfWord[status])),
    ...(agent_id !== undefined && { agentId: agentIds.read(agent_id) }),
    // Both ends count, while the service leaves them out.
    ...(start_date !== undefined && { createdAfter: Date.parse(start_date) - 1 }),
    ...(end_date !== undefined && {
      createdBefore: Date.parse(end_date) + (end_date.includes("T") ? 1 : dayMs),
    }),
  };
}
