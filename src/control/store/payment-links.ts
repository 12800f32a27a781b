/** Links to pay that were used: each is good once. */
import type { OrgId } from "../../kit/ids.ts";
import type { Db } from "./database.ts";

/** Marks a link as used; false when it was used before. */
export async function usePaymentLink(db: Db, orgId: OrgId, nonce: string, now: number): Promise<boolean> {
  const result = await db
    .insertInto("used_payment_links")
    .values({ nonce, org_id: orgId, used_at: now })
    .onConflict((conflict) => conflict.column("nonce").doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Forgets links that have expired meanwhile. */
export async function deletePaymentLinksBefore(db: Db, before: number): Promise<void> {
  await db.deleteFrom("used_payment_links").where("used_at", "<", before).execute();
}
