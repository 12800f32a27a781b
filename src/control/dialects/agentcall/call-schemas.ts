import { type Static, Type } from "@fastify/type-provider-typebox";
import { Instant, nullable, words } from "../shapes.ts";
import { personaOptions, SystemPrompt } from "./number-schemas.ts";
import { E164Text, IdempotencyKey, OwnNumber, pageQuery } from "./shapes.ts";
import { callStatuses, directions, roles } from "./words.ts";

/** How much of it there may be, the service says. */
const Metadata = Type.Unsafe<Record<string, string>>({
  type: "object",
  additionalProperties: { type: "string" },
  description: "At most 24 keys of 64 characters, values of 512, 2 KB in all; comes back in answers and webhooks.",
});

const dialled = {
  from: OwnNumber,
  to: E164Text,
  metadata: Type.Optional(Metadata),
  idempotencyKey: Type.Optional(IdempotencyKey),
};

export const InitiateBody = Type.Object({
  ...dialled,
  record: Type.Optional(Type.Boolean()),
  connectTo: Type.Optional(
    Type.String({
      pattern: "^(\\+[1-9][0-9]{1,14}|[0-9]{2,6})$",
      description: "Who talks with the callee: E.164, or a phone's extension. The phone that has from, unless said.",
    }),
  ),
});
export type InitiateBody = Static<typeof InitiateBody>;

const aiCall = Type.Object({
  ...dialled,
  systemPrompt: Type.Optional(SystemPrompt),
  ...personaOptions,
  useSavedAgent: Type.Optional(
    Type.Boolean({ description: "What is missing is taken from the number's saved outbound agent." }),
  ),
  liveTranscript: Type.Optional(Type.Boolean({ description: "Webhooks get transcript.partial during the call." })),
});

/** Without a saved agent there is nothing to take the prompt from. */
export const AiCallBody = Type.Unsafe<Static<typeof aiCall>>({
  ...aiCall,
  if: { type: "object", properties: { useSavedAgent: { const: true } }, required: ["useSavedAgent"] },
  else: { type: "object", properties: { systemPrompt: true }, required: ["systemPrompt"] },
});
export type AiCallBody = Static<typeof aiCall>;

export const CallsQuery = Type.Object(pageQuery);

export const CallBody = Type.Object({
  id: Type.String(),
  callId: Type.String({ description: "The id again, under the name webhooks give it." }),
  type: words(["ai", "standard"]),
  direction: words(Object.values(directions)),
  status: words(callStatuses),
  from: Type.String(),
  to: Type.String(),
  duration: nullable(Type.Integer({ description: "Seconds; null until it has ended." })),
  recorded: Type.Boolean({ description: "There is a recording to be fetched." }),
  metadata: nullable(Metadata),
  peerCallId: nullable(Type.String({ description: "The other leg of a call between two numbers of yours." })),
  toolCallCount: Type.Integer({ description: "How often the agent has called your tools." }),
  cost: Type.Number({ description: "US dollars; of a call in progress what it has cost so far." }),
  createdAt: Instant,
  startedAt: nullable(Instant),
  endedAt: nullable(Instant),
});
export type CallBody = Static<typeof CallBody>;

export const TranscriptEntry = Type.Object({
  role: words(Object.values(roles)),
  text: Type.String(),
  timestamp: Instant,
});
export type TranscriptEntry = Static<typeof TranscriptEntry>;

export const TranscriptBody = Type.Object({
  entries: Type.Array(TranscriptEntry),
  summary: nullable(Type.String({ description: "Null while the call lasts." })),
  duration: nullable(Type.Integer({ description: "Seconds." })),
});

export const RecordingBody = Type.Object({ callId: Type.String(), url: Type.String(), expiresAt: Instant });
