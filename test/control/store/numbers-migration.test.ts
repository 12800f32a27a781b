import { join } from "node:path";
import { Kysely, Migrator, sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { migrations } from "../../../src/control/store/migrations/index.ts";
import { findNumberByE164 } from "../../../src/control/store/numbers.ts";
import type { Schema } from "../../../src/control/store/schema.ts";
import { openSqlite, sqliteKind } from "../../../src/control/store/sqlite.ts";
import { temporaryFolder } from "../gateway.ts";

test("migration of numbers: what was there before stays, as a number of one's own, with its agent", async () => {
  const db = new Kysely<Schema>({ dialect: openSqlite(join(temporaryFolder(), "old.db")) });
  onTestFinished(() => db.destroy());
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(sqliteKind) } });
  expect((await migrator.migrateTo("005-webhooks")).error).toBeUndefined();
  const agent = { id: "agent_old", org_id: "org_default", name: "A", language: "en", instructions: "", tools: "[]" };
  await db
    .insertInto("agents")
    .values({
      ...agent,
      transfers: "[]",
      turn: "{}",
      max_duration_ms: 1,
      record: 0,
      signing_secret: "x",
      created_at: 1,
      updated_at: 1,
    })
    .execute();
  // As it was then.
  const old = {
    id: "num_old",
    org_id: "org_default",
    number: "+15550100",
    label: "Demo",
    created_at: 5,
    updated_at: 6,
  };
  await sql`insert into numbers (id, org_id, number, label, created_at, updated_at, inbound_agent_id)
    values (${sql.join([...Object.values(old), agent.id])})`.execute(db);
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
  expect(await findNumberByE164(db, undefined, "+15550100")).toMatchObject({
    ...old,
    inbound_agent_id: agent.id,
    type: "local",
    country: "US",
    carrier: "own",
    status: "active",
    metadata: "{}",
    monthly_micros: 0,
    next_charge_at: null,
  });
  await expect(db.deleteFrom("agents").execute()).rejects.toThrow("FOREIGN KEY");
  expect(await db.selectFrom("agents").select("hidden").execute()).toEqual([{ hidden: 0 }]);
});
