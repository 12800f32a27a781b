import { GatewayError } from "../../../kit/errors.ts";
import { type AgentId, makeId, type OrgId, type RandomBytes } from "../../../kit/ids.ts";
import type { AgentSpec, ProviderName, TransferTarget, TurnSettings } from "../../../media/protocol.ts";
import type { ResolvedAgent } from "../../calls/call-control.ts";
import { type AgentRow, deleteAgent, findAgent, insertAgent, pageOfAgents, updateAgent } from "../../store/agents.ts";
import { numberedPageOfAgents } from "../../store/numbered-lists.ts";
import { findNumberOfAgent } from "../../store/numbers.ts";
import type { NumberedPage, NumberedPageRequest, Page, PageRequest } from "../../store/page.ts";
import { lockRow } from "../../store/row-lock.ts";
import type { ServiceDeps } from "../deps.ts";
import { randomBase62 } from "../orgs/keys.ts";
import { checkAgent } from "./agent-rules.ts";
import { voiceOfCall } from "./voices.ts";

/** A tool of an agent, run by an HTTPS request to the customer. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly url: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is set on an agent. `null`: none, or the provider's default. */
export interface AgentSettings {
  readonly name: string;
  readonly instructions: string;
  /** `null`: the gateway's default at the time of the call. */
  readonly provider: ProviderName | null;
  readonly model: string | null;
  readonly voice: string | null;
  /** BCP 47. */
  readonly language: string;
  readonly firstMessage: string | null;
  readonly tools: readonly Tool[];
  /** Whom it may put callers through to. */
  readonly transfers: readonly TransferTarget[];
  readonly turn: TurnSettings;
  readonly maxDurationMs: number;
  readonly record: boolean;
  readonly webhookUrl: string | null;
}

/** An agent as kept. */
export interface Agent extends AgentSettings {
  readonly id: AgentId;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a new agent has when nothing is said. */
export const defaultAgent = {
  instructions: "",
  provider: null,
  model: null,
  voice: null,
  language: "en-US",
  firstMessage: null,
  tools: [],
  transfers: [],
  turn: {},
  maxDurationMs: 1_800_000,
  record: false,
  webhookUrl: null,
} as const satisfies Omit<AgentSettings, "name">;

/** A change to an agent: what is missing stays, `turn` is merged member by member and `null` there brings the default back. */
export interface AgentChange extends Partial<Omit<AgentSettings, "turn">> {
  readonly turn?: { readonly [Name in keyof TurnSettings]?: TurnSettings[Name] | null };
}

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

function newSecret(random: RandomBytes): string {
  return `tsec_${randomBase62(40, random)}`;
}

type RowDeps = Pick<ServiceDeps, "secrets" | "clock" | "random"> & { readonly allowHttp: boolean };

/** The row of an agent that is made now, and its signing secret; refuses settings that cannot work. */
export function newAgentRow(
  settings: AgentSettings,
  orgId: OrgId,
  deps: RowDeps,
): { readonly row: AgentRow; readonly signingSecret: string } {
  const id = makeId("agent", deps.random);
  const signingSecret = newSecret(deps.random);
  const now = deps.clock.wall();
  const row: AgentRow = {
    ...agentColumns(settings, id, deps),
    id,
    org_id: orgId,
    hidden: 0,
    signing_secret: deps.secrets.seal(signingSecret, id),
    created_at: now,
    updated_at: now,
  };
  return { row, signingSecret };
}

/** The agent as a media process needs it, secrets opened, and whose it is. */
export function resolvedAgent(row: AgentRow, deps: Pick<ServiceDeps, "secrets" | "defaultProvider">): ResolvedAgent {
  const agent = toAgent(row, deps);
  const spec = specOf(agent, agent.id, deps.secrets.open(row.signing_secret, row.id), deps);
  return { ...spec, orgId: row.org_id as OrgId, record: agent.record };
}

/** What calls of inline agents have in the place of an agent's id. */
const inlineAgentId = "agent_inline" as AgentId;

function specOf(
  agent: AgentSettings,
  agentId: AgentId,
  secret: string,
  deps: Pick<ServiceDeps, "defaultProvider">,
): AgentSpec {
  return {
    agentId,
    name: agent.name,
    provider: agent.provider ?? deps.defaultProvider,
    model: agent.model ?? undefined,
    voice: voiceOfCall(agent.voice),
    language: agent.language,
    instructions: agent.instructions,
    firstMessage: agent.firstMessage ?? undefined,
    tools: agent.tools.map((tool) => ({ ...tool, secret })),
    transfers: agent.transfers,
    turn: agent.turn,
    maxDurationMs: agent.maxDurationMs,
    webhook: agent.webhookUrl === null ? undefined : { url: agent.webhookUrl, secret },
  };
}

/** The settings with a change; what the change does not say stays. */
export function mergeAgent<Base extends AgentSettings>(base: Base, { turn, ...change }: AgentChange): Base {
  const merged = { ...base.turn, ...without(undefined, { ...turn }) };
  return { ...base, ...without(undefined, change), turn: without(null, merged) };
}

/** The members that are not of the given value. */
function without(unwanted: undefined | null, members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== unwanted));
}

type SettingColumns = Omit<AgentRow, "id" | "org_id" | "hidden" | "signing_secret" | "created_at" | "updated_at">;

/** What is set on an agent as it is kept; refuses what cannot work. Header values may be passwords, so they are sealed. */
export function agentColumns(
  agent: AgentSettings,
  id: string,
  { secrets, allowHttp }: Pick<RowDeps, "secrets" | "allowHttp">,
): SettingColumns {
  checkAgent(agent, allowHttp);
  const tools = agent.tools.map((tool) => ({ ...tool, headers: secrets.seal(JSON.stringify(tool.headers), id) }));
  return {
    name: agent.name,
    provider: agent.provider,
    model: agent.model,
    voice: agent.voice,
    language: agent.language,
    instructions: agent.instructions,
    first_message: agent.firstMessage,
    tools: JSON.stringify(tools),
    transfers: JSON.stringify(agent.transfers),
    turn: JSON.stringify(agent.turn),
    max_duration_ms: agent.maxDurationMs,
    record: agent.record ? 1 : 0,
    webhook_url: agent.webhookUrl,
  };
}

/** The agent of a row. */
export function toAgent(row: AgentRow, { secrets }: Pick<ServiceDeps, "secrets">): Agent {
  const tools: (Omit<Tool, "headers"> & { headers: string })[] = JSON.parse(row.tools);
  return {
    id: row.id as AgentId,
    name: row.name,
    instructions: row.instructions,
    provider: row.provider as ProviderName | null,
    model: row.model,
    voice: row.voice,
    language: row.language,
    firstMessage: row.first_message,
    tools: tools.map((tool) => ({ ...tool, headers: JSON.parse(secrets.open(tool.headers, row.id)) })),
    transfers: JSON.parse(row.transfers),
    turn: JSON.parse(row.turn),
    maxDurationMs: row.max_duration_ms,
    record: row.record === 1,
    webhookUrl: row.webhook_url,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
