import { type Static, Type } from "@fastify/type-provider-typebox";
import type { TextDirection, TextStatus } from "../../service/texts.ts";
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

export const SendTextBody = Type.Object(
  {
    from: party("A number of ours: an agent's, or a telephone's number or user name."),
    to: party("E.164, or a telephone's number or user name."),
    text: Type.String({ minLength: 1, maxLength: 4096, pattern: "^[^\\u0000]*$", description: "At most 4096 bytes." }),
  },
  strict,
);

export const TextBody = Type.Object({
  id: Type.String(),
  direction: words(directions, { description: "`internal`: between two of our own numbers." }),
  from: Type.String(),
  to: Type.String(),
  text: Type.String(),
  status: words(statuses, {
    description:
      "`received`: it ended at a number of ours. `sent`: the far end took it. `delivered`: the telephone did.",
  }),
  detail: nullable(Type.String({ description: "Why it failed." })),
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
