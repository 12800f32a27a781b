import Database from "better-sqlite3";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { type OpenDatabase, openDatabase } from "../../../src/control/store/database.ts";
import { writeOnce } from "../../../src/control/store/meta.ts";
import type { WriteBatch } from "../../../src/control/store/write-queue.ts";
import { defaultWriteQueueOptions, WriteQueue } from "../../../src/control/store/write-queue.ts";
import { databaseOf, temporaryFolder } from "../gateway.ts";

async function open(): Promise<OpenDatabase> {
  const dataDir = temporaryFolder();
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  return database;
}

describe("write queue", () => {
  test("writes: many go into one transaction, in the order they were added", async () => {
    const { db } = await open();
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { maxBatch: 100, maxDelayMs: 5, maxPending: 1000 },
    );
    const batches = new Set<WriteBatch>();
    const order: number[] = [];
    const results = await Promise.all(
      Array.from({ length: 250 }, (_, index) =>
        queue.add(async (batch) => {
          batches.add(batch);
          order.push(index);
          return index;
        }),
      ),
    );
    expect(batches.size).toBe(3);
    expect(order).toEqual(results);
  });

  test("writes: one that waits alone is committed by the timer", async () => {
    const { db } = await open();
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { maxBatch: 100, maxDelayMs: 1, maxPending: 10 },
    );
    expect(await queue.add((batch) => writeOnce(batch.db, "a", "1"))).toBe(true);
    expect(await queue.add((batch) => writeOnce(batch.db, "a", "2"))).toBe(false);
  });

  test("writes: when the queue fills, droppable ones are refused at half, ordinary ones when full, vital ones never", async () => {
    const { db } = await open();
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { maxBatch: 1000, maxDelayMs: 1000, maxPending: 4 },
    );
    const done = [queue.add(async () => 1), queue.add(async () => 2)];
    await expect(queue.add(async () => 0, "droppable")).rejects.toMatchObject({ code: "unavailable" });
    done.push(
      queue.add(async () => 3),
      queue.add(async () => 4),
    );
    await expect(queue.add(async () => 0)).rejects.toMatchObject({ code: "unavailable" });
    done.push(queue.add(async () => 5, "must"));
    expect(await Promise.all(done)).toEqual([1, 2, 3, 4, 5]);
  });

  test("writes: flush leaves nothing behind, also what came while it ran", async () => {
    const { db } = await open();
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { maxBatch: 2, maxDelayMs: 60_000, maxPending: 100 },
    );
    let late: Promise<boolean> | undefined;
    const early = queue.add(async (batch) => {
      late ??= queue.add((next) => writeOnce(next.db, "late", ""));
      return writeOnce(batch.db, "early", "");
    });
    await queue.flush();
    expect(await early).toBe(true);
    expect(await late).toBe(true);
  });

  test("writes: after a failed transaction nothing of the failed job is left", async () => {
    const { db } = await open();
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { maxBatch: 10, maxDelayMs: 1, maxPending: 100 },
    );
    const [good, bad] = await Promise.allSettled([
      queue.add((batch) => writeOnce(batch.db, "good", "")),
      queue.add(async (batch) => {
        await writeOnce(batch.db, "half", "");
        throw new Error("no");
      }),
    ]);
    expect(good.status).toBe("fulfilled");
    expect(bad.status).toBe("rejected");
    const rows = await db.selectFrom("meta").select("name").execute();
    expect(rows).toEqual([{ name: "good" }]);
  });

  test("writes: what the database could not take for a moment is written when it can again", async () => {
    const { db, kind } = await open();
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { ...defaultWriteQueueOptions, isPassing: kind.isPassing, retryAfterMs: [1, 1] },
    );
    let attempts = 0;
    const ending = queue.add(async (batch) => {
      attempts += 1;
      await writeOnce(batch.db, "ending", "");
      if (attempts > 1) return "written";
      // The server ends our connection; in SQLite another process has the file for too long.
      if (kind.skipsLocked) await sql`select pg_terminate_backend(pg_backend_pid())`.execute(batch.db);
      throw new Database.SqliteError("database is locked", "SQLITE_BUSY");
    }, "must");
    const beside = queue.add((batch) => writeOnce(batch.db, "beside", ""));
    expect(await ending).toBe("written");
    expect(await beside).toBe(true);
    const rows = await db.selectFrom("meta").select("name").orderBy("name").execute();
    expect(rows).toEqual([{ name: "beside" }, { name: "ending" }]);
  });

  test("writes: a database that stays away is waited for so long only, and by all that wait together", async () => {
    const { db } = await open();
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { ...defaultWriteQueueOptions, maxDelayMs: 1, isPassing: () => true, retryAfterMs: [1, 1] },
    );
    let attempts = 0;
    const away = async () => {
      attempts += 1;
      throw new Error("away");
    };
    const results = await Promise.allSettled([queue.add(away), queue.add(away)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(attempts).toBe(3);
    expect(await queue.add((batch) => writeOnce(batch.db, "later", ""))).toBe(true);
  });
});
