/** Lists of an organisation's calls, newest first. */
import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { CallRow } from "./calls.ts";
import type { Db } from "./database.ts";
import {
  cutPage,
  type NumberedPage,
  type NumberedPageRequest,
  olderThan,
  type Page,
  type PageRequest,
} from "./page.ts";

/** What a list of calls is narrowed to. Instants are wall ms. */
export interface CallFilter {
  readonly status?: string;
  /** Any of them. */
  readonly statuses?: readonly string[];
  readonly direction?: string;
  readonly from?: string;
  readonly to?: string;
  /** On either side. */
  readonly number?: string;
  readonly agentId?: string;
  readonly cause?: string;
  /** Any of them. */
  readonly causes?: readonly string[];
  /** Whether its media ever began. */
  readonly wasAnswered?: boolean;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
  /** Of the instant the media began. */
  readonly startedAfter?: number;
  readonly startedBefore?: number;
}

/** One of some words; PostgreSQL has no empty list. */
function anyOf(column: "status" | "cause", words: readonly string[]): RawBuilder<SqlBool> {
  return words.length === 0 ? sql<SqlBool>`1 = 0` : sql<SqlBool>`${sql.ref(column)} in (${sql.join([...words])})`;
}

function matching(db: Db, orgId: string, filter: CallFilter) {
  let query = db.selectFrom("calls").where("org_id", "=", orgId);
  const { number } = filter;
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  if (filter.statuses !== undefined) query = query.where(anyOf("status", filter.statuses));
  if (filter.direction !== undefined) query = query.where("direction", "=", filter.direction);
  if (filter.from !== undefined) query = query.where("from_number", "=", filter.from);
  if (filter.to !== undefined) query = query.where("to_number", "=", filter.to);
  if (number !== undefined) {
    query = query.where((eb) => eb.or([eb("from_number", "=", number), eb("to_number", "=", number)]));
  }
  if (filter.agentId !== undefined) query = query.where("agent_id", "=", filter.agentId);
  if (filter.cause !== undefined) query = query.where("cause", "=", filter.cause);
  if (filter.causes !== undefined) query = query.where(anyOf("cause", filter.causes));
  if (filter.wasAnswered !== undefined) {
    query = query.where("started_at", filter.wasAnswered ? "is not" : "is", null);
  }
  if (filter.createdAfter !== undefined) query = query.where("created_at", ">", filter.createdAfter);
  if (filter.createdBefore !== undefined) query = query.where("created_at", "<", filter.createdBefore);
  if (filter.startedAfter !== undefined) query = query.where("started_at", ">", filter.startedAfter);
  if (filter.startedBefore !== undefined) query = query.where("started_at", "<", filter.startedBefore);
  return query;
}

export async function pageOfCalls(
  db: Db,
  orgId: string,
  filter: CallFilter,
  page: PageRequest,
): Promise<Page<CallRow>> {
  let query = matching(db, orgId, filter).selectAll();
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

export async function numberedPageOfCalls(
  db: Db,
  orgId: string,
  filter: CallFilter,
  { page, perPage }: NumberedPageRequest,
): Promise<NumberedPage<CallRow>> {
  const query = matching(db, orgId, filter);
  const { total } = await query.select(sql<number>`count(*)`.as("total")).executeTakeFirstOrThrow();
  const ordered = query.selectAll().orderBy("created_at", "desc").orderBy("id", "desc");
  const data = await ordered
    .limit(perPage)
    .offset((page - 1) * perPage)
    .execute();
  return { data, total };
}
