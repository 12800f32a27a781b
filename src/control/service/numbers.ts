import { GatewayError } from "../../kit/errors.ts";
import { type AgentId, type E164, makeId, type OrgId } from "../../kit/ids.ts";
import type { ResolvedAgent } from "../calls/call-control.ts";
import {
  deleteNumber,
  findAgent,
  findAgentOfNumber,
  findNumber,
  insertNumber,
  type NumberRow,
  pageOfNumbers,
  updateNumber,
} from "../store/agents.ts";
import type { Db } from "../store/database.ts";
import type { Page, PageRequest } from "../store/page.ts";
import { findPhoneNamed } from "../store/phones.ts";
import { resolvedAgent } from "./agents.ts";
import type { ServiceDeps } from "./deps.ts";

/** What is set on a telephone number besides the number itself. */
export interface NumberSettings {
  readonly inboundAgentId: AgentId | null;
  readonly outboundAgentId: AgentId | null;
  readonly label: string | null;
}

/** A telephone number and who answers it. */
export interface TelephoneNumber extends NumberSettings {
  readonly id: string;
  readonly number: E164;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Telephone numbers: made, changed, found, resolved. */
export interface Numbers {
  /** Refuses with conflict when the number is there already. */
  create(number: E164, settings: Partial<NumberSettings>): Promise<TelephoneNumber>;
  get(id: string): Promise<TelephoneNumber>;
  list(page: PageRequest): Promise<Page<TelephoneNumber>>;
  update(id: string, change: Partial<NumberSettings>): Promise<TelephoneNumber>;
  delete(id: string): Promise<void>;
  /** The agent that calls from a number. */
  resolveOutbound(number: E164): Promise<ResolvedAgent | undefined>;
}

/** The agent that answers a number, whosever the number is; undefined: nobody does. */
export async function resolveInbound(deps: ServiceDeps, number: E164): Promise<ResolvedAgent | undefined> {
  const row = await findAgentOfNumber(deps.database.db, undefined, number, "inbound");
  return row && resolvedAgent(row, deps);
}

/** The telephone numbers of one organisation. */
export function createNumbers(deps: ServiceDeps, orgId: OrgId): Numbers {
  const { clock, random } = deps;
  const { db, kind } = deps.database;
  const find = async (on: Db, id: string) => {
    const row = await findNumber(on, orgId, id);
    if (!row) throw new GatewayError("not-found", "there is no such number");
    return row;
  };
  return {
    create: (number, settings) =>
      db.transaction().execute(async (trx) => {
        await checkAgents(trx, orgId, settings);
        if (await findPhoneNamed(trx, orgId, number)) {
          throw new GatewayError("conflict", "this number is a telephone's", "number");
        }
        const now = clock.wall();
        const row: NumberRow = {
          id: makeId("number", random),
          org_id: orgId,
          number,
          inbound_agent_id: settings.inboundAgentId ?? null,
          outbound_agent_id: settings.outboundAgentId ?? null,
          label: settings.label ?? null,
          created_at: now,
          updated_at: now,
        };
        try {
          await insertNumber(trx, row);
        } catch (error) {
          if (!kind.isDuplicate(error)) throw error;
          throw new GatewayError("conflict", "this number is there already", "number");
        }
        return toNumber(row);
      }),
    get: async (id) => toNumber(await find(db, id)),
    list: async (page) => {
      const { data, next } = await pageOfNumbers(db, orgId, page);
      return { data: data.map(toNumber), next };
    },
    update: (id, change) =>
      db.transaction().execute(async (trx) => {
        const row = await find(trx, id);
        await checkAgents(trx, orgId, change);
        const columns = {
          inbound_agent_id: change.inboundAgentId === undefined ? row.inbound_agent_id : change.inboundAgentId,
          outbound_agent_id: change.outboundAgentId === undefined ? row.outbound_agent_id : change.outboundAgentId,
          label: change.label === undefined ? row.label : change.label,
          updated_at: clock.wall(),
        };
        await updateNumber(trx, orgId, id, columns);
        return toNumber({ ...row, ...columns });
      }),
    delete: async (id) => {
      if (!(await deleteNumber(db, orgId, id))) throw new GatewayError("not-found", "there is no such number");
    },
    resolveOutbound: async (number) => {
      const row = await findAgentOfNumber(db, orgId, number, "outbound");
      return row && resolvedAgent(row, deps);
    },
  };
}

async function checkAgents(db: Db, orgId: OrgId, settings: Partial<NumberSettings>): Promise<void> {
  for (const field of ["inboundAgentId", "outboundAgentId"] as const) {
    const id = settings[field];
    if (typeof id === "string" && !(await findAgent(db, orgId, id))) {
      throw new GatewayError("invalid-request", "there is no such agent", field);
    }
  }
}

function toNumber(row: NumberRow): TelephoneNumber {
  return {
    id: row.id,
    number: row.number as E164,
    inboundAgentId: row.inbound_agent_id as AgentId | null,
    outboundAgentId: row.outbound_agent_id as AgentId | null,
    label: row.label,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
