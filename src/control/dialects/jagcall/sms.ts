import { Type } from "@fastify/type-provider-typebox";
import { type Conversation, sideOf, type Text } from "../../service/texts/texts.ts";
import { IdempotencyHeaders, markReplay } from "../idempotency.ts";
import type { TypedApp } from "../shapes.ts";
import { E164Text, IdParams, instant, PageQuery, perPage, readPage, renderPage, textIds } from "./shapes.ts";
import { textStatuses } from "./words.ts";

const SendBody = Type.Object({
  from: E164Text,
  to: E164Text,
  body: Type.String({ minLength: 1, maxLength: 4096 }),
});

/** `/v1/sms`: texts sent, and the conversations they are part of. */
export function smsRoutes(app: TypedApp): void {
  app.post(
    "/v1/sms",
    { config: { scope: "texts" }, schema: { headers: IdempotencyHeaders, body: SendBody } },
    async ({ tenant, body: { from, to, body }, headers }, reply) => {
      const sent = await tenant.texts.send({ from, to, body, idempotencyKey: headers["idempotency-key"] });
      markReplay(reply, sent.isReplay);
      return reply.code(201).send({
        id: textIds.show(sent.id),
        status: textStatuses[sent.status],
        from: sent.from,
        to: sent.to,
        created_at: instant(sent.createdAt),
      });
    },
  );
  app.get("/v1/sms/conversations", { schema: { querystring: PageQuery } }, async ({ tenant, query }) => {
    const page = readPage(query, perPage.other);
    return renderPage(await tenant.texts.conversations.listPage(page), page, renderConversation);
  });
  app.get(
    "/v1/sms/conversations/:id/messages",
    { schema: { params: IdParams, querystring: PageQuery } },
    async ({ tenant, params, query }) => {
      const page = readPage(query, perPage.other);
      return renderPage(await tenant.texts.conversations.textsPage(params.id, page), page, renderMessage);
    },
  );
}

function renderConversation({ id, contact, lastMessage, updatedAt, messageCount }: Conversation) {
  return { id, contact, last_message: lastMessage, updated_at: instant(updatedAt), message_count: messageCount };
}

function renderMessage(text: Text) {
  return {
    id: textIds.show(text.id),
    direction: sideOf(text),
    body: text.body,
    status: textStatuses[text.status],
    created_at: instant(text.createdAt),
  };
}
