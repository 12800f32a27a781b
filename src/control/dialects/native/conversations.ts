import type { Conversation } from "../../service/texts/texts.ts";
import type { TypedApp } from "../shapes.ts";
import { refusals } from "./errors.ts";
import { listOf, readPage, renderPage } from "./paging.ts";
import { IdParams, instant } from "./shapes.ts";
import {
  ConversationBody,
  ConversationDetailBody,
  ListConversationsQuery,
  ListConversationTextsQuery,
  ReplyBody,
  TextBody,
} from "./text-schemas.ts";
import { markReplay, renderText } from "./texts.ts";

/** `/conversations`: the texts between one of our numbers and one contact. */
export function conversationRoutes(app: TypedApp): void {
  app.get(
    "/conversations",
    {
      schema: {
        operationId: "listConversations",
        tags: ["texts"],
        description: "The one with the newest text first.",
        querystring: ListConversationsQuery,
        response: { 200: listOf(ConversationBody), ...refusals() },
      },
    },
    async ({ query, tenant }) => {
      const filter = {
        ...(query.number !== undefined && { number: query.number }),
        ...(query.contact !== undefined && { contact: query.contact }),
      };
      return renderPage(await tenant.texts.conversations.list(filter, readPage(query)), renderConversation);
    },
  );
  app.get(
    "/conversations/:id",
    {
      schema: {
        operationId: "getConversation",
        tags: ["texts"],
        params: IdParams,
        response: { 200: ConversationDetailBody, ...refusals(404) },
      },
    },
    async ({ params, tenant }) => {
      const conversation = await tenant.texts.conversations.get(params.id);
      return {
        ...renderConversation(conversation),
        opted_out: conversation.isOptedOut,
        texts: conversation.texts.map(renderText),
      };
    },
  );
  app.get(
    "/conversations/:id/texts",
    {
      schema: {
        operationId: "listConversationTexts",
        tags: ["texts"],
        params: IdParams,
        querystring: ListConversationTextsQuery,
        response: { 200: listOf(TextBody), ...refusals(404) },
      },
    },
    async ({ params, query, tenant }) =>
      renderPage(await tenant.texts.conversations.texts(params.id, readPage(query)), renderText),
  );
  app.post(
    "/conversations/:id/texts",
    {
      config: { scope: "texts" },
      schema: {
        operationId: "replyInConversation",
        tags: ["texts"],
        params: IdParams,
        body: ReplyBody,
        response: { 201: TextBody, ...refusals(402, 404, 409, 503) },
      },
    },
    async ({ params, body: { text: body, idempotency_key: key }, tenant }, reply) => {
      const answer = { body, ...(key !== undefined && { idempotencyKey: key }) };
      const sent = await tenant.texts.conversations.reply(params.id, answer);
      markReplay(reply, sent.isReplay);
      return reply.code(201).send(renderText(sent));
    },
  );
}

function renderConversation(conversation: Conversation): ConversationBody {
  return {
    id: conversation.id,
    number: conversation.number,
    contact: conversation.contact,
    last_text: conversation.lastMessage,
    text_count: conversation.messageCount,
    created_at: instant(conversation.createdAt),
    updated_at: instant(conversation.updatedAt),
  };
}
