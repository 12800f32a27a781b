import { Type } from "@fastify/type-provider-typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import { GatewayError } from "../../../kit/errors.ts";
import type { CallEvent } from "../../service/calls/call-events.ts";
import type { TypedApp } from "../shapes.ts";
import type { NativeDeps } from "./app.ts";
import { refusals } from "./errors.ts";
import { renderEvent } from "./render-call.ts";
import { IdParams, strict } from "./shapes.ts";

const EventId = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const EventQuery = Type.Object({ last_event_id: Type.Optional(EventId) }, strict);
const eventStream = {
  200: {
    description: "Server-sent events; `id` is the global event id, `data` one line of JSON.",
    content: { "text/event-stream": { schema: Type.String() } },
  },
};

/** `/events` and `/calls/:id/events`: what happens, as it happens (server-sent events). */
export function eventRoutes(app: TypedApp, { services, streams }: NativeDeps): void {
  const serve = (
    request: FastifyRequest,
    reply: FastifyReply,
    stream: { callId: string | undefined; afterId: number | undefined },
  ) => {
    const key = request.apiKey;
    if (!key) throw new GatewayError("unauthorized", "event streams need a key");
    return streams.serve({
      ...stream,
      reply,
      orgId: key.orgId,
      keyId: key.id,
      render: renderEvent,
      isLast: (event: CallEvent) => stream.callId !== undefined && event.type === "call.ended",
      stillAllowed: () => services.keys.isGood(key.orgId, key.id),
    });
  };
  app.get(
    "/events",
    {
      exposeHeadRoute: false,
      schema: {
        operationId: "followEvents",
        tags: ["events"],
        description:
          "Events of all calls from now on, or after the event named by `Last-Event-ID` (header) or `last_event_id`.",
        querystring: EventQuery,
        response: { ...eventStream, ...refusals() },
      },
    },
    async (request, reply) => serve(request, reply, { callId: undefined, afterId: lastEventId(request) }),
  );
  app.get(
    "/calls/:id/events",
    {
      exposeHeadRoute: false,
      schema: {
        operationId: "followCallEvents",
        tags: ["events"],
        description:
          "Events of one call from its beginning, or after `Last-Event-ID`; ends after `call.ended`. " +
          "204: the call has ended and there is nothing more.",
        params: IdParams,
        querystring: EventQuery,
        response: { ...eventStream, 204: Type.Null(), ...refusals(404) },
      },
    },
    async (request, reply) => {
      const call = await request.tenant.calls.get(request.params.id);
      const afterId = lastEventId(request) ?? 0;
      // An EventSource that came to the end asks once more; 204 tells it to stop (WHATWG HTML §9.2.2).
      if (call.status === "ended" && !(await services.feed.hasAfter(call.orgId, afterId, call.id)))
        return reply.code(204).send(null);
      return serve(request, reply, { callId: call.id, afterId });
    },
  );
}

function lastEventId(request: FastifyRequest<{ Querystring: { last_event_id?: number } }>): number | undefined {
  const header = request.headers["last-event-id"];
  if (header === undefined) return request.query.last_event_id;
  const id = typeof header === "string" && /^[0-9]{1,15}$/.test(header) ? Number(header) : undefined;
  if (id === undefined) throw new GatewayError("invalid-request", "must be the id of an event", "Last-Event-ID");
  return id;
}
