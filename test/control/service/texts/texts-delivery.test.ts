import Database from "better-sqlite3";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { alone } from "../../../../src/control/service/nodes.ts";
import { OtpWaiters } from "../../../../src/control/service/texts/io/otp-waiters.ts";
import { createGatewayTexts, createTexts } from "../../../../src/control/service/texts/texts.ts";
import { openDatabase } from "../../../../src/control/store/database.ts";
import { type E164, firstOrgId } from "../../../../src/kit/ids.ts";
import { databaseOf, testServices } from "../../gateway.ts";

const ours = "+15550111" as E164;
const theirs = "+15550211" as E164;

test("texts: two that stood in each other's way in the database both arrive, once", async () => {
  const { services, clock, random, dataDir } = await testServices();
  const other = await services.orgs.create({ name: "Other" });
  await services.own.numbers.create(ours, {});
  await services.tenant(other.id).numbers.create(theirs, {});
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  const { skipsLocked } = database.kind;
  const deadlock = Object.assign(new pg.DatabaseError("deadlock detected", 0, "error"), { code: "40P01" });
  const troubles = [skipsLocked ? deadlock : new Database.SqliteError("database is locked", "SQLITE_BUSY")];
  const outbox = {
    put: async (_db: unknown, orgId: string) => {
      const trouble = orgId === other.id ? troubles.pop() : undefined;
      if (trouble) throw trouble;
    },
  };
  const deps = {
    database,
    clock,
    random,
    money: services.money,
    outbox,
    carrierOf: async () => undefined,
    nodes: alone,
    otpWaiters: new OtpWaiters<never>(),
  };
  const texts = createTexts(deps, createGatewayTexts(deps), firstOrgId);
  const { id } = await texts.send({ from: ours, to: theirs, body: "hello" });
  expect(troubles).toEqual([]);
  expect((await texts.get(id)).status).toBe("delivered");
  const page = { limit: 10, after: undefined };
  expect((await services.tenant(other.id).texts.inbox(theirs, {}, page)).data).toHaveLength(1);
});
