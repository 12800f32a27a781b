/** Small shapes that the schemas of all public APIs are made of. */

import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { type Static, type TOptional, type TSchema, type TUnsafe, Type } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import type { PageCursor } from "../service/page.ts";

/** Fastify with the types of requests and answers taken from their schemas. */
export type TypedApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A text that is one of some words. */
export function words<const Word extends string>(all: readonly Word[], options: { description?: string } = {}) {
  return Type.Unsafe<Word>({ type: "string", enum: [...all], ...options });
}

/** The same shape, or null. Spelled as a list of types, so that a fault names the shape and not a branch. */
export function nullable<Shape extends TSchema>(shape: Shape) {
  const { type, enum: values, ...rest }: { type?: string; enum?: readonly unknown[] } = { ...shape };
  const orNull = values && { enum: [...values, null] };
  return Type.Unsafe<Static<Shape> | null>({ ...rest, type: [type, "null"], ...orNull });
}

/** Members that may all be missing or null. */
export function allNullable<Members extends Record<string, TSchema>>(members: Members) {
  const changed = Object.entries(members).map(([name, shape]) => [name, Type.Optional(nullable(shape))]);
  return Object.fromEntries(changed) as {
    [Name in keyof Members]: TOptional<TUnsafe<Static<Members[Name]> | null>>;
  };
}

/** An object whose names and values are texts; `names` and `values` are patterns. */
export function textMap(limits: { maxProperties: number; names: string; maxLength: number; values?: string }) {
  const { maxProperties, names, maxLength, values } = limits;
  return Type.Unsafe<Record<string, string>>({
    type: "object",
    maxProperties,
    propertyNames: { pattern: names },
    additionalProperties: { type: "string", maxLength, ...(values && { pattern: values }) },
  });
}

/** What a path names. */
export const IdParams = Type.Object({ id: Type.String() });

/** E.164: at most 15 digits behind the plus. */
export const e164Pattern = "^\\+[1-9][0-9]{1,14}$";

/** What a customer keeps with a number, a call or a text. */
export const Metadata = textMap({ maxProperties: 24, names: "^.{1,64}$", maxLength: 512 });

/** An instant on the wire: ISO 8601, UTC, ms. */
export const Instant = Type.String({ format: "date-time" });

/** An instant, in wall ms inside. */
export function instant(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

export function instantOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : instant(wallMs);
}

/** Where a list goes on, as text. Opaque on purpose: what is inside may change. */
export function writeCursor({ createdAt, id }: PageCursor): string {
  return Buffer.from(`${createdAt}.${id}`).toString("base64url");
}

/** Reads a cursor that came back. */
export function readCursor(text: string): PageCursor {
  const match = /^([0-9]{1,15})\.([a-z0-9_]{1,80})$/.exec(Buffer.from(text, "base64url").toString("latin1"));
  if (!match) throw new GatewayError("invalid-request", "is not a cursor of this API", "cursor");
  return { createdAt: Number(match[1]), id: match[2]! };
}
