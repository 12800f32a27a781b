import { type TSchema, Type } from "@fastify/type-provider-typebox";
import type { Page, PageRequest } from "../../service/page.ts";
import { readCursor, writeCursor } from "../shapes.ts";

/** Members of a query that pick a page. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: "`next_cursor` of the page before." })),
};

/** The shape of a list. */
export function listOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    data: Type.Array(item),
    next_cursor: Type.Unsafe<string | null>({
      type: ["string", "null"],
      description: "Give it as `cursor` for the next page; null: this was the last.",
    }),
  });
}

export function readPage(query: { limit?: number; cursor?: string }): PageRequest {
  return { limit: query.limit ?? 20, after: query.cursor === undefined ? undefined : readCursor(query.cursor) };
}

export function renderPage<T, Wire>(page: Page<T>, render: (item: T) => Wire) {
  return { data: page.data.map(render), next_cursor: page.next ? writeCursor(page.next) : null };
}

/** A list that is one page. */
export function renderWhole<T, Wire>(data: readonly T[], render: (item: T) => Wire) {
  return renderPage({ data, next: undefined }, render);
}
