import { GatewayError } from "../../kit/errors.ts";
import { makeId, type OrgId } from "../../kit/ids.ts";
import { allOrgs, findOrg, insertOrg, type OrgRow, updateOrg } from "../store/orgs.ts";
import type { ServiceDeps } from "./deps.ts";

/** What an organisation may do, and how it pays. */
export interface OrgSettings {
  readonly name: string;
  readonly plan: "free" | "pro";
  /** `prepaid`: nothing beyond the credit that was bought. */
  readonly billing: "prepaid" | "postpaid";
  /** Whose published prices it pays. */
  readonly priceBook: "agentcall" | "agentnumber" | "jagcall";
  readonly hasPaymentMethod: boolean;
  /** Micro-dollars a calendar month (UTC); null: no cap. */
  readonly spendingCapMicros: number | null;
}

/** An organisation: owner of keys, numbers, calls and all the rest. */
export interface Org extends OrgSettings {
  readonly id: OrgId;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a new organisation has when nothing is said. */
export const defaultOrg = {
  plan: "pro",
  billing: "postpaid",
  priceBook: "agentcall",
  hasPaymentMethod: false,
  spendingCapMicros: null,
} as const satisfies Omit<OrgSettings, "name">;

/** Organisations: made, changed, found. */
export interface Orgs {
  create(settings: Pick<OrgSettings, "name"> & Partial<OrgSettings>): Promise<Org>;
  get(id: string): Promise<Org>;
  /** All, oldest first. */
  list(): Promise<Org[]>;
  update(id: string, change: Partial<OrgSettings>): Promise<Org>;
}

export function createOrgs({ database: { db }, clock, random }: ServiceDeps): Orgs {
  return {
    create: async (settings) => {
      const now = clock.wall();
      const org: Org = {
        ...defaultOrg,
        ...settings,
        id: makeId("org", random) as OrgId,
        createdAt: now,
        updatedAt: now,
      };
      checkOrg(org);
      await insertOrg(db, toRow(org));
      return org;
    },
    get: async (id) => {
      const row = await findOrg(db, id);
      if (!row) throw new GatewayError("not-found", "there is no such organisation");
      return toOrg(row);
    },
    list: async () => (await allOrgs(db)).map(toOrg),
    update: (id, change) =>
      db.transaction().execute(async (trx) => {
        const row = await findOrg(trx, id);
        if (!row) throw new GatewayError("not-found", "there is no such organisation");
        const org = { ...toOrg(row), ...change, updatedAt: clock.wall() };
        checkOrg(org);
        await updateOrg(trx, id, toRow(org));
        return org;
      }),
  };
}

function checkOrg({ name, spendingCapMicros }: Org): void {
  if (name.trim() === "" || name.length > 100) {
    throw new GatewayError("invalid-request", "an organisation's name has 1–100 characters", "name");
  }
  if (spendingCapMicros !== null && !(Number.isSafeInteger(spendingCapMicros) && spendingCapMicros >= 0)) {
    throw new GatewayError("invalid-request", "must be a whole number of micro-dollars", "spendingCapMicros");
  }
}

function toRow(org: Org): OrgRow {
  return {
    id: org.id,
    name: org.name,
    plan: org.plan,
    billing: org.billing,
    price_book: org.priceBook,
    has_payment_method: org.hasPaymentMethod ? 1 : 0,
    spending_cap_micros: org.spendingCapMicros,
    created_at: org.createdAt,
    updated_at: org.updatedAt,
  };
}

/** The organisation of a row. */
export function toOrg(row: OrgRow): Org {
  return {
    id: row.id as OrgId,
    name: row.name,
    plan: row.plan as Org["plan"],
    billing: row.billing as Org["billing"],
    priceBook: row.price_book as Org["priceBook"],
    hasPaymentMethod: row.has_payment_method === 1,
    spendingCapMicros: row.spending_cap_micros,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
