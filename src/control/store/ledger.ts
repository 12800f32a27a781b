/** The ledger in double entry: entries whose postings sum to zero, and each account's balance beside them. */
import type { Selectable } from "kysely";
import type { OrgId } from "../../kit/ids.ts";
import type { Db } from "./database.ts";
import type { LedgerEntriesTable } from "./money-schema.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";

/** Accounts of an organisation: its own money, free and set aside; where it came from and where it went. */
export type LedgerAccount = "available" | "held" | "funding" | `revenue.${string}`;

/** What moves money. */
export type EntryKind = "purchase" | "adjustment" | "charge" | "hold" | "settlement" | "refund";

export type LedgerEntryRow = Selectable<LedgerEntriesTable>;

/** What an entry adds to an account, in micro-dollars; negative: takes away. */
export type Posting = readonly [account: LedgerAccount, amountMicros: number];

/** A new entry; `ref` names what it is for, `item` is "" for several or none. */
export interface NewEntry {
  readonly id: string;
  readonly kind: EntryKind;
  readonly ref: string;
  readonly item: string;
  /** What the customer is shown: what it cost, or what came in. */
  readonly amountMicros: number;
  /** What was used, which a refund takes back. */
  readonly lines: readonly EntryLine[];
  readonly createdAt: number;
}

/** What was used of an item; `quantity` in pieces, or ms of what is paid by time. */
export interface EntryLine {
  readonly item: string;
  readonly quantity: number;
  readonly amountMicros: number;
}

/**
 * Locks the money of an organisation until the transaction ends, and gives what is available. Every change of money
 * begins here, so that what is read after it is what will be written upon.
 */
export async function lockMoney(db: Db, orgId: OrgId, now: number): Promise<number> {
  // In PostgreSQL the written row is the lock; in SQLite the whole transaction is one.
  const row = await db
    .insertInto("ledger_accounts")
    .values({ org_id: orgId, account: "available", balance_micros: 0, updated_at: now })
    .onConflict((conflict) => conflict.columns(["org_id", "account"]).doUpdateSet({ updated_at: now }))
    .returning("balance_micros")
    .executeTakeFirstOrThrow();
  return row.balance_micros;
}

/** Writes an entry, its postings and the balances they make. The postings must sum to zero; call `lockMoney` before. */
export async function postEntry(db: Db, orgId: OrgId, entry: NewEntry, postings: readonly Posting[]): Promise<void> {
  const sums = new Map<LedgerAccount, number>();
  let total = 0;
  for (const [account, amountMicros] of postings) {
    if (!Number.isSafeInteger(amountMicros)) throw new Error("money is counted in whole micro-dollars");
    sums.set(account, (sums.get(account) ?? 0) + amountMicros);
    total += amountMicros;
  }
  if (total !== 0) throw new Error(`the postings of an entry must sum to zero, not ${total}`);
  const { id, kind, ref, item, amountMicros, createdAt } = entry;
  const lines = JSON.stringify(entry.lines);
  await db
    .insertInto("ledger_entries")
    .values({ id, org_id: orgId, kind, ref, item, amount_micros: amountMicros, lines, created_at: createdAt })
    .execute();
  const moved = [...sums].filter(([, amount]) => amount !== 0);
  if (moved.length === 0) return;
  await db
    .insertInto("ledger_postings")
    .values(moved.map(([account, amount]) => ({ entry_id: id, org_id: orgId, account, amount_micros: amount })))
    .execute();
  await db
    .insertInto("ledger_accounts")
    .values(
      moved.map(([account, amount]) => ({ org_id: orgId, account, balance_micros: amount, updated_at: createdAt })),
    )
    .onConflict((conflict) =>
      conflict.columns(["org_id", "account"]).doUpdateSet((eb) => ({
        balance_micros: eb("ledger_accounts.balance_micros", "+", eb.ref("excluded.balance_micros")),
        updated_at: createdAt,
      })),
    )
    .execute();
}

/** The entry of a kind for something; undefined: none yet. */
export function findEntry(
  db: Db,
  orgId: OrgId,
  { kind, ref, item }: { kind: EntryKind; ref: string; item: string },
): Promise<LedgerEntryRow | undefined> {
  return db
    .selectFrom("ledger_entries")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("kind", "=", kind)
    .where("ref", "=", ref)
    .where("item", "=", item)
    .executeTakeFirst();
}

/** Entries that took money for something and that nobody has given back. */
export function findUnrefunded(db: Db, orgId: OrgId, ref: string): Promise<LedgerEntryRow[]> {
  return db
    .selectFrom("ledger_entries")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("kind", "in", ["charge", "settlement"])
    .where("ref", "=", ref)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("ledger_entries as back")
            .select("back.id")
            .where("back.org_id", "=", orgId)
            .where("back.kind", "=", "refund")
            .whereRef("back.ref", "=", "ledger_entries.ref")
            .whereRef("back.item", "=", "ledger_entries.item"),
        ),
      ),
    )
    .execute();
}

/** Balance of each account that was ever moved, in micro-dollars. */
export async function findBalances(db: Db, orgId: OrgId): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom("ledger_accounts")
    .select(["account", "balance_micros"])
    .where("org_id", "=", orgId)
    .execute();
  return new Map(rows.map((row) => [row.account, row.balance_micros]));
}

/** What a list of entries can be narrowed to. */
export interface EntryFilter {
  readonly kind?: EntryKind | undefined;
  readonly ref?: string | undefined;
}

/** Entries, the newest first. */
export async function pageOfEntries(
  db: Db,
  orgId: OrgId,
  { kind, ref }: EntryFilter,
  page: PageRequest,
): Promise<Page<LedgerEntryRow>> {
  let query = db.selectFrom("ledger_entries").selectAll().where("org_id", "=", orgId);
  if (kind !== undefined) query = query.where("kind", "=", kind);
  if (ref !== undefined) query = query.where("ref", "=", ref);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}
