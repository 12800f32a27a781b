import { Type } from "@fastify/type-provider-typebox";
import { GatewayError } from "../../../kit/errors.ts";
import { type AgentId, type E164, parseAgentId } from "../../../kit/ids.ts";
import type { NumberSettings, TelephoneNumber } from "../../service/numbers.ts";
import { ChangeNumberBody, CreateNumberBody, NumberBody } from "./agent-schemas.ts";
import type { NativeApp } from "./app.ts";
import { refusals } from "./errors.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { instant, strict } from "./shapes.ts";

const IdParams = Type.Object({ id: Type.String() });
const ListQuery = Type.Object(pageQuery, strict);

/** `/numbers`: where calls come in, and who answers there. */
export function numberRoutes(app: NativeApp): void {
  app.post(
    "/numbers",
    {
      schema: {
        operationId: "createNumber",
        tags: ["numbers"],
        body: CreateNumberBody,
        response: { 201: NumberBody, ...refusals(409) },
      },
    },
    async (request, reply) => {
      const number = await request.tenant.numbers.create(request.body.number as E164, readNumber(request.body));
      return reply.code(201).send(renderNumber(number));
    },
  );
  app.get(
    "/numbers",
    {
      schema: {
        operationId: "listNumbers",
        tags: ["numbers"],
        querystring: ListQuery,
        response: { 200: listOf(NumberBody), ...refusals() },
      },
    },
    async (request) => renderPage(await request.tenant.numbers.list({}, readPage(request.query)), renderNumber),
  );
  app.get(
    "/numbers/:id",
    {
      schema: {
        operationId: "getNumber",
        tags: ["numbers"],
        params: IdParams,
        response: { 200: NumberBody, ...refusals(404) },
      },
    },
    async (request) => renderNumber(await request.tenant.numbers.get(request.params.id)),
  );
  app.patch(
    "/numbers/:id",
    {
      schema: {
        operationId: "changeNumber",
        tags: ["numbers"],
        params: IdParams,
        body: ChangeNumberBody,
        response: { 200: NumberBody, ...refusals(404) },
      },
    },
    async (request) => renderNumber(await request.tenant.numbers.update(request.params.id, readNumber(request.body))),
  );
  app.delete(
    "/numbers/:id",
    {
      schema: {
        operationId: "deleteNumber",
        tags: ["numbers"],
        params: IdParams,
        response: { 204: Type.Null(), ...refusals(404) },
      },
    },
    async (request, reply) => {
      await request.tenant.numbers.release(request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function readNumber(body: ChangeNumberBody): Partial<NumberSettings> {
  return {
    inboundAgentId: readAgentId(body.inbound_agent_id, "inboundAgentId"),
    outboundAgentId: readAgentId(body.outbound_agent_id, "outboundAgentId"),
    label: body.label,
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
    inbound_agent_id: number.inboundAgentId,
    outbound_agent_id: number.outboundAgentId,
    label: number.label,
    created_at: instant(number.createdAt),
    updated_at: instant(number.updatedAt),
  };
}
