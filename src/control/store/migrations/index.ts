/** The database's history. Once released, a migration is never edited: add the next one. */
import type { Migration } from "kysely";
import type { DatabaseKind } from "../database-kind.ts";
import { first } from "./001-first.ts";
import { exchange } from "./002-exchange.ts";

/** All migrations by name, in the order of their names. */
export function migrations(kind: DatabaseKind): Record<string, Migration> {
  return {
    "001-first": { up: (db) => first(db, kind) },
    "002-exchange": { up: (db) => exchange(db) },
  };
}
