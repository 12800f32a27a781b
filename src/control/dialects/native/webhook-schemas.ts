import { type Static, Type } from "@fastify/type-provider-typebox";
import type { DeliveryStatus } from "../../service/webhooks/webhooks.ts";
import { pageQuery } from "./paging.ts";
import { Instant, nullable, strict, words } from "./shapes.ts";
import { nativeEvents } from "./voice.ts";

const statuses = Object.keys({ pending: true, delivered: true, dead: true } satisfies Record<
  DeliveryStatus,
  true
>) as DeliveryStatus[];

const url = Type.String({ minLength: 1, maxLength: 2048, description: "https. Answers 2xx, without a redirect." });
const events = Type.Array(words(["*", ...nativeEvents]), {
  minItems: 1,
  maxItems: 50,
  description: "What it is told of; `*` is everything.",
});
const enabled = Type.Boolean({
  description: "false: paused. It is never told what happens meanwhile; what waits, waits on.",
});

export const CreateWebhookBody = Type.Object({ url, events }, strict);
export const ChangeWebhookBody = Type.Partial(Type.Object({ url, events, enabled }), strict);
export const RotateSecretBody = Type.Object(
  {
    overlap_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 604_800_000,
        description: "How long the former secret signs too; a day unless said otherwise.",
      }),
    ),
  },
  strict,
);

const webhookMembers = {
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  enabled,
  former_secret_until: nullable(Type.String({ format: "date-time", description: "Until then two secrets sign." })),
  created_at: Instant,
  updated_at: Instant,
};
export const WebhookBody = Type.Object(webhookMembers);
export type WebhookBody = Static<typeof WebhookBody>;
export const WebhookWithSecretBody = Type.Object({
  ...webhookMembers,
  secret: Type.String({ description: "Signs what is sent. Shown here only." }),
});

export const ListDeliveriesQuery = Type.Object({ ...pageQuery, status: Type.Optional(words(statuses)) }, strict);

export const DeliveryBody = Type.Object({
  id: Type.String(),
  webhook_id: Type.String(),
  event_id: Type.String({ description: "The same for every webhook and every attempt." }),
  event: Type.String(),
  subject: Type.String({ description: "Id of the call, text or number; its events arrive in order." }),
  sequence: Type.Integer(),
  status: words(statuses, { description: "`dead`: given up after a day; `redeliver` begins anew." }),
  attempts: Type.Integer(),
  next_attempt_at: nullable(Instant),
  last_attempt_at: nullable(Instant),
  last_duration_ms: nullable(Type.Integer()),
  last_status: nullable(Type.Integer({ description: "HTTP status of the last attempt; null: no answer." })),
  last_error: nullable(Type.String()),
  created_at: Instant,
});
export type DeliveryBody = Static<typeof DeliveryBody>;
