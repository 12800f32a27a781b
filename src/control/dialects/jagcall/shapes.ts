/** Small shapes that the nouns of this API are made of. */

import { Type } from "@fastify/type-provider-typebox";
import { GatewayError } from "../../../kit/errors.ts";
import { type AgentId, parseAgentId } from "../../../kit/ids.ts";
import type { NumberedPage, NumberedPageRequest } from "../../service/page.ts";
import { e164Pattern } from "../shapes.ts";
import { vendorIds } from "../vendor-ids.ts";

export { IdParams } from "../shapes.ts";

export const agentIds = vendorIds("agent", "agt");
export const numberIds = vendorIds("number", "pn");
export const textIds = vendorIds("text", "sms");

export const E164Text = Type.String({ pattern: e164Pattern, description: "E.164: +14155551234." });
/** An id as clients write it; what it names, the service finds out. */
export const IdText = Type.String({ minLength: 1, maxLength: 100 });

/** Members of a query that pick a page. */
const pageQuery = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
};
export const PageQuery = Type.Object(pageQuery);

interface PageWords {
  readonly page?: number;
  readonly per_page?: number;
}

/** Lists that the documents show with pages have 20 a page, the others as many as we give at once. */
export const perPage = { documented: 20, other: 100 } as const;

export function readPage({ page = 1, per_page }: PageWords, otherwise: number): NumberedPageRequest {
  return { page, perPage: per_page ?? otherwise };
}

/** `{data, pagination}`. */
export function renderPage<T, Wire>(list: NumberedPage<T>, page: NumberedPageRequest, render: (item: T) => Wire) {
  return {
    data: list.data.map(render),
    pagination: { page: page.page, per_page: page.perPage, total: list.total },
  };
}

/** An instant on the wire: ISO 8601, UTC, whole seconds. */
export function instant(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

export function instantOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : instant(wallMs);
}

/** Dollars on the wire, whole micro-dollars inside. */
export function dollars(micros: number): number {
  return micros / 1_000_000;
}

/** An agent's id as it was written; refuses what cannot be one. */
export function readAgentId(text: string): AgentId {
  const id = parseAgentId(agentIds.read(text));
  if (!id) throw new GatewayError("not-found", "there is no such agent", "agentId");
  return id;
}
