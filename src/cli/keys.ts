import type { Config } from "../config.ts";
import { type Dialect, keyPrefixes } from "../control/service/orgs/keys.ts";
import { isScope, type Scope, scopes } from "../control/service/orgs/scopes.ts";
import { GatewayError } from "../kit/errors.ts";
import { firstOrgId, type OrgId, parseOrgId } from "../kit/ids.ts";
import { printable } from "../kit/printable.ts";
import { withServices } from "./services.ts";

/** Options of `tandem keys create`, as typed. */
export interface CreateKeyOptions {
  readonly name: string;
  readonly dialect: string;
  readonly org?: string;
  readonly scopes?: string;
}

/** Makes a key; it stands alone on stdout, so that a script can take it. */
export async function createKey(config: Config, options: CreateKeyOptions): Promise<void> {
  const { dialect, name } = options;
  const orgId = readOrgId(options.org) ?? firstOrgId;
  if (!isDialect(dialect)) {
    throw new Error(`--dialect ${dialect}: expected one of ${Object.keys(keyPrefixes).join(", ")}`);
  }
  // Who runs the gateway has its first key made here, so that one may do everything.
  const usual: Scope[] | undefined = orgId === firstOrgId && dialect === "native" ? ["operator"] : undefined;
  const granted = options.scopes === undefined ? usual : options.scopes.split(",").map(readScope);
  await withServices(config, async ({ keys }) => {
    const { secret, key } = await keys.create({ orgId, dialect, name, scopes: granted });
    console.error(`Key ${key.id} for "${printable(name)}" (${key.scopes.join(", ")}); it is shown this once:`);
    console.log(secret);
  });
}

/** Lists the keys of an organisation, or all, one a line. */
export async function listKeys(config: Config, options: { readonly org?: string }): Promise<void> {
  const orgId = readOrgId(options.org);
  await withServices(config, async ({ keys }) => {
    for (const key of await keys.list(orgId)) {
      const state = key.revokedAt === null ? "active" : "revoked";
      const used = key.lastUsedAt === null ? "never used" : `last used ${new Date(key.lastUsedAt).toISOString()}`;
      const facts = [key.orgId, key.dialect, `${key.prefix}…`, state, used, key.scopes.join(",")];
      console.log(printable([key.id, ...facts, key.name].join("  ")));
    }
  });
}

/** Ends a key at once, in a running gateway too. */
export async function revokeKey(config: Config, id: string): Promise<void> {
  await withServices(config, async ({ keys }) => {
    const key = (await keys.list()).find((one) => one.id === id);
    if (!key) throw new GatewayError("not-found", `there is no key ${id}`);
    await keys.revoke(key.orgId, id);
    console.error(`Key ${id} is revoked.`);
  });
}

function isDialect(text: string): text is Dialect {
  return Object.hasOwn(keyPrefixes, text);
}

function readOrgId(text: string | undefined): OrgId | undefined {
  const orgId = text === undefined ? undefined : parseOrgId(text);
  if (text !== undefined && !orgId) {
    throw new Error(`--org ${text}: expected an organisation's id; tandem orgs list shows them`);
  }
  return orgId;
}

function readScope(text: string): Scope {
  const scope = text.trim();
  if (!isScope(scope)) throw new Error(`--scopes ${text}: expected some of ${scopes.join(",")}`);
  return scope;
}

/** Does something with a key that lives just as long. */
export async function withTemporaryKey(
  config: Config,
  name: string,
  work: (secret: string) => Promise<number>,
): Promise<number> {
  let exitCode = 1;
  await withServices(config, async ({ keys }) => {
    const { key, secret } = await keys.create({ orgId: firstOrgId, dialect: "native", name, scopes: ["operator"] });
    try {
      exitCode = await work(secret);
    } finally {
      await keys.revoke(key.orgId, key.id);
    }
  });
  return exitCode;
}
