import { Type } from "@fastify/type-provider-typebox";
import type { Text } from "../../service/texts.ts";
import type { NativeApp } from "./app.ts";
import { refusals } from "./errors.ts";
import { listOf, readPage, renderPage } from "./paging.ts";
import { instant } from "./shapes.ts";
import { ListTextsQuery, SendTextBody, TextBody } from "./text-schemas.ts";

const IdParams = Type.Object({ id: Type.String() });

/** `/texts`: text messages in and out. */
export function textRoutes(app: NativeApp): void {
  app.post(
    "/texts",
    {
      config: { scope: "texts" },
      schema: {
        operationId: "sendText",
        tags: ["texts"],
        description: "Answers before the text has arrived; `GET` tells what became of it.",
        body: SendTextBody,
        response: { 201: TextBody, ...refusals(503) },
      },
    },
    async (request, reply) => {
      const { from, to, text } = request.body;
      return reply.code(201).send(renderText(await request.tenant.texts.send({ from, to, body: text })));
    },
  );
  app.get(
    "/texts",
    {
      schema: {
        operationId: "listTexts",
        tags: ["texts"],
        querystring: ListTextsQuery,
        response: { 200: listOf(TextBody), ...refusals() },
      },
    },
    async ({ query, tenant }) => {
      const { direction, status, from, to } = query;
      return renderPage(await tenant.texts.list({ direction, status, from, to }, readPage(query)), renderText);
    },
  );
  app.get(
    "/texts/:id",
    {
      schema: {
        operationId: "getText",
        tags: ["texts"],
        params: IdParams,
        response: { 200: TextBody, ...refusals(404) },
      },
    },
    async (request) => renderText(await request.tenant.texts.get(request.params.id)),
  );
}

/** A text, in the words of this API. */
export function renderText(text: Text): TextBody {
  return {
    id: text.id,
    direction: text.direction,
    from: text.from,
    to: text.to,
    text: text.body,
    status: text.status,
    detail: text.detail,
    created_at: instant(text.createdAt),
    updated_at: instant(text.updatedAt),
  };
}
