import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import type { ResolvedAgent } from "../../calls/call-control.ts";
import { deleteAgent, findAgent, insertAgent, pageOfAgents, updateAgent } from "../../store/agents.ts";
import { numberedPageOfAgents } from "../../store/numbered-lists.ts";
import { findNumberOfAgent } from "../../store/numbers.ts";
import type { NumberedPage, NumberedPageRequest, Page, PageRequest } from "../../store/page.ts";
import { lockRow } from "../../store/row-lock.ts";
import type { ServiceDeps } from "../deps.ts";
import { checkAgent } from "./agent-rules.ts";
import { inlineAgentId, resolvedAgent, specOf } from "./agent-spec.ts";
import {
  type Agent,
  type AgentChange,
  type AgentSettings,
  agentColumns,
  defaultAgent,
  mergeAgent,
  newAgentRow,
  newSecret,
  toAgent,
} from "./kept-agent.ts";

/** Personas: made, changed, found; and frozen for a call. */
export interface Agents {
  /** Makes an agent; its signing secret is shown here and by `rotateSecret` alone. */
  create(settings: Pick<AgentSettings, "name"> & AgentChange): Promise<{ agent: Agent; signingSecret: string }>;
  get(id: string): Promise<Agent>;
  list(page: PageRequest): Promise<Page<Agent>>;
  /** The same list by the number of its page, with how many agents there are in all. */
  listPage(page: NumberedPageRequest): Promise<NumberedPage<Agent>>;
  update(id: string, change: AgentChange): Promise<Agent>;
  /** Refuses with conflict while a number points at it. */
  delete(id: string): Promise<void>;
  /** The agent as a call needs it; not-found with field `agentId`. */
  resolve(id: string): Promise<ResolvedAgent>;
  /** An agent for one call that is kept nowhere: without tools and webhook, which need a signing secret. */
  inline(settings: Pick<AgentSettings, "name"> & Omit<AgentChange, "tools" | "webhookUrl">): ResolvedAgent;
  /** Makes a new signing secret; calls in progress keep the old one. */
  rotateSecret(id: string): Promise<string>;
}

/** The personas of one organisation. */
export function createAgents(deps: ServiceDeps & { allowHttp: boolean }, orgId: OrgId): Agents {
  const { secrets, clock, random, allowHttp } = deps;
  const { db } = deps.database;
  const find = async (id: string) => {
    const row = await findAgent(db, orgId, id);
    if (!row) throw new GatewayError("not-found", "there is no such agent");
    return row;
  };
  return {
    create: async (settings) => {
      const { row, signingSecret } = newAgentRow(
        mergeAgent({ ...defaultAgent, name: settings.name }, settings),
        orgId,
        deps,
      );
      await insertAgent(db, row);
      return { agent: toAgent(row, deps), signingSecret };
    },
    get: async (id) => toAgent(await find(id), deps),
    list: async (page) => {
      const { data, next } = await pageOfAgents(db, orgId, page);
      return { data: data.map((row) => toAgent(row, deps)), next };
    },
    listPage: async (page) => {
      const { data, total } = await numberedPageOfAgents(db, orgId, page);
      return { data: data.map((row) => toAgent(row, deps)), total };
    },
    update: (id, change) =>
      // In one transaction, so that two changes at once both count.
      db.transaction().execute(async (trx) => {
        await lockRow(trx, "agents", orgId, id);
        const row = await findAgent(trx, orgId, id);
        if (!row) throw new GatewayError("not-found", "there is no such agent");
        const agent = mergeAgent(toAgent(row, deps), change);
        const columns = { ...agentColumns(agent, id, deps), updated_at: clock.wall() };
        await updateAgent(trx, orgId, id, columns);
        return toAgent({ ...row, ...columns }, deps);
      }),
    delete: (id) =>
      db.transaction().execute(async (trx) => {
        const number = await findNumberOfAgent(trx, orgId, id);
        if (number) throw new GatewayError("conflict", `the number ${number.id} points at this agent`);
        if (!(await deleteAgent(trx, orgId, id))) throw new GatewayError("not-found", "there is no such agent");
      }),
    resolve: async (id) => {
      const row = await findAgent(db, orgId, id);
      if (!row) throw new GatewayError("not-found", "there is no such agent", "agentId");
      return resolvedAgent(row, deps);
    },
    inline: (settings) => {
      const agent = mergeAgent({ ...defaultAgent, name: settings.name }, settings);
      checkAgent(agent, allowHttp);
      return { ...specOf(agent, inlineAgentId, "", deps), orgId, record: agent.record };
    },
    rotateSecret: async (id) => {
      const signingSecret = newSecret(random);
      const change = { signing_secret: secrets.seal(signingSecret, id), updated_at: clock.wall() };
      if (!(await updateAgent(db, orgId, id, change))) throw new GatewayError("not-found", "there is no such agent");
      return signingSecret;
    },
  };
}
