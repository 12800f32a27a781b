import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/control/store/database.ts";
import { MortalGateway, perform, settle } from "../kit/crash/driver.ts";
import { FarEnd } from "../kit/crash/far-end.ts";
import { crashPlan, houseNumbers } from "../kit/crash/plan.ts";
import { faultsOf } from "../kit/crash/proof.ts";
import { EventReceiver } from "../kit/crash/receiver.ts";
import { makeDatabase, postgresUrl, startPostgres } from "../kit/postgres.ts";

const plan = crashPlan(20_261_122);

let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

/** Does everything, with a death now and then; what is wrong after that, in words. */
async function crashAndProve(databaseUrl: string): Promise<string[]> {
  const farEnd = await FarEnd.open();
  onTestFinished(() => farEnd.close());
  const receiver = await EventReceiver.open();
  onTestFinished(() => receiver.close());
  const gateway = await MortalGateway.start({
    DATABASE_URL: databaseUrl,
    TANDEM_RATE_LIMIT_FACTOR: "0",
    TANDEM_ALLOW_PRIVATE_TARGETS: "true",
    TANDEM_PAYMENTS: "test",
  });
  onTestFinished(() => gateway.close());
  const webhookId = await furnish(gateway, farEnd, receiver);

  const answers = await perform(gateway, plan, receiver.url("/other"));
  expect(gateway.lives).toBe(plan.deaths.length + 1);
  // A plan of which something is always refused would prove nothing about it.
  const taken = plan.operations.filter((_, place) => (answers[place]?.status ?? 500) < 300);
  expect(new Set(taken.map(({ type }) => type))).toEqual(new Set(plan.operations.map(({ type }) => type)));
  expect(gateway.complaints).toEqual([]);
  expect(answers.filter(({ status }) => status >= 500)).toEqual([]);

  await settle(gateway);
  await gateway.stop();
  const database = await openDatabase(gateway.dataDir, databaseUrl);
  onTestFinished(() => database.close());
  const { told } = receiver;
  return faultsOf({ db: database.db, plan, answers, called: farEnd.called, webhookId, told });
}

/** What has to be there before: money, numbers that stay, a trunk, somebody who is told of everything. */
async function furnish(gateway: MortalGateway, farEnd: FarEnd, receiver: EventReceiver): Promise<string> {
  const ask = async (method: string, path: string, body: unknown) => {
    const answer = await gateway.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await ask("PATCH", "/orgs/org_default", { billing: "prepaid" });
  await ask("POST", "/credits", { amount_micros: 1_000_000_000, idempotency_key: "first" });
  for (const number of houseNumbers) await ask("POST", "/numbers/buy", { number });
  await ask("POST", "/trunks", {
    name: "Far end",
    outbound: { targets: [{ uri: `sip:127.0.0.1:${farEnd.port}` }] },
    max_calls: 0,
    calls_per_second: 0,
    probe_every_s: 0,
  });
  const { id, secret } = await ask("POST", "/webhooks", { url: receiver.url("/main"), events: ["*"] });
  receiver.secret = secret;
  return id;
}

describe("a gateway killed at random under load", () => {
  test("SQLite: nothing is lost, nothing is done twice, the ledger balances", async () => {
    expect(await crashAndProve("")).toEqual([]);
  }, 120_000);

  test("PostgreSQL: nothing is lost, nothing is done twice, the ledger balances", async () => {
    await makeDatabase(postgres.folder, "tandem_crash");
    expect(await crashAndProve(postgresUrl(postgres.folder, "tandem_crash"))).toEqual([]);
  }, 120_000);
});
