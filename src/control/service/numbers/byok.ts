/** The customer's own key of the AI provider for one number: sealed as it comes in, and shown to nobody again. */
import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { type NumberRow, updateNumber } from "../../store/numbers.ts";
import type { NumberDeps } from "./deps.ts";

/** Keeps a key in the place of the one that was there. */
export async function setByokKey(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  key: string,
  { secrets, clock }: Pick<NumberDeps, "secrets" | "clock">,
): Promise<void> {
  if (!/^sk-[A-Za-z0-9_-]{8,253}$/.test(key)) {
    throw new GatewayError("invalid-request", "must be an API key that begins with sk-", "openaiApiKey");
  }
  await updateNumber(db, orgId, number.id, {
    byok_key: secrets.seal(key, keyContext(number.id)),
    byok_preview: `sk-...${key.slice(-4)}`,
    updated_at: clock.wall(),
  });
}

/** Forgets the key. */
export async function clearByokKey(
  db: Db,
  orgId: OrgId,
  number: NumberRow,
  { clock }: Pick<NumberDeps, "clock">,
): Promise<void> {
  await updateNumber(db, orgId, number.id, { byok_key: null, byok_preview: null, updated_at: clock.wall() });
}

/** The key of a number; undefined: the gateway's own is used. */
export function byokKey(
  { id, byok_key: sealed }: Pick<NumberRow, "id" | "byok_key">,
  { secrets }: Pick<NumberDeps, "secrets">,
): string | undefined {
  return sealed === null ? undefined : secrets.open(sealed, keyContext(id));
}

function keyContext(numberId: string): string {
  return `byok ${numberId}`;
}
