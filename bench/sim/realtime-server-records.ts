/** A JSON object whose fields are not known yet. */
export type Fields = Record<string, unknown>;

/** Entries kept of each kind, so that a long run does not fill the memory. */
const maxRecords = 20_000;

/** The value as an object; an empty one when it is none. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** Adds to a bounded record. */
export function keep<T>(list: T[], entry: T): void {
  if (list.length < maxRecords) list.push(entry);
}
