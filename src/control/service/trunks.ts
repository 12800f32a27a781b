import { GatewayError } from "../../kit/errors.ts";
import { makeId, type OrgId, type RandomBytes } from "../../kit/ids.ts";
import type { LiveTrunks, Trunk, TrunkRecord, TrunkRecords, TrunkSettings, TrunkView } from "../exchange/trunk.ts";
import type { Db } from "../store/database.ts";
import type { Page, PageRequest } from "../store/page.ts";
import {
  allTrunks,
  deleteTrunk,
  findTrunk,
  insertTrunk,
  lockTrunks,
  pageOfTrunks,
  type TrunkRow,
  updateTrunk,
} from "../store/trunks.ts";
import type { ServiceDeps } from "./deps.ts";
import { checkTrunk } from "./trunk-rules.ts";

export type { TrunkView } from "../exchange/trunk.ts";

/** What a new trunk has when nothing is said. */
export const defaultTrunk = {
  enabled: true,
  shared: false,
  inbound: { sources: [], username: null },
  outbound: { targets: [], username: null, realm: null },
  register: null,
  fromDomain: null,
  media: {
    codecs: ["opus", "g722", "pcmu", "pcma"],
    preference: "offered",
    srtp: "optional",
    dtmf: "auto",
    ptimeMs: 20,
  },
  sessionExpiresS: 1800,
  assertIdentity: false,
  rewriting: { inbound: [], outbound: [] },
  maxCalls: 100,
  callsPerSecond: 10,
  probeEveryS: 30,
  transfer: "bridge",
  redirects: "own-hosts",
  ringTimeoutMs: 60_000,
} as const satisfies Omit<TrunkSettings, "name">;

/** Members that are merged one by one. */
type Merged = "inbound" | "outbound" | "media" | "rewriting";

/** A change to a trunk: what is missing stays, lists are replaced, a `null` password is taken away. */
export type TrunkChange = Partial<Omit<TrunkSettings, Merged>> & {
  readonly [Name in Merged]?: Partial<TrunkSettings[Name]>;
} & { readonly password?: string | null };

/** Carriers and PBXs: made, changed, found. */
export interface Trunks {
  create(settings: Pick<TrunkSettings, "name"> & TrunkChange): Promise<TrunkView>;
  get(id: string): Promise<TrunkView>;
  list(page: PageRequest): Promise<Page<TrunkView>>;
  update(id: string, change: TrunkChange): Promise<TrunkView>;
  /** Refuses with conflict while a call is on it. */
  delete(id: string): Promise<void>;
}

/** The trunks of all organisations, for who keeps them at work. */
export interface GatewayTrunks extends TrunkRecords {
  /** Names who keeps the trunks at work: told of every change, asked how they do. */
  attach(live: LiveTrunks): void;
  /** Who was named; undefined: nobody yet. */
  readonly live: LiveTrunks | undefined;
}

/** Trunks are all kept in memory, and matched against every message that comes. */
const maxTrunks = 500;

export function createGatewayTrunks(deps: Pick<ServiceDeps, "database" | "secrets">): GatewayTrunks {
  let live: LiveTrunks | undefined;
  return {
    loadTrunks: async () => (await allTrunks(deps.database.db)).map((row) => toRecord(row, deps)),
    attach: (desk) => {
      live = desk;
    },
    get live() {
      return live;
    },
  };
}

/** The trunks of one organisation. */
export function createTrunks(deps: ServiceDeps, gateway: Pick<GatewayTrunks, "live">, orgId: OrgId): Trunks {
  const { clock, random, secrets } = deps;
  const { db, kind } = deps.database;
  const shown = (row: TrunkRow): TrunkView => ({
    ...toTrunk(row),
    registration: null,
    targets: [],
    callsNow: 0,
    ...gateway.live?.state(row.id),
    hasPassword: row.password !== null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  });
  const written = async (write: Promise<TrunkRow>): Promise<TrunkView> => {
    try {
      const row = await write;
      await gateway.live?.reload();
      return shown(row);
    } catch (error) {
      if (!kind.isDuplicate(error)) throw error;
      throw new GatewayError("conflict", "another trunk has this name", "name");
    }
  };
  return {
    create: ({ password = null, ...settings }) =>
      written(
        db.transaction().execute(async (trx) => {
          const id = makeId("trunk", random);
          await lockTrunks(trx);
          const others = await trunksBut(trx, id);
          if (others.length >= maxTrunks) throw new GatewayError("conflict", `there are ${maxTrunks} trunks already`);
          const trunk = merge({ ...defaultTrunk, name: settings.name }, settings);
          checkTrunk({ ...trunk, orgId }, password !== null, others);
          const now = clock.wall();
          const row: TrunkRow = {
            ...toColumns(trunk, newContactUser(random)),
            id,
            org_id: orgId,
            password: password === null ? null : secrets.seal(password, id),
            created_at: now,
            updated_at: now,
          };
          await insertTrunk(trx, row);
          return row;
        }),
      ),
    get: async (id) => shown(await find(db, orgId, id)),
    list: async (page) => {
      const { data, next } = await pageOfTrunks(db, orgId, page);
      return { data: data.map(shown), next };
    },
    update: (id, { password, ...change }) =>
      written(
        db.transaction().execute(async (trx) => {
          await lockTrunks(trx);
          const row = await find(trx, orgId, id);
          const trunk = merge(toTrunk(row), change);
          const sealed = typeof password === "string" ? secrets.seal(password, id) : password;
          const changed = sealed === undefined ? row.password : sealed;
          checkTrunk(trunk, changed !== null, await trunksBut(trx, id));
          const columns = {
            ...toColumns(trunk, contactUserOf(row)),
            password: changed,
            updated_at: clock.wall(),
          };
          await updateTrunk(trx, orgId, id, columns);
          return { ...row, ...columns };
        }),
      ),
    delete: async (id) => {
      await find(db, orgId, id);
      if ((gateway.live?.state(id)?.callsNow ?? 0) > 0) {
        throw new GatewayError("conflict", "calls are on this trunk; disable it and wait for their end");
      }
      if (!(await deleteTrunk(db, orgId, id))) throw new GatewayError("not-found", "there is no such trunk");
      await gateway.live?.reload();
    },
  };
}

async function find(db: Db, orgId: OrgId, id: string): Promise<TrunkRow> {
  const row = await findTrunk(db, orgId, id);
  if (!row) throw new GatewayError("not-found", "there is no such trunk");
  return row;
}

async function trunksBut(db: Db, id: string): Promise<readonly Trunk[]> {
  return (await allTrunks(db)).filter((row) => row.id !== id).map(toTrunk);
}

function merge<Base extends TrunkSettings>(base: Base, change: Omit<TrunkChange, "password">): Base {
  const { inbound, outbound, media, rewriting, ...rest } = change;
  return {
    ...base,
    ...defined(rest),
    inbound: { ...base.inbound, ...defined({ ...inbound }) },
    outbound: { ...base.outbound, ...defined({ ...outbound }) },
    media: { ...base.media, ...defined({ ...media }) },
    rewriting: { ...base.rewriting, ...defined({ ...rewriting }) },
  };
}

/** The members that are there. */
function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** A letter first, so that it is never taken for a telephone number; small letters, as some registrars know no others. */
function newContactUser(random: RandomBytes): string {
  return `t${Buffer.from(random(16)).toString("hex")}`;
}

/** What the column `settings` holds. */
type StoredSettings = Omit<TrunkSettings, "name"> & { readonly contactUser: string };

function toColumns({ name, ...settings }: TrunkSettings, contactUser: string): Pick<TrunkRow, "name" | "settings"> {
  const known = Object.keys(defaultTrunk).map((member) => [member, settings[member as keyof typeof settings]]);
  const stored = { ...Object.fromEntries(known), contactUser };
  return { name, settings: JSON.stringify(stored) };
}

function contactUserOf(row: TrunkRow): string {
  return (JSON.parse(row.settings) as StoredSettings).contactUser;
}

function toTrunk(row: TrunkRow): Trunk {
  const { contactUser: _, ...settings } = JSON.parse(row.settings) as StoredSettings;
  return { ...defaultTrunk, ...settings, id: row.id, orgId: row.org_id as OrgId, name: row.name };
}

/** A trunk whose password was sealed under another key can be seen and given a new one, but not authenticate. */
function toRecord(row: TrunkRow, { secrets }: Pick<ServiceDeps, "secrets">): TrunkRecord {
  const record = { trunk: toTrunk(row), contactUser: contactUserOf(row) };
  try {
    return { ...record, password: row.password === null ? null : secrets.open(row.password, row.id) };
  } catch {
    return { ...record, password: null };
  }
}
