import { type Static, Type } from "@fastify/type-provider-typebox";
import { contextTimeouts } from "../../service/calls/call-context.ts";
import { actionTimeouts } from "../../service/numbers/inbound.ts";
import { allNullable, Instant, nullable, words } from "../shapes.ts";
import { E164Text, LanguageWord, pageQuery, VoiceWord } from "./shapes.ts";
import { type ContextSourceWord, contextSourceOf } from "./words.ts";

const NumberTypeWord = words(["local", "tollfree", "mobile"]);
const Country = Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2." });
const Label = Type.String({ maxLength: 100 });

export const ProvisionBody = Type.Object({
  type: Type.Optional(words(["local", "tollfree", "mobile"], { description: "local unless said otherwise." })),
  country: Type.Optional(Country),
  areaCode: Type.Optional(Type.String({ pattern: "^[0-9]{1,5}$", description: "Digits after the calling code." })),
  label: Type.Optional(nullable(Label)),
});

export const NumbersQuery = Type.Object({
  ...pageQuery,
  country: Type.Optional(Country),
  type: Type.Optional(NumberTypeWord),
});

export const ChangeNumberBody = Type.Object({
  label: Type.Optional(nullable(Label)),
  voice: Type.Optional(VoiceWord),
  language: Type.Optional(LanguageWord),
});

const SystemPrompt = Type.String({ minLength: 1, maxLength: 32_768 });
const FirstMessage = Type.String({ maxLength: 2000 });
const MaxDurationSecs = Type.Integer({ minimum: 10, maximum: 14_400 });

/** What may be said of an agent besides its prompt; what is missing has its default. */
export const personaOptions = {
  voice: Type.Optional(VoiceWord),
  language: Type.Optional(LanguageWord),
  firstMessage: Type.Optional(nullable(FirstMessage)),
  maxDurationSecs: Type.Optional(MaxDurationSecs),
  record: Type.Optional(Type.Boolean()),
};
export { SystemPrompt };

const notifyMembers = {
  emailTo: Type.String({ maxLength: 254, pattern: "^[^@\\s]+@[^@\\s]+$" }),
  smsTo: E164Text,
  businessName: Type.String({ maxLength: 200 }),
  agencyName: Type.String({ maxLength: 200 }),
};
const ContextWebhookBody = Type.Object({
  url: Type.String({ maxLength: 2048, description: "https:// URL that is asked as a call comes in." }),
  signingSecret: Type.String({ maxLength: 256, description: "Key of the HMAC; at least 32 characters." }),
  timeoutMs: Type.Optional(Type.Integer({ minimum: contextTimeouts.minMs, maximum: contextTimeouts.maxMs })),
});
const ActionWebhookBody = Type.Object({
  url: Type.String({ maxLength: 2048, description: "https:// URL that runs the tools." }),
  signingSecret: Type.String({ maxLength: 256, description: "Key of the HMAC; at least 32 characters." }),
  timeoutMs: Type.Optional(Type.Integer({ minimum: actionTimeouts.minMs, maximum: actionTimeouts.maxMs })),
});
const Tools = Type.Array(
  Type.Object({
    name: Type.String({ pattern: "^[A-Za-z0-9_-]{1,64}$" }),
    description: Type.String({ maxLength: 1024 }),
    parameters: Type.Unsafe<Record<string, unknown>>({
      type: "object",
      additionalProperties: true,
      description: "JSON Schema of the arguments object.",
    }),
  }),
  { maxItems: 64 },
);
const ContextSource = words(Object.keys(contextSourceOf) as ContextSourceWord[]);
const SmsMode = words(["off"], { description: "Texts are kept and told, not answered." });

/** Replaces the whole configuration. */
export const InboundConfigBody = Type.Object({
  mode: words(["ai"]),
  systemPrompt: SystemPrompt,
  ...personaOptions,
  notify: Type.Optional(nullable(Type.Object(allNullable(notifyMembers)))),
  contextWebhook: Type.Optional(nullable(ContextWebhookBody)),
  contextSource: Type.Optional(ContextSource),
  liveTranscript: Type.Optional(Type.Boolean()),
  tools: Type.Optional(nullable(Tools)),
  actionWebhook: Type.Optional(nullable(ActionWebhookBody)),
  smsMode: Type.Optional(SmsMode),
});
export type InboundConfigBody = Static<typeof InboundConfigBody>;

/** Replaces the whole saved agent. */
export const OutboundDefaultsBody = Type.Object({
  systemPrompt: SystemPrompt,
  ...personaOptions,
  templateId: Type.Optional(nullable(Type.String({ maxLength: 100 }))),
});
export type OutboundDefaultsBody = Static<typeof OutboundDefaultsBody>;

export const ByokKeyBody = Type.Object({
  openaiApiKey: Type.String({ minLength: 1, maxLength: 256, description: "sk-…; never shown again." }),
});

const voiceMode = {
  voiceMode: words(["managed", "byok"]),
  hasByokKey: Type.Boolean(),
  byokOpenaiApiKeyPreview: nullable(Type.String({ description: "sk-...abcd" })),
};
export const VoiceModeBody = Type.Object(voiceMode);
export type VoiceModeBody = Static<typeof VoiceModeBody>;

const shownPersona = {
  systemPrompt: Type.String(),
  voice: nullable(Type.String()),
  language: LanguageWord,
  firstMessage: nullable(FirstMessage),
  maxDurationSecs: Type.Integer(),
  record: Type.Boolean(),
};

/** The configuration as it is; of a number that never had one, `mode` is off and the rest is null. */
export const InboundBody = Type.Object({
  mode: words(["ai", "off"], { description: "off: calls are not answered; what is set is kept." }),
  systemPrompt: nullable(shownPersona.systemPrompt),
  voice: shownPersona.voice,
  language: nullable(LanguageWord),
  firstMessage: shownPersona.firstMessage,
  maxDurationSecs: nullable(shownPersona.maxDurationSecs),
  record: nullable(shownPersona.record),
  notify: nullable(Type.Object(allNullable(notifyMembers))),
  contextWebhook: nullable(Type.Object({ url: Type.String(), timeoutMs: Type.Integer() })),
  contextSource: ContextSource,
  liveTranscript: Type.Boolean(),
  tools: Tools,
  actionWebhook: nullable(Type.Object({ url: Type.String(), timeoutMs: Type.Integer() })),
  smsMode: SmsMode,
  ...voiceMode,
});
export type InboundBody = Static<typeof InboundBody>;

export const OutboundBody = Type.Object({ ...shownPersona, templateId: nullable(Type.String()) });
export type OutboundBody = Static<typeof OutboundBody>;

export const NumberBody = Type.Object({
  id: Type.String(),
  number: E164Text,
  type: NumberTypeWord,
  country: nullable(Country),
  areaCode: nullable(Type.String()),
  label: nullable(Label),
  capabilities: Type.Array(words(["voice", "sms"])),
  monthlyPrice: Type.Number({ description: "US dollars." }),
  inbound: nullable(InboundBody),
  outbound: nullable(OutboundBody),
  createdAt: Instant,
  updatedAt: Instant,
});
export type NumberBody = Static<typeof NumberBody>;

export const ReleasedBody = Type.Object({ id: Type.String(), released: Type.Boolean() });
