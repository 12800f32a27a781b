/** A telephone number as kept: its shape inside, and how it comes back from its row. */
import type { AgentId, E164, OrgId } from "../../../kit/ids.ts";
import type { NumberCapability, NumberType } from "../../carriers/carrier.ts";
import type { AgentRow } from "../../store/agents.ts";
import type { NumberRow } from "../../store/numbers.ts";
import { type Agent, toAgent } from "../agents/kept-agent.ts";
import { type SpokenLanguage, spokenLanguageOf } from "../agents/spoken-language.ts";
import type { ServiceDeps } from "../deps.ts";
import {
  type InboundExtra,
  type OutboundExtra,
  readInboundExtra,
  readOutboundExtra,
  type SignedWebhook,
} from "./extras.ts";

/** Who answers a number, and what is done around its calls. */
export interface InboundConfig extends Omit<InboundExtra, "enabled" | "language" | "contextWebhook" | "actionWebhook"> {
  /** `off`: the configuration is kept, but nobody answers. */
  readonly mode: "ai" | "off";
  readonly agent: Agent;
  readonly language: SpokenLanguage;
  readonly contextWebhook: ShownWebhook | null;
  readonly actionWebhook: ShownWebhook | null;
}

/** A webhook without its secret. */
export type ShownWebhook = Omit<SignedWebhook, "secret">;

/** Who calls from a number. */
export interface OutboundDefaults {
  readonly agent: Agent;
  readonly language: SpokenLanguage;
  /** The prompt template it was made from. */
  readonly templateId: string | null;
}

/** Whose key an agent's provider is asked with. */
export type VoiceMode = "managed" | "byok";

/** A telephone number, who answers it and who calls from it. Instants are wall ms. */
export interface TelephoneNumber {
  readonly id: string;
  readonly number: E164;
  readonly type: NumberType;
  /** ISO 3166-1 alpha-2; null: not known. */
  readonly country: string | null;
  readonly areaCode: string | null;
  readonly capabilities: readonly NumberCapability[];
  /** `own`: brought along, not bought here. */
  readonly carrier: string;
  readonly label: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly inboundAgentId: AgentId | null;
  readonly outboundAgentId: AgentId | null;
  /** Null: no agent answers it. */
  readonly inbound: InboundConfig | null;
  /** Null: no agent calls from it. */
  readonly outbound: OutboundDefaults | null;
  readonly voiceMode: VoiceMode;
  /** First three and last four characters of the customer's own key; null: there is none. */
  readonly byokPreview: string | null;
  /** What a month costs, in micro-dollars. */
  readonly monthlyMicros: number;
  /** When the next month is paid; null: never. */
  readonly nextChargeAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A number in use that has nothing set, made at `now` (wall ms). */
export function newNumberRow(id: string, orgId: OrgId, number: E164, now: number): NumberRow {
  return {
    id,
    org_id: orgId,
    number,
    type: "local",
    country: null,
    area_code: null,
    capabilities: "[]",
    carrier: "own",
    carrier_number_id: null,
    status: "active",
    inbound_agent_id: null,
    outbound_agent_id: null,
    inbound_extra: null,
    outbound_extra: null,
    label: null,
    metadata: "{}",
    byok_key: null,
    byok_preview: null,
    monthly_micros: 0,
    next_charge_at: null,
    created_at: now,
    updated_at: now,
    released_at: null,
    node_id: null,
  };
}

/** The number of a row; `agents` holds at least those the row points at. */
export function toNumber(
  row: NumberRow,
  agents: ReadonlyMap<string, AgentRow>,
  deps: Pick<ServiceDeps, "secrets">,
): TelephoneNumber {
  const agentOf = (id: string | null) => {
    const agent = id === null ? undefined : agents.get(id);
    return agent && toAgent(agent, deps);
  };
  const answers = agentOf(row.inbound_agent_id);
  const calls = agentOf(row.outbound_agent_id);
  return {
    id: row.id,
    number: row.number as E164,
    type: row.type as NumberType,
    country: row.country,
    areaCode: row.area_code,
    capabilities: JSON.parse(row.capabilities),
    carrier: row.carrier,
    label: row.label,
    metadata: JSON.parse(row.metadata),
    inboundAgentId: row.inbound_agent_id as AgentId | null,
    outboundAgentId: row.outbound_agent_id as AgentId | null,
    inbound: answers ? toInbound(answers, readInboundExtra(row)) : null,
    outbound: calls ? toOutbound(calls, readOutboundExtra(row)) : null,
    voiceMode: row.byok_key === null ? "managed" : "byok",
    byokPreview: row.byok_preview,
    monthlyMicros: row.monthly_micros,
    nextChargeAt: row.next_charge_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toInbound(agent: Agent, extra: InboundExtra): InboundConfig {
  const { enabled, language, contextWebhook, actionWebhook, ...rest } = extra;
  return {
    ...rest,
    mode: enabled ? "ai" : "off",
    agent,
    language: language ?? spokenLanguageOf(agent.language),
    contextWebhook: shown(contextWebhook),
    actionWebhook: shown(actionWebhook),
  };
}

/** Signing secrets are never told. */
function shown(webhook: SignedWebhook | null): ShownWebhook | null {
  return webhook && { url: webhook.url, timeoutMs: webhook.timeoutMs };
}

function toOutbound(agent: Agent, { language, templateId }: OutboundExtra): OutboundDefaults {
  return { agent, language: language ?? spokenLanguageOf(agent.language), templateId };
}
