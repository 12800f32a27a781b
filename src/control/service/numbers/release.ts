/** Giving a number back: nobody is reached by it from the same moment on, and it rests before it is sold again. */
import type { OrgId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { type NumberRow, noteGivenBack, numbersToGiveBack, releaseNumber } from "../../store/numbers.ts";
import type { NumberDeps } from "./deps.ts";
import { toNumber } from "./kept-number.ts";
import { forgetPersonas } from "./personas.ts";

/** Releases a number inside the caller's transaction, and tells those who want to know; false when it is released already. */
export async function release(db: Db, deps: NumberDeps, row: NumberRow): Promise<boolean> {
  const orgId = row.org_id as OrgId;
  const ids = [row.inbound_agent_id, row.outbound_agent_id];
  if (!(await releaseNumber(db, orgId, row.id, deps.clock.wall()))) return false;
  // Without its agents: whoever hears of it late must not find their secrets on the way.
  const number = toNumber(row, new Map(), deps);
  await deps.outbox.put(db, orgId, [{ type: "number.released", subject: row.id, number }]);
  await forgetPersonas(db, orgId, ids);
  return true;
}

/** Gives released numbers back to their carriers, or one of them; a carrier that does not answer is asked the next time. */
export async function giveBackReleased(deps: NumberDeps, onlyId?: string): Promise<void> {
  const { db } = deps.database;
  for (const row of await numbersToGiveBack(db, onlyId)) {
    const carrier = deps.carriers.find(({ name }) => name === row.carrier);
    if (!carrier || row.carrier_number_id === null) continue;
    try {
      await carrier.release(row.carrier_number_id);
      await noteGivenBack(db, row.id);
    } catch (error) {
      deps.log.warn({ numberId: row.id, err: error }, "a released number could not be given back to its carrier yet");
    }
  }
}
