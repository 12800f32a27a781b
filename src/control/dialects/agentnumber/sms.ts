import { Type } from "@fastify/type-provider-typebox";
import { IdempotencyHeaders, markReplay } from "../idempotency.ts";
import type { TypedApp } from "../shapes.ts";
import { renderText } from "./render.ts";
import { E164Text, IdParams, Metadata, NumberId, PageQuery, readPage, sendPage, success, textIds } from "./shapes.ts";

const SendBody = Type.Object({
  from: NumberId,
  to: E164Text,
  body: Type.String({ minLength: 1, maxLength: 4096 }),
  metadata: Type.Optional(Metadata),
});

/** `/sms`: texts out, and texts of both ways found. */
export function smsRoutes(app: TypedApp): void {
  app.post(
    "/api/v0/sms",
    { config: { scope: "texts" }, schema: { headers: IdempotencyHeaders, body: SendBody } },
    async ({ tenant, body, headers }, reply) => {
      // By its id, so that a number that is not ours is not found, as everywhere.
      const { number: from } = await tenant.numbers.get(body.from);
      const { to, body: words, metadata } = body;
      const idempotencyKey = headers["idempotency-key"];
      const sent = await tenant.texts.send({ from, to, body: words, metadata, idempotencyKey });
      markReplay(reply, sent.isReplay);
      return reply.code(201).send(success(renderText(sent)));
    },
  );
  app.get("/api/v0/sms", { schema: { querystring: PageQuery } }, async ({ tenant, query }, reply) =>
    sendPage(reply, await tenant.texts.list({}, readPage(query)), query, renderText),
  );
  app.get("/api/v0/sms/:id", { schema: { params: IdParams } }, async ({ tenant, params }) =>
    success(renderText(await tenant.texts.get(textIds.read(params.id)))),
  );
}
