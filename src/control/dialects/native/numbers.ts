import { Type } from "@fastify/type-provider-typebox";
import { GatewayError } from "../../../kit/errors.ts";
import { type AgentId, type E164, parseAgentId } from "../../../kit/ids.ts";
import type { NumberSettings, NumberWish, TelephoneNumber } from "../../service/numbers/numbers.ts";
import type { TypedApp } from "../shapes.ts";
import { refusals } from "./errors.ts";
import {
  BuyNumberBody,
  ChangeNumberBody,
  CreateNumberBody,
  NumberBody,
  OffersBody,
  SearchNumbersBody,
} from "./number-schemas.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { IdParams, instant, instantOrNull, strict } from "./shapes.ts";

const ListQuery = Type.Object(
  {
    ...pageQuery,
    country: Type.Optional(Type.String({ maxLength: 2 })),
    type: Type.Optional(Type.String({ maxLength: 10 })),
  },
  strict,
);
const tags = ["numbers"];

/** `/numbers`: bought, brought along, changed, given back. */
export function numberRoutes(app: TypedApp): void {
  app.post(
    "/numbers/search",
    {
      config: { scope: "read" },
      schema: {
        operationId: "searchNumbers",
        tags,
        body: SearchNumbersBody,
        response: { 200: OffersBody, ...refusals() },
      },
    },
    async ({ tenant, body }) => {
      const offers = await tenant.numbers.search(readWish(body), body.limit ?? 10);
      return {
        data: offers.map(({ number, country, areaCode, type, capabilities, monthlyMicros }) => ({
          number,
          country,
          area_code: areaCode,
          type,
          capabilities: [...capabilities],
          monthly_micros: monthlyMicros,
        })),
      };
    },
  );
  app.post(
    "/numbers/buy",
    {
      schema: {
        operationId: "buyNumber",
        tags,
        body: BuyNumberBody,
        response: { 201: NumberBody, ...refusals(402, 409) },
      },
    },
    async ({ tenant, body }, reply) => {
      const order = { ...readWish(body), ...readSettings(body), number: body.number };
      return reply.code(201).send(renderNumber(await tenant.numbers.buy(order)));
    },
  );
  app.post(
    "/numbers",
    {
      // Nobody can prove here that a number is his, and what all organisations send to it is his from then on.
      config: { scope: "operator" },
      schema: {
        operationId: "createNumber",
        tags,
        body: CreateNumberBody,
        response: { 201: NumberBody, ...refusals(409) },
      },
    },
    async ({ tenant, body }, reply) => {
      const number = await tenant.numbers.create(body.number as E164, readSettings(body));
      return reply.code(201).send(renderNumber(number));
    },
  );
  app.get(
    "/numbers",
    {
      schema: {
        operationId: "listNumbers",
        tags,
        querystring: ListQuery,
        response: { 200: listOf(NumberBody), ...refusals() },
      },
    },
    async ({ tenant, query }) => {
      const { country, type } = query;
      return renderPage(await tenant.numbers.list({ country, type }, readPage(query)), renderNumber);
    },
  );
  app.get(
    "/numbers/:id",
    {
      schema: {
        operationId: "getNumber",
        tags,
        params: IdParams,
        response: { 200: NumberBody, ...refusals(404) },
      },
    },
    async ({ tenant, params }) => renderNumber(await tenant.numbers.get(params.id)),
  );
  app.patch(
    "/numbers/:id",
    {
      schema: {
        operationId: "changeNumber",
        tags,
        params: IdParams,
        body: ChangeNumberBody,
        response: { 200: NumberBody, ...refusals(404, 409) },
      },
    },
    async ({ tenant, params, body }) => {
      const { voice, language } = body;
      return renderNumber(await tenant.numbers.update(params.id, { ...readSettings(body), voice, language }));
    },
  );
  app.delete(
    "/numbers/:id",
    {
      schema: {
        operationId: "deleteNumber",
        tags,
        params: IdParams,
        response: { 204: Type.Null(), ...refusals(404) },
      },
    },
    async ({ tenant, params }, reply) => {
      await tenant.numbers.release(params.id);
      return reply.code(204).send(null);
    },
  );
}

function readWish({ country, type, area_code: areaCode, capabilities }: SearchNumbersBody): NumberWish {
  return { country, type, areaCode, capabilities };
}

function readSettings(body: Omit<ChangeNumberBody, "voice" | "language">): Partial<NumberSettings> {
  return {
    inboundAgentId: readAgentId(body.inbound_agent_id, "inboundAgentId"),
    outboundAgentId: readAgentId(body.outbound_agent_id, "outboundAgentId"),
    label: body.label,
    metadata: body.metadata,
  };
}

function readAgentId(text: string | null | undefined, field: string): AgentId | null | undefined {
  if (text === null || text === undefined) return text;
  const id = parseAgentId(text);
  if (!id) throw new GatewayError("invalid-request", "is not an agent's id", field);
  return id;
}

function renderNumber(number: TelephoneNumber): NumberBody {
  return {
    id: number.id,
    number: number.number,
    type: number.type,
    country: number.country,
    area_code: number.areaCode,
    capabilities: [...number.capabilities],
    carrier: number.carrier,
    inbound_agent_id: number.inboundAgentId,
    outbound_agent_id: number.outboundAgentId,
    answers: number.inbound?.mode === "ai",
    label: number.label,
    metadata: number.metadata,
    voice_mode: number.voiceMode,
    monthly_micros: number.monthlyMicros,
    next_charge_at: instantOrNull(number.nextChargeAt),
    created_at: instant(number.createdAt),
    updated_at: instant(number.updatedAt),
  };
}
