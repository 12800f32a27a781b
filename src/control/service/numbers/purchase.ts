/**
 * Buying a number: reserved in our own database first, then bought of the carrier, then charged and given over in one
 * commit. Whatever fails undoes what was done before it, and what a crash cut off is undone at the next start; so there is
 * never a charge without a number, nor a number of the carrier's without our record.
 */
import { GatewayError } from "../../../kit/errors.ts";
import { type AgentId, type E164, makeId, type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { AvailableNumber, Carrier, NumberCapability, NumberType } from "../../carriers/carrier.ts";
import type { Db } from "../../store/database.ts";
import {
  activateNumber,
  deleteReservation,
  findNumber,
  insertNumber,
  type NumberRow,
  reservations,
  takenNumbers,
} from "../../store/numbers.ts";
import { findPhoneNamed } from "../../store/phones.ts";
import { bookOf, readTerms } from "../money/standing.ts";
import type { NumberDeps } from "./deps.ts";
import { writeInboundExtra } from "./extras.ts";
import { newNumberRow } from "./kept-number.ts";
import { addMonths } from "./months.ts";
import { checkAgents, forgetPersonas, makePersona, type Persona } from "./personas.ts";

/** How long a released number is nobody's. */
export const restMs = 30 * 24 * 3_600_000;

/** What is looked for; what is missing is of no importance. */
export interface NumberWish {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string;
  readonly type?: NumberType;
  readonly areaCode?: string;
  readonly capabilities?: readonly NumberCapability[];
}

/** What is bought: this number, or any that fits; and what is set on it from the beginning. */
export interface NumberOrder extends NumberWish {
  readonly number?: string;
  readonly label?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly inboundAgentId?: AgentId | null;
  readonly outboundAgentId?: AgentId | null;
  /** An agent of the number's own, which answers and calls; instead of the agents' ids. */
  readonly persona?: Persona;
  /** False: nobody answers it for now. True: its agent does, and says by itself when calls are recorded. */
  readonly answers?: boolean;
}

/** A number on offer, and what a month of it costs in micro-dollars. */
export interface Offer extends AvailableNumber {
  readonly monthlyMicros: number;
}

/** Numbers tried for one order that names none, when others are quicker. */
const maxTries = 8;
/** Candidates looked at for such an order. */
const candidates = 40;

/** Finds numbers that can be bought now, of all carriers. */
export async function searchNumbers(
  deps: NumberDeps,
  orgId: OrgId,
  { country = "US", ...wish }: NumberWish,
  limit: number,
): Promise<Offer[]> {
  const found: Offer[] = [];
  const { micros } = bookOf(deps.priceBooks, await readTerms(deps.database.db, orgId));
  for (const carrier of deps.carriers) {
    if (found.length >= limit) break;
    const some = await carrier.search({ ...wish, country, limit: limit - found.length });
    found.push(...some.map((one) => ({ ...one, monthlyMicros: micros[`number.${one.type}`] })));
  }
  return found;
}

/** Buys a number; its row. */
export async function buyNumber(deps: NumberDeps, orgId: OrgId, order: NumberOrder): Promise<NumberRow> {
  if (order.number !== undefined) {
    const number = parseE164(order.number);
    if (!number) throw new GatewayError("invalid-request", "must be an E.164 number such as +14155550100", "number");
    const found = await sellerOf(deps, number);
    const row = found && (await buyOne(deps, orgId, order, found.carrier, found.available));
    if (!row) throw notAvailable("number");
    return row;
  }
  const { country = "US", type, areaCode, capabilities } = order;
  for (const carrier of deps.carriers) {
    const some = [...(await carrier.search({ country, type, areaCode, capabilities, limit: candidates }))];
    for (let tries = 0; tries < maxTries && some.length > 0; tries += 1) {
      // Not the first one: others who wish for no number in particular want that one too.
      const [byte = 0] = deps.random(1);
      const [available] = some.splice(tries === 0 ? 0 : byte % some.length, 1);
      const row = available && (await buyOne(deps, orgId, order, carrier, available));
      if (row) return row;
    }
  }
  throw notAvailable(areaCode === undefined ? "country" : "areaCode");
}

/** True for a number that is a carrier's to sell. */
export async function isSold(deps: Pick<NumberDeps, "carriers">, number: E164): Promise<boolean> {
  return (await sellerOf(deps, number)) !== undefined;
}

/** Undoes purchases that were begun before an instant (wall ms) and cut off, and those that `isLeft` says are; how many. */
export async function undoCutOffPurchases(
  deps: NumberDeps,
  before: number,
  isLeft: (row: NumberRow) => boolean = () => false,
): Promise<number> {
  const rows = (await reservations(deps.database.db)).filter((row) => row.created_at < before || isLeft(row));
  let undone = 0;
  for (const row of rows) {
    const carrier = deps.carriers.find(({ name }) => name === row.carrier);
    if (!carrier) continue;
    try {
      const carrierNumberId = await carrier.findBought(row.number as E164);
      if (carrierNumberId !== undefined) await carrier.release(carrierNumberId);
      await forgetReservation(deps, row);
      undone += 1;
    } catch (error) {
      deps.log.warn({ numberId: row.id, err: error }, "a purchase that was cut off could not be undone yet");
    }
  }
  return undone;
}

async function sellerOf(
  deps: Pick<NumberDeps, "carriers">,
  number: E164,
): Promise<{ carrier: Carrier; available: AvailableNumber } | undefined> {
  for (const carrier of deps.carriers) {
    const available = await carrier.describe(number);
    if (available) return { carrier, available };
  }
  return undefined;
}

/** Buys one number of a carrier; undefined: somebody else has it. */
async function buyOne(
  deps: NumberDeps,
  orgId: OrgId,
  order: NumberOrder,
  carrier: Carrier,
  available: AvailableNumber,
): Promise<NumberRow | undefined> {
  const { money } = deps;
  const { db } = deps.database;
  const item = `number.${available.type}` as const;
  const reserved = await reserve(deps, orgId, order, carrier, available);
  if (!reserved) return undefined;
  const ref = chargeRef(reserved.id, reserved.created_at);
  let carrierNumberId: string | undefined;
  try {
    // Who cannot pay is told before the carrier is asked; nothing of this stays.
    await rehearse(db, (trx) => money.charge(trx, orgId, { item, quantity: 1, ref }));
    const purchase = await carrier.buy(available.number);
    if (purchase.type === "not-available") {
      await forgetReservation(deps, reserved);
      return undefined;
    }
    ({ carrierNumberId } = purchase);
    const change = { carrier_number_id: carrierNumberId, updated_at: deps.clock.wall() };
    return await db.transaction().execute(async (trx) => {
      const paid = await money.charge(trx, orgId, { item, quantity: 1, ref });
      const columns = { ...change, monthly_micros: paid, next_charge_at: addMonths(reserved.created_at, 1) };
      if (!(await activateNumber(trx, reserved.id, columns))) {
        throw new GatewayError("unavailable", "the purchase took too long; try again");
      }
      return { ...reserved, ...columns, status: "active" };
    });
  } catch (error) {
    const bought = await undo(deps, reserved, carrier, carrierNumberId);
    if (bought) return bought;
    throw error;
  }
}

/** Takes a number for an organisation before it is bought; undefined: it is taken, or rests. */
async function reserve(
  deps: NumberDeps,
  orgId: OrgId,
  order: NumberOrder,
  carrier: Carrier,
  available: AvailableNumber,
): Promise<NumberRow | undefined> {
  const { clock, random, money } = deps;
  const { db, kind } = deps.database;
  const { number, type, country, areaCode, capabilities } = available;
  try {
    return await db.transaction().execute(async (trx) => {
      await money.checkPlan(trx, orgId, "buy-number");
      await checkAgents(trx, orgId, order);
      const now = clock.wall();
      const taken = await takenNumbers(trx, [number], now - restMs);
      if (taken.has(number) || (await findPhoneNamed(trx, orgId, number))) return undefined;
      const { persona, inboundAgentId = null, outboundAgentId = null, answers } = order;
      const own = persona && (await makePersona(trx, orgId, number, persona, deps));
      const row: NumberRow = {
        ...newNumberRow(makeId("number", random), orgId, number, now),
        type,
        country,
        area_code: areaCode,
        capabilities: JSON.stringify(capabilities),
        carrier: carrier.name,
        status: "reserved",
        inbound_agent_id: own ?? inboundAgentId,
        outbound_agent_id: own ?? outboundAgentId,
        inbound_extra: answers === undefined ? null : writeInboundExtra({ enabled: answers }),
        label: order.label ?? null,
        metadata: JSON.stringify(order.metadata ?? {}),
        node_id: deps.nodes.id ?? null,
      };
      await insertNumber(trx, row);
      return row;
    });
  } catch (error) {
    // Two reserved it at once, and the database let one of them.
    if (kind.isDuplicate(error)) return undefined;
    throw error;
  }
}

/** Undoes a purchase that failed; gives the number when it did not: the commit's answer alone was lost. */
async function undo(
  deps: NumberDeps,
  reserved: NumberRow,
  carrier: Carrier,
  carrierNumberId: string | undefined,
): Promise<NumberRow | undefined> {
  try {
    const active = await findNumber(deps.database.db, reserved.org_id, reserved.id);
    if (active) return active;
    // A purchase that failed may have reached the carrier all the same.
    const bought = carrierNumberId ?? (await carrier.findBought(reserved.number as E164));
    if (bought !== undefined) await carrier.release(bought);
    await forgetReservation(deps, reserved);
  } catch (error) {
    deps.log.warn({ numberId: reserved.id, err: error }, "a failed purchase is undone later");
  }
  return undefined;
}

function forgetReservation({ database: { db } }: NumberDeps, row: NumberRow): Promise<void> {
  return db.transaction().execute(async (trx) => {
    if (!(await deleteReservation(trx, row.id))) return;
    await forgetPersonas(trx, row.org_id as OrgId, [row.inbound_agent_id, row.outbound_agent_id]);
  });
}

/** Names the charge for a number's month: the same month is never paid twice. */
export function chargeRef(numberId: string, monthStart: number): string {
  return `${numberId} ${new Date(monthStart).toISOString().slice(0, 10)}`;
}

class Rehearsed extends Error {}

/** Does something in a transaction and takes it back; rejects when it would have failed. */
async function rehearse(db: Db, work: (trx: Db) => Promise<unknown>): Promise<void> {
  try {
    await db.transaction().execute(async (trx) => {
      await work(trx);
      throw new Rehearsed("taken back");
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
  }
}

function notAvailable(field: string): GatewayError {
  const advice = "no such number can be bought now; search for those that can";
  return new GatewayError("conflict", advice, field, { reason: "number-not-available" });
}
