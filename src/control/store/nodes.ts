/** The gateways on one database: each says now and then that it is alive. */
import type { Db } from "./database.ts";

/** Notes that a gateway is alive (wall ms). */
export async function touchNode(db: Db, id: string, now: number): Promise<void> {
  await db
    .insertInto("nodes")
    .values({ id, seen_at: now })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ seen_at: now }))
    .execute();
}

/** Gateways that were alive after an instant (wall ms), or have not been. */
export async function nodesSeen(db: Db, which: "since" | "before", wallMs: number): Promise<string[]> {
  const query = db.selectFrom("nodes").select("id").orderBy("id");
  const rows = await query.where("seen_at", which === "since" ? ">" : "<=", wallMs).execute();
  return rows.map(({ id }) => id);
}

/** Forgets a gateway; `seenUntil`: unless it was alive after that instant (wall ms). */
export async function deleteNode(db: Db, id: string, seenUntil = Number.MAX_SAFE_INTEGER): Promise<void> {
  await db.deleteFrom("nodes").where("id", "=", id).where("seen_at", "<=", seenUntil).execute();
}
