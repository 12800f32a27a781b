import { type Static, Type } from "@fastify/type-provider-typebox";
import { maxOtpWaitMs } from "../../service/texts/texts.ts";
import { Instant, nullable, words } from "../shapes.ts";
import { E164Text, IdempotencyKey, OwnNumber, pageQuery } from "./shapes.ts";
import { textStatuses } from "./words.ts";

const Words = Type.String({ minLength: 1, maxLength: 4096 });

export const SendBody = Type.Object({
  from: OwnNumber,
  to: E164Text,
  body: Words,
  idempotencyKey: Type.Optional(IdempotencyKey),
});

export const InboxQuery = Type.Object({
  ...pageQuery,
  otpOnly: Type.Optional(Type.Boolean({ description: "Only texts with a one-time code." })),
});

export const OtpQuery = Type.Object({
  timeout: Type.Optional(
    Type.Integer({ minimum: 0, maximum: maxOtpWaitMs, default: maxOtpWaitMs, description: "Milliseconds." }),
  ),
});

export const MessageBody = Type.Object({
  id: Type.String(),
  conversationId: nullable(Type.String()),
  direction: words(["inbound", "outbound"]),
  from: Type.String(),
  to: Type.String(),
  body: Type.String(),
  status: words(Object.values(textStatuses)),
  error: nullable(Type.String({ description: "Why it failed." })),
  segments: Type.Integer(),
  otp: nullable(Type.String()),
  createdAt: Instant,
  updatedAt: Instant,
});
export type MessageBody = Static<typeof MessageBody>;

export const OtpBody = Type.Object({ otp: nullable(Type.String()), message: nullable(MessageBody) });

export const ConversationsQuery = Type.Object(pageQuery);

const conversation = {
  id: Type.String(),
  number: E164Text,
  contact: Type.String(),
  lastMessage: Type.String(),
  messageCount: Type.Integer(),
  createdAt: Instant,
  updatedAt: Instant,
};
export const ConversationBody = Type.Object(conversation);
export type ConversationBody = Static<typeof ConversationBody>;

export const ConversationDetailBody = Type.Object({
  ...conversation,
  optedOut: Type.Boolean({ description: "The contact has said STOP: nothing can be sent." }),
  messages: Type.Array(MessageBody, { description: "The last 50, oldest first." }),
});

export const ReplyBody = Type.Object({ body: Words, idempotencyKey: Type.Optional(IdempotencyKey) });
