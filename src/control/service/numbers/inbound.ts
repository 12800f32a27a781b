/** Who answers a number by itself: the configuration is replaced as a whole, or its voice and language alone are changed. */
import { GatewayError } from "../../../kit/errors.ts";
import { type E164, type OrgId, parseE164 } from "../../../kit/ids.ts";
import { countryOf } from "../../carriers/local-inventory.ts";
import type { Db } from "../../store/database.ts";
import { type NumberRow, updateNumber } from "../../store/numbers.ts";
import { checkTools, checkUrl, gatewayTools } from "../agents/agent-rules.ts";
import { type SpokenLanguage, tagOf } from "../agents/spoken-language.ts";
import { defaultVoice } from "../agents/voices.ts";
import { contextTimeouts } from "../calls/call-context.ts";
import type { NumberDeps } from "./deps.ts";
import {
  type ActionTool,
  type ContextSource,
  type NotifySettings,
  readInboundExtra,
  type SignedWebhook,
  writeInboundExtra,
} from "./extras.ts";
import { changePersona, forgetPersonas, type Persona, replacePersona } from "./personas.ts";

/** A whole inbound configuration; what is missing has its default, whatever was there before. */
export interface InboundOrder {
  readonly persona: Persona & { readonly instructions: string };
  readonly language?: SpokenLanguage;
  readonly notify?: NotifySettings | null;
  readonly contextWebhook?: WebhookOrder | null;
  readonly contextSource?: ContextSource;
  readonly liveTranscript?: boolean;
  readonly tools?: readonly ActionTool[];
  /** Runs the tools. */
  readonly actionWebhook?: WebhookOrder | null;
}

/** A server of the customer's that is to be asked. */
export interface WebhookOrder {
  readonly url: string;
  /** At least 32 characters; never told again. */
  readonly signingSecret: string;
  readonly timeoutMs?: number;
}

/** How long an action may take, in ms: the caller waits for what it gives. */
export const actionTimeouts = { minMs: 100, maxMs: 60_000, defaultMs: 10_000 } as const;

type Timeouts = Readonly<Record<"minMs" | "maxMs" | "defaultMs", number>>;

/** What an agent of a number has when nothing is said. */
export const defaultPersona = {
  voice: defaultVoice,
  firstMessage: null,
  maxDurationMs: 600_000,
  record: false,
} as const satisfies Persona;

const minSecretLength = 32;

/** Replaces the whole configuration; outbound defaults, label and key stay. */
export async function setInbound(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  order: InboundOrder,
  deps: NumberDeps,
): Promise<void> {
  checkAiCountry(number.number as E164);
  checkInbound(order, deps);
  await deps.money.checkPlan(db, orgId, "ai-inbound");
  if (order.persona.record === true) await deps.money.checkPlan(db, orgId, "recording");
  const { language = "auto", notify = null, contextWebhook: hook, liveTranscript = false, tools = [] } = order;
  const keep = (webhook: WebhookOrder | null | undefined, { defaultMs }: Timeouts): SignedWebhook | null =>
    webhook
      ? {
          url: webhook.url,
          secret: deps.secrets.seal(webhook.signingSecret, secretContext(number.id)),
          timeoutMs: webhook.timeoutMs ?? defaultMs,
        }
      : null;
  const persona = { ...defaultPersona, ...order.persona, language: tagOf(language) };
  const id = await replacePersona(db, orgId, number, "inbound", persona, deps);
  const extra = writeInboundExtra({
    language,
    notify,
    contextWebhook: keep(hook, contextTimeouts),
    contextSource: order.contextSource ?? (hook ? "webhook" : "none"),
    liveTranscript,
    tools,
    actionWebhook: keep(order.actionWebhook, actionTimeouts),
  });
  await updateNumber(db, orgId, number.id, {
    inbound_agent_id: id,
    inbound_extra: extra,
    updated_at: deps.clock.wall(),
  });
  await forgetPersonas(db, orgId, [number.inbound_agent_id]);
}

/** Changes voice or language of a configured number and nothing else; conflict where nobody answers. */
export async function changeInbound(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  change: { readonly voice?: string; readonly language?: SpokenLanguage },
  deps: NumberDeps,
): Promise<void> {
  const extra = readInboundExtra(number);
  if (number.inbound_agent_id === null || !extra.enabled) throw notConfigured();
  const { voice, language } = change;
  const persona = {
    ...(voice !== undefined && { voice }),
    ...(language !== undefined && { language: tagOf(language) }),
  };
  const id = await changePersona(db, orgId, number, "inbound", persona, deps);
  await updateNumber(db, orgId, number.id, {
    inbound_agent_id: id,
    inbound_extra: writeInboundExtra({ ...extra, ...(language !== undefined && { language }) }),
    updated_at: deps.clock.wall(),
  });
}

/** Nobody answers from now on, or again; what is set stays. */
export async function setAnswers(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  enabled: boolean,
  deps: NumberDeps,
): Promise<void> {
  const extra = writeInboundExtra({ ...readInboundExtra(number), enabled });
  await updateNumber(db, orgId, number.id, { inbound_extra: extra, updated_at: deps.clock.wall() });
}

/** Refuses AI calls on numbers of other countries than the United States and Canada. */
export function checkAiCountry(number: E164): void {
  const country = countryOf(number);
  if (country === "US" || country === "CA") return;
  const advice = "AI voice is for numbers of the United States and Canada";
  throw new GatewayError("invalid-request", advice, undefined, { reason: "carrier-not-supported" });
}

/** What the secrets of a number are sealed for. */
export function secretContext(numberId: string): string {
  return numberId;
}

function notConfigured(): GatewayError {
  const advice = "nobody answers this number by itself: configure its inbound AI first";
  return new GatewayError("conflict", advice, undefined, { reason: "inbound-ai-not-configured" });
}

/** One address, and no way to write it as a list or with a name. */
const mailAddress = /^[^\s@<>()[\],;:\\"\p{C}]+@[^\s@<>()[\],;:\\"\p{C}]+$/u;

function checkInbound(order: InboundOrder, { allowHttp }: NumberDeps): void {
  const { contextWebhook, contextSource, notify, tools = [], actionWebhook } = order;
  if (notify?.emailTo && !mailAddress.test(notify.emailTo)) {
    throw new GatewayError("invalid-request", "must be one e-mail address", "notify.emailTo");
  }
  if (notify?.smsTo && !parseE164(notify.smsTo)) {
    throw new GatewayError("invalid-request", "must be an E.164 number", "notify.smsTo");
  }
  if (contextWebhook) checkWebhook(contextWebhook, "contextWebhook", contextTimeouts, allowHttp);
  else if (contextSource === "webhook" || contextSource === "merge") {
    throw new GatewayError("invalid-request", "this source needs a context webhook", "contextWebhook");
  }
  if (actionWebhook) {
    checkWebhook(actionWebhook, "actionWebhook", actionTimeouts, allowHttp);
    const { url } = actionWebhook;
    const timeoutMs = actionTimeouts.defaultMs;
    checkTools(
      tools.map((tool) => ({ ...tool, url, timeoutMs, headers: {} })),
      gatewayTools,
      allowHttp,
    );
  } else if (tools.length > 0) {
    throw new GatewayError("invalid-request", "tools need an action webhook that runs them", "actionWebhook");
  }
}

function checkWebhook(webhook: WebhookOrder, field: string, timeouts: Timeouts, allowHttp: boolean): void {
  checkUrl(webhook.url, allowHttp, `${field}.url`);
  if (webhook.signingSecret.length < minSecretLength) {
    const advice = `must have at least ${minSecretLength} characters`;
    throw new GatewayError("invalid-request", advice, `${field}.signingSecret`);
  }
  const { timeoutMs = timeouts.defaultMs } = webhook;
  if (!Number.isInteger(timeoutMs) || timeoutMs < timeouts.minMs || timeoutMs > timeouts.maxMs) {
    throw new GatewayError(
      "invalid-request",
      `must be from ${timeouts.minMs} to ${timeouts.maxMs}`,
      `${field}.timeoutMs`,
    );
  }
}
