import { Type } from "@fastify/type-provider-typebox";
import type { TurnSettings } from "../../../media/protocol.ts";
import type { Agent, AgentChange, Tool } from "../../service/agents/kept-agent.ts";
import type { TypedApp } from "../shapes.ts";
import {
  AgentBody,
  ChangeAgentBody,
  CreateAgentBody,
  CreatedAgentBody,
  SecretBody,
  turnNames,
} from "./agent-schemas.ts";
import { refusals } from "./errors.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { IdParams, instant, strict } from "./shapes.ts";

const ListQuery = Type.Object(pageQuery, strict);

/** `/agents`: who answers. */
export function agentRoutes(app: TypedApp): void {
  app.post(
    "/agents",
    {
      schema: {
        operationId: "createAgent",
        tags: ["agents"],
        body: CreateAgentBody,
        response: { 201: CreatedAgentBody, ...refusals(413) },
      },
    },
    async (request, reply) => {
      const { name } = request.body;
      const { agent, signingSecret } = await request.tenant.agents.create({ ...readAgent(request.body), name });
      return reply.code(201).send({ ...renderAgent(agent), signing_secret: signingSecret });
    },
  );
  app.get(
    "/agents",
    {
      schema: {
        operationId: "listAgents",
        tags: ["agents"],
        querystring: ListQuery,
        response: { 200: listOf(AgentBody), ...refusals() },
      },
    },
    async (request) => renderPage(await request.tenant.agents.list(readPage(request.query)), renderAgent),
  );
  app.get(
    "/agents/:id",
    {
      schema: {
        operationId: "getAgent",
        tags: ["agents"],
        params: IdParams,
        response: { 200: AgentBody, ...refusals(404) },
      },
    },
    async (request) => renderAgent(await request.tenant.agents.get(request.params.id)),
  );
  app.patch(
    "/agents/:id",
    {
      schema: {
        operationId: "changeAgent",
        tags: ["agents"],
        description: "What is missing stays; `turn` is merged member by member, lists are replaced.",
        params: IdParams,
        body: ChangeAgentBody,
        response: { 200: AgentBody, ...refusals(404, 413) },
      },
    },
    async (request) => renderAgent(await request.tenant.agents.update(request.params.id, readAgent(request.body))),
  );
  app.delete(
    "/agents/:id",
    {
      schema: {
        operationId: "deleteAgent",
        tags: ["agents"],
        params: IdParams,
        response: { 204: Type.Null(), ...refusals(404, 409) },
      },
    },
    async (request, reply) => {
      await request.tenant.agents.delete(request.params.id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/agents/:id/rotate-secret",
    {
      schema: {
        operationId: "rotateAgentSecret",
        tags: ["agents"],
        params: IdParams,
        response: { 200: SecretBody, ...refusals(404) },
      },
    },
    async (request) => ({ signing_secret: await request.tenant.agents.rotateSecret(request.params.id) }),
  );
}

/** The settings of an agent in inner words. */
export function readAgent(body: ChangeAgentBody): AgentChange {
  return {
    name: body.name,
    instructions: body.instructions,
    provider: body.provider,
    model: body.model,
    voice: body.voice,
    language: body.language,
    firstMessage: body.first_message,
    tools: body.tools?.map(readTool),
    transfers: body.transfers?.map(({ mode = "blind", confirm = "none", ...target }) => ({ ...target, mode, confirm })),
    turn: body.turn && readTurn(body.turn),
    maxDurationMs: body.max_duration_ms,
    record: body.record,
    webhookUrl: body.webhook_url,
  };
}

function readTool(tool: NonNullable<ChangeAgentBody["tools"]>[number]): Tool {
  const { timeout_ms: timeoutMs = 10_000, headers = {}, ...rest } = tool;
  return { ...rest, timeoutMs, headers };
}

function readTurn(turn: NonNullable<ChangeAgentBody["turn"]>): AgentChange["turn"] {
  const entries = Object.entries(turnNames).map(([inner, wire]) => [inner, turn[wire]]);
  return Object.fromEntries(entries);
}

function renderTurn(turn: TurnSettings): AgentBody["turn"] {
  const names = Object.keys(turn) as (keyof TurnSettings)[];
  return Object.fromEntries(names.map((inner) => [turnNames[inner], turn[inner]]));
}

function renderAgent(agent: Agent): AgentBody {
  return {
    id: agent.id,
    name: agent.name,
    instructions: agent.instructions,
    provider: agent.provider,
    model: agent.model,
    voice: agent.voice,
    language: agent.language,
    first_message: agent.firstMessage,
    tools: agent.tools.map(({ timeoutMs, ...tool }) => ({ ...tool, timeout_ms: timeoutMs })),
    transfers: [...agent.transfers],
    turn: renderTurn(agent.turn),
    max_duration_ms: agent.maxDurationMs,
    record: agent.record,
    webhook_url: agent.webhookUrl,
    created_at: instant(agent.createdAt),
    updated_at: instant(agent.updatedAt),
  };
}
