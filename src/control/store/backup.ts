import { CompiledQuery } from "kysely";
import type { BackupHead, BackupTable } from "./backup-format.ts";
import { type Db, doneMigrations, type OpenDatabase } from "./database.ts";
import type { Schema } from "./schema.ts";
import type { StoredRow } from "./table-copying.ts";
import { allMigrations, tableShapes } from "./table-shapes.ts";

/** What a backup says of itself beside the rows. */
export interface BackupFacts {
  /** Wall ms. */
  readonly now: number;
  /** Made with the secret key that seals what is in the rows. */
  readonly keyCheck: string;
}

/**
 * Writes the text of a backup, piece by piece: the whole database as it is at one moment. A running gateway goes on
 * writing to it meanwhile.
 */
export function writeBackup(
  { db, kind }: Pick<OpenDatabase, "db" | "kind">,
  facts: BackupFacts,
  write: (piece: string) => Promise<void>,
): Promise<void> {
  return db.connection().execute(async (connection) => {
    await connection.executeQuery(CompiledQuery.raw(kind.copying.beginSnapshot));
    try {
      for await (const piece of piecesOf(connection, facts, kind.copying)) await write(piece);
    } finally {
      await connection.executeQuery(CompiledQuery.raw("rollback"));
    }
  });
}

async function* piecesOf(
  db: Db,
  { now, keyCheck }: BackupFacts,
  copying: OpenDatabase["kind"]["copying"],
): AsyncGenerator<string> {
  const migrations = await doneMigrations(db);
  if (migrations.length === 0) throw new Error("there is no database yet");
  if (migrations.join() !== allMigrations.slice(0, migrations.length).join()) {
    throw new Error("the database was made by a newer Tandem; make its backup with that one");
  }
  const head: BackupHead = {
    format: "tandem-backup",
    version: 1,
    migrations,
    created_at: now,
    key_check: keyCheck,
  };
  yield `${JSON.stringify(head)}\n`;
  let rows = 0;
  for (const { name, columns, counting } of await tableShapes(migrations.length)) {
    const last = counting === undefined ? 0 : await copying.lastCount(db, name, counting);
    const table: BackupTable = { table: name, columns: [...columns], last_count: last };
    yield `${JSON.stringify(table)}\n`;
    for await (const batch of copying.rows(db, name as keyof Schema)) {
      rows += batch.length;
      yield batch.map((row) => `${writeRow(row, columns)}\n`).join("");
    }
  }
  yield `${JSON.stringify({ rows })}\n`;
}

function writeRow(row: StoredRow, columns: readonly string[]): string {
  return JSON.stringify(columns.map((column) => row[column]));
}
