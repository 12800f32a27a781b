import type { Selectable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { TextsTable } from "./text-schema.ts";

export type TextRow = Selectable<TextsTable>;

/** What a list of texts is narrowed to. */
export interface TextFilter {
  readonly direction?: string;
  readonly status?: string;
  readonly from?: string;
  readonly to?: string;
  readonly conversationId?: string;
  /** Only texts with a one-time code. */
  readonly otpOnly?: boolean;
}

/** The digits of a number by its id, in use or not; undefined when the organisation never had it. */
export async function numberOfId(db: Db, orgId: string, id: string): Promise<string | undefined> {
  const query = db.selectFrom("numbers").select("number").where("org_id", "=", orgId).where("id", "=", id);
  return (await query.executeTakeFirst())?.number;
}

export async function insertText(db: Db, row: TextRow): Promise<void> {
  await db.insertInto("texts").values(row).execute();
}

export function findText(db: Db, orgId: string, id: string): Promise<TextRow | undefined> {
  return db.selectFrom("texts").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** The text a carrier brought under its id, whosever it is. */
export function findCarrierText(db: Db, carrier: string, carrierTextId: string): Promise<TextRow | undefined> {
  return db
    .selectFrom("texts")
    .selectAll()
    .where("carrier", "=", carrier)
    .where("carrier_text_id", "=", carrierTextId)
    .executeTakeFirst();
}

/** The text an organisation sent under a key after an instant (wall ms). */
export function findTextByKey(db: Db, orgId: string, key: string, after: number): Promise<TextRow | undefined> {
  return db
    .selectFrom("texts")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("idempotency_key", "=", key)
    .where("created_at", ">", after)
    .executeTakeFirst();
}

/** Lets a key be used again that was last used before an instant (wall ms). */
export async function freeTextKey(db: Db, orgId: string, key: string, until: number): Promise<void> {
  await db
    .updateTable("texts")
    .set({ idempotency_key: null })
    .where("org_id", "=", orgId)
    .where("idempotency_key", "=", key)
    .where("created_at", "<=", until)
    .execute();
}

/** Moves a text from one of some statuses to another; undefined when it is in none of them. */
export function moveText(
  db: Db,
  id: string,
  from: readonly string[],
  change: Pick<TextRow, "status" | "detail" | "updated_at">,
): Promise<TextRow | undefined> {
  return db
    .updateTable("texts")
    .set(change)
    .where("id", "=", id)
    .where("status", "in", from)
    .returningAll()
    .executeTakeFirst();
}

/** Notes which company took a text, and under what id. */
export async function noteCarrier(db: Db, id: string, carrier: string, carrierTextId: string | null): Promise<void> {
  await db.updateTable("texts").set({ carrier, carrier_text_id: carrierTextId }).where("id", "=", id).execute();
}

/** Texts of all organisations in a status, oldest first; `carrier`: only those it has. */
export function textsInStatus(db: Db, status: string, carrier?: string): Promise<TextRow[]> {
  const query = db.selectFrom("texts").selectAll().where("status", "=", status);
  return (carrier === undefined ? query : query.where("carrier", "=", carrier)).orderBy("created_at").execute();
}

/** The newest text to a number with a code nobody was given before `givenBefore`, that came at `since` or later (wall ms). */
export function newestCode(
  db: Db,
  orgId: string,
  number: string,
  { since, givenBefore }: { readonly since: number; readonly givenBefore: number },
): Promise<TextRow | undefined> {
  return db
    .selectFrom("texts")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("to_number", "=", number)
    .where("status", "=", "received")
    .where("otp", "is not", null)
    .where("created_at", ">=", since)
    .where((eb) => eb.or([eb("otp_taken_at", "is", null), eb("otp_taken_at", ">=", givenBefore)]))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** Notes when a code was first given to somebody. */
export async function takeCode(db: Db, orgId: string, id: string, at: number): Promise<void> {
  await db
    .updateTable("texts")
    .set({ otp_taken_at: at })
    .where("org_id", "=", orgId)
    .where("id", "=", id)
    .where("otp_taken_at", "is", null)
    .execute();
}

/** Texts, newest first. */
export async function pageOfTexts(
  db: Db,
  orgId: string,
  filter: TextFilter,
  page: PageRequest,
): Promise<Page<TextRow>> {
  let query = db.selectFrom("texts").selectAll().where("org_id", "=", orgId);
  if (filter.direction !== undefined) query = query.where("direction", "=", filter.direction);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  if (filter.from !== undefined) query = query.where("from_number", "=", filter.from);
  if (filter.to !== undefined) query = query.where("to_number", "=", filter.to);
  if (filter.conversationId !== undefined) query = query.where("conversation_id", "=", filter.conversationId);
  if (filter.otpOnly) query = query.where("otp", "is not", null);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}
