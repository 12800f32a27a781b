// Made by scripts/make-client.mjs from the API's own description: do not edit.
import type { OperationShape, RequestOptions, StreamedEvent } from "./shapes.ts";

export interface ListVoicesAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly name: string;
    readonly trait: string;
    readonly description: string;
    readonly best_for: string;
  }[];
  readonly default_voice: string;
}

export interface ListPromptTemplatesRequest {
  readonly direction?: "inbound" | "outbound";
}

export interface ListPromptTemplatesAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly direction: "inbound" | "outbound";
    readonly title: string;
    readonly description: string;
    readonly recommended_voice: string;
    readonly max_duration_ms: number;
    readonly first_message: string;
    readonly instructions: string;
  }[];
}

export interface CreateAgentBody {
  readonly name: string;
  readonly instructions?: string;
  /** BCP 47. */
  readonly language?: string;
  readonly tools?: readonly {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the arguments object. */
    readonly parameters: Readonly<Record<string, unknown>>;
    /** https:// URL that answers the tool's calls. */
    readonly url: string;
    readonly timeout_ms?: number;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  readonly transfers?: readonly {
    /** What the agent calls it by; once in an agent. */
    readonly name: string;
    /** For the agent: who this is, and who belongs there. */
    readonly description: string;
    /** E.164, or a phone's extension. */
    readonly to: string;
    /** Attended: the agent talks with the other side first. */
    readonly mode?: "blind" | "attended";
    /** key: the other side takes the caller with 1, refuses with 2; attended only. */
    readonly confirm?: "none" | "key";
  }[];
  readonly max_duration_ms?: number;
  readonly record?: boolean;
  /** null: openai-realtime where OPENAI_API_KEY is set, else local. */
  readonly provider?: "local" | "openai-realtime" | "pipeline" | "chat-webhook" | null;
  readonly model?: string | null;
  readonly voice?: string | null;
  /** null: greets in its own words; an empty text: the caller speaks first. */
  readonly first_message?: string | null;
  /** The customer's endpoint in the LLM's place. */
  readonly webhook_url?: string | null;
  readonly turn?: {
    /** Whose ears end the caller's turn. */
    readonly detection?: "local" | "provider";
    /** Pause that ends the caller's turn, in ms. */
    readonly endpointing_ms?: number;
    /** Pause after which the turn ends when the provider does not end it, in ms. */
    readonly max_endpointing_ms?: number;
    /** Speech over the agent that takes the floor, in ms. */
    readonly barge_in_confirm_ms?: number;
    /** Silence without a word after which the agent goes on, in ms. */
    readonly false_interruption_ms?: number;
    readonly interruptible?: boolean;
    readonly greeting_interruptible?: boolean;
    /** Silence after which the agent asks whether the caller is there; 0: never, in ms. */
    readonly nudge_after_ms?: number;
    readonly max_nudges?: number;
    readonly nudge_text?: string;
    /** Pause that ends a row of keys, in ms. */
    readonly dtmf_timeout_ms?: number;
    /** Keys that are a whole row, without a pause. */
    readonly dtmf_max_digits?: number;
  };
}

export interface CreateAgentRequest {
  readonly body: CreateAgentBody;
}

export interface CreateAgentAnswer {
  readonly id: string;
  readonly name: string;
  readonly instructions: string;
  /** BCP 47. */
  readonly language: string;
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the arguments object. */
    readonly parameters: Readonly<Record<string, unknown>>;
    /** https:// URL that answers the tool's calls. */
    readonly url: string;
    readonly timeout_ms?: number;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  readonly transfers: readonly {
    /** What the agent calls it by; once in an agent. */
    readonly name: string;
    /** For the agent: who this is, and who belongs there. */
    readonly description: string;
    /** E.164, or a phone's extension. */
    readonly to: string;
    /** Attended: the agent talks with the other side first. */
    readonly mode?: "blind" | "attended";
    /** key: the other side takes the caller with 1, refuses with 2; attended only. */
    readonly confirm?: "none" | "key";
  }[];
  readonly max_duration_ms: number;
  readonly record: boolean;
  /** null: openai-realtime where OPENAI_API_KEY is set, else local. */
  readonly provider: "local" | "openai-realtime" | "pipeline" | "chat-webhook" | null;
  readonly model: string | null;
  readonly voice: string | null;
  /** null: greets in its own words; an empty text: the caller speaks first. */
  readonly first_message: string | null;
  /** The customer's endpoint in the LLM's place. */
  readonly webhook_url: string | null;
  readonly turn: {
    /** Whose ears end the caller's turn. */
    readonly detection?: "local" | "provider";
    /** Pause that ends the caller's turn, in ms. */
    readonly endpointing_ms?: number;
    /** Pause after which the turn ends when the provider does not end it, in ms. */
    readonly max_endpointing_ms?: number;
    /** Speech over the agent that takes the floor, in ms. */
    readonly barge_in_confirm_ms?: number;
    /** Silence without a word after which the agent goes on, in ms. */
    readonly false_interruption_ms?: number;
    readonly interruptible?: boolean;
    readonly greeting_interruptible?: boolean;
    /** Silence after which the agent asks whether the caller is there; 0: never, in ms. */
    readonly nudge_after_ms?: number;
    readonly max_nudges?: number;
    readonly nudge_text?: string;
    /** Pause that ends a row of keys, in ms. */
    readonly dtmf_timeout_ms?: number;
    /** Keys that are a whole row, without a pause. */
    readonly dtmf_max_digits?: number;
  };
  readonly created_at: string;
  readonly updated_at: string;
  /** Key of the HMAC on requests to your tools. Shown here only. */
  readonly signing_secret: string;
}

export interface ListAgentsRequest {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
}

export interface ListAgentsAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly name: string;
    readonly instructions: string;
    /** BCP 47. */
    readonly language: string;
    readonly tools: readonly {
      readonly name: string;
      readonly description: string;
      /** JSON Schema of the arguments object. */
      readonly parameters: Readonly<Record<string, unknown>>;
      /** https:// URL that answers the tool's calls. */
      readonly url: string;
      readonly timeout_ms?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }[];
    readonly transfers: readonly {
      /** What the agent calls it by; once in an agent. */
      readonly name: string;
      /** For the agent: who this is, and who belongs there. */
      readonly description: string;
      /** E.164, or a phone's extension. */
      readonly to: string;
      /** Attended: the agent talks with the other side first. */
      readonly mode?: "blind" | "attended";
      /** key: the other side takes the caller with 1, refuses with 2; attended only. */
      readonly confirm?: "none" | "key";
    }[];
    readonly max_duration_ms: number;
    readonly record: boolean;
    /** null: openai-realtime where OPENAI_API_KEY is set, else local. */
    readonly provider: "local" | "openai-realtime" | "pipeline" | "chat-webhook" | null;
    readonly model: string | null;
    readonly voice: string | null;
    /** null: greets in its own words; an empty text: the caller speaks first. */
    readonly first_message: string | null;
    /** The customer's endpoint in the LLM's place. */
    readonly webhook_url: string | null;
    readonly turn: {
      /** Whose ears end the caller's turn. */
      readonly detection?: "local" | "provider";
      /** Pause that ends the caller's turn, in ms. */
      readonly endpointing_ms?: number;
      /** Pause after which the turn ends when the provider does not end it, in ms. */
      readonly max_endpointing_ms?: number;
      /** Speech over the agent that takes the floor, in ms. */
      readonly barge_in_confirm_ms?: number;
      /** Silence without a word after which the agent goes on, in ms. */
      readonly false_interruption_ms?: number;
      readonly interruptible?: boolean;
      readonly greeting_interruptible?: boolean;
      /** Silence after which the agent asks whether the caller is there; 0: never, in ms. */
      readonly nudge_after_ms?: number;
      readonly max_nudges?: number;
      readonly nudge_text?: string;
      /** Pause that ends a row of keys, in ms. */
      readonly dtmf_timeout_ms?: number;
      /** Keys that are a whole row, without a pause. */
      readonly dtmf_max_digits?: number;
    };
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface GetAgentRequest {
  readonly id: string;
}

export interface GetAgentAnswer {
  readonly id: string;
  readonly name: string;
  readonly instructions: string;
  /** BCP 47. */
  readonly language: string;
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the arguments object. */
    readonly parameters: Readonly<Record<string, unknown>>;
    /** https:// URL that answers the tool's calls. */
    readonly url: string;
    readonly timeout_ms?: number;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  readonly transfers: readonly {
    /** What the agent calls it by; once in an agent. */
    readonly name: string;
    /** For the agent: who this is, and who belongs there. */
    readonly description: string;
    /** E.164, or a phone's extension. */
    readonly to: string;
    /** Attended: the agent talks with the other side first. */
    readonly mode?: "blind" | "attended";
    /** key: the other side takes the caller with 1, refuses with 2; attended only. */
    readonly confirm?: "none" | "key";
  }[];
  readonly max_duration_ms: number;
  readonly record: boolean;
  /** null: openai-realtime where OPENAI_API_KEY is set, else local. */
  readonly provider: "local" | "openai-realtime" | "pipeline" | "chat-webhook" | null;
  readonly model: string | null;
  readonly voice: string | null;
  /** null: greets in its own words; an empty text: the caller speaks first. */
  readonly first_message: string | null;
  /** The customer's endpoint in the LLM's place. */
  readonly webhook_url: string | null;
  readonly turn: {
    /** Whose ears end the caller's turn. */
    readonly detection?: "local" | "provider";
    /** Pause that ends the caller's turn, in ms. */
    readonly endpointing_ms?: number;
    /** Pause after which the turn ends when the provider does not end it, in ms. */
    readonly max_endpointing_ms?: number;
    /** Speech over the agent that takes the floor, in ms. */
    readonly barge_in_confirm_ms?: number;
    /** Silence without a word after which the agent goes on, in ms. */
    readonly false_interruption_ms?: number;
    readonly interruptible?: boolean;
    readonly greeting_interruptible?: boolean;
    /** Silence after which the agent asks whether the caller is there; 0: never, in ms. */
    readonly nudge_after_ms?: number;
    readonly max_nudges?: number;
    readonly nudge_text?: string;
    /** Pause that ends a row of keys, in ms. */
    readonly dtmf_timeout_ms?: number;
    /** Keys that are a whole row, without a pause. */
    readonly dtmf_max_digits?: number;
  };
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ChangeAgentBody {
  readonly name?: string;
  readonly instructions?: string;
  /** BCP 47. */
  readonly language?: string;
  readonly tools?: readonly {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the arguments object. */
    readonly parameters: Readonly<Record<string, unknown>>;
    /** https:// URL that answers the tool's calls. */
    readonly url: string;
    readonly timeout_ms?: number;
    readonly headers?: Readonly<Record<string, string>>;
  }[];
  readonly transfers?: readonly {
    /** What the agent calls it by; once in an agent. */
    readonly name: string;
    /** For the agent: who this is, and who belongs there. */
    readonly description: string;
    /** E.164, or a phone's extension. */
    readonly to: string;
    /** Attended: the agent talks with the other side first. */
    readonly mode?: "blind" | "attended";
    /** key: the other side takes the caller with 1, refuses with 2; attended only. */
    readonly confirm?: "none" | "key";
  }[];
  readonly max_duration_ms?: number;
  readonly record?: boolean;
  /** null: openai-realtime where OPENAI_API_KEY is set, else local. */
  readonly provider?: "local" | "openai-realtime" | "pipeline" | "chat-webhook" | null;
  readonly model?: string | null;
  readonly voice?: string | null;
  /** null: greets in its own words; an empty text: the caller speaks first. */
  readonly first_message?: string | null;
  /** The customer's endpoint in the LLM's place. */
  readonly webhook_url?: string | null;
  readonly turn?: {
    /** Whose ears end the caller's turn. */
    readonly detection?: "local" | "provider" | null;
    /** Pause that ends the caller's turn, in ms. */
    readonly endpointing_ms?: number | null;
    /** Pause after which the turn ends when the provider does not end it, in ms. */
    readonly max_endpointing_ms?: number | null;
    /** Speech over the agent that takes the floor, in ms. */
    readonly barge_in_confirm_ms?: number | null;
    /** Silence without a word after which the agent goes on, in ms. */
    readonly false_interruption_ms?: number | null;
    readonly interruptible?: boolean | null;
    readonly greeting_interruptible?: boolean | null;
    /** Silence after which the agent asks whether the caller is there; 0: never, in ms. */
    readonly nudge_after_ms?: number | null;
    readonly max_nudges?: number | null;
    readonly nudge_text?: string | null;
    /** Pause that ends a row of keys, in ms. */
    readonly dtmf_timeout_ms?: number | null;
    /** Keys that are a whole row, without a pause. */
    readonly dtmf_max_digits?: number | null;
  };
}

export interface ChangeAgentRequest {
  readonly id: string;
  readonly body: ChangeAgentBody;
}

export interface RotateAgentSecretAnswer {
  /** Key of the HMAC on requests to your tools. Shown here only. */
  readonly signing_secret: string;
}

export interface SearchNumbersBody {
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly type?: "local" | "tollfree" | "mobile";
  /** Digits after the country's calling code. */
  readonly area_code?: string;
  readonly capabilities?: readonly ("voice" | "sms")[];
  readonly limit?: number;
}

export interface SearchNumbersRequest {
  readonly body: SearchNumbersBody;
}

export interface SearchNumbersAnswer {
  readonly data: readonly {
    /** E.164. */
    readonly number: string;
    /** ISO 3166-1 alpha-2. */
    readonly country: string;
    /** Digits after the country's calling code. */
    readonly area_code: string | null;
    readonly type: "local" | "tollfree" | "mobile";
    readonly capabilities: readonly ("voice" | "sms")[];
    /** Micro-dollars. */
    readonly monthly_micros: number;
  }[];
}

export interface BuyNumberBody {
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  readonly type?: "local" | "tollfree" | "mobile";
  /** Digits after the country's calling code. */
  readonly area_code?: string;
  readonly capabilities?: readonly ("voice" | "sms")[];
  /** E.164; without it, any that fits. */
  readonly number?: string;
  readonly inbound_agent_id?: string | null;
  readonly outbound_agent_id?: string | null;
  readonly label?: string | null;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface BuyNumberRequest {
  readonly body: BuyNumberBody;
}

export interface BuyNumberAnswer {
  readonly id: string;
  /** E.164. */
  readonly number: string;
  readonly type: "local" | "tollfree" | "mobile";
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null;
  /** Digits after the country's calling code. */
  readonly area_code: string | null;
  readonly capabilities: readonly ("voice" | "sms")[];
  /** own: brought along, not bought here. */
  readonly carrier: string;
  readonly inbound_agent_id: string | null;
  readonly outbound_agent_id: string | null;
  /** Whether an agent answers it. */
  readonly answers: boolean;
  readonly label: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly voice_mode: "managed" | "byok";
  /** Micro-dollars. */
  readonly monthly_micros: number;
  readonly next_charge_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface CreateNumberBody {
  /** E.164. */
  readonly number: string;
  readonly inbound_agent_id?: string | null;
  readonly outbound_agent_id?: string | null;
  readonly label?: string | null;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface CreateNumberRequest {
  readonly body: CreateNumberBody;
}

export interface ListNumbersRequest {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  readonly country?: string;
  readonly type?: string;
}

export interface ListNumbersAnswer {
  readonly data: readonly {
    readonly id: string;
    /** E.164. */
    readonly number: string;
    readonly type: "local" | "tollfree" | "mobile";
    /** ISO 3166-1 alpha-2. */
    readonly country: string | null;
    /** Digits after the country's calling code. */
    readonly area_code: string | null;
    readonly capabilities: readonly ("voice" | "sms")[];
    /** own: brought along, not bought here. */
    readonly carrier: string;
    readonly inbound_agent_id: string | null;
    readonly outbound_agent_id: string | null;
    /** Whether an agent answers it. */
    readonly answers: boolean;
    readonly label: string | null;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly voice_mode: "managed" | "byok";
    /** Micro-dollars. */
    readonly monthly_micros: number;
    readonly next_charge_at: string | null;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface ChangeNumberBody {
  readonly inbound_agent_id?: string | null;
  readonly outbound_agent_id?: string | null;
  readonly label?: string | null;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly voice?: string;
  /** auto: the language of the other person. */
  readonly language?: "auto" | "en" | "es" | "fr" | "de" | "it" | "pt" | "nl" | "ja" | "ko" | "zh" | "hi" | "ar";
}

export interface ChangeNumberRequest {
  readonly id: string;
  readonly body: ChangeNumberBody;
}

export interface SetInboundConfigBody {
  readonly instructions: string;
  readonly voice?: string;
  /** auto: the language of the other person. */
  readonly language?: "auto" | "en" | "es" | "fr" | "de" | "it" | "pt" | "nl" | "ja" | "ko" | "zh" | "hi" | "ar";
  readonly first_message?: string | null;
  readonly max_duration_ms?: number;
  readonly record?: boolean;
  readonly notify?: {
    readonly email_to?: string | null;
    /** E.164. */
    readonly sms_to?: string | null;
    readonly business_name?: string | null;
    readonly agency_name?: string | null;
  };
  readonly context_webhook?: {
    /** https:// URL that is asked as a call comes in. */
    readonly url: string;
    /** Key of the HMAC; at least 32 characters. */
    readonly signing_secret: string;
    readonly timeout_ms?: number;
  };
  readonly context_source?: "none" | "memory" | "webhook" | "merge";
  readonly live_transcript?: boolean;
  /** Run by the action webhook while the agent talks. */
  readonly tools?: readonly {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the arguments object. */
    readonly parameters: Readonly<Record<string, unknown>>;
  }[];
  readonly action_webhook?: {
    /** https:// URL that runs the tools. */
    readonly url: string;
    /** Key of the HMAC; at least 32 characters. */
    readonly signing_secret: string;
    readonly timeout_ms?: number;
  };
}

export interface SetInboundConfigRequest {
  readonly id: string;
  readonly body: SetInboundConfigBody;
}

export interface SetInboundConfigAnswer {
  /** off: nobody answers; what is set is kept. */
  readonly mode: "ai" | "off";
  readonly agent_id: string;
  readonly instructions: string;
  readonly voice: string | null;
  /** auto: the language of the other person. */
  readonly language: "auto" | "en" | "es" | "fr" | "de" | "it" | "pt" | "nl" | "ja" | "ko" | "zh" | "hi" | "ar";
  readonly first_message: string | null;
  readonly max_duration_ms: number;
  readonly record: boolean;
  readonly notify: Readonly<Record<string, unknown>> | null;
  readonly context_webhook: Readonly<Record<string, unknown>> | null;
  readonly context_source: "none" | "memory" | "webhook" | "merge";
  readonly live_transcript: boolean;
  /** Run by the action webhook while the agent talks. */
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the arguments object. */
    readonly parameters: Readonly<Record<string, unknown>>;
  }[];
  readonly action_webhook: Readonly<Record<string, unknown>> | null;
  readonly voice_mode: "managed" | "byok";
  readonly byok_key_preview: string | null;
}

export interface ChangeInboundConfigBody {
  readonly voice?: string;
  /** auto: the language of the other person. */
  readonly language?: "auto" | "en" | "es" | "fr" | "de" | "it" | "pt" | "nl" | "ja" | "ko" | "zh" | "hi" | "ar";
}

export interface ChangeInboundConfigRequest {
  readonly id: string;
  readonly body: ChangeInboundConfigBody;
}

export interface SetOutboundDefaultsBody {
  readonly instructions: string;
  readonly voice?: string;
  /** auto: the language of the other person. */
  readonly language?: "auto" | "en" | "es" | "fr" | "de" | "it" | "pt" | "nl" | "ja" | "ko" | "zh" | "hi" | "ar";
  readonly first_message?: string | null;
  readonly max_duration_ms?: number;
  readonly record?: boolean;
  readonly template_id?: string | null;
}

export interface SetOutboundDefaultsRequest {
  readonly id: string;
  readonly body: SetOutboundDefaultsBody;
}

export interface SetOutboundDefaultsAnswer {
  readonly agent_id: string;
  readonly instructions: string;
  readonly voice: string | null;
  /** auto: the language of the other person. */
  readonly language: "auto" | "en" | "es" | "fr" | "de" | "it" | "pt" | "nl" | "ja" | "ko" | "zh" | "hi" | "ar";
  readonly first_message: string | null;
  readonly max_duration_ms: number;
  readonly record: boolean;
  readonly template_id: string | null;
}

export interface SetByokKeyBody {
  readonly openai_api_key: string;
}

export interface SetByokKeyRequest {
  readonly id: string;
  readonly body: SetByokKeyBody;
}

export interface SetByokKeyAnswer {
  readonly voice_mode: "managed" | "byok";
  readonly byok_key_preview: string | null;
}

export interface CreateTrunkBody {
  readonly name: string;
  /** false: it is not registered, takes no calls and makes none. */
  readonly enabled?: boolean;
  /** true: every organisation may call out over it; for the organisation that runs the gateway alone. */
  readonly shared?: boolean;
  /** Host of From in calls we make. */
  readonly from_domain?: string | null;
  /** Session timer (RFC 4028): at least 90; 0: none. */
  readonly session_expires_s?: number;
  /** Send P-Asserted-Identity, and believe it. */
  readonly assert_identity?: boolean;
  /** In and out together; 0: no limit. */
  readonly max_calls?: number;
  /** New calls; 0: no limit. */
  readonly calls_per_second?: number;
  /** OPTIONS to each target: at least 5; 0: none. */
  readonly probe_every_s?: number;
  readonly transfer?: "bridge" | "refer";
  readonly redirects?: "own-hosts" | "any";
  readonly ring_timeout_ms?: number;
  readonly inbound?: {
    /** Addresses and blocks (203.0.113.0/24) its calls come from. */
    readonly sources?: readonly string[];
    readonly username?: string | null;
  };
  readonly outbound?: {
    readonly username?: string | null;
    readonly realm?: string | null;
    readonly targets?: readonly {
      /** `sip:host:port;transport=tcp`; without port and transport they are looked up (RFC 3263). */
      readonly uri: string;
      /** Lower ones are tried first. */
      readonly priority?: number;
      /** Share of the calls within one priority. */
      readonly weight?: number;
    }[];
  };
  readonly register?: {
    /** SIP URI of the registrar. */
    readonly registrar: string;
    /** SIP URI that is registered, with a user. */
    readonly aor: string;
    readonly expires_s?: number;
  } | null;
  readonly media?: {
    /** In the order of preference. */
    readonly codecs?: readonly ("opus" | "g722" | "pcmu" | "pcma")[];
    readonly preference?: "offered" | "ours";
    readonly srtp?: "off" | "optional" | "required";
    readonly dtmf?: "auto" | "rfc4733" | "info" | "inband";
    readonly ptime_ms?: 10 | 20 | 30 | 40 | 60;
  };
  readonly rewriting?: {
    /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
    readonly inbound?: readonly {
      readonly match: string;
      readonly replace: string;
    }[];
    /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
    readonly outbound?: readonly {
      readonly match: string;
      readonly replace: string;
    }[];
  };
  /** For inbound.username, for challenges and for the registrar. Kept encrypted, never shown. */
  readonly password?: string | null;
}

export interface CreateTrunkRequest {
  readonly body: CreateTrunkBody;
}

export interface CreateTrunkAnswer {
  readonly id: string;
  readonly name: string;
  /** false: it is not registered, takes no calls and makes none. */
  readonly enabled: boolean;
  /** true: every organisation may call out over it; for the organisation that runs the gateway alone. */
  readonly shared: boolean;
  /** Host of From in calls we make. */
  readonly from_domain: string | null;
  /** Session timer (RFC 4028): at least 90; 0: none. */
  readonly session_expires_s: number;
  /** Send P-Asserted-Identity, and believe it. */
  readonly assert_identity: boolean;
  /** In and out together; 0: no limit. */
  readonly max_calls: number;
  /** New calls; 0: no limit. */
  readonly calls_per_second: number;
  /** OPTIONS to each target: at least 5; 0: none. */
  readonly probe_every_s: number;
  readonly transfer: "bridge" | "refer";
  readonly redirects: "own-hosts" | "any";
  readonly ring_timeout_ms: number;
  readonly inbound: {
    /** Addresses and blocks (203.0.113.0/24) its calls come from. */
    readonly sources: readonly string[];
    readonly username: string | null;
  };
  readonly outbound: {
    readonly targets: readonly {
      /** `sip:host:port;transport=tcp`; without port and transport they are looked up (RFC 3263). */
      readonly uri: string;
      /** Lower ones are tried first. */
      readonly priority: number;
      /** Share of the calls within one priority. */
      readonly weight: number;
    }[];
    readonly username: string | null;
    readonly realm: string | null;
  };
  readonly register: {
    /** SIP URI of the registrar. */
    readonly registrar: string;
    /** SIP URI that is registered, with a user. */
    readonly aor: string;
    readonly expires_s: number;
  } | null;
  readonly media: {
    /** In the order of preference. */
    readonly codecs: readonly ("opus" | "g722" | "pcmu" | "pcma")[];
    readonly preference: "offered" | "ours";
    readonly srtp: "off" | "optional" | "required";
    readonly dtmf: "auto" | "rfc4733" | "info" | "inband";
    readonly ptime_ms: 10 | 20 | 30 | 40 | 60;
  };
  readonly rewriting: {
    /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
    readonly inbound: readonly {
      readonly match: string;
      readonly replace: string;
    }[];
    /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
    readonly outbound: readonly {
      readonly match: string;
      readonly replace: string;
    }[];
  };
  readonly has_password: boolean;
  /** null: it does not register, or has not begun to. */
  readonly registration: {
    readonly state: "registering" | "registered" | "failed" | "unregistered";
    readonly since: string;
    readonly expires_at: string | null;
    readonly last_error: string | null;
  } | null;
  /** How the targets do now; the registrar, where none is set. */
  readonly targets: readonly {
    /** `sip:host:port;transport=tcp`; without port and transport they are looked up (RFC 3263). */
    readonly uri: string;
    readonly state: "unknown" | "up" | "down";
    readonly last_ok_at: string | null;
    readonly last_error: string | null;
  }[];
  readonly calls_now: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ListTrunksAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly name: string;
    /** false: it is not registered, takes no calls and makes none. */
    readonly enabled: boolean;
    /** true: every organisation may call out over it; for the organisation that runs the gateway alone. */
    readonly shared: boolean;
    /** Host of From in calls we make. */
    readonly from_domain: string | null;
    /** Session timer (RFC 4028): at least 90; 0: none. */
    readonly session_expires_s: number;
    /** Send P-Asserted-Identity, and believe it. */
    readonly assert_identity: boolean;
    /** In and out together; 0: no limit. */
    readonly max_calls: number;
    /** New calls; 0: no limit. */
    readonly calls_per_second: number;
    /** OPTIONS to each target: at least 5; 0: none. */
    readonly probe_every_s: number;
    readonly transfer: "bridge" | "refer";
    readonly redirects: "own-hosts" | "any";
    readonly ring_timeout_ms: number;
    readonly inbound: {
      /** Addresses and blocks (203.0.113.0/24) its calls come from. */
      readonly sources: readonly string[];
      readonly username: string | null;
    };
    readonly outbound: {
      readonly targets: readonly {
        /** `sip:host:port;transport=tcp`; without port and transport they are looked up (RFC 3263). */
        readonly uri: string;
        /** Lower ones are tried first. */
        readonly priority: number;
        /** Share of the calls within one priority. */
        readonly weight: number;
      }[];
      readonly username: string | null;
      readonly realm: string | null;
    };
    readonly register: {
      /** SIP URI of the registrar. */
      readonly registrar: string;
      /** SIP URI that is registered, with a user. */
      readonly aor: string;
      readonly expires_s: number;
    } | null;
    readonly media: {
      /** In the order of preference. */
      readonly codecs: readonly ("opus" | "g722" | "pcmu" | "pcma")[];
      readonly preference: "offered" | "ours";
      readonly srtp: "off" | "optional" | "required";
      readonly dtmf: "auto" | "rfc4733" | "info" | "inband";
      readonly ptime_ms: 10 | 20 | 30 | 40 | 60;
    };
    readonly rewriting: {
      /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
      readonly inbound: readonly {
        readonly match: string;
        readonly replace: string;
      }[];
      /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
      readonly outbound: readonly {
        readonly match: string;
        readonly replace: string;
      }[];
    };
    readonly has_password: boolean;
    /** null: it does not register, or has not begun to. */
    readonly registration: {
      readonly state: "registering" | "registered" | "failed" | "unregistered";
      readonly since: string;
      readonly expires_at: string | null;
      readonly last_error: string | null;
    } | null;
    /** How the targets do now; the registrar, where none is set. */
    readonly targets: readonly {
      /** `sip:host:port;transport=tcp`; without port and transport they are looked up (RFC 3263). */
      readonly uri: string;
      readonly state: "unknown" | "up" | "down";
      readonly last_ok_at: string | null;
      readonly last_error: string | null;
    }[];
    readonly calls_now: number;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface ChangeTrunkBody {
  readonly name?: string;
  /** false: it is not registered, takes no calls and makes none. */
  readonly enabled?: boolean;
  /** true: every organisation may call out over it; for the organisation that runs the gateway alone. */
  readonly shared?: boolean;
  /** Host of From in calls we make. */
  readonly from_domain?: string | null;
  /** Session timer (RFC 4028): at least 90; 0: none. */
  readonly session_expires_s?: number;
  /** Send P-Asserted-Identity, and believe it. */
  readonly assert_identity?: boolean;
  /** In and out together; 0: no limit. */
  readonly max_calls?: number;
  /** New calls; 0: no limit. */
  readonly calls_per_second?: number;
  /** OPTIONS to each target: at least 5; 0: none. */
  readonly probe_every_s?: number;
  readonly transfer?: "bridge" | "refer";
  readonly redirects?: "own-hosts" | "any";
  readonly ring_timeout_ms?: number;
  readonly inbound?: {
    /** Addresses and blocks (203.0.113.0/24) its calls come from. */
    readonly sources?: readonly string[];
    readonly username?: string | null;
  };
  readonly outbound?: {
    readonly username?: string | null;
    readonly realm?: string | null;
    readonly targets?: readonly {
      /** `sip:host:port;transport=tcp`; without port and transport they are looked up (RFC 3263). */
      readonly uri: string;
      /** Lower ones are tried first. */
      readonly priority?: number;
      /** Share of the calls within one priority. */
      readonly weight?: number;
    }[];
  };
  readonly register?: {
    /** SIP URI of the registrar. */
    readonly registrar: string;
    /** SIP URI that is registered, with a user. */
    readonly aor: string;
    readonly expires_s?: number;
  } | null;
  readonly media?: {
    /** In the order of preference. */
    readonly codecs?: readonly ("opus" | "g722" | "pcmu" | "pcma")[];
    readonly preference?: "offered" | "ours";
    readonly srtp?: "off" | "optional" | "required";
    readonly dtmf?: "auto" | "rfc4733" | "info" | "inband";
    readonly ptime_ms?: 10 | 20 | 30 | 40 | 60;
  };
  readonly rewriting?: {
    /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
    readonly inbound?: readonly {
      readonly match: string;
      readonly replace: string;
    }[];
    /** The number's beginning `match` becomes `replace`; the first rule that fits is the one. */
    readonly outbound?: readonly {
      readonly match: string;
      readonly replace: string;
    }[];
  };
  /** For inbound.username, for challenges and for the registrar. Kept encrypted, never shown. */
  readonly password?: string | null;
}

export interface ChangeTrunkRequest {
  readonly id: string;
  readonly body: ChangeTrunkBody;
}

export interface CreatePhoneBody {
  /** What the telephone registers as; often its extension. */
  readonly username: string;
  /** What is dialled to reach it: E.164, or an extension of 2–6 digits. null: nobody can dial it. */
  readonly number?: string | null;
  readonly label?: string | null;
  /** `internal`: our own numbers and telephones only. */
  readonly may_call?: "internal" | "any";
  /** false: it can neither register nor call. */
  readonly enabled?: boolean;
  /** At least 8 characters. Kept encrypted, never shown again. */
  readonly password?: string;
}

export interface CreatePhoneRequest {
  readonly body: CreatePhoneBody;
}

export interface CreatePhoneAnswer {
  readonly id: string;
  /** What the telephone registers as; often its extension. */
  readonly username: string;
  /** What is dialled to reach it: E.164, or an extension of 2–6 digits. null: nobody can dial it. */
  readonly number: string | null;
  readonly label: string | null;
  /** `internal`: our own numbers and telephones only. */
  readonly may_call: "internal" | "any";
  /** false: it can neither register nor call. */
  readonly enabled: boolean;
  /** Its devices that can be reached now, best first. */
  readonly registrations: readonly {
    /** SIP URI the device is called at. */
    readonly contact: string;
    readonly user_agent: string | null;
    readonly expires_at: string;
    /** UDP, TCP, TLS, WS or WSS. */
    readonly transport: string;
    /** Where it registered from, as we saw it: the device, its NAT or a proxy. */
    readonly address: string;
    readonly port: number;
  }[];
  readonly created_at: string;
  readonly updated_at: string;
  /** Made up by us. Shown here only. */
  readonly password?: string;
}

export interface ListPhonesAnswer {
  readonly data: readonly {
    readonly id: string;
    /** What the telephone registers as; often its extension. */
    readonly username: string;
    /** What is dialled to reach it: E.164, or an extension of 2–6 digits. null: nobody can dial it. */
    readonly number: string | null;
    readonly label: string | null;
    /** `internal`: our own numbers and telephones only. */
    readonly may_call: "internal" | "any";
    /** false: it can neither register nor call. */
    readonly enabled: boolean;
    /** Its devices that can be reached now, best first. */
    readonly registrations: readonly {
      /** SIP URI the device is called at. */
      readonly contact: string;
      readonly user_agent: string | null;
      readonly expires_at: string;
      /** UDP, TCP, TLS, WS or WSS. */
      readonly transport: string;
      /** Where it registered from, as we saw it: the device, its NAT or a proxy. */
      readonly address: string;
      readonly port: number;
    }[];
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface GetPhoneAnswer {
  readonly id: string;
  /** What the telephone registers as; often its extension. */
  readonly username: string;
  /** What is dialled to reach it: E.164, or an extension of 2–6 digits. null: nobody can dial it. */
  readonly number: string | null;
  readonly label: string | null;
  /** `internal`: our own numbers and telephones only. */
  readonly may_call: "internal" | "any";
  /** false: it can neither register nor call. */
  readonly enabled: boolean;
  /** Its devices that can be reached now, best first. */
  readonly registrations: readonly {
    /** SIP URI the device is called at. */
    readonly contact: string;
    readonly user_agent: string | null;
    readonly expires_at: string;
    /** UDP, TCP, TLS, WS or WSS. */
    readonly transport: string;
    /** Where it registered from, as we saw it: the device, its NAT or a proxy. */
    readonly address: string;
    readonly port: number;
  }[];
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ChangePhoneBody {
  /** What the telephone registers as; often its extension. */
  readonly username?: string;
  /** What is dialled to reach it: E.164, or an extension of 2–6 digits. null: nobody can dial it. */
  readonly number?: string | null;
  readonly label?: string | null;
  /** `internal`: our own numbers and telephones only. */
  readonly may_call?: "internal" | "any";
  /** false: it can neither register nor call. */
  readonly enabled?: boolean;
  /** At least 8 characters. Kept encrypted, never shown again. */
  readonly password?: string;
}

export interface ChangePhoneRequest {
  readonly id: string;
  readonly body: ChangePhoneBody;
}

export interface RotatePhonePasswordAnswer {
  /** Made up by us. Shown here only. */
  readonly password: string;
}

export interface SendTextBody {
  /** A number of ours, by its id or E.164, or a telephone's number or user name. */
  readonly from: string;
  /** E.164, or a telephone's number or user name. */
  readonly to: string;
  /** At most 4096 bytes. */
  readonly text: string;
  /** Kept with the text; at most 2 KB of JSON. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Sent again within 24 hours, the answer is the text of the first time. */
  readonly idempotency_key?: string;
}

export interface SendTextRequest {
  readonly body: SendTextBody;
}

export interface SendTextAnswer {
  readonly id: string;
  /** Null between two telephones. */
  readonly conversation_id: string | null;
  /** `internal`: between our own telephones and numbers. */
  readonly direction: "inbound" | "outbound" | "internal";
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** `received`: it ended at a number of ours. `sent`: the far end took it. `delivered`: the telephone did. */
  readonly status: "queued" | "sent" | "delivered" | "failed" | "received";
  /** Why it failed. */
  readonly detail: string | null;
  /** Short messages it takes on the air. */
  readonly segments: number;
  /** The one-time code in it. */
  readonly otp: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ListTextsRequest {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  readonly direction?: "inbound" | "outbound" | "internal";
  readonly status?: "queued" | "sent" | "delivered" | "failed" | "received";
  readonly from?: string;
  readonly to?: string;
}

export interface ListTextsAnswer {
  readonly data: readonly {
    readonly id: string;
    /** Null between two telephones. */
    readonly conversation_id: string | null;
    /** `internal`: between our own telephones and numbers. */
    readonly direction: "inbound" | "outbound" | "internal";
    readonly from: string;
    readonly to: string;
    readonly text: string;
    /** `received`: it ended at a number of ours. `sent`: the far end took it. `delivered`: the telephone did. */
    readonly status: "queued" | "sent" | "delivered" | "failed" | "received";
    /** Why it failed. */
    readonly detail: string | null;
    /** Short messages it takes on the air. */
    readonly segments: number;
    /** The one-time code in it. */
    readonly otp: string | null;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface ListInboxRequest {
  /** A number's id or E.164. */
  readonly id: string;
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  /** Only texts with a one-time code. */
  readonly otp_only?: boolean;
}

export interface WaitForOtpRequest {
  /** A number's id or E.164. */
  readonly id: string;
  readonly timeout_ms?: number;
  /** Codes that came then or later count; without it those of the last minute that nobody was given. */
  readonly since?: string;
}

export interface WaitForOtpAnswer {
  /** Null: none came in time. */
  readonly otp: string | null;
  readonly text: {
    readonly id: string;
    /** Null between two telephones. */
    readonly conversation_id: string | null;
    /** `internal`: between our own telephones and numbers. */
    readonly direction: "inbound" | "outbound" | "internal";
    readonly from: string;
    readonly to: string;
    readonly text: string;
    /** `received`: it ended at a number of ours. `sent`: the far end took it. `delivered`: the telephone did. */
    readonly status: "queued" | "sent" | "delivered" | "failed" | "received";
    /** Why it failed. */
    readonly detail: string | null;
    /** Short messages it takes on the air. */
    readonly segments: number;
    /** The one-time code in it. */
    readonly otp: string | null;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly created_at: string;
    readonly updated_at: string;
  } | null;
}

export interface ListConversationsRequest {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  readonly number?: string;
  readonly contact?: string;
}

export interface ListConversationsAnswer {
  readonly data: readonly {
    readonly id: string;
    /** Ours. */
    readonly number: string;
    /** Theirs. */
    readonly contact: string;
    readonly last_text: string;
    readonly text_count: number;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface GetConversationAnswer {
  readonly id: string;
  /** Ours. */
  readonly number: string;
  /** Theirs. */
  readonly contact: string;
  readonly last_text: string;
  readonly text_count: number;
  readonly created_at: string;
  readonly updated_at: string;
  /** The contact has said STOP. */
  readonly opted_out: boolean;
  /** The last 50, oldest first. */
  readonly texts: readonly {
    readonly id: string;
    /** Null between two telephones. */
    readonly conversation_id: string | null;
    /** `internal`: between our own telephones and numbers. */
    readonly direction: "inbound" | "outbound" | "internal";
    readonly from: string;
    readonly to: string;
    readonly text: string;
    /** `received`: it ended at a number of ours. `sent`: the far end took it. `delivered`: the telephone did. */
    readonly status: "queued" | "sent" | "delivered" | "failed" | "received";
    /** Why it failed. */
    readonly detail: string | null;
    /** Short messages it takes on the air. */
    readonly segments: number;
    /** The one-time code in it. */
    readonly otp: string | null;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
}

export interface ListConversationTextsRequest {
  readonly id: string;
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
}

export interface ReplyInConversationBody {
  /** At most 4096 bytes. */
  readonly text: string;
  /** Sent again within 24 hours, the answer is the text of the first time. */
  readonly idempotency_key?: string;
}

export interface ReplyInConversationRequest {
  readonly id: string;
  readonly body: ReplyInConversationBody;
}

export interface OpenStreamBody {
  readonly carrier: "twilio";
  /** E.164; a number with an inbound agent. */
  readonly to: string;
  readonly from: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface OpenStreamRequest {
  readonly body: OpenStreamBody;
}

export interface OpenStreamAnswer {
  readonly call_id: string;
  /** WebSocket URL of the media stream. */
  readonly url: string;
  /** Single use; the stream's custom parameter `token`. */
  readonly token: string;
  readonly expires_at: string;
}

export interface ListCallsRequest {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  readonly status?: "queued" | "ringing" | "in-progress" | "ended";
  readonly from?: string;
  readonly to?: string;
  readonly agent_id?: string;
  /** On either side. */
  readonly number?: string;
  readonly direction?: "inbound" | "outbound";
  readonly cause?:
    | "caller-hung-up"
    | "agent-hung-up"
    | "api-hung-up"
    | "max-duration"
    | "out-of-credit"
    | "setup-timeout"
    | "caller-silent"
    | "connection-lost"
    | "peer-not-reading"
    | "protocol-error"
    | "provider-failed"
    | "media-process-died"
    | "gateway-restarted"
    | "gateway-stopped"
    | "rejected"
    | "callee-hung-up"
    | "busy"
    | "no-answer"
    | "call-refused"
    | "call-unreachable"
    | "cancelled"
    | "transferred"
    | "machine-answered"
    | "internal-error";
  readonly created_after?: string;
  readonly created_before?: string;
  readonly started_after?: string;
  readonly started_before?: string;
}

export interface ListCallsAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly status: "queued" | "ringing" | "in-progress" | "ended";
    readonly direction: "inbound" | "outbound";
    readonly carrier: "twilio" | "sip" | "internal";
    readonly carrier_call_id: string | null;
    readonly from: string;
    readonly to: string;
    readonly agent_id: string | null;
    readonly metadata: Readonly<Record<string, string>>;
    readonly created_at: string;
    readonly started_at: string | null;
    readonly ended_at: string | null;
    readonly duration_ms: number | null;
    readonly cause:
      | "caller-hung-up"
      | "agent-hung-up"
      | "api-hung-up"
      | "max-duration"
      | "out-of-credit"
      | "setup-timeout"
      | "caller-silent"
      | "connection-lost"
      | "peer-not-reading"
      | "protocol-error"
      | "provider-failed"
      | "media-process-died"
      | "gateway-restarted"
      | "gateway-stopped"
      | "rejected"
      | "callee-hung-up"
      | "busy"
      | "no-answer"
      | "call-refused"
      | "call-unreachable"
      | "cancelled"
      | "transferred"
      | "machine-answered"
      | "internal-error"
      | null;
    readonly ended_by: "caller" | "agent" | "api" | "gateway" | "carrier" | "provider" | "callee" | null;
    readonly detail: string | null;
    /** There is a recording to ask a link for. */
    readonly recorded: boolean;
    readonly stats: Readonly<Record<string, number>> | null;
    readonly usage: {
      readonly input_text_tokens: number;
      readonly input_audio_tokens: number;
      readonly input_cached_tokens: number;
      readonly output_text_tokens: number;
      readonly output_audio_tokens: number;
      readonly transcription_tokens: number;
      readonly transcription_seconds: number;
      readonly speech_characters: number;
    };
    readonly trunk_id: string | null;
    readonly phone_id: string | null;
    /** The other one of two calls that were joined. */
    readonly peer_call_id: string | null;
    /** Final SIP status of a call of ours that nobody took. */
    readonly sip_status: number | null;
    readonly answered_by: "human" | "machine" | "unknown" | null;
    /** Micro-dollars; of a call in progress what it has cost so far. */
    readonly cost_micros: number;
    readonly live_transcript: boolean;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface PlaceCallBody {
  /** agent: an agent talks. bridge: people talk, the callee with `bridge_to`. */
  readonly kind?: "agent" | "bridge";
  /** Id of a number, or E.164: a number of yours. */
  readonly from: string;
  /** E.164, or a phone's extension. */
  readonly to: string;
  /** E.164, or a phone's extension. */
  readonly bridge_to?: string;
  /** Neither: the number's outbound agent. */
  readonly agent_id?: string;
  /** An agent for this call alone. */
  readonly agent?: {
    readonly name?: string;
    readonly instructions?: string;
    /** BCP 47. */
    readonly language?: string;
    readonly transfers?: readonly {
      /** What the agent calls it by; once in an agent. */
      readonly name: string;
      /** For the agent: who this is, and who belongs there. */
      readonly description: string;
      /** E.164, or a phone's extension. */
      readonly to: string;
      /** Attended: the agent talks with the other side first. */
      readonly mode?: "blind" | "attended";
      /** key: the other side takes the caller with 1, refuses with 2; attended only. */
      readonly confirm?: "none" | "key";
    }[];
    readonly max_duration_ms?: number;
    readonly record?: boolean;
    /** null: openai-realtime where OPENAI_API_KEY is set, else local. */
    readonly provider?: "local" | "openai-realtime" | "pipeline" | "chat-webhook" | null;
    readonly model?: string | null;
    readonly voice?: string | null;
    /** null: greets in its own words; an empty text: the caller speaks first. */
    readonly first_message?: string | null;
    readonly turn?: {
      /** Whose ears end the caller's turn. */
      readonly detection?: "local" | "provider";
      /** Pause that ends the caller's turn, in ms. */
      readonly endpointing_ms?: number;
      /** Pause after which the turn ends when the provider does not end it, in ms. */
      readonly max_endpointing_ms?: number;
      /** Speech over the agent that takes the floor, in ms. */
      readonly barge_in_confirm_ms?: number;
      /** Silence without a word after which the agent goes on, in ms. */
      readonly false_interruption_ms?: number;
      readonly interruptible?: boolean;
      readonly greeting_interruptible?: boolean;
      /** Silence after which the agent asks whether the caller is there; 0: never, in ms. */
      readonly nudge_after_ms?: number;
      readonly max_nudges?: number;
      readonly nudge_text?: string;
      /** Pause that ends a row of keys, in ms. */
      readonly dtmf_timeout_ms?: number;
      /** Keys that are a whole row, without a pause. */
      readonly dtmf_max_digits?: number;
    };
  };
  /** The number's outbound agent, with what `agent` says in its place. */
  readonly use_saved_agent?: boolean;
  readonly language?: "auto" | "en" | "es" | "fr" | "de" | "it" | "pt" | "nl" | "ja" | "ko" | "zh" | "hi" | "ar";
  /** Id or name; none: the first that works. */
  readonly trunk?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly record?: boolean;
  /** False: a recorded call does not begin by saying so. */
  readonly recording_disclosure?: boolean;
  /** Webhooks are told each finished utterance while the call lasts. */
  readonly live_transcript?: boolean;
  readonly max_duration_ms?: number;
  readonly ring_timeout_ms?: number;
  /** Look for an answering machine, and what to do with one. */
  readonly answering_machine?: {
    readonly on_machine: "hang-up" | "leave-message" | "continue";
    /** Said after the beep. */
    readonly message?: string;
    readonly decide_within_ms?: number;
  };
}

export interface PlaceCallRequest {
  readonly body: PlaceCallBody;
}

export interface PlaceCallAnswer {
  readonly id: string;
  readonly status: "queued" | "ringing" | "in-progress" | "ended";
  readonly direction: "inbound" | "outbound";
  readonly carrier: "twilio" | "sip" | "internal";
  readonly carrier_call_id: string | null;
  readonly from: string;
  readonly to: string;
  readonly agent_id: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly duration_ms: number | null;
  readonly cause:
    | "caller-hung-up"
    | "agent-hung-up"
    | "api-hung-up"
    | "max-duration"
    | "out-of-credit"
    | "setup-timeout"
    | "caller-silent"
    | "connection-lost"
    | "peer-not-reading"
    | "protocol-error"
    | "provider-failed"
    | "media-process-died"
    | "gateway-restarted"
    | "gateway-stopped"
    | "rejected"
    | "callee-hung-up"
    | "busy"
    | "no-answer"
    | "call-refused"
    | "call-unreachable"
    | "cancelled"
    | "transferred"
    | "machine-answered"
    | "internal-error"
    | null;
  readonly ended_by: "caller" | "agent" | "api" | "gateway" | "carrier" | "provider" | "callee" | null;
  readonly detail: string | null;
  /** There is a recording to ask a link for. */
  readonly recorded: boolean;
  readonly stats: Readonly<Record<string, number>> | null;
  readonly usage: {
    readonly input_text_tokens: number;
    readonly input_audio_tokens: number;
    readonly input_cached_tokens: number;
    readonly output_text_tokens: number;
    readonly output_audio_tokens: number;
    readonly transcription_tokens: number;
    readonly transcription_seconds: number;
    readonly speech_characters: number;
  };
  readonly trunk_id: string | null;
  readonly phone_id: string | null;
  /** The other one of two calls that were joined. */
  readonly peer_call_id: string | null;
  /** Final SIP status of a call of ours that nobody took. */
  readonly sip_status: number | null;
  readonly answered_by: "human" | "machine" | "unknown" | null;
  /** Micro-dollars; of a call in progress what it has cost so far. */
  readonly cost_micros: number;
  readonly live_transcript: boolean;
}

export interface SayInCallBody {
  readonly text: string;
}

export interface SayInCallRequest {
  readonly id: string;
  readonly body: SayInCallBody;
}

export interface SendCallDtmfBody {
  readonly digits: string;
}

export interface SendCallDtmfRequest {
  readonly id: string;
  readonly body: SendCallDtmfBody;
}

export interface GetCallTranscriptAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly role: "agent" | "caller";
    /** What was heard; an interrupted agent's words end where the caller stopped hearing. */
    readonly text: string;
    /** ms since the call's media began. */
    readonly start_ms: number;
    /** ms since the call's media began. */
    readonly end_ms: number;
    readonly interrupted: boolean;
    readonly via: "speech" | "dtmf";
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface ListCallSummariesAnswer {
  readonly data: readonly {
    readonly channel: "email" | "text";
    /** E-mail address or E.164. */
    readonly to: string;
    /** suppressed: the call was spam. */
    readonly status: "pending" | "sent" | "failed" | "suppressed";
    /** Why the last attempt failed, or why nothing is sent. */
    readonly detail: string | null;
    readonly attempts: number;
    readonly next_attempt_at: string | null;
    readonly created_at: string;
    readonly settled_at: string | null;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface ListCallToolCallsAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly name: string;
    /** As the model gave them; a text when they are not JSON. */
    readonly arguments: unknown;
    readonly output: string | null;
    readonly ok: boolean | null;
    /** ms since the call's media began. */
    readonly started_at_ms: number;
    /** ms since the call's media began. */
    readonly ended_at_ms: number | null;
    /** ms. */
    readonly duration_ms: number | null;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface GetCallTimelineAnswer {
  readonly call_id: string;
  readonly turns: readonly {
    readonly id: string;
    readonly reason: string;
    /** ms since the call's media began. */
    readonly caller_last_voiced_at_ms: number | null;
    /** ms since the call's media began. */
    readonly decided_at_ms: number;
    /** ms since the call's media began. */
    readonly provider_first_byte_at_ms: number | null;
    /** ms since the call's media began. */
    readonly first_frame_on_wire_at_ms: number | null;
    /** ms. */
    readonly endpointing_ms: number | null;
    /** ms. */
    readonly provider_ms: number | null;
    /** ms. */
    readonly playout_ms: number | null;
    /** ms. */
    readonly latency_ms: number | null;
  }[];
  readonly interruptions: readonly {
    /** ms since the call's media began. */
    readonly onset_at_ms: number;
    /** ms since the call's media began. */
    readonly silenced_at_ms: number;
    /** ms since the call's media began. */
    readonly decided_at_ms: number | null;
    /** ms. */
    readonly time_to_silence_ms: number;
    readonly outcome: "backchannel" | "yielded" | "false-alarm";
    /** ms. */
    readonly heard_ms: number | null;
  }[];
  readonly utterances: readonly {
    readonly id: string;
    readonly role: "agent" | "caller";
    /** What was heard; an interrupted agent's words end where the caller stopped hearing. */
    readonly text: string;
    /** ms since the call's media began. */
    readonly start_ms: number;
    /** ms since the call's media began. */
    readonly end_ms: number;
    readonly interrupted: boolean;
    readonly via: "speech" | "dtmf";
  }[];
}

export interface GetCallRecordingAnswer {
  readonly url: string;
  readonly expires_at: string;
}

export interface TransferCallBody {
  /** E.164, or a phone's extension. */
  readonly to: string;
  /** Attended: the agent talks with the other side first. */
  readonly mode?: "blind" | "attended";
  /** None: our number in the call. */
  readonly from?: string;
  readonly trunk?: string;
  /** What the agent tells the other side; attended. */
  readonly briefing?: string;
  /** key: the other side takes the caller with 1, refuses with 2. */
  readonly confirm?: "none" | "key";
  readonly agent_after?: "leaves" | "listens";
  readonly ring_timeout_ms?: number;
  readonly briefing_timeout_ms?: number;
}

export interface TransferCallRequest {
  readonly id: string;
  readonly body: TransferCallBody;
}

export interface DecideCallTransferBody {
  readonly decision: "complete" | "cancel";
}

export interface DecideCallTransferRequest {
  readonly id: string;
  readonly body: DecideCallTransferBody;
}

export interface OpenConferenceBody {
  readonly members: readonly {
    readonly call_id: string;
    /** What the call's agent does in the conference. */
    readonly agent?: "speaks" | "listens" | "leaves" | "none";
  }[];
}

export interface OpenConferenceRequest {
  readonly body: OpenConferenceBody;
}

export interface OpenConferenceAnswer {
  readonly id: string;
  readonly members: readonly {
    readonly call_id: string;
    /** What the call's agent does in the conference. */
    readonly agent: "speaks" | "listens" | "leaves" | "none";
  }[];
}

export interface ListConferencesAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly members: readonly {
      readonly call_id: string;
      /** What the call's agent does in the conference. */
      readonly agent: "speaks" | "listens" | "leaves" | "none";
    }[];
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface JoinConferenceBody {
  readonly call_id: string;
  /** What the call's agent does in the conference. */
  readonly agent?: "speaks" | "listens" | "leaves" | "none";
}

export interface JoinConferenceRequest {
  readonly id: string;
  readonly body: JoinConferenceBody;
}

export interface LeaveConferenceRequest {
  readonly id: string;
  readonly call_id: string;
}

export interface FollowEventsRequest {
  readonly last_event_id?: number;
}

export interface FollowCallEventsRequest {
  readonly id: string;
  readonly last_event_id?: number;
}

export interface ListSipBansAnswer {
  readonly data: readonly {
    readonly address: string;
    readonly until: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface LiftSipBanRequest {
  readonly address: string;
}

export interface GetCallSipAnswer {
  readonly call_id: string;
  /** Messages that are not remembered any more. */
  readonly dropped: number;
  readonly messages: readonly {
    readonly sip_call_id: string;
    readonly at: string;
    /** ms since the first message that is remembered. */
    readonly at_ms: number;
    readonly direction: "in" | "out";
    readonly transport: "UDP" | "TCP" | "TLS" | "WS" | "WSS";
    /** Address and port of the far end. */
    readonly peer: string;
    /** One line: `INVITE sip:… (PCMU, sendonly)`, `180 Ringing`. */
    readonly summary: string;
    /** The message; passwords, keys, texts and withheld numbers are masked. */
    readonly raw: string;
  }[];
}

export interface ListSipDialogsRequest {
  readonly limit?: number;
}

export interface ListSipDialogsAnswer {
  readonly data: readonly {
    readonly sip_call_id: string;
    /** Null: it never became a call. */
    readonly call_id: string | null;
    /** Of the first request. */
    readonly method: string;
    readonly from: string;
    readonly to: string;
    readonly peer: string;
    /** Final status of the first request. */
    readonly status: number | null;
    readonly messages: number;
    readonly first_at: string;
    readonly last_at: string;
  }[];
}

export interface ListSipMessagesRequest {
  readonly sip_call_id: string;
}

export interface ListSipMessagesAnswer {
  readonly sip_call_id: string;
  readonly call_id: string | null;
  /** Messages that are not remembered any more. */
  readonly dropped: number;
  readonly messages: readonly {
    readonly sip_call_id: string;
    readonly at: string;
    /** ms since the first message that is remembered. */
    readonly at_ms: number;
    readonly direction: "in" | "out";
    readonly transport: "UDP" | "TCP" | "TLS" | "WS" | "WSS";
    /** Address and port of the far end. */
    readonly peer: string;
    /** One line: `INVITE sip:… (PCMU, sendonly)`, `180 Ringing`. */
    readonly summary: string;
    /** The message; passwords, keys, texts and withheld numbers are masked. */
    readonly raw: string;
  }[];
}

export interface GetBillingAnswer {
  /** Micro-dollars: 1 000 000 to the dollar. */
  readonly available_micros: number;
  /** Micro-dollars: 1 000 000 to the dollar. */
  readonly held_micros: number;
  readonly currency: "USD";
  readonly plan: "free" | "pro";
  readonly billing: "prepaid" | "postpaid";
  readonly price_book: "agentcall" | "agentnumber" | "jagcall";
  readonly has_payment_method: boolean;
  /** Micro-dollars a calendar month (UTC); null: no cap. */
  readonly spending_cap_micros: number | null;
  /** Micro-dollars: 1 000 000 to the dollar. */
  readonly spent_this_month_micros: number;
}

export interface UpdateBillingBody {
  /** Micro-dollars a calendar month (UTC); null: no cap. */
  readonly spending_cap_micros: number | null;
}

export interface UpdateBillingRequest {
  readonly body: UpdateBillingBody;
}

export interface CreateBillingLinksAnswer {
  /** A page that puts a payment method on file; good once. */
  readonly setup_url: string | null;
  /** A page that changes to the Pro plan; good once. */
  readonly upgrade_url: string | null;
}

export interface BuyCreditsBody {
  readonly amount_micros: number;
  /** The same key buys once. */
  readonly idempotency_key?: string;
}

export interface BuyCreditsRequest {
  readonly body: BuyCreditsBody;
}

export interface BuyCreditsAnswer {
  /** Micro-dollars: 1 000 000 to the dollar. */
  readonly available_micros: number;
  /** Micro-dollars: 1 000 000 to the dollar. */
  readonly held_micros: number;
}

export interface ListLedgerRequest {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  readonly kind?: "purchase" | "adjustment" | "charge" | "hold" | "settlement" | "refund";
  readonly ref?: string;
}

export interface ListLedgerAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly kind: "purchase" | "adjustment" | "charge" | "hold" | "settlement" | "refund";
    /** What it is for: a call, a text, a number and its month, a payment. */
    readonly ref: string;
    /** Micro-dollars: 1 000 000 to the dollar. */
    readonly amount_micros: number;
    readonly lines: readonly {
      readonly item: string;
      /** Pieces; of calls: paid ms. */
      readonly quantity: number;
      /** Micro-dollars: 1 000 000 to the dollar. */
      readonly amount_micros: number;
    }[];
    readonly created_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface GetUsageRequest {
  /** `2026-04`; this month when not given (UTC). */
  readonly period?: string;
}

export interface GetUsageAnswer {
  readonly period: string;
  readonly calls: number;
  /** Paid length of all calls. */
  readonly call_ms: number;
  readonly texts_sent: number;
  readonly texts_received: number;
  /** Micro-dollars: 1 000 000 to the dollar. */
  readonly total_micros: number;
  readonly items: readonly {
    readonly item:
      | "number.local"
      | "number.tollfree"
      | "number.mobile"
      | "text.outbound"
      | "text.inbound"
      | "voice.outbound"
      | "voice.inbound"
      | "ai.outbound"
      | "ai.inbound"
      | "ai.inbound.byok"
      | "recording"
      | "otp";
    readonly unit: "number_month" | "text" | "ms" | "code";
    /** Charges, or calls. */
    readonly times: number;
    /** In the unit; of calls: paid ms. */
    readonly quantity: number;
    /** Micro-dollars: 1 000 000 to the dollar. */
    readonly amount_micros: number;
  }[];
}

export interface CreateWebhookBody {
  /** https. Answers 2xx, without a redirect. */
  readonly url: string;
  /** What it is told of; `*` is everything. */
  readonly events: readonly (
    | "*"
    | "call.initiated"
    | "call.inbound"
    | "call.ringing"
    | "call.answered"
    | "call.ended"
    | "call.recording-ready"
    | "call.transcript-ready"
    | "call.transcript-line"
    | "text.sent"
    | "text.delivered"
    | "text.failed"
    | "text.received"
    | "text.otp"
    | "number.released"
  )[];
}

export interface CreateWebhookRequest {
  readonly body: CreateWebhookBody;
}

export interface CreateWebhookAnswer {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** false: paused. It is never told what happens meanwhile; what waits, waits on. */
  readonly enabled: boolean;
  /** Until then two secrets sign. */
  readonly former_secret_until: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** Signs what is sent. Shown here only. */
  readonly secret: string;
}

export interface ListWebhooksAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly url: string;
    readonly events: readonly string[];
    /** false: paused. It is never told what happens meanwhile; what waits, waits on. */
    readonly enabled: boolean;
    /** Until then two secrets sign. */
    readonly former_secret_until: string | null;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface GetWebhookAnswer {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** false: paused. It is never told what happens meanwhile; what waits, waits on. */
  readonly enabled: boolean;
  /** Until then two secrets sign. */
  readonly former_secret_until: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface ChangeWebhookBody {
  /** https. Answers 2xx, without a redirect. */
  readonly url?: string;
  /** What it is told of; `*` is everything. */
  readonly events?: readonly (
    | "*"
    | "call.initiated"
    | "call.inbound"
    | "call.ringing"
    | "call.answered"
    | "call.ended"
    | "call.recording-ready"
    | "call.transcript-ready"
    | "call.transcript-line"
    | "text.sent"
    | "text.delivered"
    | "text.failed"
    | "text.received"
    | "text.otp"
    | "number.released"
  )[];
  /** false: paused. It is never told what happens meanwhile; what waits, waits on. */
  readonly enabled?: boolean;
}

export interface ChangeWebhookRequest {
  readonly id: string;
  readonly body: ChangeWebhookBody;
}

export interface RotateWebhookSecretRequest {
  readonly id: string;
  readonly body?: {
    /** How long the former secret signs too; a day unless said otherwise. */
    readonly overlap_ms?: number;
  } | null;
}

export interface ListWebhookDeliveriesRequest {
  readonly id: string;
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  readonly status?: "pending" | "delivered" | "dead";
}

export interface ListWebhookDeliveriesAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly webhook_id: string;
    /** The same for every webhook and every attempt. */
    readonly event_id: string;
    readonly event: string;
    /** Id of the call, text or number; its events arrive in order. */
    readonly subject: string;
    readonly sequence: number;
    /** `dead`: given up after a day; `redeliver` begins anew. */
    readonly status: "pending" | "delivered" | "dead";
    readonly attempts: number;
    readonly next_attempt_at: string | null;
    readonly last_attempt_at: string | null;
    readonly last_duration_ms: number | null;
    /** HTTP status of the last attempt; null: no answer. */
    readonly last_status: number | null;
    readonly last_error: string | null;
    readonly created_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface RedeliverWebhookDeliveryRequest {
  readonly id: string;
  readonly deliveryId: string;
}

export interface RedeliverWebhookDeliveryAnswer {
  readonly id: string;
  readonly webhook_id: string;
  /** The same for every webhook and every attempt. */
  readonly event_id: string;
  readonly event: string;
  /** Id of the call, text or number; its events arrive in order. */
  readonly subject: string;
  readonly sequence: number;
  /** `dead`: given up after a day; `redeliver` begins anew. */
  readonly status: "pending" | "delivered" | "dead";
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly last_attempt_at: string | null;
  readonly last_duration_ms: number | null;
  /** HTTP status of the last attempt; null: no answer. */
  readonly last_status: number | null;
  readonly last_error: string | null;
  readonly created_at: string;
}

export interface GetOwnOrgAnswer {
  readonly id: string;
  readonly name: string;
  readonly plan: "free" | "pro";
  /** prepaid: nothing beyond the credit that was bought. */
  readonly billing: "prepaid" | "postpaid";
  /** Whose published prices it pays. */
  readonly price_book: "agentcall" | "agentnumber" | "jagcall";
  readonly has_payment_method: boolean;
  /** Micro-dollars a calendar month (UTC); null: no cap. */
  readonly spending_cap_micros: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface CreateOrgBody {
  readonly name: string;
  readonly plan?: "free" | "pro";
  /** prepaid: nothing beyond the credit that was bought. */
  readonly billing?: "prepaid" | "postpaid";
  /** Whose published prices it pays. */
  readonly price_book?: "agentcall" | "agentnumber" | "jagcall";
  readonly has_payment_method?: boolean;
  /** Micro-dollars a calendar month (UTC); null: no cap. */
  readonly spending_cap_micros?: number | null;
}

export interface CreateOrgRequest {
  readonly body: CreateOrgBody;
}

export interface ListOrgsAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly name: string;
    readonly plan: "free" | "pro";
    /** prepaid: nothing beyond the credit that was bought. */
    readonly billing: "prepaid" | "postpaid";
    /** Whose published prices it pays. */
    readonly price_book: "agentcall" | "agentnumber" | "jagcall";
    readonly has_payment_method: boolean;
    /** Micro-dollars a calendar month (UTC); null: no cap. */
    readonly spending_cap_micros: number | null;
    readonly created_at: string;
    readonly updated_at: string;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface ChangeOrgBody {
  readonly name?: string;
  readonly plan?: "free" | "pro";
  /** prepaid: nothing beyond the credit that was bought. */
  readonly billing?: "prepaid" | "postpaid";
  /** Whose published prices it pays. */
  readonly price_book?: "agentcall" | "agentnumber" | "jagcall";
  readonly has_payment_method?: boolean;
  /** Micro-dollars a calendar month (UTC); null: no cap. */
  readonly spending_cap_micros?: number | null;
}

export interface ChangeOrgRequest {
  readonly id: string;
  readonly body: ChangeOrgBody;
}

export interface CreateKeyBody {
  /** What the key is for. */
  readonly name: string;
  /** The API it opens. */
  readonly dialect?: "native" | "jagcall" | "agentcall" | "agentnumber";
  /** None that the asking key lacks; if missing, all it has but `operator`. */
  readonly scopes?: readonly ("read" | "write" | "calls" | "texts" | "billing" | "keys" | "operator")[];
  /** Another organisation's, for operators; one's own if missing. */
  readonly org_id?: string;
}

export interface CreateKeyRequest {
  readonly body: CreateKeyBody;
}

export interface CreateKeyAnswer {
  readonly id: string;
  readonly org_id: string;
  /** The API it opens. */
  readonly dialect: "native" | "jagcall" | "agentcall" | "agentnumber";
  /** What the key is for. */
  readonly name: string;
  /** The first characters of the key. */
  readonly prefix: string;
  readonly scopes: readonly ("read" | "write" | "calls" | "texts" | "billing" | "keys" | "operator")[];
  readonly created_at: string;
  /** To the minute. */
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
  /** The key itself. Shown here only. */
  readonly secret: string;
}

export interface ListKeysRequest {
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  /** Another organisation's, for operators; one's own if missing. */
  readonly org_id?: string;
}

export interface ListKeysAnswer {
  readonly data: readonly {
    readonly id: string;
    readonly org_id: string;
    /** The API it opens. */
    readonly dialect: "native" | "jagcall" | "agentcall" | "agentnumber";
    /** What the key is for. */
    readonly name: string;
    /** The first characters of the key. */
    readonly prefix: string;
    readonly scopes: readonly ("read" | "write" | "calls" | "texts" | "billing" | "keys" | "operator")[];
    readonly created_at: string;
    /** To the minute. */
    readonly last_used_at: string | null;
    readonly revoked_at: string | null;
  }[];
  /** Give it as `cursor` for the next page; null: this was the last. */
  readonly next_cursor: string | null;
}

export interface GetKeyAnswer {
  readonly id: string;
  readonly org_id: string;
  /** The API it opens. */
  readonly dialect: "native" | "jagcall" | "agentcall" | "agentnumber";
  /** What the key is for. */
  readonly name: string;
  /** The first characters of the key. */
  readonly prefix: string;
  readonly scopes: readonly ("read" | "write" | "calls" | "texts" | "billing" | "keys" | "operator")[];
  readonly created_at: string;
  /** To the minute. */
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

/** Everything the native API can do; a request has the members of path and query side by side, and its `body`. */
export interface TandemOperations {
  /** `GET /voices` */
  listVoices(request?: Record<string, never>, options?: RequestOptions): Promise<ListVoicesAnswer>;
  /** `GET /prompt-templates` */
  listPromptTemplates(
    request?: ListPromptTemplatesRequest,
    options?: RequestOptions,
  ): Promise<ListPromptTemplatesAnswer>;
  /** `POST /agents` */
  createAgent(request: CreateAgentRequest, options?: RequestOptions): Promise<CreateAgentAnswer>;
  /** `GET /agents` */
  listAgents(request?: ListAgentsRequest, options?: RequestOptions): Promise<ListAgentsAnswer>;
  /** `GET /agents/{id}` */
  getAgent(request: GetAgentRequest, options?: RequestOptions): Promise<GetAgentAnswer>;
  /** `PATCH /agents/{id}`: What is missing stays; `turn` is merged member by member, lists are replaced. */
  changeAgent(request: ChangeAgentRequest, options?: RequestOptions): Promise<GetAgentAnswer>;
  /** `DELETE /agents/{id}` */
  deleteAgent(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
  /** `POST /agents/{id}/rotate-secret` */
  rotateAgentSecret(request: GetAgentRequest, options?: RequestOptions): Promise<RotateAgentSecretAnswer>;
  /** `POST /numbers/search` */
  searchNumbers(request: SearchNumbersRequest, options?: RequestOptions): Promise<SearchNumbersAnswer>;
  /** `POST /numbers/buy` */
  buyNumber(request: BuyNumberRequest, options?: RequestOptions): Promise<BuyNumberAnswer>;
  /** `POST /numbers` */
  createNumber(request: CreateNumberRequest, options?: RequestOptions): Promise<BuyNumberAnswer>;
  /** `GET /numbers` */
  listNumbers(request?: ListNumbersRequest, options?: RequestOptions): Promise<ListNumbersAnswer>;
  /** `GET /numbers/{id}` */
  getNumber(request: GetAgentRequest, options?: RequestOptions): Promise<BuyNumberAnswer>;
  /** `PATCH /numbers/{id}` */
  changeNumber(request: ChangeNumberRequest, options?: RequestOptions): Promise<BuyNumberAnswer>;
  /** `DELETE /numbers/{id}` */
  deleteNumber(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
  /** `POST /numbers/{id}/inbound-config` */
  setInboundConfig(request: SetInboundConfigRequest, options?: RequestOptions): Promise<SetInboundConfigAnswer>;
  /** `GET /numbers/{id}/inbound-config` */
  getInboundConfig(request: GetAgentRequest, options?: RequestOptions): Promise<SetInboundConfigAnswer>;
  /** `PATCH /numbers/{id}/inbound-config` */
  changeInboundConfig(request: ChangeInboundConfigRequest, options?: RequestOptions): Promise<SetInboundConfigAnswer>;
  /** `DELETE /numbers/{id}/inbound-config` */
  disableInbound(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
  /** `POST /numbers/{id}/outbound-defaults` */
  setOutboundDefaults(
    request: SetOutboundDefaultsRequest,
    options?: RequestOptions,
  ): Promise<SetOutboundDefaultsAnswer>;
  /** `GET /numbers/{id}/outbound-defaults` */
  getOutboundDefaults(request: GetAgentRequest, options?: RequestOptions): Promise<SetOutboundDefaultsAnswer>;
  /** `DELETE /numbers/{id}/outbound-defaults` */
  clearOutboundDefaults(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
  /** `POST /numbers/{id}/byok-key` */
  setByokKey(request: SetByokKeyRequest, options?: RequestOptions): Promise<SetByokKeyAnswer>;
  /** `DELETE /numbers/{id}/byok-key` */
  clearByokKey(request: GetAgentRequest, options?: RequestOptions): Promise<SetByokKeyAnswer>;
  /** `POST /trunks` */
  createTrunk(request: CreateTrunkRequest, options?: RequestOptions): Promise<CreateTrunkAnswer>;
  /** `GET /trunks` */
  listTrunks(request?: ListAgentsRequest, options?: RequestOptions): Promise<ListTrunksAnswer>;
  /** `GET /trunks/{id}` */
  getTrunk(request: GetAgentRequest, options?: RequestOptions): Promise<CreateTrunkAnswer>;
  /** `PATCH /trunks/{id}`: What is missing stays; `inbound`, `outbound`, `media` and `rewriting` are merged member by member, lists and `register` are replaced. */
  changeTrunk(request: ChangeTrunkRequest, options?: RequestOptions): Promise<CreateTrunkAnswer>;
  /** `DELETE /trunks/{id}` */
  deleteTrunk(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
  /** `POST /phones`: Without `password` one is made up and shown in this answer only. */
  createPhone(request: CreatePhoneRequest, options?: RequestOptions): Promise<CreatePhoneAnswer>;
  /** `GET /phones` */
  listPhones(request?: ListAgentsRequest, options?: RequestOptions): Promise<ListPhonesAnswer>;
  /** `GET /phones/{id}` */
  getPhone(request: GetAgentRequest, options?: RequestOptions): Promise<GetPhoneAnswer>;
  /** `PATCH /phones/{id}`: What is missing stays. Another user name or password ends its registrations. */
  changePhone(request: ChangePhoneRequest, options?: RequestOptions): Promise<GetPhoneAnswer>;
  /** `DELETE /phones/{id}` */
  deletePhone(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
  /** `POST /phones/{id}/rotate-password` */
  rotatePhonePassword(request: GetAgentRequest, options?: RequestOptions): Promise<RotatePhonePasswordAnswer>;
  /** `POST /texts`: Answers before the text has arrived; `GET` tells what became of it. */
  sendText(request: SendTextRequest, options?: RequestOptions): Promise<SendTextAnswer>;
  /** `GET /texts` */
  listTexts(request?: ListTextsRequest, options?: RequestOptions): Promise<ListTextsAnswer>;
  /** `GET /texts/{id}` */
  getText(request: GetAgentRequest, options?: RequestOptions): Promise<SendTextAnswer>;
  /** `GET /numbers/{id}/texts`: What has come to a number, newest first. */
  listInbox(request: ListInboxRequest, options?: RequestOptions): Promise<ListTextsAnswer>;
  /** `GET /numbers/{id}/otp`: The one-time code that comes to a number: answers the moment it is there, or when time is up. */
  waitForOtp(request: WaitForOtpRequest, options?: RequestOptions): Promise<WaitForOtpAnswer>;
  /** `GET /conversations`: The one with the newest text first. */
  listConversations(request?: ListConversationsRequest, options?: RequestOptions): Promise<ListConversationsAnswer>;
  /** `GET /conversations/{id}` */
  getConversation(request: GetAgentRequest, options?: RequestOptions): Promise<GetConversationAnswer>;
  /** `GET /conversations/{id}/texts` */
  listConversationTexts(request: ListConversationTextsRequest, options?: RequestOptions): Promise<ListTextsAnswer>;
  /** `POST /conversations/{id}/texts` */
  replyInConversation(request: ReplyInConversationRequest, options?: RequestOptions): Promise<SendTextAnswer>;
  /** `POST /streams`: Makes a call and the way in for its media stream: connect to `url` within 60 s with `token`. */
  openStream(request: OpenStreamRequest, options?: RequestOptions): Promise<OpenStreamAnswer>;
  /** `GET /calls` */
  listCalls(request?: ListCallsRequest, options?: RequestOptions): Promise<ListCallsAnswer>;
  /** `POST /calls`: Calls a number or a phone and has an agent talk. The answer comes before anybody rings; follow the call by its events. A repeated request with the same Idempotency-Key answers with the first one's call and `Idempotent-Replayed: true`. */
  placeCall(request: PlaceCallRequest, options?: RequestOptions): Promise<PlaceCallAnswer>;
  /** `GET /calls/{id}` */
  getCall(request: GetAgentRequest, options?: RequestOptions): Promise<PlaceCallAnswer>;
  /** `POST /calls/{id}/hangup` */
  hangUpCall(request: GetAgentRequest, options?: RequestOptions): Promise<PlaceCallAnswer>;
  /** `POST /calls/{id}/say`: Has the agent speak a text now. */
  sayInCall(request: SayInCallRequest, options?: RequestOptions): Promise<PlaceCallAnswer>;
  /** `POST /calls/{id}/dtmf`: Sends keys to the caller's side. */
  sendCallDtmf(request: SendCallDtmfRequest, options?: RequestOptions): Promise<PlaceCallAnswer>;
  /** `GET /calls/{id}/transcript` */
  getCallTranscript(request: GetAgentRequest, options?: RequestOptions): Promise<GetCallTranscriptAnswer>;
  /** `GET /calls/{id}/summaries`: What became of the summaries that the `notify` of the number has mailed and texted. */
  listCallSummaries(request: GetAgentRequest, options?: RequestOptions): Promise<ListCallSummariesAnswer>;
  /** `GET /calls/{id}/tool-calls` */
  listCallToolCalls(request: GetAgentRequest, options?: RequestOptions): Promise<ListCallToolCallsAnswer>;
  /** `GET /calls/{id}/timeline` */
  getCallTimeline(request: GetAgentRequest, options?: RequestOptions): Promise<GetCallTimelineAnswer>;
  /** `GET /calls/{id}/recording`: A link to the stereo WAV (caller left, agent right) that works without a key until it expires. */
  getCallRecording(request: GetAgentRequest, options?: RequestOptions): Promise<GetCallRecordingAnswer>;
  /** `POST /calls/{id}/transfer`: Passes the call to somebody else. Nobody answers: the agent takes the caller back. Follow it by the events `call.transfer`. */
  transferCall(request: TransferCallRequest, options?: RequestOptions): Promise<PlaceCallAnswer>;
  /** `POST /calls/{id}/transfer/decide`: Joins the two sides of an attended transfer now, or calls a transfer off. */
  decideCallTransfer(request: DecideCallTransferRequest, options?: RequestOptions): Promise<PlaceCallAnswer>;
  /** `POST /conferences`: Joins calls that talk, two or up to eight; each hears all the others. */
  openConference(request: OpenConferenceRequest, options?: RequestOptions): Promise<OpenConferenceAnswer>;
  /** `GET /conferences` */
  listConferences(request?: Record<string, never>, options?: RequestOptions): Promise<ListConferencesAnswer>;
  /** `GET /conferences/{id}` */
  getConference(request: GetAgentRequest, options?: RequestOptions): Promise<OpenConferenceAnswer>;
  /** `POST /conferences/{id}/members`: Adds a call, or changes what the agent of one that is there does. */
  joinConference(request: JoinConferenceRequest, options?: RequestOptions): Promise<OpenConferenceAnswer>;
  /** `DELETE /conferences/{id}/members/{call_id}`: The call is by itself again; its agent, if it has one, goes on. */
  leaveConference(request: LeaveConferenceRequest, options?: RequestOptions): Promise<OpenConferenceAnswer>;
  /** `GET /events`: Events of all calls from now on, or after the event named by `Last-Event-ID` (header) or `last_event_id`. */
  followEvents(request?: FollowEventsRequest, options?: RequestOptions): AsyncIterable<StreamedEvent>;
  /** `GET /calls/{id}/events`: Events of one call from its beginning, or after `Last-Event-ID`; ends after `call.ended`. 204: the call has ended and there is nothing more. */
  followCallEvents(request: FollowCallEventsRequest, options?: RequestOptions): AsyncIterable<StreamedEvent>;
  /** `GET /sip/bans`: Addresses whose SIP messages are dropped until their ban expires. */
  listSipBans(request?: Record<string, never>, options?: RequestOptions): Promise<ListSipBansAnswer>;
  /** `DELETE /sip/bans/{address}` */
  liftSipBan(request: LiftSipBanRequest, options?: RequestOptions): Promise<undefined>;
  /** `GET /calls/{id}/sip`: The SIP messages of a call and of the one it is joined with, in the order of time. */
  getCallSip(request: GetAgentRequest, options?: RequestOptions): Promise<GetCallSipAnswer>;
  /** `GET /sip/dialogs`: The SIP Call-IDs heard of last, latest first: refused calls, registrations and probes too. */
  listSipDialogs(request?: ListSipDialogsRequest, options?: RequestOptions): Promise<ListSipDialogsAnswer>;
  /** `GET /sip/messages`: The SIP messages of one Call-ID. */
  listSipMessages(request: ListSipMessagesRequest, options?: RequestOptions): Promise<ListSipMessagesAnswer>;
  /** `GET /billing` */
  getBilling(request?: Record<string, never>, options?: RequestOptions): Promise<GetBillingAnswer>;
  /** `PATCH /billing`: Sets the spending cap; calls that begin from now on keep to it. */
  updateBilling(request: UpdateBillingRequest, options?: RequestOptions): Promise<GetBillingAnswer>;
  /** `POST /billing/links`: Pages for people; each link works for an hour and is good once. */
  createBillingLinks(request?: Record<string, never>, options?: RequestOptions): Promise<CreateBillingLinksAnswer>;
  /** `POST /credits` */
  buyCredits(request: BuyCreditsRequest, options?: RequestOptions): Promise<BuyCreditsAnswer>;
  /** `GET /ledger`: Newest first. */
  listLedger(request?: ListLedgerRequest, options?: RequestOptions): Promise<ListLedgerAnswer>;
  /** `GET /usage` */
  getUsage(request?: GetUsageRequest, options?: RequestOptions): Promise<GetUsageAnswer>;
  /** `POST /webhooks`: `secret` is shown in this answer only. */
  createWebhook(request: CreateWebhookRequest, options?: RequestOptions): Promise<CreateWebhookAnswer>;
  /** `GET /webhooks` */
  listWebhooks(request?: ListAgentsRequest, options?: RequestOptions): Promise<ListWebhooksAnswer>;
  /** `GET /webhooks/{id}` */
  getWebhook(request: GetAgentRequest, options?: RequestOptions): Promise<GetWebhookAnswer>;
  /** `PATCH /webhooks/{id}`: What is missing stays. Another `url`, or the end of a pause, sends what waits at once. */
  changeWebhook(request: ChangeWebhookRequest, options?: RequestOptions): Promise<GetWebhookAnswer>;
  /** `DELETE /webhooks/{id}`: What it was still to be told is dropped. */
  deleteWebhook(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
  /** `POST /webhooks/{id}/rotate`: Makes a new secret, shown in this answer only. For `overlap_ms` both secrets sign. */
  rotateWebhookSecret(request: RotateWebhookSecretRequest, options?: RequestOptions): Promise<CreateWebhookAnswer>;
  /** `GET /webhooks/{id}/deliveries`: Newest first. Delivered ones are kept for 7 days, dead ones for 30. */
  listWebhookDeliveries(
    request: ListWebhookDeliveriesRequest,
    options?: RequestOptions,
  ): Promise<ListWebhookDeliveriesAnswer>;
  /** `POST /webhooks/{id}/deliveries/{deliveryId}/redeliver`: Sends a dead or delivered event again, with the same event id. 409: it still waits. */
  redeliverWebhookDelivery(
    request: RedeliverWebhookDeliveryRequest,
    options?: RequestOptions,
  ): Promise<RedeliverWebhookDeliveryAnswer>;
  /** `GET /org`: The organisation of the key. */
  getOwnOrg(request?: Record<string, never>, options?: RequestOptions): Promise<GetOwnOrgAnswer>;
  /** `POST /orgs` */
  createOrg(request: CreateOrgRequest, options?: RequestOptions): Promise<GetOwnOrgAnswer>;
  /** `GET /orgs` */
  listOrgs(request?: ListAgentsRequest, options?: RequestOptions): Promise<ListOrgsAnswer>;
  /** `GET /orgs/{id}` */
  getOrg(request: GetAgentRequest, options?: RequestOptions): Promise<GetOwnOrgAnswer>;
  /** `PATCH /orgs/{id}`: What is missing stays. Plan and prices count from the next charge on. */
  changeOrg(request: ChangeOrgRequest, options?: RequestOptions): Promise<GetOwnOrgAnswer>;
  /** `POST /keys`: `secret` is shown in this answer only. */
  createKey(request: CreateKeyRequest, options?: RequestOptions): Promise<CreateKeyAnswer>;
  /** `GET /keys`: Revoked ones too. */
  listKeys(request?: ListKeysRequest, options?: RequestOptions): Promise<ListKeysAnswer>;
  /** `GET /keys/{id}` */
  getKey(request: GetAgentRequest, options?: RequestOptions): Promise<GetKeyAnswer>;
  /** `DELETE /keys/{id}`: From the next request on it opens nothing; twice is fine. */
  revokeKey(request: GetAgentRequest, options?: RequestOptions): Promise<undefined>;
}

/** Where each operation is. */
export const operations = {
  listVoices: { method: "GET", path: "/voices", query: [], streams: false },
  listPromptTemplates: { method: "GET", path: "/prompt-templates", query: ["direction"], streams: false },
  createAgent: { method: "POST", path: "/agents", query: [], streams: false },
  listAgents: { method: "GET", path: "/agents", query: ["limit", "cursor"], streams: false },
  getAgent: { method: "GET", path: "/agents/{id}", query: [], streams: false },
  changeAgent: { method: "PATCH", path: "/agents/{id}", query: [], streams: false },
  deleteAgent: { method: "DELETE", path: "/agents/{id}", query: [], streams: false },
  rotateAgentSecret: { method: "POST", path: "/agents/{id}/rotate-secret", query: [], streams: false },
  searchNumbers: { method: "POST", path: "/numbers/search", query: [], streams: false },
  buyNumber: { method: "POST", path: "/numbers/buy", query: [], streams: false },
  createNumber: { method: "POST", path: "/numbers", query: [], streams: false },
  listNumbers: { method: "GET", path: "/numbers", query: ["limit", "cursor", "country", "type"], streams: false },
  getNumber: { method: "GET", path: "/numbers/{id}", query: [], streams: false },
  changeNumber: { method: "PATCH", path: "/numbers/{id}", query: [], streams: false },
  deleteNumber: { method: "DELETE", path: "/numbers/{id}", query: [], streams: false },
  setInboundConfig: { method: "POST", path: "/numbers/{id}/inbound-config", query: [], streams: false },
  getInboundConfig: { method: "GET", path: "/numbers/{id}/inbound-config", query: [], streams: false },
  changeInboundConfig: { method: "PATCH", path: "/numbers/{id}/inbound-config", query: [], streams: false },
  disableInbound: { method: "DELETE", path: "/numbers/{id}/inbound-config", query: [], streams: false },
  setOutboundDefaults: { method: "POST", path: "/numbers/{id}/outbound-defaults", query: [], streams: false },
  getOutboundDefaults: { method: "GET", path: "/numbers/{id}/outbound-defaults", query: [], streams: false },
  clearOutboundDefaults: { method: "DELETE", path: "/numbers/{id}/outbound-defaults", query: [], streams: false },
  setByokKey: { method: "POST", path: "/numbers/{id}/byok-key", query: [], streams: false },
  clearByokKey: { method: "DELETE", path: "/numbers/{id}/byok-key", query: [], streams: false },
  createTrunk: { method: "POST", path: "/trunks", query: [], streams: false },
  listTrunks: { method: "GET", path: "/trunks", query: ["limit", "cursor"], streams: false },
  getTrunk: { method: "GET", path: "/trunks/{id}", query: [], streams: false },
  changeTrunk: { method: "PATCH", path: "/trunks/{id}", query: [], streams: false },
  deleteTrunk: { method: "DELETE", path: "/trunks/{id}", query: [], streams: false },
  createPhone: { method: "POST", path: "/phones", query: [], streams: false },
  listPhones: { method: "GET", path: "/phones", query: ["limit", "cursor"], streams: false },
  getPhone: { method: "GET", path: "/phones/{id}", query: [], streams: false },
  changePhone: { method: "PATCH", path: "/phones/{id}", query: [], streams: false },
  deletePhone: { method: "DELETE", path: "/phones/{id}", query: [], streams: false },
  rotatePhonePassword: { method: "POST", path: "/phones/{id}/rotate-password", query: [], streams: false },
  sendText: { method: "POST", path: "/texts", query: [], streams: false },
  listTexts: {
    method: "GET",
    path: "/texts",
    query: ["limit", "cursor", "direction", "status", "from", "to"],
    streams: false,
  },
  getText: { method: "GET", path: "/texts/{id}", query: [], streams: false },
  listInbox: { method: "GET", path: "/numbers/{id}/texts", query: ["limit", "cursor", "otp_only"], streams: false },
  waitForOtp: { method: "GET", path: "/numbers/{id}/otp", query: ["timeout_ms", "since"], streams: false },
  listConversations: {
    method: "GET",
    path: "/conversations",
    query: ["limit", "cursor", "number", "contact"],
    streams: false,
  },
  getConversation: { method: "GET", path: "/conversations/{id}", query: [], streams: false },
  listConversationTexts: {
    method: "GET",
    path: "/conversations/{id}/texts",
    query: ["limit", "cursor"],
    streams: false,
  },
  replyInConversation: { method: "POST", path: "/conversations/{id}/texts", query: [], streams: false },
  openStream: { method: "POST", path: "/streams", query: [], streams: false },
  listCalls: {
    method: "GET",
    path: "/calls",
    query: [
      "limit",
      "cursor",
      "status",
      "from",
      "to",
      "agent_id",
      "number",
      "direction",
      "cause",
      "created_after",
      "created_before",
      "started_after",
      "started_before",
    ],
    streams: false,
  },
  placeCall: { method: "POST", path: "/calls", query: [], streams: false },
  getCall: { method: "GET", path: "/calls/{id}", query: [], streams: false },
  hangUpCall: { method: "POST", path: "/calls/{id}/hangup", query: [], streams: false },
  sayInCall: { method: "POST", path: "/calls/{id}/say", query: [], streams: false },
  sendCallDtmf: { method: "POST", path: "/calls/{id}/dtmf", query: [], streams: false },
  getCallTranscript: { method: "GET", path: "/calls/{id}/transcript", query: [], streams: false },
  listCallSummaries: { method: "GET", path: "/calls/{id}/summaries", query: [], streams: false },
  listCallToolCalls: { method: "GET", path: "/calls/{id}/tool-calls", query: [], streams: false },
  getCallTimeline: { method: "GET", path: "/calls/{id}/timeline", query: [], streams: false },
  getCallRecording: { method: "GET", path: "/calls/{id}/recording", query: [], streams: false },
  transferCall: { method: "POST", path: "/calls/{id}/transfer", query: [], streams: false },
  decideCallTransfer: { method: "POST", path: "/calls/{id}/transfer/decide", query: [], streams: false },
  openConference: { method: "POST", path: "/conferences", query: [], streams: false },
  listConferences: { method: "GET", path: "/conferences", query: [], streams: false },
  getConference: { method: "GET", path: "/conferences/{id}", query: [], streams: false },
  joinConference: { method: "POST", path: "/conferences/{id}/members", query: [], streams: false },
  leaveConference: { method: "DELETE", path: "/conferences/{id}/members/{call_id}", query: [], streams: false },
  followEvents: { method: "GET", path: "/events", query: ["last_event_id"], streams: true },
  followCallEvents: { method: "GET", path: "/calls/{id}/events", query: ["last_event_id"], streams: true },
  listSipBans: { method: "GET", path: "/sip/bans", query: [], streams: false },
  liftSipBan: { method: "DELETE", path: "/sip/bans/{address}", query: [], streams: false },
  getCallSip: { method: "GET", path: "/calls/{id}/sip", query: [], streams: false },
  listSipDialogs: { method: "GET", path: "/sip/dialogs", query: ["limit"], streams: false },
  listSipMessages: { method: "GET", path: "/sip/messages", query: ["sip_call_id"], streams: false },
  getBilling: { method: "GET", path: "/billing", query: [], streams: false },
  updateBilling: { method: "PATCH", path: "/billing", query: [], streams: false },
  createBillingLinks: { method: "POST", path: "/billing/links", query: [], streams: false },
  buyCredits: { method: "POST", path: "/credits", query: [], streams: false },
  listLedger: { method: "GET", path: "/ledger", query: ["limit", "cursor", "kind", "ref"], streams: false },
  getUsage: { method: "GET", path: "/usage", query: ["period"], streams: false },
  createWebhook: { method: "POST", path: "/webhooks", query: [], streams: false },
  listWebhooks: { method: "GET", path: "/webhooks", query: ["limit", "cursor"], streams: false },
  getWebhook: { method: "GET", path: "/webhooks/{id}", query: [], streams: false },
  changeWebhook: { method: "PATCH", path: "/webhooks/{id}", query: [], streams: false },
  deleteWebhook: { method: "DELETE", path: "/webhooks/{id}", query: [], streams: false },
  rotateWebhookSecret: { method: "POST", path: "/webhooks/{id}/rotate", query: [], streams: false },
  listWebhookDeliveries: {
    method: "GET",
    path: "/webhooks/{id}/deliveries",
    query: ["limit", "cursor", "status"],
    streams: false,
  },
  redeliverWebhookDelivery: {
    method: "POST",
    path: "/webhooks/{id}/deliveries/{deliveryId}/redeliver",
    query: [],
    streams: false,
  },
  getOwnOrg: { method: "GET", path: "/org", query: [], streams: false },
  createOrg: { method: "POST", path: "/orgs", query: [], streams: false },
  listOrgs: { method: "GET", path: "/orgs", query: ["limit", "cursor"], streams: false },
  getOrg: { method: "GET", path: "/orgs/{id}", query: [], streams: false },
  changeOrg: { method: "PATCH", path: "/orgs/{id}", query: [], streams: false },
  createKey: { method: "POST", path: "/keys", query: [], streams: false },
  listKeys: { method: "GET", path: "/keys", query: ["limit", "cursor", "org_id"], streams: false },
  getKey: { method: "GET", path: "/keys/{id}", query: [], streams: false },
  revokeKey: { method: "DELETE", path: "/keys/{id}", query: [], streams: false },
} as const satisfies Readonly<Record<keyof TandemOperations, OperationShape>>;
