/** What is set on a number beyond the agents it points at; kept as JSON beside them. */
import type { NumberRow } from "../../store/numbers.ts";
import type { SpokenLanguage } from "../agents/spoken-language.ts";

/** Where the summary of a call goes. */
export interface NotifySettings {
  readonly emailTo: string | null;
  /** E.164. */
  readonly smsTo: string | null;
  readonly businessName: string | null;
  readonly agencyName: string | null;
}

/** Where an agent's knowledge of a call comes from before it answers. */
export type ContextSource = "none" | "memory" | "webhook" | "merge";

/** A tool that the agent may call while it talks, run by the number's action webhook. */
export interface ActionTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A server of the customer's that is asked; `secret`: the sealed key of the HMAC on what it is sent. */
export interface SignedWebhook {
  readonly url: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

/** What is set for calls that come in. */
export interface InboundExtra {
  /** False: nobody answers, what is set is kept. */
  readonly enabled: boolean;
  /** What the agent speaks; null: as the agent itself says. */
  readonly language: SpokenLanguage | null;
  readonly notify: NotifySettings | null;
  readonly contextWebhook: SignedWebhook | null;
  readonly contextSource: ContextSource;
  readonly liveTranscript: boolean;
  readonly tools: readonly ActionTool[];
  readonly actionWebhook: SignedWebhook | null;
}

/** What is set for calls from the number. */
export interface OutboundExtra {
  readonly language: SpokenLanguage | null;
  readonly templateId: string | null;
}

const plainInbound = {
  enabled: true,
  language: null,
  notify: null,
  contextWebhook: null,
  contextSource: "none",
  liveTranscript: false,
  tools: [],
  actionWebhook: null,
} as const satisfies InboundExtra;

const plainOutbound = { language: null, templateId: null } as const satisfies OutboundExtra;

/** What a number that only points at an agent has. */
export function readInboundExtra(row: Pick<NumberRow, "inbound_extra">): InboundExtra {
  return row.inbound_extra === null ? plainInbound : { ...plainInbound, ...JSON.parse(row.inbound_extra) };
}

export function readOutboundExtra(row: Pick<NumberRow, "outbound_extra">): OutboundExtra {
  return row.outbound_extra === null ? plainOutbound : { ...plainOutbound, ...JSON.parse(row.outbound_extra) };
}

/** What is kept of calls that come in; what is missing is as on a number that only points at an agent. */
export function writeInboundExtra(extra: Partial<InboundExtra>): string {
  return JSON.stringify({ ...plainInbound, ...extra });
}

export function writeOutboundExtra(extra: Partial<OutboundExtra>): string {
  return JSON.stringify({ ...plainOutbound, ...extra });
}
