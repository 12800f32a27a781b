import type { Db } from "./database.ts";

/** What joins a call with its signalling. */
export interface CallLeg {
  readonly id: string;
  readonly carrier: string;
  readonly carrierCallId: string | null;
}

/** A call of an organisation, and behind it the other one of two that were joined; empty when there is no such call. */
export async function callLegs(db: Db, orgId: string, id: string): Promise<CallLeg[]> {
  const find = (wanted: string) =>
    db
      .selectFrom("calls")
      .select(["id", "carrier", "carrier_call_id as carrierCallId", "peer_call_id as peerCallId"])
      .where("org_id", "=", orgId)
      .where("id", "=", wanted)
      .executeTakeFirst();
  const call = await find(id);
  const peer = call?.peerCallId ? await find(call.peerCallId) : undefined;
  return [call, peer].flatMap((leg) =>
    leg === undefined ? [] : [{ id: leg.id, carrier: leg.carrier, carrierCallId: leg.carrierCallId }],
  );
}
