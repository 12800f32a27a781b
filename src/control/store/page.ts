/** Pages of a list that is ordered by age: newest first, ties broken by id. */
import { type RawBuilder, type SqlBool, sql } from "kysely";

/** Where the next page begins: after this row. */
export interface PageCursor {
  readonly createdAt: number;
  readonly id: string;
}

/** What part of a list is wanted. */
export interface PageRequest {
  /** 1–100. */
  readonly limit: number;
  readonly after: PageCursor | undefined;
}

/** Rows, and where to go on; `next` undefined: that was all. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly next: PageCursor | undefined;
}

/** What part of a list is wanted, by the number of the page. */
export interface NumberedPageRequest {
  /** From 1. */
  readonly page: number;
  /** 1–100. */
  readonly perPage: number;
}

/** Rows of a page, and how many there are in the whole list. */
export interface NumberedPage<T> {
  readonly data: readonly T[];
  readonly total: number;
}

type Aged = { created_at: number; id: string };

/** Cuts `limit + 1` rows into a page. */
export function cutPage<Row extends Aged>(rows: readonly Row[], limit: number): Page<Row> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { data: rows.slice(0, limit), next: last && { createdAt: last.created_at, id: last.id } };
}

/** The condition "after the cursor" on a table with `created_at` and `id`. */
export function olderThan(after: PageCursor): RawBuilder<SqlBool> {
  return sql<SqlBool>`(created_at, id) < (${after.createdAt}, ${after.id})`;
}
