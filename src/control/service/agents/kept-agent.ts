/** An agent as kept: its shape inside, and how it becomes a row and comes back from one. */
import { type AgentId, makeId, type OrgId, type RandomBytes } from "../../../kit/ids.ts";
import type { ProviderName, TransferTarget, TurnSettings } from "../../../media/protocol.ts";
import type { AgentRow } from "../../store/agents.ts";
import type { ServiceDeps } from "../deps.ts";
import { randomBase62 } from "../orgs/keys.ts";
import { checkAgent } from "./agent-rules.ts";

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

/** The settings with a change; what the change does not say stays. */
export function mergeAgent<Base extends AgentSettings>(base: Base, { turn, ...change }: AgentChange): Base {
  const merged = { ...base.turn, ...without(undefined, { ...turn }) };
  return { ...base, ...without(undefined, change), turn: without(null, merged) };
}

/** The members that are not of the given value. */
function without(unwanted: undefined | null, members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== unwanted));
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

/** A secret that signs what an agent sends. */
export function newSecret(random: RandomBytes): string {
  return `tsec_${randomBase62(40, random)}`;
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
