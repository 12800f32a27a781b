/** Proves the ledger: that what is kept follows from the postings. */
import { sql } from "kysely";
import type { Db } from "./database.ts";

/** Something in the ledger that does not follow from its postings. */
export interface LedgerFault {
  readonly orgId: string;
  readonly what: "entry-not-zero" | "balance-without-postings" | "held-without-holds";
  /** The entry or account. */
  readonly subject: string;
  readonly differenceMicros: number;
}

/** Checks every entry, balance and hold of all organisations; an empty list: the ledger balances. */
export async function proveLedger(db: Db): Promise<LedgerFault[]> {
  const entries = await sql<Difference>`
    select org_id, entry_id as subject, cast(sum(amount_micros) as bigint) as difference
    from ledger_postings group by org_id, entry_id having sum(amount_micros) <> 0`.execute(db);
  const balances = await sql<Difference>`
    select org_id, account as subject, cast(sum(amount) as bigint) as difference from (
      select org_id, account, balance_micros as amount from ledger_accounts
      union all select org_id, account, -amount_micros from ledger_postings
    ) as movements group by org_id, account having sum(amount) <> 0`.execute(db);
  const held = await sql<Difference>`
    select org_id, 'held' as subject, cast(sum(amount) as bigint) as difference from (
      select org_id, balance_micros as amount from ledger_accounts where account = 'held'
      union all select org_id, -amount_micros from ledger_holds where status = 'open'
    ) as reserves group by org_id having sum(amount) <> 0`.execute(db);
  return [
    ...entries.rows.map(faultOf("entry-not-zero")),
    ...balances.rows.map(faultOf("balance-without-postings")),
    ...held.rows.map(faultOf("held-without-holds")),
  ];
}

interface Difference {
  readonly org_id: string;
  readonly subject: string;
  readonly difference: number;
}

function faultOf(what: LedgerFault["what"]): (row: Difference) => LedgerFault {
  return (row) => ({ orgId: row.org_id, what, subject: row.subject, differenceMicros: row.difference });
}
