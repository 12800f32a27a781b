import { readFileSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Kysely, sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { type BackupFacts, writeBackup } from "../../../src/control/store/backup.ts";
import { readBackupFile, writeBackupFile } from "../../../src/control/store/backup-file.ts";
import { type OpenDatabase, openDatabase } from "../../../src/control/store/database.ts";
import { migrations } from "../../../src/control/store/migrations/index.ts";
import { type RestoreOptions, restoreBackup } from "../../../src/control/store/restore.ts";
import type { Schema } from "../../../src/control/store/schema.ts";
import { openSqlite, sqliteKind } from "../../../src/control/store/sqlite.ts";
import { allMigrations, doMigrations, tableShapes } from "../../../src/control/store/table-shapes.ts";
import type { E164 } from "../../../src/kit/ids.ts";
import { databaseOf, ringingCall, temporaryFolder, testServices } from "../gateway.ts";

/** The data folder of each database that is open here. */
const folders = new WeakMap<OpenDatabase, string>();

const facts: BackupFacts = { now: 1_700_000_000_000, keyCheck: "key" };
const options: RestoreOptions = { force: false, keyCheck: "key" };

/** A database of the engine that is tested here; `sqlite`: of that one in any case. */
async function open(engine: "tested" | "sqlite" = "tested"): Promise<OpenDatabase> {
  const folder = temporaryFolder();
  const database = await openDatabase(folder, engine === "sqlite" ? "" : await databaseOf(folder));
  onTestFinished(() => database.close());
  return database;
}

/** A database with something of everything that can be made without a call in progress. */
async function openFilled(): Promise<OpenDatabase> {
  const house = await testServices();
  const { services, dataDir } = house;
  await services.firstStart("");
  const { agent } = await services.own.agents.create({ name: "Ümit \u{1f4de}", instructions: 'a "line"\nand\tmore' });
  await services.own.numbers.create("+15550123" as E164, { inboundAgentId: agent.id });
  await ringingCall(house);
  const other = await services.orgs.create({ name: "Other", spendingCapMicros: 9_007_199_254_740_991 });
  await services.keys.create({ orgId: other.id, dialect: "jagcall", name: "theirs" });
  await services.close();
  return openAgain(dataDir);
}

async function openAgain(dataDir: string): Promise<OpenDatabase> {
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  folders.set(database, dataDir);
  return database;
}

async function textOf(database: Pick<OpenDatabase, "db" | "kind">): Promise<string> {
  let text = "";
  await writeBackup(database, facts, async (piece) => {
    text += piece;
  });
  return text;
}

/** In pieces that end anywhere. */
async function* pieces(text: string, length = 1000): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

/** Every row of every table, sorted. */
async function contentOf({ db }: Pick<OpenDatabase, "db">): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const { name } of await tableShapes(allMigrations.length)) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db);
    content[name] = rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
  }
  return content;
}

describe("backup", () => {
  test.each(["tested", "sqlite"] as const)(
    "backup: what is restored, also into the other database (%s), is row for row what was there",
    async (engine) => {
      const from = await openFilled();
      const before = await contentOf(from);
      expect(before.agents?.length).toBeGreaterThan(1);
      expect(before.events?.length).toBeGreaterThan(0);
      const to = await open(engine);
      const { rows, createdAt, migrated } = await restoreBackup(to, pieces(await textOf(from)), options);
      expect(await contentOf(to)).toEqual(before);
      expect({ rows, createdAt, migrated }).toEqual({
        rows: Object.values(before).flat().length,
        createdAt: facts.now,
        migrated: [],
      });
    },
  );

  test("backup: SQLite moves to the tested database and back, and is the same", async () => {
    const sqlite = await open("sqlite");
    await restoreBackup(sqlite, pieces(await textOf(await openFilled())), options);
    const before = await contentOf(sqlite);
    const tested = await open();
    await restoreBackup(tested, pieces(await textOf(sqlite)), options);
    expect(await contentOf(tested)).toEqual(before);
    const back = await open("sqlite");
    await restoreBackup(back, pieces(await textOf(tested)), options);
    expect(await textOf(back)).toBe(await textOf(sqlite));
  });

  test.each(["tested", "sqlite"] as const)(
    "backup: event ids go on where they were, though the events are gone (into %s)",
    async (engine) => {
      const from = await openFilled();
      const { id: _id, ...event } = await from.db.selectFrom("events").selectAll().executeTakeFirstOrThrow();
      const again = async ({ db }: OpenDatabase, sequence: number) => {
        const insert = db.insertInto("events").values({ ...event, sequence });
        return (await insert.returning("id").executeTakeFirstOrThrow()).id;
      };
      const last = await again(from, 1000);
      await from.db.deleteFrom("events").execute();
      const to = await open(engine);
      await restoreBackup(to, pieces(await textOf(from)), options);
      expect(await again(to, 1001)).toBe(last + 1);
    },
  );

  test("backup: a gateway writes on meanwhile, and none of that is in it", async () => {
    const from = await openFilled();
    const before = await contentOf(from);
    let text = "";
    let wrote = false;
    const other = await openAgain(folders.get(from) ?? "");
    await writeBackup(from, facts, async (piece) => {
      text += piece;
      if (wrote) return;
      wrote = true;
      await other.db.deleteFrom("api_keys").execute();
      await other.db.updateTable("agents").set({ name: "changed" }).execute();
    });
    const to = await open();
    await restoreBackup(to, pieces(text), options);
    expect(await contentOf(to)).toEqual(before);
    expect((await contentOf(from)).api_keys).toEqual([]);
  });

  test("restore: a database that holds something is left alone, unless it is said to be thrown away", async () => {
    const text = await textOf(await openFilled());
    const to = await openFilled();
    const before = await contentOf(to);
    await expect(restoreBackup(to, pieces(text), options)).rejects.toThrow("not empty; --force");
    expect(await contentOf(to)).toEqual(before);
    await to.db.updateTable("agents").set({ name: "mine" }).execute();
    await restoreBackup(to, pieces(text), { ...options, force: true });
    expect(await contentOf(to)).toEqual(before);
  });

  test("restore: a backup that is cut short or damaged anywhere changes nothing", async () => {
    const text = await textOf(await openFilled());
    const lines = text.split("\n");
    const row = lines.findLastIndex((line) => line.startsWith("["));
    const to = await open();
    const before = await contentOf(to);
    const without = (index: number) => lines.toSpliced(index, 1).join("\n");
    const damaged: [string, string][] = [
      ["", "not a backup"],
      ["{}\n", "not a backup"],
      ["GIF89a\n", "not JSON"],
      [text.slice(0, text.length / 2), "cut short"],
      [lines.slice(0, -2).join("\n").concat("\n"), "cut short"],
      [without(row), "something is missing"],
      [without(1), "fits no table"],
      [text.replace('"columns":["id"', '"columns":["idd"'), "not as it should be"],
      [text.replace('"table":"', '"table":"x'), "not as it should be"],
      [text.replace(/\n\[/, '\n["more",'), "fits no table"],
      [text.replace(/\n\["/, '\n[{"a":1},"'), "not as it should be"],
    ];
    for (const [content, complaint] of damaged) {
      await expect(restoreBackup(to, pieces(content), options)).rejects.toThrow(complaint);
      expect(await contentOf(to)).toEqual(before);
    }
    await restoreBackup(to, pieces(text, 7), options);
  });

  test("restore: one of a newer version, or under another secret key, is refused and says what to do", async () => {
    const text = await textOf(await openFilled());
    const to = await open();
    const newer = text.replace('"migrations":[', '"migrations":["000-from-tomorrow",');
    await expect(restoreBackup(to, pieces(newer), options)).rejects.toThrow("newer Tandem");
    const other = { ...options, keyCheck: "another" };
    await expect(restoreBackup(to, pieces(text), other)).rejects.toThrow("TANDEM_SECRET_KEY");
    await restoreBackup(to, pieces(text), { ...options, keyCheck: undefined });
  });

  test("restore: a backup of an older version is brought up to date with what is in it", async () => {
    const db = new Kysely<Schema>({ dialect: openSqlite(join(temporaryFolder(), "tandem.db")) });
    onTestFinished(() => db.destroy());
    const old = allMigrations.slice(0, 2);
    await doMigrations(db as unknown as Kysely<unknown>, migrations(sqliteKind), old);
    await sql`create table kysely_migration (name text)`.execute(db);
    for (const name of old) await sql`insert into kysely_migration values (${name})`.execute(db);
    await sql`insert into phones (id, username, password, may_call, enabled, created_at, updated_at)
      values ('phone_1', 'anna', 'sealed', 'all', 1, 5, 6)`.execute(db);
    const to = await open();
    const { migrated } = await restoreBackup(to, pieces(await textOf({ db, kind: sqliteKind })), options);
    expect(migrated).toEqual(allMigrations.slice(2));
    const phones = await to.db.selectFrom("phones").selectAll().execute();
    expect(phones).toMatchObject([{ id: "phone_1", org_id: "org_default", username: "anna", created_at: 5 }]);
    expect(await to.db.selectFrom("orgs").select("id").execute()).toEqual([{ id: "org_default" }]);
  });

  test("backup: a database that nobody made is no backup", async () => {
    const db = new Kysely<Schema>({ dialect: openSqlite(join(temporaryFolder(), "tandem.db")) });
    onTestFinished(() => db.destroy());
    await expect(textOf({ db, kind: sqliteKind })).rejects.toThrow("there is no database yet");
  });
});

describe("backup file", () => {
  test("backup file: is its owner's alone, and comes back as it was", async () => {
    const path = join(temporaryFolder(), "a.backup");
    const written = Array.from({ length: 3000 }, (_, index) => `${index} é\u{1f4de}\n`.repeat(20));
    await writeBackupFile(path, async (write) => {
      for (const piece of written) await write(piece);
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    let text = "";
    for await (const piece of readBackupFile(path)) text += piece;
    expect(text).toBe(written.join(""));
  });

  test("backup file: when something fails midway there is no file, and the one before stays", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "a.backup");
    writeFileSync(path, "before");
    const failing = writeBackupFile(path, async (write) => {
      await write("half");
      throw new Error("the database went away");
    });
    await expect(failing).rejects.toThrow("went away");
    expect(await readdir(folder)).toEqual(["a.backup"]);
    expect(readFileSync(path, "utf8")).toBe("before");
    await expect(writeBackupFile(join(folder, "none", "a"), async () => undefined)).rejects.toThrow("ENOENT");
  });

  test("backup file: two at once do not write into one another", async () => {
    const path = join(temporaryFolder(), "a.backup");
    await writeBackupFile(path, async (write) => {
      await write("first");
      await expect(writeBackupFile(path, (other) => other("second"))).rejects.toThrow("another backup");
    });
    let text = "";
    for await (const piece of readBackupFile(path)) text += piece;
    expect(text).toBe("first");
  });

  test("backup file: what is no gzip, or half of one, is refused", async () => {
    const path = join(temporaryFolder(), "a.backup");
    const read = async () => {
      for await (const _piece of readBackupFile(path));
    };
    writeFileSync(path, "plain text");
    await expect(read()).rejects.toThrow("is not a backup of Tandem");
    await writeBackupFile(path, (write) => write("x".repeat(100_000)));
    writeFileSync(path, readFileSync(path).subarray(0, 60));
    await expect(read()).rejects.toThrow("cut short");
    await expect(readBackupFile(`${path}.none`).next()).rejects.toThrow("ENOENT");
  });
});
