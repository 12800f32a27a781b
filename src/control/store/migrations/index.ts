/** The database's history. Once released, a migration is never edited: add the next one. */
import type { Migration } from "kysely";
import type { DatabaseKind } from "../database-kind.ts";
import { first } from "./001-first.ts";
import { exchange } from "./002-exchange.ts";
import { tenants } from "./003-tenants.ts";
import { money } from "./004-money.ts";
import { webhooks } from "./005-webhooks.ts";
import { numbers } from "./006-numbers.ts";
import { texts } from "./007-texts.ts";
import { calls } from "./008-calls.ts";
import { nodes } from "./009-nodes.ts";
import { callSummaries } from "./010-call-summaries.ts";

/** All migrations by name, in the order of their names. */
export function migrations(kind: DatabaseKind): Record<string, Migration> {
  return {
    "001-first": { up: (db) => first(db, kind) },
    "002-exchange": { up: (db) => exchange(db) },
    "003-tenants": { up: (db) => tenants(db) },
    "004-money": { up: (db) => money(db) },
    "005-webhooks": { up: (db) => webhooks(db, kind) },
    "006-numbers": { up: (db) => numbers(db) },
    "007-texts": { up: (db) => texts(db) },
    "008-calls": { up: (db) => calls(db) },
    "009-nodes": { up: (db) => nodes(db) },
    "010-call-summaries": { up: (db) => callSummaries(db) },
  };
}
