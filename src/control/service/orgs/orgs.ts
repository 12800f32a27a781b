import { GatewayError } from "../../../kit/errors.ts";
import { makeId, type OrgId } from "../../../kit/ids.ts";
import { allOrgs, findOrg, insertOrg, type OrgRow, pageOfOrgs, updateOrg } from "../../store/orgs.ts";
import type { Page, PageRequest } from "../../store/page.ts";
import type { ServiceDeps } from "../deps.ts";

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
  /** Newest first. */
  page(page: PageRequest): Promise<Page<Org>>;
  /** What is missing stays. */
  update(id: string, change: Partial<OrgSettings>): Promise<Org>;
}

export function createOrgs({ database: { db }, clock, random }: ServiceDeps): Orgs {
  return {
    create: async (settings) => {
      checkOrg(settings);
      const now = clock.wall();
      const columns = toColumns({ ...defaultOrg, ...settings });
      const row: OrgRow = { ...columns, id: makeId("org", random), created_at: now, updated_at: now };
      await insertOrg(db, row);
      return toOrg(row);
    },
    get: async (id) => {
      const row = await findOrg(db, id);
      if (!row) throw new GatewayError("not-found", "there is no such organisation");
      return toOrg(row);
    },
    list: async () => (await allOrgs(db)).map(toOrg),
    page: async (request) => {
      const { data, next } = await pageOfOrgs(db, request);
      return { data: data.map(toOrg), next };
    },
    update: async (id, change) => {
      checkOrg(change);
      // Only what changes is written, so that two changes at once both count.
      const columns = Object.entries(toColumns(change)).filter(([, value]) => value !== undefined);
      const found = await updateOrg(db, id, { ...Object.fromEntries(columns), updated_at: clock.wall() });
      const row = found && (await findOrg(db, id));
      if (!row) throw new GatewayError("not-found", "there is no such organisation");
      return toOrg(row);
    },
  };
}

function checkOrg({ name, spendingCapMicros = null }: Partial<OrgSettings>): void {
  if (name !== undefined && (name.trim() === "" || name.length > 100)) {
    throw new GatewayError("invalid-request", "an organisation's name has 1–100 characters", "name");
  }
  if (spendingCapMicros !== null && !(Number.isSafeInteger(spendingCapMicros) && spendingCapMicros >= 0)) {
    throw new GatewayError("invalid-request", "must be a whole number of micro-dollars", "spendingCapMicros");
  }
}

type OrgColumns = Omit<OrgRow, "id" | "created_at" | "updated_at">;

function toColumns(settings: OrgSettings): OrgColumns;
function toColumns(settings: Partial<OrgSettings>): Partial<OrgColumns>;
function toColumns(settings: Partial<OrgSettings>): Partial<OrgColumns> {
  const { name, plan, billing, priceBook, hasPaymentMethod, spendingCapMicros } = settings;
  return {
    name,
    plan,
    billing,
    price_book: priceBook,
    has_payment_method: hasPaymentMethod === undefined ? undefined : Number(hasPaymentMethod),
    spending_cap_micros: spendingCapMicros,
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
