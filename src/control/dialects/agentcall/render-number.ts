/** Numbers and who talks on them, in AgentCall's words. */
import type { Agent } from "../../service/agents/kept-agent.ts";
import type { SpokenLanguage } from "../../service/agents/spoken-language.ts";
import type { InboundConfig, OutboundDefaults, TelephoneNumber } from "../../service/numbers/numbers.ts";
import { instant } from "../shapes.ts";
import type { InboundBody, NumberBody, OutboundBody, VoiceModeBody } from "./number-schemas.ts";
import { dollars, seconds } from "./shapes.ts";
import { contextSources } from "./words.ts";

export function renderNumber(number: TelephoneNumber): NumberBody {
  return {
    id: number.id,
    number: number.number,
    type: number.type,
    country: number.country,
    areaCode: number.areaCode,
    label: number.label,
    capabilities: [...number.capabilities],
    monthlyPrice: dollars(number.monthlyMicros),
    inbound: number.inbound && renderConfigured(number.inbound, number),
    outbound: renderOutbound(number.outbound),
    createdAt: instant(number.createdAt),
    updatedAt: instant(number.updatedAt),
  };
}

/** Who answers the number; also one that nobody answers has an answer here. */
export function renderInbound(number: TelephoneNumber): InboundBody {
  return number.inbound ? renderConfigured(number.inbound, number) : { ...nobody, ...renderVoiceMode(number) };
}

/** Null: no agent is saved for calls from the number. */
export function renderOutbound(defaults: OutboundDefaults | null): OutboundBody | null {
  return defaults && { ...renderPersona(defaults.agent, defaults.language), templateId: defaults.templateId };
}

export function renderVoiceMode({ voiceMode, byokPreview }: TelephoneNumber): VoiceModeBody {
  return { voiceMode, hasByokKey: byokPreview !== null, byokOpenaiApiKeyPreview: byokPreview };
}

const nobody = {
  mode: "off",
  systemPrompt: null,
  voice: null,
  language: null,
  firstMessage: null,
  maxDurationSecs: null,
  record: null,
  notify: null,
  contextWebhook: null,
  contextSource: "none",
  liveTranscript: false,
  tools: [],
  actionWebhook: null,
  smsMode: "off",
} as const satisfies Omit<InboundBody, keyof VoiceModeBody>;

function renderConfigured(config: InboundConfig, number: TelephoneNumber): InboundBody {
  return {
    mode: config.mode,
    ...renderPersona(config.agent, config.language),
    notify: config.notify,
    contextWebhook: config.contextWebhook,
    contextSource: contextSources[config.contextSource],
    liveTranscript: config.liveTranscript,
    tools: [...config.tools],
    actionWebhook: config.actionWebhook,
    smsMode: "off",
    ...renderVoiceMode(number),
  };
}

function renderPersona(agent: Agent, language: SpokenLanguage) {
  return {
    systemPrompt: agent.instructions,
    voice: agent.voice,
    language,
    firstMessage: agent.firstMessage,
    maxDurationSecs: seconds(agent.maxDurationMs),
    record: agent.record,
  };
}
