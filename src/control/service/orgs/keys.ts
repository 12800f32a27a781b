import { GatewayError } from "../../../kit/errors.ts";
import { makeId, type OrgId, type RandomBytes } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import {
  type ApiKeyRow,
  findAnyKey,
  findKey,
  findKeyByHash,
  insertKey,
  listKeys,
  pageOfKeys,
  revokeKey,
  touchKey,
} from "../../store/keys.ts";
import { findOrg } from "../../store/orgs.ts";
import type { Page, PageRequest } from "../../store/page.ts";
import type { ServiceDeps } from "../deps.ts";
import { defaultScopes, isScope, type Scope } from "./scopes.ts";

/** Public APIs a key can open; the key's first letters tell which. */
export type Dialect = "native" | "jagcall" | "agentcall" | "agentnumber";

/** How the keys of each dialect begin. */
export const keyPrefixes: Readonly<Record<Dialect, string>> = {
  native: "tk_live_",
  jagcall: "jc_live_",
  agentcall: "ac_live_",
  agentnumber: "an_live_",
};

/** An API key as people may see it: never the key itself. */
export interface ApiKey {
  readonly id: string;
  readonly orgId: OrgId;
  readonly dialect: Dialect;
  readonly name: string;
  /** First characters of the key. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

/** API keys: made, shown once, listed, revoked, recognised. */
export interface Keys {
  /** Makes a key; `secret` is shown once and kept nowhere. `preset` is used instead of a random one. */
  create(request: KeyRequest): Promise<{ key: ApiKey; secret: string }>;
  /** Keys of an organisation, or of all. */
  list(orgId?: OrgId): Promise<ApiKey[]>;
  /** Newest first. */
  page(orgId: OrgId, page: PageRequest): Promise<Page<ApiKey>>;
  /** A key of an organisation, or of any; undefined when there is none. */
  find(id: string, orgId?: OrgId): Promise<ApiKey | undefined>;
  /** Refuses with not-found when there is none; revoking twice is fine. */
  revoke(orgId: OrgId, id: string): Promise<void>;
  /** The key behind a secret; undefined when it is unknown or revoked. */
  authenticate(secret: string): Promise<ApiKey | undefined>;
  /** True while a key recognised before is still good. */
  isGood(orgId: OrgId, id: string): Promise<boolean>;
}

/** A key to be made. */
export interface KeyRequest {
  readonly orgId: OrgId;
  readonly dialect: Dialect;
  readonly name: string;
  /** Undefined: everything of its own organisation. */
  readonly scopes?: readonly Scope[];
  readonly preset?: string;
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Random letters and digits, each equally likely: bytes that would favour some are thrown away. */
export function randomBase62(length: number, random: RandomBytes): string {
  let text = "";
  while (text.length < length) {
    for (const byte of random(length)) if (byte < 248 && text.length < length) text += base62[byte % 62];
  }
  return text;
}

/** `last_used_at` is written at most this often, so that reading costs no write. */
const lastUsedEveryMs = 60_000;

export function createKeys({ database: { db }, secrets, clock, random }: ServiceDeps): Keys {
  return {
    create: async ({ orgId, dialect, name, scopes = defaultScopes, preset }) => {
      const secret = preset ?? keyPrefixes[dialect] + randomBase62(32, random);
      if (!secret.startsWith(keyPrefixes[dialect]) || !/^[0-9A-Za-z_]{24,128}$/.test(secret)) {
        throw new GatewayError(
          "invalid-request",
          `a key of this dialect is ${keyPrefixes[dialect]} and 16–120 letters`,
        );
      }
      if (name.trim() === "" || name.length > 100) {
        throw new GatewayError("invalid-request", "a key's name has 1–100 characters", "name");
      }
      if (scopes.length === 0) throw new GatewayError("invalid-request", "a key needs a scope", "scopes");
      await findOrgOrRefuse(db, orgId);
      const row: ApiKeyRow = {
        id: makeId("key", random),
        org_id: orgId,
        dialect,
        name,
        prefix: secret.slice(0, keyPrefixes[dialect].length + 4),
        hash: secrets.hashKey(secret),
        scopes: JSON.stringify(scopes),
        created_at: clock.wall(),
        last_used_at: null,
        revoked_at: null,
      };
      await insertKey(db, row);
      return { key: toKey(row), secret };
    },
    list: async (orgId) => (await listKeys(db, orgId)).map(toKey),
    page: async (orgId, request) => {
      const { data, next } = await pageOfKeys(db, orgId, request);
      return { data: data.map(toKey), next };
    },
    find: async (id, orgId) => {
      const row = await (orgId === undefined ? findAnyKey(db, id) : findKey(db, orgId, id));
      return row && toKey(row);
    },
    revoke: async (orgId, id) => {
      if (!(await revokeKey(db, orgId, id, clock.wall())) && !(await findKey(db, orgId, id))) {
        throw new GatewayError("not-found", `there is no key ${id}`);
      }
    },
    authenticate: async (secret) => {
      if (secret.length > 128) return undefined;
      // The look-up compares hashes made under a key nobody outside knows, so its timing says nothing about the secret.
      const row = await findKeyByHash(db, secrets.hashKey(secret));
      if (!row || row.revoked_at !== null) return undefined;
      const now = clock.wall();
      if (row.last_used_at === null || now - row.last_used_at >= lastUsedEveryMs) await touchKey(db, row.id, now);
      return toKey(row);
    },
    isGood: async (orgId, id) => (await findKey(db, orgId, id))?.revoked_at === null,
  };
}

async function findOrgOrRefuse(db: Db, orgId: OrgId): Promise<void> {
  if (!(await findOrg(db, orgId))) throw new GatewayError("not-found", `there is no organisation ${orgId}`);
}

function toKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    orgId: row.org_id as OrgId,
    dialect: row.dialect as Dialect,
    name: row.name,
    prefix: row.prefix,
    scopes: (JSON.parse(row.scopes) as string[]).filter(isScope),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}
