import { Type } from "@fastify/type-provider-typebox";
import { untilGone } from "../../http/until-gone.ts";
import { maxOtpWaitMs } from "../../service/texts/texts.ts";
import type { TypedApp } from "../shapes.ts";
import { renderMessage } from "./render-text.ts";
import { listOf, markReplay, NumberIdParams, readPage, renderPage } from "./shapes.ts";
import { InboxQuery, MessageBody, OtpBody, OtpQuery, SendBody } from "./text-schemas.ts";

const tags = ["SMS"];
const MessageParams = Type.Object({ messageId: Type.String() });

/** `/v1/sms`: texts out and in, and the one-time codes in them. */
export function textRoutes(app: TypedApp): void {
  app.post(
    "/v1/sms/send",
    {
      config: { scope: "texts" },
      schema: { tags, summary: "Send an SMS (billed)", body: SendBody, response: { 201: MessageBody } },
    },
    async ({ tenant, body }, reply) => {
      const { from, to, body: text, idempotencyKey } = body;
      const sent = await tenant.texts.send({ from, to, body: text, idempotencyKey });
      markReplay(reply, sent.isReplay);
      return reply.code(201).send(renderMessage(sent));
    },
  );
  app.get(
    "/v1/sms/inbox/:numberId",
    {
      schema: {
        tags,
        summary: "Get the inbox of a number, newest first",
        params: NumberIdParams,
        querystring: InboxQuery,
        response: { 200: listOf(MessageBody) },
      },
    },
    async ({ tenant, params, query: { otpOnly, ...page } }) =>
      renderPage(await tenant.texts.inbox(params.numberId, { otpOnly }, readPage(page)), renderMessage),
  );
  app.get(
    "/v1/sms/otp/:numberId",
    {
      schema: {
        tags,
        summary: "Wait for a one-time code; answers the moment it is there, with null when none came in time",
        params: NumberIdParams,
        querystring: OtpQuery,
        response: { 200: OtpBody },
      },
    },
    async ({ tenant, params, query: { timeout = maxOtpWaitMs } }, reply) => {
      const wait = { timeoutMs: timeout, signal: untilGone(reply) };
      const arrival = await tenant.texts.waitForOtp(params.numberId, wait);
      return { otp: arrival?.otp ?? null, message: arrival ? renderMessage(arrival.text) : null };
    },
  );
  app.get(
    "/v1/sms/:messageId",
    { schema: { tags, summary: "Get a message", params: MessageParams, response: { 200: MessageBody } } },
    async ({ tenant, params }) => renderMessage(await tenant.texts.get(params.messageId)),
  );
}
