/** Small shapes that the nouns of this API are made of. */
import { Type } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { idPrefixes } from "../../../kit/ids.ts";
import type { Page, PageRequest } from "../../service/page.ts";
import { e164Pattern, readCursor, writeCursor } from "../shapes.ts";
import { vendorIds } from "../vendor-ids.ts";

export { IdParams, Metadata } from "../shapes.ts";

export const textIds = vendorIds("text", "sms");

export const E164Text = Type.String({ pattern: e164Pattern, description: "E.164: +15551234567." });
export const NumberId = Type.String({
  pattern: `^${idPrefixes.number}_[0-9a-z]{1,64}$`,
  description: "One of your numbers, by its id: num_a1b2c3d4e5f6.",
});

/** Members of a query that pick a page. */
export const PageQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
});

interface PageWords {
  readonly limit?: number;
  readonly cursor?: string;
}

/** The documents know no pages, so a list is as long as we give at once. */
const defaultLimit = 100;

export function readPage({ limit = defaultLimit, cursor }: PageWords): PageRequest {
  return { limit, after: cursor === undefined ? undefined : readCursor(cursor) };
}

/** `{success: true, data}`, the shape of every answer that is not a refusal. */
export function success<Data>(data: Data) {
  return { success: true, data } as const;
}

/** A list. Where it goes on is told in a `Link` header (RFC 8288), relative to what was asked. */
export function sendPage<T, Wire>(
  reply: FastifyReply,
  { data, next }: Page<T>,
  { limit = defaultLimit }: PageWords,
  render: (item: T) => Wire,
) {
  if (next) reply.header("link", `<?limit=${limit}&cursor=${writeCursor(next)}>; rel="next"`);
  return success(data.map(render));
}

/** Cents on the wire, whole micro-dollars inside. */
export function cents(micros: number): number {
  return micros / microsInCent;
}

export const microsInCent = 10_000;
