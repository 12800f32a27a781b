import type { Persona } from "../../service/numbers/numbers.ts";
import type { TypedApp } from "../shapes.ts";
import { nullable } from "../shapes.ts";
import {
  ByokKeyBody,
  InboundBody,
  InboundConfigBody,
  OutboundBody,
  OutboundDefaultsBody,
  VoiceModeBody,
} from "./number-schemas.ts";
import { renderInbound, renderOutbound, renderVoiceMode } from "./render-number.ts";
import { NumberIdParams, sendJson } from "./shapes.ts";
import { contextSourceOf } from "./words.ts";

const tags = ["AI Voice on a Number"];
const params = NumberIdParams;
const inbound = "/v1/numbers/:numberId/inbound-config";
const outbound = "/v1/numbers/:numberId/outbound-defaults";
const byok = "/v1/numbers/:numberId/byok-key";

/** `/v1/numbers/:numberId/…`: who answers a number, who calls from it, and with whose key. */
export function numberAgentRoutes(app: TypedApp): void {
  inboundRoutes(app);
  outboundRoutes(app);
  byokRoutes(app);
}

function inboundRoutes(app: TypedApp): void {
  app.post(
    inbound,
    {
      schema: {
        tags,
        summary: "Have an AI agent answer the number; replaces the whole configuration",
        params,
        body: InboundConfigBody,
        response: { 200: InboundBody },
      },
    },
    async ({ tenant, params: { numberId }, body }) => {
      const { language, contextWebhook, contextSource, liveTranscript, tools, actionWebhook } = body;
      const number = await tenant.numbers.setInbound(numberId, {
        persona: { ...readPersona(body), instructions: body.systemPrompt },
        language,
        notify: body.notify && { ...noNotify, ...body.notify },
        contextWebhook,
        contextSource: contextSource && contextSourceOf[contextSource],
        liveTranscript,
        tools: tools ?? [],
        actionWebhook,
      });
      return renderInbound(number);
    },
  );
  app.get(
    inbound,
    { schema: { tags, summary: "Get the inbound configuration", params, response: { 200: InboundBody } } },
    async ({ tenant, params: { numberId } }) => renderInbound(await tenant.numbers.get(numberId)),
  );
  app.delete(
    inbound,
    { schema: { tags, summary: "Stop answering the number", params, response: { 200: InboundBody } } },
    async ({ tenant, params: { numberId } }) => renderInbound(await tenant.numbers.disableInbound(numberId)),
  );
}

function outboundRoutes(app: TypedApp): void {
  const answers = { 200: nullable(OutboundBody) };
  app.post(
    outbound,
    {
      schema: {
        tags,
        summary: "Save the agent that calls from the number; replaces the whole of it",
        params,
        body: OutboundDefaultsBody,
        response: answers,
      },
    },
    async ({ tenant, params: { numberId }, body }) => {
      const { systemPrompt: instructions, language, templateId } = body;
      const order = { persona: { ...readPersona(body), instructions }, language, templateId };
      return renderOutbound((await tenant.numbers.setOutbound(numberId, order)).outbound);
    },
  );
  app.get(
    outbound,
    { schema: { tags, summary: "Get the saved outbound agent; null when there is none", params, response: answers } },
    async ({ tenant, params: { numberId } }, reply) =>
      sendJson(reply, renderOutbound((await tenant.numbers.get(numberId)).outbound)),
  );
  app.delete(
    outbound,
    { schema: { tags, summary: "Remove the saved outbound agent", params, response: answers } },
    async ({ tenant, params: { numberId } }, reply) =>
      sendJson(reply, renderOutbound((await tenant.numbers.clearOutbound(numberId)).outbound)),
  );
}

function byokRoutes(app: TypedApp): void {
  app.post(
    byok,
    {
      schema: {
        tags,
        summary: "Have inbound AI work with your own provider key (BYOK billing); also replaces the key",
        params,
        body: ByokKeyBody,
        response: { 200: VoiceModeBody },
      },
    },
    async ({ tenant, params: { numberId }, body }) =>
      renderVoiceMode(await tenant.numbers.setByokKey(numberId, body.openaiApiKey)),
  );
  app.delete(
    byok,
    { schema: { tags, summary: "Forget the key: Managed billing again", params, response: { 200: VoiceModeBody } } },
    async ({ tenant, params: { numberId } }) => renderVoiceMode(await tenant.numbers.clearByokKey(numberId)),
  );
}

const noNotify = { emailTo: null, smsTo: null, businessName: null, agencyName: null };

/** An agent as these bodies describe it: what is missing has the service's default. */
export function readPersona(body: PersonaBody): Persona {
  const { voice, firstMessage, maxDurationSecs, record } = body;
  return {
    ...(voice !== undefined && { voice }),
    ...(firstMessage !== undefined && { firstMessage }),
    ...(maxDurationSecs !== undefined && { maxDurationMs: maxDurationSecs * 1000 }),
    ...(record !== undefined && { record }),
  };
}

interface PersonaBody {
  voice?: string;
  firstMessage?: string | null;
  maxDurationSecs?: number;
  record?: boolean;
}
