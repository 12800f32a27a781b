import type { Conversation } from "../../service/texts/texts.ts";
import { instant, type TypedApp } from "../shapes.ts";
import { renderMessage } from "./render-text.ts";
import { IdParams, listOf, markReplay, readPage, renderPage } from "./shapes.ts";
import {
  ConversationBody,
  ConversationDetailBody,
  ConversationsQuery,
  MessageBody,
  ReplyBody,
} from "./text-schemas.ts";

const tags = ["SMS"];

/** `/v1/sms-conversations`: the texts between one of our numbers and one contact. */
export function conversationRoutes(app: TypedApp): void {
  app.get(
    "/v1/sms-conversations",
    {
      schema: {
        tags,
        summary: "List SMS threads, the one with the newest text first",
        querystring: ConversationsQuery,
        response: { 200: listOf(ConversationBody) },
      },
    },
    async ({ tenant, query }) =>
      renderPage(await tenant.texts.conversations.list({}, readPage(query)), renderConversation),
  );
  app.get(
    "/v1/sms-conversations/:id",
    {
      schema: {
        tags,
        summary: "Get a thread and its last 50 messages",
        params: IdParams,
        response: { 200: ConversationDetailBody },
      },
    },
    async ({ tenant, params }) => {
      const conversation = await tenant.texts.conversations.get(params.id);
      const { isOptedOut: optedOut, texts } = conversation;
      return { ...renderConversation(conversation), optedOut, messages: texts.map(renderMessage) };
    },
  );
  app.post(
    "/v1/sms-conversations/:id/reply",
    {
      config: { scope: "texts" },
      schema: {
        tags,
        summary: "Reply into a thread (billed); the same idempotencyKey within 24 hours sends it once",
        params: IdParams,
        body: ReplyBody,
        response: { 201: MessageBody },
      },
    },
    async ({ tenant, params, body }, reply) => {
      const { body: text, idempotencyKey } = body;
      const sent = await tenant.texts.conversations.reply(params.id, { body: text, idempotencyKey });
      markReplay(reply, sent.isReplay);
      return reply.code(201).send(renderMessage(sent));
    },
  );
}

function renderConversation(conversation: Conversation): ConversationBody {
  return {
    id: conversation.id,
    number: conversation.number,
    contact: conversation.contact,
    lastMessage: conversation.lastMessage,
    messageCount: conversation.messageCount,
    createdAt: instant(conversation.createdAt),
    updatedAt: instant(conversation.updatedAt),
  };
}
