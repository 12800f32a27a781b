import type { Refusal } from "../http/errors.ts";

/**
 * The field of a refusal as the client wrote it. A schema names it so already; a service says `areaCode`, which is
 * `area_code` in the vendors' snake_case unless it is another word there (`ownWords`, by inner names).
 */
export function fieldNamed(
  { field, fieldBy }: Pick<Refusal, "field" | "fieldBy">,
  ownWords: Readonly<Record<string, string>>,
): string | undefined {
  // Names that begin large (`Idempotency-Key`) are somebody else's and stay.
  if (field === undefined || fieldBy === "schema" || !/^[a-z]/.test(field)) return field;
  return Object.hasOwn(ownWords, field)
    ? ownWords[field]
    : field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
