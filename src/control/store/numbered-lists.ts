/** Lists by the number of their page, with how many rows there are in all; newest first, ties broken by id. */
import type { SelectQueryBuilder } from "kysely";
import type { AgentRow } from "./agents.ts";
import type { ConversationRow } from "./conversations.ts";
import type { Db } from "./database.ts";
import type { NumberRow } from "./numbers.ts";
import type { NumberedPage, NumberedPageRequest } from "./page.ts";
import type { TextRow } from "./texts.ts";

/** Agents that belong to no number. */
export function numberedPageOfAgents(
  db: Db,
  orgId: string,
  page: NumberedPageRequest,
): Promise<NumberedPage<AgentRow>> {
  const query = db.selectFrom("agents").selectAll().where("org_id", "=", orgId).where("hidden", "=", 0);
  return cut(query.orderBy("created_at", "desc").orderBy("id", "desc"), page);
}

/** Numbers in use. */
export function numberedPageOfNumbers(
  db: Db,
  orgId: string,
  page: NumberedPageRequest,
): Promise<NumberedPage<NumberRow>> {
  const query = db.selectFrom("numbers").selectAll().where("org_id", "=", orgId).where("status", "=", "active");
  return cut(query.orderBy("created_at", "desc").orderBy("id", "desc"), page);
}

/** Conversations, the one with the newest text first. */
export function numberedPageOfConversations(
  db: Db,
  orgId: string,
  page: NumberedPageRequest,
): Promise<NumberedPage<ConversationRow>> {
  const query = db.selectFrom("conversations").selectAll().where("org_id", "=", orgId);
  return cut(query.orderBy("updated_at", "desc").orderBy("id", "desc"), page);
}

/** The texts of a conversation. */
export function numberedPageOfTexts(
  db: Db,
  orgId: string,
  conversationId: string,
  page: NumberedPageRequest,
): Promise<NumberedPage<TextRow>> {
  const query = db
    .selectFrom("texts")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("conversation_id", "=", conversationId);
  return cut(query.orderBy("created_at", "desc").orderBy("id", "desc"), page);
}

async function cut<DB, TB extends keyof DB, Row>(
  query: SelectQueryBuilder<DB, TB, Row>,
  { page, perPage }: NumberedPageRequest,
): Promise<NumberedPage<Row>> {
  const counting = query.clearSelect().clearOrderBy();
  const { total } = await counting
    .select((eb) => eb.fn.countAll().as("total"))
    .$castTo<{ total: number | string }>()
    .executeTakeFirstOrThrow();
  const rows = query.limit(perPage).offset((page - 1) * perPage);
  return { data: await rows.execute(), total: Number(total) };
}
