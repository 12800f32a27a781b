import { Type } from "@fastify/type-provider-typebox";
import { hashOf, IdempotencyHeaders, markReplay } from "../idempotency.ts";
import { instant, type TypedApp } from "../shapes.ts";
import { renderCall, renderTranscript } from "./render.ts";
import { E164Text, IdParams, Metadata, NumberId, PageQuery, readPage, sendPage, success } from "./shapes.ts";

const PlaceCallBody = Type.Object({ from: NumberId, to: E164Text, metadata: Type.Optional(Metadata) });

/** `/calls`: the agent of a number calls somebody; calls found, read and heard. */
export function callRoutes(app: TypedApp): void {
  app.post(
    "/api/v0/calls",
    { config: { scope: "calls" }, schema: { headers: IdempotencyHeaders, body: PlaceCallBody } },
    async ({ commands, body, headers }, reply) => {
      const { from, to, metadata = {} } = body;
      const idempotencyKey = headers["idempotency-key"];
      const { call, isReplay } = await commands.placeCall({
        from,
        to,
        metadata,
        idempotencyKey,
        requestHash: hashOf(body),
      });
      markReplay(reply, isReplay);
      return reply.code(201).send(success(renderCall(call)));
    },
  );
  app.get("/api/v0/calls", { schema: { querystring: PageQuery } }, async ({ tenant, query }, reply) =>
    sendPage(reply, await tenant.calls.list({}, readPage(query)), query, renderCall),
  );
  app.get("/api/v0/calls/:id", { schema: { params: IdParams } }, async ({ tenant, params }) =>
    success(renderCall(await tenant.calls.get(params.id))),
  );
  app.get("/api/v0/calls/:id/transcript", { schema: { params: IdParams } }, async ({ tenant, params: { id } }) =>
    success(renderTranscript(id, await tenant.calls.transcript(id), await tenant.calls.summary(id))),
  );
  app.get("/api/v0/calls/:id/recording", { schema: { params: IdParams } }, async ({ tenant, params }) => {
    const call = await tenant.calls.get(params.id);
    const { url, expiresAt } = tenant.recordingLinks.create(call);
    return success({ call_id: call.id, recording_url: url, expires_at: instant(expiresAt) });
  });
}
