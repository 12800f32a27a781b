import { type Static, Type } from "@fastify/type-provider-typebox";
import type { ProviderName, TurnSettings } from "../../../media/protocol.ts";
import { allNullable, Instant, NumberOrExtension, nullable, strict, textMap, words } from "./shapes.ts";

const providers = Object.keys({
  local: true,
  "openai-realtime": true,
  pipeline: true,
  "chat-webhook": true,
} satisfies Record<ProviderName, true>) as ProviderName[];

const ms = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description: `${description}, in ms.` });

const turnMembers = {
  detection: words(["local", "provider"], { description: "Whose ears end the caller's turn." }),
  endpointing_ms: ms(100, 5000, "Pause that ends the caller's turn"),
  max_endpointing_ms: ms(100, 15_000, "Pause after which the turn ends when the provider does not end it"),
  barge_in_confirm_ms: ms(0, 5000, "Speech over the agent that takes the floor"),
  false_interruption_ms: ms(200, 10_000, "Silence without a word after which the agent goes on"),
  interruptible: Type.Boolean(),
  greeting_interruptible: Type.Boolean(),
  nudge_after_ms: ms(0, 600_000, "Silence after which the agent asks whether the caller is there; 0: never"),
  max_nudges: Type.Integer({ minimum: 0, maximum: 20 }),
  nudge_text: Type.String({ minLength: 1, maxLength: 500 }),
  dtmf_timeout_ms: ms(200, 20_000, "Pause that ends a row of keys"),
  dtmf_max_digits: Type.Integer({
    minimum: 1,
    maximum: 64,
    description: "Keys that are a whole row, without a pause.",
  }),
};

/** This API's name of each turn setting; a new setting does not compile until it has one. */
export const turnNames = {
  detection: "detection",
  endpointingMs: "endpointing_ms",
  maxEndpointingMs: "max_endpointing_ms",
  bargeInConfirmMs: "barge_in_confirm_ms",
  falseInterruptionMs: "false_interruption_ms",
  interruptible: "interruptible",
  greetingInterruptible: "greeting_interruptible",
  nudgeAfterMs: "nudge_after_ms",
  maxNudges: "max_nudges",
  nudgeText: "nudge_text",
  dtmfTimeoutMs: "dtmf_timeout_ms",
  dtmfMaxDigits: "dtmf_max_digits",
} as const satisfies Record<keyof TurnSettings, keyof typeof turnMembers>;

/** How turns are taken; what is missing has its default. */
export const TurnBody = Type.Partial(Type.Object(turnMembers), strict);

/** A change to it: `null` brings the default back. */
export const TurnChangeBody = Type.Object(allNullable(turnMembers), strict);

const ToolBody = Type.Object(
  {
    name: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
    description: Type.String({ maxLength: 1024 }),
    parameters: Type.Unsafe<Record<string, unknown>>({
      type: "object",
      description: "JSON Schema of the arguments object.",
    }),
    url: Type.String({ maxLength: 2048, description: "https:// URL that answers the tool's calls." }),
    timeout_ms: Type.Optional(Type.Integer({ minimum: 100, maximum: 60_000, default: 10_000 })),
    headers: Type.Optional(
      textMap({
        maxProperties: 20,
        names: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$",
        maxLength: 1024,
        values: "^[\\t -~]*$",
      }),
    ),
  },
  strict,
);

const TransferTargetBody = Type.Object(
  {
    name: Type.String({
      maxLength: 64,
      pattern: "^\\S(.*\\S)?$",
      description: "What the agent calls it by; once in an agent.",
    }),
    description: Type.String({ maxLength: 500, description: "For the agent: who this is, and who belongs there." }),
    to: NumberOrExtension,
    mode: Type.Optional(
      words(["blind", "attended"], { description: "Attended: the agent talks with the other side first." }),
    ),
    confirm: Type.Optional(
      words(["none", "key"], {
        description: "key: the other side takes the caller with 1, refuses with 2; attended only.",
      }),
    ),
  },
  strict,
);

const members = {
  instructions: Type.String({ maxLength: 32_768 }),
  language: Type.String({ pattern: "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", maxLength: 35, description: "BCP 47." }),
  tools: Type.Array(ToolBody, { maxItems: 64 }),
  transfers: Type.Array(TransferTargetBody, { maxItems: 16 }),
  max_duration_ms: Type.Integer({ minimum: 10_000, maximum: 14_400_000 }),
  record: Type.Boolean(),
};
const nullables = {
  provider: words(providers, { description: "null: openai-realtime where OPENAI_API_KEY is set, else local." }),
  model: Type.String({ minLength: 1, maxLength: 100 }),
  voice: Type.String({ minLength: 1, maxLength: 100 }),
  first_message: Type.String({
    maxLength: 2000,
    description: "null: greets in its own words; an empty text: the caller speaks first.",
  }),
  webhook_url: Type.String({ maxLength: 2048, description: "The customer's endpoint in the LLM's place." }),
};
const name = Type.String({ minLength: 1, maxLength: 100 });
const optionalMembers = Type.Partial(Type.Object(members)).properties;

export const CreateAgentBody = Type.Object(
  { name, ...optionalMembers, ...allNullable(nullables), turn: Type.Optional(TurnBody) },
  strict,
);
export type CreateAgentBody = Static<typeof CreateAgentBody>;

const { tools: _tools, ...inlineMembers } = optionalMembers;
const { webhook_url: _webhook, ...inlineNullables } = nullables;
/** An agent for one call: without tools and webhook, which need a signing secret that is kept. */
export const InlineAgentBody = Type.Object(
  {
    name: Type.Optional(name),
    ...inlineMembers,
    ...allNullable(inlineNullables),
    turn: Type.Optional(TurnBody),
  },
  { ...strict, description: "An agent for this call alone." },
);
export type InlineAgentBody = Static<typeof InlineAgentBody>;

export const ChangeAgentBody = Type.Object(
  { name: Type.Optional(name), ...optionalMembers, ...allNullable(nullables), turn: Type.Optional(TurnChangeBody) },
  strict,
);
export type ChangeAgentBody = Static<typeof ChangeAgentBody>;

const agentMembers = {
  id: Type.String(),
  name,
  ...members,
  provider: nullable(nullables.provider),
  model: nullable(nullables.model),
  voice: nullable(nullables.voice),
  first_message: nullable(nullables.first_message),
  webhook_url: nullable(nullables.webhook_url),
  turn: TurnBody,
  created_at: Instant,
  updated_at: Instant,
};

export const AgentBody = Type.Object(agentMembers);
export type AgentBody = Static<typeof AgentBody>;

const signingSecret = Type.String({ description: "Key of the HMAC on requests to your tools. Shown here only." });
export const CreatedAgentBody = Type.Object({ ...agentMembers, signing_secret: signingSecret });
export const SecretBody = Type.Object({ signing_secret: signingSecret });
