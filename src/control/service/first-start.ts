import { GatewayError } from "../../kit/errors.ts";
import { type E164, firstOrgId } from "../../kit/ids.ts";
import { writeOnce } from "../store/meta.ts";
import type { ServiceDeps } from "./deps.ts";
import type { Keys } from "./orgs/keys.ts";
import type { Tenant } from "./tenant.ts";

/** The number that the demo agent answers. */
export const demoNumber = "+15550100" as E164;

/** Makes a demo agent, its number and an API key, once in the life of a data folder; the key, which is kept nowhere, or undefined ever after. */
export async function firstStart(
  { database: { db }, clock }: ServiceDeps,
  services: { readonly keys: Keys; readonly tenant: Pick<Tenant, "agents" | "numbers"> },
  bootstrapKey: string,
): Promise<string | undefined> {
  const preset = bootstrapKey === "" ? undefined : bootstrapKey;
  if (preset !== undefined && !/^tk_live_[0-9A-Za-z]{16,64}$/.test(preset)) {
    throw new GatewayError("invalid-request", "TANDEM_BOOTSTRAP_KEY: expected tk_live_ and 16–64 letters or digits");
  }
  if (!(await writeOnce(db, "first-started-at", String(clock.wall())))) return undefined;
  const { agent } = await services.tenant.agents.create({
    name: "Demo receptionist",
    instructions:
      "You are the friendly receptionist of Tandem, a voice gateway, and an automated agent: say so when you greet. " +
      "Speak in short, warm sentences. Find out what the caller needs, answer what you can, read numbers back digit by digit, and take a message for the rest. " +
      "Say goodbye and hang up when the caller has nothing more.",
    record: true,
  });
  await services.tenant.numbers.create(demoNumber, { inboundAgentId: agent.id, label: "Demo" });
  const { secret } = await services.keys.create({
    orgId: firstOrgId,
    dialect: "native",
    name: "First start",
    scopes: ["operator"],
    preset,
  });
  return secret;
}
