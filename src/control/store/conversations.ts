/** Conversations: all texts between one of our numbers and one contact; and which contacts want no texts. */
import { type Selectable, sql } from "kysely";
import type { Db } from "./database.ts";
import type { Page, PageRequest } from "./page.ts";
import type { ConversationsTable, OptOutsTable } from "./text-schema.ts";

export type ConversationRow = Selectable<ConversationsTable>;
export type OptOutRow = Selectable<OptOutsTable>;

/** One of our numbers and who it has texts with. */
export interface TextPair {
  readonly orgId: string;
  readonly number: string;
  readonly contact: string;
}

/** Adds a text to its conversation, which begins with the first one; gives the conversation's id. */
export async function joinConversation(
  db: Db,
  { orgId, number, contact }: TextPair,
  text: { readonly newId: string; readonly body: string; readonly now: number },
): Promise<string> {
  const row: ConversationRow = {
    id: text.newId,
    org_id: orgId,
    number,
    contact,
    last_message: text.body,
    message_count: 1,
    created_at: text.now,
    updated_at: text.now,
  };
  const { id } = await db
    .insertInto("conversations")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["org_id", "number", "contact"]).doUpdateSet({
        last_message: text.body,
        message_count: sql`conversations.message_count + 1`,
        updated_at: text.now,
      }),
    )
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export function findConversation(db: Db, orgId: string, id: string): Promise<ConversationRow | undefined> {
  return db.selectFrom("conversations").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** Conversations, the one with the newest text first; a cursor's instant is the last text's. */
export async function pageOfConversations(
  db: Db,
  orgId: string,
  filter: { readonly number?: string; readonly contact?: string },
  page: PageRequest,
): Promise<Page<ConversationRow>> {
  let query = db.selectFrom("conversations").selectAll().where("org_id", "=", orgId);
  if (filter.number !== undefined) query = query.where("number", "=", filter.number);
  if (filter.contact !== undefined) query = query.where("contact", "=", filter.contact);
  if (page.after) {
    query = query.where(sql<boolean>`(updated_at, id) < (${page.after.createdAt}, ${page.after.id})`);
  }
  const ordered = query.orderBy("updated_at", "desc").orderBy("id", "desc");
  const rows = await ordered.limit(page.limit + 1).execute();
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return { data: rows.slice(0, page.limit), next: last && { createdAt: last.updated_at, id: last.id } };
}

/** What a contact has asked for; undefined: nothing yet. */
export function findOptOut(db: Db, { orgId, number, contact }: TextPair): Promise<OptOutRow | undefined> {
  return db
    .selectFrom("opt_outs")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("number", "=", number)
    .where("contact", "=", contact)
    .executeTakeFirst();
}

export async function saveOptOut(db: Db, row: OptOutRow): Promise<void> {
  const { opted_out, helped_at, updated_at } = row;
  await db
    .insertInto("opt_outs")
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(["org_id", "number", "contact"]).doUpdateSet({ opted_out, helped_at, updated_at }),
    )
    .execute();
}
