import { GatewayError } from "../../../kit/errors.ts";
import { type E164, type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { findNumber, findNumberByE164 } from "../../store/numbers.ts";
import { findPhoneNamed, ownerOfNumber } from "../../store/phones.ts";
import { pageOfTrunks } from "../../store/trunks.ts";

/** The number a call of ours shows. */
export interface CallerNumber {
  readonly number: E164;
  /** A telephone of the organisation has it. */
  readonly isTelephone: boolean;
  /** It was bought here, so what its company allows is our business. */
  readonly isBought: boolean;
}

/**
 * The number that a call of an organisation may show: one of its own, by its id or in E.164. A number that is nobody's
 * here may be shown by who brings trunks, for it is the trunk's company that answers for it.
 */
export async function callerNumberOf(db: Db, orgId: OrgId, from: string): Promise<CallerNumber> {
  const number = parseE164(from);
  const own = number ? await findNumberByE164(db, orgId, number) : await findNumber(db, orgId, from);
  if (own) return { number: own.number as E164, isTelephone: false, isBought: own.carrier !== "own" };
  if (!number) {
    if (/^num_/.test(from)) throw new GatewayError("not-found", "there is no such number", "from");
    throw new GatewayError("invalid-request", "must be the id of a number, or E.164 such as +15550100", "from");
  }
  const phone = await findPhoneNamed(db, orgId, number);
  if (phone?.org_id === orgId) return { number, isTelephone: true, isBought: false };
  const isNobodys = phone === undefined && (await ownerOfNumber(db, number)) === undefined;
  const trunks = isNobodys ? await pageOfTrunks(db, orgId, { limit: 1, after: undefined }) : undefined;
  if (trunks?.data.length === 1) return { number, isTelephone: false, isBought: false };
  throw new GatewayError("invalid-request", "there is no such number of yours", "from");
}
