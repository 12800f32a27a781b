import { basename, join } from "node:path";
import { Kysely, Migrator, sql } from "kysely";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { doneMigrations, openDatabase } from "../../../src/control/store/database.ts";
import { migrations } from "../../../src/control/store/migrations/index.ts";
import { openPostgres, postgresKind } from "../../../src/control/store/postgres.ts";
import type { Schema } from "../../../src/control/store/schema.ts";
import { openSqlite, sqliteKind } from "../../../src/control/store/sqlite.ts";
import { makeDatabase, postgresUrl } from "../../kit/postgres.ts";
import { temporaryFolder } from "../gateway.ts";

/** A database without any table. */
async function bareDatabase() {
  const dataDir = temporaryFolder();
  const folder = inject("postgresFolder");
  if (folder) await makeDatabase(folder, basename(dataDir), "template1");
  const url = folder ? postgresUrl(folder, basename(dataDir)) : "";
  const db = new Kysely<Schema>({ dialect: folder ? openPostgres(url) : openSqlite(join(dataDir, "tandem.db")) });
  onTestFinished(() => db.destroy());
  return { db, dataDir, url, all: migrations(folder ? postgresKind : sqliteKind) };
}

/** Rows as the gateway wrote them before there were organisations. */
const former: Readonly<Record<string, Readonly<Record<string, string | number>>>> = {
  api_keys: { id: "key_1", dialect: "native", name: "first", prefix: "tk_live_abcd", hash: "h", created_at: 1 },
  agents: {
    id: "agent_1",
    name: "A",
    language: "en",
    instructions: "",
    tools: "[]",
    turn: "{}",
    max_duration_ms: 1,
    record: 0,
    signing_secret: "x",
    created_at: 1,
    updated_at: 1,
  },
  numbers: { id: "num_1", number: "+4930231250", inbound_agent_id: "agent_1", created_at: 1, updated_at: 1 },
  trunks: { id: "trunk_1", name: "main", settings: "{}", password: "sealed", created_at: 1, updated_at: 1 },
  phones: {
    id: "phone_1",
    username: "desk",
    number: "201",
    password: "sealed",
    may_call: "[]",
    enabled: 1,
    created_at: 1,
    updated_at: 1,
  },
  texts: {
    id: "text_1",
    direction: "inbound",
    from_number: "+15550101",
    to_number: "+4930231250",
    body: "hello",
    status: "received",
    created_at: 1,
    updated_at: 1,
  },
  calls: {
    id: "call_1",
    carrier: "twilio",
    direction: "outbound",
    from_number: "+4930231250",
    to_number: "+15550101",
    agent_id: "agent_1",
    agent_snapshot: "{}",
    metadata: "{}",
    record: 0,
    status: "ended",
    created_at: 1,
    idempotency_key: "once",
  },
  events: { call_id: "call_1", sequence: 1, type: "call.ended", data: "{}", wall_ms: 1 },
};

describe("migrations", () => {
  test("migrations: what was there before organisations is the first one's, and nothing of it is lost", async () => {
    const { db, dataDir, url, all } = await bareDatabase();
    const migrator = new Migrator({ db, provider: { getMigrations: async () => all } });
    expect((await migrator.migrateTo("002-exchange")).error).toBeUndefined();
    for (const [table, row] of Object.entries(former)) {
      const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)));
      await sql`insert into ${sql.table(table)} (${columns}) values (${sql.join(Object.values(row))})`.execute(db);
    }
    const opened = await openDatabase(dataDir, url);
    onTestFinished(() => opened.close());
    expect(opened.migrated).toEqual(Object.keys(all).filter((name) => name > "003"));
    for (const [table, row] of Object.entries(former)) {
      const { rows } = await sql`select * from ${sql.table(table)}`.execute(opened.db);
      expect(rows).toEqual([expect.objectContaining({ ...row, org_id: "org_default" })]);
    }
    // Agents that numbers point at are still held.
    await expect(sql`delete from agents`.execute(opened.db)).rejects.toThrow(/foreign key/i);
    // Two organisations may use the same names and keys; a telephone number is everybody's.
    const copy = (table: string, change: object) => {
      const row = { ...former[table], ...change };
      const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)));
      return sql`insert into ${sql.table(table)} (${columns}) values (${sql.join(Object.values(row))})`.execute(
        opened.db,
      );
    };
    const other = { org_id: "org_other" };
    await copy("trunks", { ...other, id: "trunk_2" });
    await copy("calls", { ...other, id: "call_2" });
    await copy("phones", { ...other, id: "phone_2", username: "other" });
    await expect(copy("phones", { ...other, id: "phone_3" })).rejects.toThrow(/unique/i);
    await copy("phones", { id: "phone_4", org_id: "org_default", username: "a", number: "+15550199" });
    await expect(copy("phones", { ...other, id: "phone_5", username: "b", number: "+15550199" })).rejects.toThrow(
      /unique/i,
    );
  });

  test("migrations: one that is cut off leaves the database as it was, and is done the next time", async () => {
    const { db } = await bareDatabase();
    let isCutOff = true;
    const change = {
      up: async (on: Kysely<unknown>) => {
        await on.schema.createTable("parcels").addColumn("id", "text").execute();
        if (isCutOff) throw new Error("cut off");
      },
    };
    const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ "001-parcels": change }) } });
    expect((await migrator.migrateToLatest()).error).toMatchObject({ message: "cut off" });
    await expect(sql`select * from parcels`.execute(db)).rejects.toThrow();
    isCutOff = false;
    expect((await migrator.migrateToLatest()).error).toBeUndefined();
    expect(await doneMigrations(db)).toEqual(["001-parcels"]);
  });
});
