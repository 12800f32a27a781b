import type { Db } from "./database.ts";

/** Writes a fact once; false when it was there already. */
export async function writeOnce(db: Db, name: string, value: string): Promise<boolean> {
  const result = await db
    .insertInto("meta")
    .values({ name, value })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Asks the database for an answer, any answer; rejects when it is not well. */
export async function probeDatabase(db: Db): Promise<void> {
  await db.selectFrom("meta").select("name").limit(1).execute();
}
