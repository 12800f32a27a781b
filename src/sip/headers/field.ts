/** One kind of header with its typed value: how to read one value and how to write it. Pure; one const a header. */
export interface HeaderField<T> {
  /** Canonical name. */
  readonly name: string;
  /** Reads one value (unfolded, trimmed, list already cut); undefined when it is malformed. */
  parse(text: string): T | undefined;
  /** Writes one value as `parse` reads it. */
  write(value: T): string;
}
