import type { Config } from "../config.ts";
import { type Dialect, keyPrefixes } from "../control/service/keys.ts";
import { openServices, type Services } from "../control/service/services.ts";
import { GatewayError } from "../kit/errors.ts";
import { firstOrgId, parseOrgId } from "../kit/ids.ts";
import { systemRandom } from "../kit/io/random.ts";
import { systemClock } from "../kit/io/system-clock.ts";

/** Makes a key; it stands alone on stdout, so that a script can take it. */
export async function createKey(
  config: Config,
  options: { name: string; dialect: string; org?: string },
): Promise<void> {
  const { dialect, org = firstOrgId } = options;
  const orgId = parseOrgId(org);
  if (!orgId) throw new Error(`--org ${org}: expected an organisation's id; tandem orgs list shows them`);
  if (!isDialect(dialect)) {
    throw new Error(`--dialect ${dialect}: expected one of ${Object.keys(keyPrefixes).join(", ")}`);
  }
  await withServices(config, async ({ keys }) => {
    const { secret, key } = await keys.create({
      orgId,
      dialect,
      name: options.name,
      scopes: orgId === firstOrgId && dialect === "native" ? ["operator"] : undefined,
    });
    console.error(`Key ${key.id} for "${options.name}"; it is shown this once:`);
    console.log(secret);
  });
}

/** Lists the keys, one a line. */
export async function listKeys(config: Config): Promise<void> {
  await withServices(config, async ({ keys }) => {
    for (const key of await keys.list()) {
      const state = key.revokedAt === null ? "active" : "revoked";
      const used = key.lastUsedAt === null ? "never used" : `last used ${new Date(key.lastUsedAt).toISOString()}`;
      console.log([key.id, key.dialect, `${key.prefix}…`, state, used, key.name].join("  "));
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

async function withServices(config: Config, work: (services: Services) => Promise<void>): Promise<void> {
  const services = await openServices(config, systemClock, systemRandom);
  try {
    await work(services);
  } finally {
    await services.close();
  }
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
