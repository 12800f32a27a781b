import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { keepCheckpoints } from "../../../src/control/store/sqlite-checkpoints.ts";
import { eventually } from "../../kit/gateway.ts";
import { temporaryFolder } from "../gateway.ts";

function logged() {
  const path = join(temporaryFolder(), "test.db");
  const database = new Database(path);
  onTestFinished(() => void database.close());
  database.pragma("journal_mode = WAL");
  database.pragma("wal_autocheckpoint = 0");
  database.exec("create table words (word text)");
  const write = (word: string) => database.prepare("insert into words values (?)").run(word.repeat(20_000));
  return { path, database, write };
}

test("checkpoints: what was written reaches the database file while it is open, and its log does not grow on", async () => {
  const { path, write } = logged();
  const checkpoints = keepCheckpoints(path, { everyMs: 5, minLogBytes: 1 });
  onTestFinished(() => checkpoints.close());
  write("heard");
  await eventually("the word is in the file", () => readFileSync(path).includes("heard") || undefined);
  for (const word of ["again", "later", "last."]) {
    const before = statSync(`${path}-wal`).size;
    write(word);
    await eventually("the next word is in the file", () => readFileSync(path).includes(word) || undefined);
    expect(statSync(`${path}-wal`).size).toBeLessThanOrEqual(before * 2);
  }
});

test("checkpoints: a short log is left alone, and after close nothing is done; twice is fine", async () => {
  const { path, database, write } = logged();
  const [lazy, closed] = [
    keepCheckpoints(path, { everyMs: 1, minLogBytes: 1e9 }),
    keepCheckpoints(path, { everyMs: 1, minLogBytes: 1 }),
  ];
  closed.close();
  closed.close();
  write("heard");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(readFileSync(path).includes("heard")).toBe(false);
  lazy.close();
  expect(database.prepare("select count(*) as rows from words").get()).toEqual({ rows: 1 });
});
