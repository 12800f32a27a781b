import { type Static, Type } from "@fastify/type-provider-typebox";
import { spokenLanguages } from "../../service/agents/spoken-language.ts";
import { contextTimeouts } from "../../service/calls/call-context.ts";
import { actionTimeouts } from "../../service/numbers/inbound.ts";
import { allNullable, e164Pattern, Instant, nullable, strict, textMap, words } from "./shapes.ts";

const E164Text = Type.String({ pattern: e164Pattern, description: "E.164." });
const AgentRef = Type.String({ minLength: 1, maxLength: 100 });
const Label = Type.String({ maxLength: 100 });
const Country = Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2." });
const AreaCode = Type.String({ pattern: "^[0-9]{1,5}$", description: "Digits after the country's calling code." });
const NumberTypeWord = words(["local", "tollfree", "mobile"]);
const Capabilities = Type.Array(words(["voice", "sms"]), { maxItems: 2 });
const Micros = Type.Integer({ description: "Micro-dollars." });
const Voice = Type.String({ minLength: 1, maxLength: 100 });
const Language = words(spokenLanguages, { description: "auto: the language of the other person." });
const Metadata = textMap({ maxProperties: 24, names: "^[^\\u0000]{1,64}$", maxLength: 512 });

const pointers = { inbound_agent_id: AgentRef, outbound_agent_id: AgentRef, label: Label };
const wish = { country: Country, type: NumberTypeWord, area_code: AreaCode, capabilities: Capabilities };
const optionalWish = Type.Partial(Type.Object(wish)).properties;

export const SearchNumbersBody = Type.Object(
  { ...optionalWish, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 10 })) },
  strict,
);
export type SearchNumbersBody = Static<typeof SearchNumbersBody>;

export const OffersBody = Type.Object({
  data: Type.Array(
    Type.Object({
      number: E164Text,
      country: Country,
      area_code: nullable(AreaCode),
      type: NumberTypeWord,
      capabilities: Capabilities,
      monthly_micros: Micros,
    }),
  ),
});

export const BuyNumberBody = Type.Object(
  {
    ...optionalWish,
    number: Type.Optional(Type.String({ maxLength: 20, description: "E.164; without it, any that fits." })),
    ...allNullable(pointers),
    metadata: Type.Optional(Metadata),
  },
  strict,
);
export type BuyNumberBody = Static<typeof BuyNumberBody>;

export const CreateNumberBody = Type.Object(
  { number: E164Text, ...allNullable(pointers), metadata: Type.Optional(Metadata) },
  strict,
);
export type CreateNumberBody = Static<typeof CreateNumberBody>;

export const ChangeNumberBody = Type.Object(
  {
    ...allNullable(pointers),
    metadata: Type.Optional(Metadata),
    voice: Type.Optional(Voice),
    language: Type.Optional(Language),
  },
  strict,
);
export type ChangeNumberBody = Static<typeof ChangeNumberBody>;

export const NumberBody = Type.Object({
  id: Type.String(),
  number: E164Text,
  type: NumberTypeWord,
  country: nullable(Country),
  area_code: nullable(AreaCode),
  capabilities: Capabilities,
  carrier: Type.String({ description: "own: brought along, not bought here." }),
  inbound_agent_id: nullable(AgentRef),
  outbound_agent_id: nullable(AgentRef),
  answers: Type.Boolean({ description: "Whether an agent answers it." }),
  label: nullable(Label),
  metadata: Type.Unsafe<Record<string, unknown>>({ type: "object", additionalProperties: true }),
  voice_mode: words(["managed", "byok"]),
  monthly_micros: Micros,
  next_charge_at: nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
});
export type NumberBody = Static<typeof NumberBody>;

const persona = {
  instructions: Type.String({ minLength: 1, maxLength: 32_768 }),
  voice: Voice,
  language: Language,
  first_message: nullable(Type.String({ maxLength: 2000 })),
  max_duration_ms: Type.Integer({ minimum: 10_000, maximum: 14_400_000 }),
  record: Type.Boolean(),
};
const { instructions, ...personaOptions } = persona;
const optionalPersona = Type.Partial(Type.Object(personaOptions)).properties;

const notify = allNullable({
  email_to: Type.String({ maxLength: 254, pattern: "^[^@\\s]+@[^@\\s]+$" }),
  sms_to: Type.String({ maxLength: 20, description: "E.164." }),
  business_name: Type.String({ maxLength: 200 }),
  agency_name: Type.String({ maxLength: 200 }),
});
const ContextSourceWord = words(["none", "memory", "webhook", "merge"]);
const TimeoutMs = Type.Integer({ minimum: contextTimeouts.minMs, maximum: contextTimeouts.maxMs });

const ActionTimeoutMs = Type.Integer({ minimum: actionTimeouts.minMs, maximum: actionTimeouts.maxMs });
const Tools = Type.Array(
  Type.Object(
    {
      name: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
      description: Type.String({ maxLength: 1024 }),
      parameters: Type.Unsafe<Record<string, unknown>>({
        type: "object",
        additionalProperties: true,
        description: "JSON Schema of the arguments object.",
      }),
    },
    strict,
  ),
  { maxItems: 64, description: "Run by the action webhook while the agent talks." },
);

/** Replaces the whole configuration. */
export const InboundConfigBody = Type.Object(
  {
    instructions,
    ...optionalPersona,
    notify: Type.Optional(Type.Object(notify, strict)),
    context_webhook: Type.Optional(
      Type.Object(
        {
          url: Type.String({ maxLength: 2048, description: "https:// URL that is asked as a call comes in." }),
          signing_secret: Type.String({ maxLength: 256, description: "Key of the HMAC; at least 32 characters." }),
          timeout_ms: Type.Optional(TimeoutMs),
        },
        strict,
      ),
    ),
    context_source: Type.Optional(ContextSourceWord),
    live_transcript: Type.Optional(Type.Boolean()),
    tools: Type.Optional(Tools),
    action_webhook: Type.Optional(
      Type.Object(
        {
          url: Type.String({ maxLength: 2048, description: "https:// URL that runs the tools." }),
          signing_secret: Type.String({ maxLength: 256, description: "Key of the HMAC; at least 32 characters." }),
          timeout_ms: Type.Optional(ActionTimeoutMs),
        },
        strict,
      ),
    ),
  },
  strict,
);
export type InboundConfigBody = Static<typeof InboundConfigBody>;

export const ChangeInboundBody = Type.Object(
  { voice: Type.Optional(Voice), language: Type.Optional(Language) },
  strict,
);

const shownPersona = { ...persona, voice: nullable(Voice) };

export const InboundBody = Type.Object({
  mode: words(["ai", "off"], { description: "off: nobody answers; what is set is kept." }),
  agent_id: Type.String(),
  ...shownPersona,
  notify: Type.Unsafe<Record<string, string | null> | null>({ type: ["object", "null"], additionalProperties: true }),
  context_webhook: Type.Unsafe<{ url: string; timeout_ms: number } | null>({
    type: ["object", "null"],
    additionalProperties: true,
  }),
  context_source: ContextSourceWord,
  live_transcript: Type.Boolean(),
  tools: Tools,
  action_webhook: Type.Unsafe<{ url: string; timeout_ms: number } | null>({
    type: ["object", "null"],
    additionalProperties: true,
  }),
  voice_mode: words(["managed", "byok"]),
  byok_key_preview: nullable(Type.String()),
});
export type InboundBody = Static<typeof InboundBody>;

const TemplateId = Type.String({ maxLength: 100 });

export const OutboundDefaultsBody = Type.Object(
  { instructions, ...optionalPersona, template_id: Type.Optional(nullable(TemplateId)) },
  strict,
);
export type OutboundDefaultsBody = Static<typeof OutboundDefaultsBody>;

export const OutboundBody = Type.Object({
  agent_id: Type.String(),
  ...shownPersona,
  template_id: nullable(TemplateId),
});
export type OutboundBody = Static<typeof OutboundBody>;

export const ByokKeyBody = Type.Object({ openai_api_key: Type.String({ maxLength: 256 }) }, strict);
export const VoiceModeBody = Type.Object({
  voice_mode: words(["managed", "byok"]),
  byok_key_preview: nullable(Type.String()),
});
