import { Type } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { untilGone } from "../../http/until-gone.ts";
import { maxOtpWaitMs, type Text } from "../../service/texts/texts.ts";
import type { TypedApp } from "../shapes.ts";
import { refusals } from "./errors.ts";
import { listOf, readPage, renderPage } from "./paging.ts";
import { IdParams, instant } from "./shapes.ts";
import { InboxQuery, ListTextsQuery, OtpBody, OtpQuery, SendTextBody, TextBody } from "./text-schemas.ts";

const NumberParams = Type.Object({ id: Type.String({ description: "A number's id or E.164." }) });

/** Says that a request was answered with what an earlier one had done. */
const replayHeader = "idempotent-replayed";

/** `/texts`, and what comes to `/numbers/:id`: text messages in and out. */
export function textRoutes(app: TypedApp): void {
  app.post(
    "/texts",
    {
      config: { scope: "texts" },
      schema: {
        operationId: "sendText",
        tags: ["texts"],
        description: "Answers before the text has arrived; `GET` tells what became of it.",
        body: SendTextBody,
        response: { 201: TextBody, ...refusals(402, 409, 503) },
      },
    },
    async (request, reply) => {
      const { from, to, text: body, metadata, idempotency_key: idempotencyKey } = request.body;
      const order = { from, to, body, ...(metadata && { metadata }), ...(idempotencyKey && { idempotencyKey }) };
      const sent = await request.tenant.texts.send(order);
      markReplay(reply, sent.isReplay);
      return reply.code(201).send(renderText(sent));
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
    async ({ params, tenant }) => renderText(await tenant.texts.get(params.id)),
  );
  app.get(
    "/numbers/:id/texts",
    {
      schema: {
        operationId: "listInbox",
        tags: ["texts"],
        description: "What has come to a number, newest first.",
        params: NumberParams,
        querystring: InboxQuery,
        response: { 200: listOf(TextBody), ...refusals(404) },
      },
    },
    async ({ params, query, tenant }) => {
      const filter = { otpOnly: query.otp_only ?? false };
      return renderPage(await tenant.texts.inbox(params.id, filter, readPage(query)), renderText);
    },
  );
  app.get(
    "/numbers/:id/otp",
    {
      schema: {
        operationId: "waitForOtp",
        tags: ["texts"],
        description: "The one-time code that comes to a number: answers the moment it is there, or when time is up.",
        params: NumberParams,
        querystring: OtpQuery,
        response: { 200: OtpBody, ...refusals(402, 404) },
      },
    },
    async ({ params, query, tenant }, reply) => {
      const arrival = await tenant.texts.waitForOtp(params.id, {
        timeoutMs: query.timeout_ms ?? maxOtpWaitMs,
        since: query.since === undefined ? undefined : Date.parse(query.since),
        signal: untilGone(reply),
      });
      return arrival ? { otp: arrival.otp, text: renderText(arrival.text) } : { otp: null, text: null };
    },
  );
}

/** Tells the client when nothing was done anew. */
export function markReplay(reply: FastifyReply, isReplay: boolean): void {
  if (isReplay) reply.header(replayHeader, "true");
}

export function renderText(text: Text): TextBody {
  return {
    id: text.id,
    conversation_id: text.conversationId,
    direction: text.direction,
    from: text.from,
    to: text.to,
    text: text.body,
    status: text.status,
    detail: text.detail,
    segments: text.segments,
    otp: text.otp,
    metadata: { ...text.metadata },
    created_at: instant(text.createdAt),
    updated_at: instant(text.updatedAt),
  };
}
