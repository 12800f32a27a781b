import type { Refusal } from "../http/errors.ts";

/** How a vendor's API puts one kind of refusal. */
export interface RefusalWords {
  readonly status: number;
  readonly code: string;
  /** Instead of our own sentence, where the documents have one. */
  readonly message?: string;
}

/**
 * The field of a refusal as the client wrote it. A schema names it so already; a service says `areaCode`, which is
 * `area_code` in `snake_case` unless it is another word there (`ownWords`, by inner names).
 */
export function fieldNamed(
  { field, fieldBy }: Pick<Refusal, "field" | "fieldBy">,
  ownWords: Readonly<Record<string, string>>,
): string | undefined {
  // Names that begin large (`Idempotency-Key`, `CallSid`) are somebody else's and stay.
  if (field === undefined || fieldBy === "schema" || !/^[a-z]/.test(field)) return field;
  return Object.hasOwn(ownWords, field) ? ownWords[field] : toSnakeCase(field);
}

/** Names inside are `camelCase`, in most APIs `snake_case`. */
export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
