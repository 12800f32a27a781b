import { Type } from "@fastify/type-provider-typebox";
import { GatewayError } from "../../../kit/errors.ts";
import type { Agent } from "../../service/agents/kept-agent.ts";
import type { SpokenLanguage } from "../../service/agents/spoken-language.ts";
import type { Persona, TelephoneNumber } from "../../service/numbers/numbers.ts";
import type { TypedApp } from "../shapes.ts";
import { refusals } from "./errors.ts";
import {
  ByokKeyBody,
  ChangeInboundBody,
  InboundBody,
  InboundConfigBody,
  OutboundBody,
  OutboundDefaultsBody,
  VoiceModeBody,
} from "./number-schemas.ts";
import { IdParams } from "./shapes.ts";

const tags = ["numbers"];
const params = IdParams;
const inbound = "/numbers/:id/inbound-config";
const outbound = "/numbers/:id/outbound-defaults";
const byok = "/numbers/:id/byok-key";

/** `/numbers/:id/…`: who answers a number, who calls from it, and with whose key. */
export function numberAgentRoutes(app: TypedApp): void {
  app.post(
    inbound,
    {
      schema: {
        operationId: "setInboundConfig",
        tags,
        params,
        body: InboundConfigBody,
        response: { 200: InboundBody, ...refusals(402, 404) },
      },
    },
    async ({ tenant, params: { id }, body }) => {
      const { notify, context_webhook: hook, action_webhook: actions } = body;
      const number = await tenant.numbers.setInbound(id, {
        persona: readPersona(body),
        language: body.language,
        notify: notify && {
          emailTo: notify.email_to ?? null,
          smsTo: notify.sms_to ?? null,
          businessName: notify.business_name ?? null,
          agencyName: notify.agency_name ?? null,
        },
        contextWebhook: hook && { url: hook.url, signingSecret: hook.signing_secret, timeoutMs: hook.timeout_ms },
        contextSource: body.context_source,
        liveTranscript: body.live_transcript,
        tools: body.tools,
        actionWebhook: actions && {
          url: actions.url,
          signingSecret: actions.signing_secret,
          timeoutMs: actions.timeout_ms,
        },
      });
      return renderInbound(number);
    },
  );
  app.get(
    inbound,
    { schema: { operationId: "getInboundConfig", tags, params, response: { 200: InboundBody, ...refusals(404) } } },
    async ({ tenant, params: { id } }) => renderInbound(await tenant.numbers.get(id)),
  );
  app.patch(
    inbound,
    {
      schema: {
        operationId: "changeInboundConfig",
        tags,
        params,
        body: ChangeInboundBody,
        response: { 200: InboundBody, ...refusals(404, 409) },
      },
    },
    async ({ tenant, params: { id }, body }) => renderInbound(await tenant.numbers.update(id, body)),
  );
  app.delete(
    inbound,
    {
      schema: {
        operationId: "disableInbound",
        tags,
        params,
        response: { 204: Type.Null(), ...refusals(404) },
      },
    },
    async ({ tenant, params: { id } }, reply) => {
      await tenant.numbers.disableInbound(id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    outbound,
    {
      schema: {
        operationId: "setOutboundDefaults",
        tags,
        params,
        body: OutboundDefaultsBody,
        response: { 200: OutboundBody, ...refusals(402, 404) },
      },
    },
    async ({ tenant, params: { id }, body }) => {
      const { language, template_id: templateId } = body;
      return renderOutbound(await tenant.numbers.setOutbound(id, { persona: readPersona(body), language, templateId }));
    },
  );
  app.get(
    outbound,
    { schema: { operationId: "getOutboundDefaults", tags, params, response: { 200: OutboundBody, ...refusals(404) } } },
    async ({ tenant, params: { id } }) => renderOutbound(await tenant.numbers.get(id)),
  );
  app.delete(
    outbound,
    {
      schema: {
        operationId: "clearOutboundDefaults",
        tags,
        params,
        response: { 204: Type.Null(), ...refusals(404) },
      },
    },
    async ({ tenant, params: { id } }, reply) => {
      await tenant.numbers.clearOutbound(id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    byok,
    {
      schema: {
        operationId: "setByokKey",
        tags,
        params,
        body: ByokKeyBody,
        response: { 200: VoiceModeBody, ...refusals(404) },
      },
    },
    async ({ tenant, params: { id }, body }) =>
      renderVoiceMode(await tenant.numbers.setByokKey(id, body.openai_api_key)),
  );
  app.delete(
    byok,
    { schema: { operationId: "clearByokKey", tags, params, response: { 200: VoiceModeBody, ...refusals(404) } } },
    async ({ tenant, params: { id } }) => renderVoiceMode(await tenant.numbers.clearByokKey(id)),
  );
}

type PersonaBody = OutboundDefaultsBody | InboundConfigBody;

function readPersona(body: PersonaBody): Persona & { readonly instructions: string } {
  return {
    instructions: body.instructions,
    ...(body.voice !== undefined && { voice: body.voice }),
    ...(body.first_message !== undefined && { firstMessage: body.first_message }),
    ...(body.max_duration_ms !== undefined && { maxDurationMs: body.max_duration_ms }),
    ...(body.record !== undefined && { record: body.record }),
  };
}

function renderPersona(agent: Agent, language: SpokenLanguage) {
  const { id, instructions, voice, firstMessage, maxDurationMs, record } = agent;
  return {
    agent_id: id,
    instructions,
    voice,
    language,
    first_message: firstMessage,
    max_duration_ms: maxDurationMs,
    record,
  };
}

function renderVoiceMode({ voiceMode, byokPreview }: TelephoneNumber) {
  return { voice_mode: voiceMode, byok_key_preview: byokPreview };
}

function renderInbound(number: TelephoneNumber): InboundBody {
  const config = number.inbound;
  if (!config) throw new GatewayError("not-found", "no agent answers this number");
  const { notify, contextWebhook, actionWebhook } = config;
  return {
    mode: config.mode,
    ...renderPersona(config.agent, config.language),
    notify: notify && {
      email_to: notify.emailTo,
      sms_to: notify.smsTo,
      business_name: notify.businessName,
      agency_name: notify.agencyName,
    },
    context_webhook: contextWebhook && { url: contextWebhook.url, timeout_ms: contextWebhook.timeoutMs },
    context_source: config.contextSource,
    live_transcript: config.liveTranscript,
    tools: [...config.tools],
    action_webhook: actionWebhook && { url: actionWebhook.url, timeout_ms: actionWebhook.timeoutMs },
    ...renderVoiceMode(number),
  };
}

function renderOutbound({ outbound: defaults }: TelephoneNumber): OutboundBody {
  if (!defaults) throw new GatewayError("not-found", "no agent calls from this number by itself");
  return { ...renderPersona(defaults.agent, defaults.language), template_id: defaults.templateId };
}
