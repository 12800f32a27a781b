import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";

/** A row as it is stored: what SQLite and PostgreSQL both have. */
export type StoredRow = Readonly<Record<string, string | number | null>>;

/** How whole tables are read and written, for copies of a database. */
export interface TableCopying {
  /** Begins a transaction that sees the database as it is at one moment, and makes no writer wait. */
  readonly beginSnapshot: string;
  /** All rows of a table, some at a time; within a transaction. */
  rows(db: Kysely<Schema>, table: keyof Schema): AsyncIterable<readonly StoredRow[]>;
  /** The last number that a column which counts up has given; 0: none yet. */
  lastCount(db: Kysely<Schema>, table: string, column: string): Promise<number>;
  /** Lets such a column go on after a number. */
  setLastCount(db: Kysely<Schema>, table: string, column: string, last: number): Promise<void>;
}

/** Rows that are read at a time. */
export const rowsAtATime = 200;
