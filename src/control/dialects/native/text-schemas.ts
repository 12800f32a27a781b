import { type Static, Type } from "@fastify/type-provider-typebox";
import type { TextDirection, TextStatus } from "../../service/texts/texts.ts";
import { pageQuery } from "./paging.ts";
import { Instant, nullable, strict, words } from "./shapes.ts";

const directions = Object.keys({ inbound: true, outbound: true, internal: true } satisfies Record<
  TextDirection,
  true
>) as TextDirection[];
const statuses = Object.keys({
  queued: true,
  sent: true,
  delivered: true,
  failed: true,
  received: true,
} satisfies Record<TextStatus, true>) as TextStatus[];

const party = (description: string) => Type.String({ pattern: "^\\+?[A-Za-z0-9._~-]{1,64}$", description });
const words4096 = Type.String({
  minLength: 1,
  maxLength: 4096,
  pattern: "^[^\\u0000]*$",
  description: "At most 4096 bytes.",
});
const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: 255,
  description: "Sent again within 24 hours, the answer is the text of the first time.",
});

export const SendTextBody = Type.Object(
  {
    from: party("A number of ours, by its id or E.164, or a telephone's number or user name."),
    to: party("E.164, or a telephone's number or user name."),
    text: words4096,
    metadata: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: "Kept with the text; at most 2 KB of JSON." }),
    ),
    idempotency_key: Type.Optional(IdempotencyKey),
  },
  strict,
);

export const ReplyBody = Type.Object({ text: words4096, idempotency_key: Type.Optional(IdempotencyKey) }, strict);

export const TextBody = Type.Object({
  id: Type.String(),
  conversation_id: nullable(Type.String({ description: "Null between two telephones." })),
  direction: words(directions, { description: "`internal`: between our own telephones and numbers." }),
  from: Type.String(),
  to: Type.String(),
  text: Type.String(),
  status: words(statuses, {
    description:
      "`received`: it ended at a number of ours. `sent`: the far end took it. `delivered`: the telephone did.",
  }),
  detail: nullable(Type.String({ description: "Why it failed." })),
  segments: Type.Integer({ description: "Short messages it takes on the air." }),
  otp: nullable(Type.String({ description: "The one-time code in it." })),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  created_at: Instant,
  updated_at: Instant,
});
export type TextBody = Static<typeof TextBody>;

export const ListTextsQuery = Type.Object(
  {
    ...pageQuery,
    direction: Type.Optional(words(directions)),
    status: Type.Optional(words(statuses)),
    from: Type.Optional(Type.String({ maxLength: 128 })),
    to: Type.Optional(Type.String({ maxLength: 128 })),
  },
  strict,
);

export const InboxQuery = Type.Object(
  { ...pageQuery, otp_only: Type.Optional(Type.Boolean({ description: "Only texts with a one-time code." })) },
  strict,
);

export const OtpQuery = Type.Object(
  {
    timeout_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000, default: 60_000 })),
    since: Type.Optional(
      Type.String({
        format: "date-time",
        description: "Codes that came then or later count; without it those of the last minute that nobody was given.",
      }),
    ),
  },
  strict,
);

export const OtpBody = Type.Object({
  otp: nullable(Type.String({ description: "Null: none came in time." })),
  text: Type.Unsafe<TextBody | null>({ ...TextBody, type: ["object", "null"] }),
});

export const ConversationBody = Type.Object({
  id: Type.String(),
  number: Type.String({ description: "Ours." }),
  contact: Type.String({ description: "Theirs." }),
  last_text: Type.String(),
  text_count: Type.Integer(),
  created_at: Instant,
  updated_at: Instant,
});
export type ConversationBody = Static<typeof ConversationBody>;

export const ConversationDetailBody = Type.Object({
  ...ConversationBody.properties,
  opted_out: Type.Boolean({ description: "The contact has said STOP." }),
  texts: Type.Array(TextBody, { description: "The last 50, oldest first." }),
});

export const ListConversationsQuery = Type.Object(
  {
    ...pageQuery,
    number: Type.Optional(Type.String({ maxLength: 128 })),
    contact: Type.Optional(Type.String({ maxLength: 128 })),
  },
  strict,
);

export const ListConversationTextsQuery = Type.Object(pageQuery, strict);
