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

/** Holds a name until the transaction ends: whoever holds it sees all that was written under it before. */
export async function holdName(db: Db, name: string): Promise<void> {
  // The written row is the lock; in SQLite the whole transaction is one already.
  await db
    .insertInto("meta")
    .values({ name, value: "" })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: "" }))
    .execute();
}

/** Asks the database for an answer, any answer; rejects when it is not well. */
export async function probeDatabase(db: Db): Promise<void> {
  await db.selectFrom("meta").select("name").limit(1).execute();
}
