import type { OrgId } from "../../kit/ids.ts";
import { createAgents } from "./agents/agents.ts";
import { createCalls } from "./calls/calls.ts";
import { createNumbers } from "./numbers/numbers.ts";
import { createPhones } from "./phones.ts";
import type { SharedParts } from "./shared-parts.ts";
import type { Tenant } from "./tenant.ts";
import { createTexts } from "./texts/texts.ts";
import { createTrunks } from "./trunks.ts";
import type { Voices } from "./webhooks/notices.ts";
import { createWebhooks } from "./webhooks/webhooks.ts";

/** Organisations whose services are kept at hand. */
const maxTenants = 1000;

/** Gives each organisation its services, and remembers those it made. */
export function createTenants(parts: SharedParts, voices: Voices): (orgId: OrgId) => Tenant {
  const tenants = new Map<OrgId, Tenant>();
  return (orgId) => {
    const known = tenants.get(orgId);
    if (known) return known;
    if (tenants.size >= maxTenants) tenants.delete(tenants.keys().next().value as OrgId);
    const made = makeTenant(parts, voices, orgId);
    tenants.set(orgId, made);
    return made;
  };
}

function makeTenant(parts: SharedParts, voices: Voices, orgId: OrgId): Tenant {
  const { deps, numberDeps, textDeps, moneyHouse, outbox } = parts;
  const { allowHttp } = numberDeps;
  return {
    orgId,
    org: () => parts.orgs.get(orgId),
    agents: createAgents({ ...deps, allowHttp }, orgId),
    numbers: createNumbers(numberDeps, orgId),
    phones: createPhones(deps, parts.phoneBook, orgId),
    texts: createTexts(textDeps, parts.texts, orgId),
    calls: createCalls({ ...deps, money: moneyHouse.money }, orgId),
    trunks: createTrunks(deps, parts.trunks, orgId),
    billing: moneyHouse.billing(orgId),
    recordingLinks: parts.recordingLinks,
    webhooks: (dialect) => createWebhooks({ ...deps, outbox, voices, allowHttp }, orgId, dialect),
  };
}
