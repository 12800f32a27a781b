/** Agents that belong to a number: made with it, changed with it, in no list of agents. */
import { GatewayError } from "../../../kit/errors.ts";
import type { AgentId, OrgId } from "../../../kit/ids.ts";
import { deleteAgent, findAgent, insertAgent, updateAgent } from "../../store/agents.ts";
import type { Db } from "../../store/database.ts";
import { findNumberOfAgent, isAgentSharedBeyond, type NumberRow } from "../../store/numbers.ts";
import {
  type AgentChange,
  type AgentSettings,
  agentColumns,
  defaultAgent,
  mergeAgent,
  newAgentRow,
  toAgent,
} from "../agents/kept-agent.ts";
import type { NumberDeps } from "./deps.ts";

/** Where a number points at an agent. */
export type Role = "inbound" | "outbound";
/** In one direction, or by one agent of its own in both. */
type Place = Role | "both";

/** The column of each role. */
export const agentColumn = { inbound: "inbound_agent_id", outbound: "outbound_agent_id" } as const;

/** What an agent is; what is missing has its default. */
export type Persona = Omit<AgentChange, "name">;

type Deps = Pick<NumberDeps, "clock" | "random" | "secrets" | "allowHttp">;

/** Makes an agent for a number; its id. */
export async function makePersona(
  db: Db,
  orgId: OrgId,
  number: string,
  persona: Persona,
  deps: Deps,
): Promise<AgentId> {
  return insertPersona(db, orgId, mergeAgent({ ...defaultAgent, name: number }, persona), deps);
}

/** Puts an agent in the place of the one a number has in a role; its id. */
export function replacePersona(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  role: Role,
  persona: Persona,
  deps: Deps,
): Promise<AgentId> {
  const settings = mergeAgent({ ...defaultAgent, name: number.number }, persona);
  return writePersona(db, orgId, number, role, () => settings, deps);
}

/**
 * Changes some of what a number's agent is. An agent that is used elsewhere too stays as it is there, and the
 * number gets one of its own. Gives the agent's id.
 */
export function changePersona(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  place: Place,
  change: Persona,
  deps: Deps,
): Promise<AgentId> {
  const settings = (kept: AgentSettings) => mergeAgent(kept, change);
  return writePersona(db, orgId, number, place, settings, deps);
}

/** Deletes those of the agents that belonged to a number and that no number points at any more. */
export async function forgetPersonas(db: Db, orgId: OrgId, ids: readonly (string | null)[]): Promise<void> {
  for (const id of new Set(ids)) {
    const row = id === null ? undefined : await findAgent(db, orgId, id);
    if (row?.hidden === 1 && !(await findNumberOfAgent(db, orgId, row.id))) await deleteAgent(db, orgId, row.id);
  }
}

/** Refuses agents that are not there, and those of other numbers. */
export async function checkAgents(
  db: Db,
  orgId: OrgId,
  ids: { readonly inboundAgentId?: AgentId | null; readonly outboundAgentId?: AgentId | null },
  number?: NumberRow,
): Promise<void> {
  for (const field of ["inboundAgentId", "outboundAgentId"] as const) {
    const id = ids[field];
    if (typeof id !== "string" || id === number?.inbound_agent_id || id === number?.outbound_agent_id) continue;
    const row = await findAgent(db, orgId, id);
    if (row?.hidden !== 0) throw new GatewayError("invalid-request", "there is no such agent", field);
  }
}

async function writePersona(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  place: Place,
  settings: (kept: AgentSettings) => AgentSettings,
  deps: Deps,
): Promise<AgentId> {
  const id = place === "both" ? (number.inbound_agent_id ?? number.outbound_agent_id) : number[agentColumn[place]];
  const row = id === null ? undefined : await findAgent(db, orgId, id);
  const written = settings(row ? toAgent(row, deps) : { ...defaultAgent, name: number.number });
  if (row?.hidden !== 1 || (await isAgentSharedBeyond(db, row.id, number.id, place))) {
    return insertPersona(db, orgId, written, deps);
  }
  const columns = { ...agentColumns(written, row.id, deps), updated_at: deps.clock.wall() };
  await updateAgent(db, orgId, row.id, columns);
  return row.id as AgentId;
}

async function insertPersona(db: Db, orgId: OrgId, settings: AgentSettings, deps: Deps): Promise<AgentId> {
  const { row } = newAgentRow(settings, orgId, deps);
  await insertAgent(db, { ...row, hidden: 1 });
  return row.id as AgentId;
}
