import { statSync } from "node:fs";
import type { Config } from "../config.ts";
import { writeBackup } from "../control/store/backup.ts";
import { readBackupFile, writeBackupFile } from "../control/store/backup-file.ts";
import { connectDatabase, openDatabase } from "../control/store/database.ts";
import { restoreBackup } from "../control/store/restore.ts";
import { createSecrets, readSecretKey } from "../control/store/secrets.ts";
import { systemRandom } from "../kit/io/random.ts";
import { systemClock } from "../kit/io/system-clock.ts";

/** Options of `tandem db restore`, as typed. */
export interface RestoreFlags {
  readonly force?: boolean;
  readonly otherKey?: boolean;
}

/** Brings the database up to date and says what that took. */
export async function migrateDatabase(config: Config): Promise<void> {
  const { migrated, close } = await openDatabase(config.dataDir, config.databaseUrl);
  await close();
  for (const name of migrated) console.log(`done  ${name}`);
  console.log(migrated.length === 0 ? "The database was up to date." : "The database is up to date now.");
}

/** Writes the database to a file, as it is at one moment; a running gateway goes on. */
export async function backupDatabase(config: Config, path: string): Promise<void> {
  const database = connectDatabase(config.dataDir, config.databaseUrl);
  try {
    const facts = { now: systemClock.wall(), keyCheck: keyCheck(config) };
    await writeBackupFile(path, (write) => writeBackup(database, facts, write));
  } finally {
    await database.close();
  }
  const size = (statSync(path).size / 1e6).toFixed(1);
  console.error(`The database is in ${path} (${size} MB). Recordings and secret.key are files of ${config.dataDir}.`);
}

/** Brings a backup back into the database, whole or not at all. */
export async function restoreDatabase(config: Config, path: string, flags: RestoreFlags): Promise<void> {
  const database = await openDatabase(config.dataDir, config.databaseUrl);
  try {
    const options = {
      force: flags.force ?? false,
      keyCheck: flags.otherKey ? undefined : keyCheck(config),
    };
    const { rows, createdAt, migrated } = await restoreBackup(database, readBackupFile(path), options);
    for (const name of migrated) console.error(`done  ${name}`);
    console.error(`${rows} rows of ${new Date(createdAt).toISOString()} are back. Start the gateway now.`);
  } finally {
    await database.close();
  }
}

/** The same for the same secret key, and no help in finding it. */
function keyCheck({ dataDir, secretKey }: Config): string {
  return createSecrets(readSecretKey(dataDir, secretKey, systemRandom), systemRandom).signLink("backup");
}
