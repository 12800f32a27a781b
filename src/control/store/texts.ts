import type { Selectable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { TextsTable } from "./schema.ts";

export type TextRow = Selectable<TextsTable>;

/** What a list of texts is narrowed to. */
export interface TextFilter {
  readonly direction?: string;
  readonly status?: string;
  readonly from?: string;
  readonly to?: string;
}

export async function insertText(db: Db, row: TextRow): Promise<void> {
  await db.insertInto("texts").values(row).execute();
}

export function findText(db: Db, orgId: string, id: string): Promise<TextRow | undefined> {
  return db.selectFrom("texts").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** Notes what became of a text that is still queued, or of all of them without an id. */
export async function settleTexts(
  db: Db,
  change: Pick<TextRow, "status" | "detail" | "updated_at">,
  id?: string,
): Promise<void> {
  let query = db.updateTable("texts").set(change).where("status", "=", "queued");
  if (id !== undefined) query = query.where("id", "=", id);
  await query.execute();
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
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}
