import { type Static, Type } from "@fastify/type-provider-typebox";
import type { Agent, AgentChange } from "../../service/agents/kept-agent.ts";
import { nullable, type TypedApp } from "../shapes.ts";
import { agentIds, IdParams, instant, PageQuery, perPage, readPage, renderPage } from "./shapes.ts";

const members = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  system_prompt: Type.String({ maxLength: 32_768 }),
  voice_id: nullable(Type.String({ minLength: 1, maxLength: 100 })),
  language: Type.String({ pattern: "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", maxLength: 35, description: "BCP 47." }),
  record: Type.Boolean(),
};
const ChangeAgentBody = Type.Partial(Type.Object(members));
const CreateAgentBody = Type.Object({ ...ChangeAgentBody.properties, name: members.name });

/** Agents have no other status: they are there, or they are not. */
const status = "active";

/** `/v1/agents`: who answers and calls. */
export function agentRoutes(app: TypedApp): void {
  app.get("/v1/agents", { schema: { querystring: PageQuery } }, async ({ tenant, query }) => {
    const page = readPage(query, perPage.documented);
    const agents = await tenant.agents.listPage(page);
    const numbers = await tenant.numbers.ofAgents(agents.data.map(({ id }) => id));
    return renderPage(agents, page, (agent) => renderAgent(agent, numbers.get(agent.id)));
  });
  app.post("/v1/agents", { schema: { body: CreateAgentBody } }, async ({ tenant, body }, reply) => {
    // The documents have recordings and no switch for them: calls are recorded unless somebody says otherwise.
    const settings = { ...readAgent(body), name: body.name, record: body.record ?? true };
    const { agent } = await tenant.agents.create(settings);
    const { id, name, createdAt } = agent;
    return reply.code(201).send({ id: agentIds.show(id), name, status, created_at: instant(createdAt) });
  });
  app.get("/v1/agents/:id", { schema: { params: IdParams } }, async ({ tenant, params }) => {
    const agent = await tenant.agents.get(agentIds.read(params.id));
    const numbers = await tenant.numbers.ofAgents([agent.id]);
    return {
      ...renderAgent(agent, numbers.get(agent.id)),
      system_prompt: agent.instructions,
      language: agent.language,
      record: agent.record,
      updated_at: instant(agent.updatedAt),
    };
  });
  app.put(
    "/v1/agents/:id",
    { schema: { params: IdParams, body: ChangeAgentBody } },
    async ({ tenant, params, body }) => {
      const agent = await tenant.agents.update(agentIds.read(params.id), readAgent(body));
      return { id: agentIds.show(agent.id), name: agent.name, status, updated_at: instant(agent.updatedAt) };
    },
  );
  app.delete("/v1/agents/:id", { schema: { params: IdParams } }, async ({ tenant, params }) => {
    const id = agentIds.read(params.id);
    await tenant.agents.delete(id);
    return { deleted: true, id: agentIds.show(id) };
  });
}

function readAgent({ name, system_prompt, voice_id, language, record }: Static<typeof ChangeAgentBody>): AgentChange {
  return { name, instructions: system_prompt, voice: voice_id, language, record };
}

function renderAgent({ id, name, voice, createdAt }: Agent, number: string | undefined) {
  return {
    id: agentIds.show(id),
    name,
    status,
    phone_number: number ?? null,
    voice_id: voice,
    created_at: instant(createdAt),
  };
}
