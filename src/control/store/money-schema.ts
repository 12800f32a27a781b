/** Tables of money, as Kysely sees them; money is in whole micro-dollars. */

export interface LedgerAccountsTable {
  org_id: string;
  /** `LedgerAccount`. */
  account: string;
  /** Sum of the account's postings. */
  balance_micros: number;
  updated_at: number;
}

export interface LedgerEntriesTable {
  id: string;
  org_id: string;
  /** `EntryKind`. */
  kind: string;
  /** What it is for: a call, a text, a number and its month, a payment. */
  ref: string;
  /** "": several or none. */
  item: string;
  /** What it cost, or what came in. */
  amount_micros: number;
  /** JSON of `EntryLine[]`. */
  lines: string;
  created_at: number;
}

export interface LedgerPostingsTable {
  entry_id: string;
  org_id: string;
  account: string;
  amount_micros: number;
}

export interface LedgerHoldsTable {
  call_id: string;
  org_id: string;
  /** open or settled. */
  status: string;
  /** Plan and price book at the dial: a call is paid as it was begun. */
  plan: string;
  price_book: string;
  /** JSON of `Item[]`. */
  items: string;
  amount_micros: number;
  /** Null: as long as it likes. */
  max_duration_ms: number | null;
  /** Allowance of the plan that the call draws on. */
  allowance: string | null;
  /** Null while open. */
  cost_micros: number | null;
  created_at: number;
  settled_at: number | null;
}

export interface MonthlyUsageTable {
  org_id: string;
  /** `YYYY-MM`, UTC. */
  period: string;
  item: string;
  /** Charges, or calls. */
  times: number;
  /** Pieces; of what is paid by time: ms. */
  quantity: number;
  amount_micros: number;
}

export interface UsedPaymentLinksTable {
  nonce: string;
  org_id: string;
  used_at: number;
}

export interface MoneySchema {
  ledger_accounts: LedgerAccountsTable;
  ledger_entries: LedgerEntriesTable;
  ledger_postings: LedgerPostingsTable;
  ledger_holds: LedgerHoldsTable;
  monthly_usage: MonthlyUsageTable;
  used_payment_links: UsedPaymentLinksTable;
}
