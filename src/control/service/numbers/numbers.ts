import { GatewayError } from "../../../kit/errors.ts";
import { type AgentId, type E164, makeId, type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { ResolvedAgent } from "../../calls/call-control.ts";
import { countryOf } from "../../carriers/local-inventory.ts";
import { findAgent } from "../../store/agents.ts";
import type { Db } from "../../store/database.ts";
import { numberedPageOfNumbers } from "../../store/numbered-lists.ts";
import {
  agentsOfNumbers,
  findNumber,
  findNumberByE164,
  firstNumbersOfAgents,
  insertNumber,
  type NumberFilter,
  type NumberRow,
  pageOfNumbers,
  takenNumbers,
  updateNumber,
} from "../../store/numbers.ts";
import type { NumberedPage, NumberedPageRequest, Page, PageRequest } from "../../store/page.ts";
import { findPhoneNamed } from "../../store/phones.ts";
import type { SpokenLanguage } from "../agents/spoken-language.ts";
import { clearByokKey, setByokKey } from "./byok.ts";
import type { NumberDeps } from "./deps.ts";
import { changeInbound, type InboundOrder, setAnswers, setInbound } from "./inbound.ts";
import { newNumberRow, type TelephoneNumber, toNumber } from "./kept-number.ts";
import { clearOutbound, type OutboundOrder, setOutbound } from "./outbound.ts";
import { changePersona, checkAgents, forgetPersonas, type Persona } from "./personas.ts";
import { buyNumber, isSold, type NumberOrder, type NumberWish, type Offer, restMs, searchNumbers } from "./purchase.ts";
import { giveBackReleased, release } from "./release.ts";
import { resolveOutbound } from "./resolve.ts";

export type { InboundConfig, OutboundDefaults, TelephoneNumber, VoiceMode } from "./kept-number.ts";
export type { InboundOrder, NumberFilter, NumberOrder, NumberWish, Offer, OutboundOrder, Persona };

/** What is set on a telephone number besides the number itself. */
export interface NumberSettings {
  readonly inboundAgentId: AgentId | null;
  readonly outboundAgentId: AgentId | null;
  readonly label: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A change to a number: what is missing stays. */
export interface NumberChange extends Partial<NumberSettings> {
  /** Of the agent that answers; conflict where nobody does. */
  readonly voice?: string;
  /** What the agent that answers speaks; conflict where nobody does. */
  readonly language?: SpokenLanguage;
  /** Changes the agent of its own that a number has for both directions, or makes one. */
  readonly persona?: Persona;
  /** Whether anybody answers. */
  readonly answers?: boolean;
}

/** Telephone numbers of one organisation: bought or brought along, changed, found, given back. */
export interface Numbers {
  /** Numbers that can be bought now, and what they cost. */
  search(wish: NumberWish, limit: number): Promise<readonly Offer[]>;
  /** Buys a number; conflict with reason number-not-available when there is none. */
  buy(order: NumberOrder): Promise<TelephoneNumber>;
  /** Adds a number of one's own, as a trunk brings it; conflict when it is there already. */
  create(number: E164, settings: Partial<NumberSettings>): Promise<TelephoneNumber>;
  get(id: string): Promise<TelephoneNumber>;
  /** By its id or its digits; undefined when the organisation has no such number. */
  find(idOrNumber: string): Promise<TelephoneNumber | undefined>;
  list(filter: NumberFilter, page: PageRequest): Promise<Page<TelephoneNumber>>;
  /** The whole list by the number of its page, with how many numbers there are in all. */
  listPage(page: NumberedPageRequest): Promise<NumberedPage<TelephoneNumber>>;
  /** The number each of some agents has, answered or called from: the one it has had longest. Agents without one are missing. */
  ofAgents(agentIds: readonly string[]): Promise<ReadonlyMap<string, E164>>;
  /** The number an agent calls from; refuses agents that are not there or have none. */
  callingFrom(agentId: string): Promise<E164>;
  update(id: string, change: NumberChange): Promise<TelephoneNumber>;
  /** Gives a number back, for good. */
  release(id: string): Promise<void>;
  /** Replaces the whole configuration of who answers. */
  setInbound(id: string, order: InboundOrder): Promise<TelephoneNumber>;
  /** Nobody answers any more; voice, prompt and key are kept. */
  disableInbound(id: string): Promise<TelephoneNumber>;
  /** Replaces who calls from the number when a call names nobody. */
  setOutbound(id: string, order: OutboundOrder): Promise<TelephoneNumber>;
  clearOutbound(id: string): Promise<TelephoneNumber>;
  /** Keeps a customer's own key of the AI provider for the calls that come in. */
  setByokKey(id: string, key: string): Promise<TelephoneNumber>;
  clearByokKey(id: string): Promise<TelephoneNumber>;
  /** The agent that calls from a number. */
  resolveOutbound(number: E164): Promise<ResolvedAgent | undefined>;
}

/** The telephone numbers of one organisation. */
export function createNumbers(deps: NumberDeps, orgId: OrgId): Numbers {
  const { clock, random } = deps;
  const { db, kind } = deps.database;

  const need = async (on: Db, id: string): Promise<NumberRow> => {
    const row = await findNumber(on, orgId, id);
    if (!row) throw new GatewayError("not-found", "there is no such number");
    return row;
  };
  const render = async (on: Db, rows: readonly NumberRow[]): Promise<TelephoneNumber[]> => {
    const ids = rows.flatMap((row) => [row.inbound_agent_id, row.outbound_agent_id]).filter((id) => id !== null);
    const agents = await agentsOfNumbers(on, orgId, [...new Set(ids)]);
    return rows.map((row) => toNumber(row, agents, deps));
  };
  const renderOne = async (on: Db, row: NumberRow): Promise<TelephoneNumber> => (await render(on, [row]))[0]!;
  /** Changes a number in one transaction and gives it as it is then. */
  const change = (id: string, work: (trx: Db, row: NumberRow) => Promise<void>): Promise<TelephoneNumber> =>
    db.transaction().execute(async (trx) => {
      // A change of nothing, so that two changes at once come one after the other.
      await updateNumber(trx, orgId, id, { updated_at: clock.wall() });
      await work(trx, await need(trx, id));
      return renderOne(trx, await need(trx, id));
    });

  return {
    search: (wish, limit) => searchNumbers(deps, orgId, wish, limit),
    buy: async (order) => renderOne(db, await buyNumber(deps, orgId, order)),
    create: async (number, settings) => {
      // A carrier may take its time: it is asked before anything is locked.
      if (await isSold(deps, number)) {
        const advice = "a carrier of this gateway sells this number: buy it";
        throw new GatewayError("conflict", advice, "number", { reason: "number-not-available" });
      }
      return db.transaction().execute(async (trx) => {
        await checkAgents(trx, orgId, settings);
        if (await findPhoneNamed(trx, orgId, number)) {
          throw new GatewayError("conflict", "this number is a telephone's", "number");
        }
        if ((await takenNumbers(trx, [number], clock.wall() - restMs)).has(number)) throw isTaken();
        const row: NumberRow = {
          ...newNumberRow(makeId("number", random), orgId, number, clock.wall()),
          country: countryOf(number) ?? null,
          capabilities: JSON.stringify(["voice", "sms"]),
          ...settingColumns(settings),
        };
        try {
          await insertNumber(trx, row);
        } catch (error) {
          throw kind.isDuplicate(error) ? isTaken() : error;
        }
        return renderOne(trx, row);
      });
    },
    get: async (id) => renderOne(db, await need(db, id)),
    find: async (idOrNumber) => {
      const number = parseE164(idOrNumber);
      const row = number ? await findNumberByE164(db, orgId, number) : await findNumber(db, orgId, idOrNumber);
      return row && renderOne(db, row);
    },
    list: async (filter, page) => {
      const { data, next } = await pageOfNumbers(db, orgId, filter, page);
      return { data: await render(db, data), next };
    },
    listPage: async (page) => {
      const { data, total } = await numberedPageOfNumbers(db, orgId, page);
      return { data: await render(db, data), total };
    },
    ofAgents: (agentIds) => firstNumbersOfAgents(db, orgId, agentIds),
    callingFrom: async (agentId) => {
      const number = (await firstNumbersOfAgents(db, orgId, [agentId])).get(agentId);
      if (number !== undefined) return number;
      if (!(await findAgent(db, orgId, agentId))) {
        throw new GatewayError("not-found", "there is no such agent", "agentId");
      }
      throw new GatewayError("invalid-request", "this agent has no number to call from: give it one first", "agentId");
    },
    update: (id, { voice, language, persona, answers, ...settings }) =>
      change(id, async (trx, row) => {
        await checkAgents(trx, orgId, settings, row);
        await updateNumber(trx, orgId, id, { ...settingColumns(settings), updated_at: clock.wall() });
        if (voice !== undefined || language !== undefined) {
          await changeInbound(trx, orgId, await need(trx, id), { voice, language }, deps);
        }
        if (persona) {
          const agentId = await changePersona(trx, orgId, await need(trx, id), "both", persona, deps);
          await updateNumber(trx, orgId, id, { inbound_agent_id: agentId, outbound_agent_id: agentId });
        }
        if (answers !== undefined) await setAnswers(trx, orgId, await need(trx, id), answers, deps);
        await forgetPersonas(trx, orgId, [row.inbound_agent_id, row.outbound_agent_id]);
      }),
    release: async (id) => {
      await db.transaction().execute(async (trx) => {
        if (!(await release(trx, deps, await need(trx, id)))) {
          throw new GatewayError("not-found", "there is no such number");
        }
      });
      await giveBackReleased(deps, id);
    },
    setInbound: (id, order) => change(id, (trx, row) => setInbound(trx, orgId, row, order, deps)),
    disableInbound: (id) => change(id, (trx, row) => setAnswers(trx, orgId, row, false, deps)),
    setOutbound: (id, order) => change(id, (trx, row) => setOutbound(trx, orgId, row, order, deps)),
    clearOutbound: (id) => change(id, (trx, row) => clearOutbound(trx, orgId, row, deps)),
    setByokKey: (id, key) => change(id, (trx, row) => setByokKey(trx, orgId, row, key, deps)),
    clearByokKey: (id) => change(id, (trx, row) => clearByokKey(trx, orgId, row, deps)),
    resolveOutbound: (number) => resolveOutbound(deps, orgId, number),
  };
}

function settingColumns({ inboundAgentId, outboundAgentId, label, metadata }: Partial<NumberSettings>) {
  return {
    // Another agent begins without what was set for the one before.
    ...(inboundAgentId !== undefined && { inbound_agent_id: inboundAgentId, inbound_extra: null }),
    ...(outboundAgentId !== undefined && { outbound_agent_id: outboundAgentId, outbound_extra: null }),
    ...(label !== undefined && { label }),
    ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
  };
}

function isTaken(): GatewayError {
  return new GatewayError("conflict", "this number is there already", "number");
}
