import { describe, expect, inject, test } from "vitest";
import type { Item } from "../../../../src/control/service/money/items.ts";
import type { Org } from "../../../../src/control/service/orgs/orgs.ts";
import { lockMoney, type Posting, postEntry } from "../../../../src/control/store/ledger.ts";
import { proveLedger } from "../../../../src/control/store/ledger-proof.ts";
import { WriteQueue } from "../../../../src/control/store/write-queue.ts";
import { GatewayError } from "../../../../src/kit/errors.ts";
import { SeededRandom } from "../../../kit/seeded-random.ts";
import { temporaryFolder } from "../../gateway.ts";
import { dollar, type MoneyHouse, moneyHouse } from "./house.ts";

const talks: Item[] = ["voice.outbound", "voice.inbound", "ai.outbound", "ai.inbound", "ai.inbound.byok"];

/** One thing that may happen to an organisation's money; refusals are part of life. */
async function something({ money, run }: MoneyHouse, random: SeededRandom, { id }: Org): Promise<void> {
  const callId = `call_${id}_${random.int(1, 20)}`;
  const ref = `text_${random.int(1, 40)}`;
  const items = [random.pick(talks), ...(random.chance(0.3) ? (["recording"] as const) : [])];
  const rollBack = random.chance(0.1);
  const [roll, amount, ms] = [random.int(0, 5), random.int(1, 3 * dollar), random.int(0, 900_000)];
  try {
    await run(async (trx) => {
      if (roll === 0) await money.credit(trx, id, amount, { kind: "purchase", ref });
      else if (roll === 1) await money.charge(trx, id, { item: "text.outbound", quantity: 1, ref });
      else if (roll === 2) await money.hold(trx, id, { callId, items, wantedMs: ms });
      else if (roll === 3) await money.settle(trx, id, { callId, items, durationMs: ms });
      else if (roll === 4) await money.refund(trx, id, random.chance(0.5) ? ref : callId);
      else await money.charge(trx, id, { item: "text.inbound", quantity: 1, ref, alreadyDone: true });
      if (rollBack) throw new GatewayError("conflict", "the caller changed its mind");
    });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
  }
}

describe("ledger", () => {
  test.each([1, 2, 3])("ledger: balances after anything, one thing after another (seed %i)", async (seed) => {
    const house = await moneyHouse();
    const random = new SeededRandom(seed);
    const orgs = [
      await house.org({ billing: "prepaid", priceBook: "agentnumber" }),
      await house.org({ spendingCapMicros: 5 * dollar }),
      await house.org({ plan: "free" }),
    ];
    for (let round = 0; round < 10; round += 1) {
      for (let step = 0; step < 20; step += 1) await something(house, random, random.pick(orgs));
      expect(await house.faults()).toEqual([]);
    }
    const [, capped, free] = orgs;
    const usage = await house.money.usage(house.db, free!.id, "2026-11");
    expect(usage.textsSent).toBeLessThanOrEqual(10);
    expect(usage.totalMicros).toBe(0);
    expect((await house.money.balance(house.db, capped!.id)).heldMicros).toBeLessThanOrEqual(5 * dollar);
  });

  test("ledger: balances after many things at once, from two gateways where the database takes two", async () => {
    const dataDir = temporaryFolder();
    const first = await moneyHouse({ dataDir });
    const second = inject("postgresFolder") ? await moneyHouse({ dataDir, seed: 2 }) : first;
    const orgs = [await first.org({ billing: "prepaid" }), await first.org({ spendingCapMicros: dollar })];
    const random = new SeededRandom(11);
    const doings = Array.from({ length: 200 }, () =>
      something(random.pick([first, second]), random, random.pick(orgs)),
    );
    await Promise.all(doings);
    expect(await first.faults()).toEqual([]);
  });

  test("ledger: balances when charges share the transactions of the write queue", async () => {
    const { money, db, org, faults } = await moneyHouse();
    const acme = await org({ billing: "prepaid" });
    const queue = new WriteQueue(
      db,
      () => 0,
      () => {},
      { maxBatch: 10, maxDelayMs: 1, maxPending: 1000 },
    );
    await queue.add((batch) => money.credit(batch.db, acme.id, 150_000, { kind: "purchase", ref: "pay" }));
    const charges = Array.from({ length: 25 }, (_, index) =>
      queue.add((batch) => money.charge(batch.db, acme.id, { item: "text.outbound", quantity: 1, ref: `t${index}` })),
    );
    const results = await Promise.allSettled(charges);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
    expect(await money.balance(db, acme.id)).toEqual({ availableMicros: 0, heldMicros: 0 });
    expect(await faults()).toEqual([]);
  });

  test("ledger: takes no entry whose postings do not sum to zero, nor parts of a micro-dollar", async () => {
    const { run, org, faults } = await moneyHouse();
    const { id } = await org();
    const entry = {
      id: "txn_1",
      kind: "charge",
      ref: "x",
      item: "",
      amountMicros: 1,
      lines: [],
      createdAt: 0,
    } as const;
    const write = (postings: Posting[]) => run((trx) => postEntry(trx, id, entry, postings));
    await expect(write([["available", -1]])).rejects.toThrow("must sum to zero");
    await expect(
      write([
        ["available", -0.5],
        ["held", 0.5],
      ]),
    ).rejects.toThrow("whole micro-dollars");
    expect(await faults()).toEqual([]);
  });

  test("proof: finds a balance, an entry or a hold that somebody changed by hand", async () => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    await run((trx) => money.credit(trx, id, dollar, { kind: "purchase", ref: "pay" }));
    await run((trx) => money.hold(trx, id, { callId: "call_1", items: ["voice.inbound"], wantedMs: 60_000 }));
    await run((trx) => lockMoney(trx, id, 0));
    expect(await proveLedger(db)).toEqual([]);
    await db.updateTable("ledger_holds").set({ amount_micros: 14_000 }).execute();
    expect(await proveLedger(db)).toEqual([
      { orgId: id, what: "held-without-holds", subject: "held", differenceMicros: 1_000 },
    ]);
    await db
      .updateTable("ledger_postings")
      .set({ amount_micros: dollar + 5 })
      .where("account", "=", "available")
      .where("amount_micros", ">", 0)
      .execute();
    const faults = await proveLedger(db);
    expect(faults).toContainEqual({
      orgId: id,
      what: "entry-not-zero",
      subject: expect.any(String),
      differenceMicros: 5,
    });
    expect(faults).toContainEqual({
      orgId: id,
      what: "balance-without-postings",
      subject: "available",
      differenceMicros: -5,
    });
  });
});
