import type { ColumnDataType, ColumnDefinitionBuilder } from "kysely";
import type { TableCopying } from "./table-copying.ts";

/** What the rest of the store needs to know of the database engine. */
export interface DatabaseKind {
  /** Type of a primary key that counts up by itself. */
  readonly countingType: ColumnDataType;
  /** Makes that column count up and never give a number twice. */
  counting(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder;
  /** Has several writers at once, and `for update skip locked` to share work among them. */
  readonly skipsLocked: boolean;
  /** True when the error says that a row with the same unique value exists. */
  isDuplicate(error: unknown): boolean;
  /** True when the same transaction may succeed a moment later: the database is away or busy, or two stood in each other's way. */
  isPassing(error: unknown): boolean;
  /** How its tables are copied. */
  readonly copying: TableCopying;
}
