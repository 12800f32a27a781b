/** Small shapes that the schemas of this API are made of. */
import { type Static, type TOptional, type TSchema, type TUnsafe, Type } from "@fastify/type-provider-typebox";

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

/** An object with these members and no others. */
export const strict = { additionalProperties: false } as const;

/** Who can be called. */
export const NumberOrExtension = Type.String({
  pattern: "^(\\+[1-9][0-9]{1,14}|[0-9]{2,6})$",
  description: "E.164, or a phone's extension.",
});

/** An instant on the wire: ISO 8601, UTC, ms. */
export const Instant = Type.String({ format: "date-time" });

/** An instant, in wall ms inside. */
export function instant(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

export function instantOrNull(wallMs: number | null): string | null {
  return wallMs === null ? null : instant(wallMs);
}

/** Names inside are `camelCase`, on the wire `snake_case`. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
