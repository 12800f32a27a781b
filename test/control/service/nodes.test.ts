import { describe, expect, inject, onTestFinished, test } from "vitest";
import { type alone, createNodes, silenceMs } from "../../../src/control/service/nodes.ts";
import { openDatabase } from "../../../src/control/store/database.ts";
import { proveLedger } from "../../../src/control/store/ledger-proof.ts";
import { type CallId, type E164, firstOrgId, makeId } from "../../../src/kit/ids.ts";
import {
  databaseOf,
  HeldClock,
  plainAgent,
  ringingCall,
  seededRandom,
  type TestServices,
  temporaryFolder,
  testServices,
} from "../gateway.ts";

const secretKey = "a secret key that all nodes share";
/** Gateways share a database of PostgreSQL only; of SQLite there is one, which takes everything for its own. */
const isShared = inject("postgresFolder") !== undefined;

/** Two gateways on one database, the second in a folder of its own. */
async function twoNodes(): Promise<{ first: TestServices; second: TestServices; faults(): Promise<unknown[]> }> {
  const first = await testServices({ secretKey });
  const databaseUrl = await databaseOf(first.dataDir);
  const other = isShared ? { dataDir: temporaryFolder(), databaseUrl } : { dataDir: first.dataDir };
  const second = await testServices({ secretKey, random: seededRandom(2), ...other });
  for (const { services } of [first, second]) await services.beat();
  const database = await openDatabase(first.dataDir, databaseUrl);
  onTestFinished(() => database.close());
  return { first, second, faults: () => proveLedger(database.db) };
}

async function statusOf({ services }: TestServices, callId: string): Promise<string> {
  return (await services.own.calls.get(callId)).status;
}

/** A call of ours that is paid. */
async function outgoingCall({ services, random }: TestServices): Promise<CallId> {
  const callId = makeId("call", random) as CallId;
  const parties = { from: "+12125550100", to: "+15550199" as E164, carrier: "sip", direction: "outbound" } as const;
  await services.callRecords.createCall({
    ...parties,
    callId,
    orgId: firstOrgId,
    agent: plainAgent,
    metadata: {},
    record: false,
    carrierCallId: undefined,
  });
  return callId;
}

describe("gateways on one database", () => {
  test("nodes: one that starts ends the calls of its own former life, not those of another that is alive", async () => {
    const { first, second } = await twoNodes();
    const call = await ringingCall(first);
    const { failCallsLeftOver } = second.services.callRecords;
    expect(await failCallsLeftOver("gateway-restarted")).toBe(isShared ? 0 : 1);
    expect(await statusOf(first, call)).toBe(isShared ? "ringing" : "ended");

    const own = await ringingCall(second);
    const nextLife = await testServices({
      secretKey,
      random: seededRandom(3),
      dataDir: second.dataDir,
      databaseUrl: await databaseOf(first.dataDir),
    });
    await nextLife.services.beat();
    expect(await nextLife.services.callRecords.failCallsLeftOver("gateway-restarted")).toBe(1);
    expect(await statusOf(second, own)).toBe("ended");
    expect(await statusOf(first, call)).toBe(isShared ? "ringing" : "ended");
  });

  test("nodes: what one leaves that is silent for long is ended and paid by another, once", async () => {
    const { first, second, faults } = await twoNodes();
    await first.services.orgs.update(firstOrgId, { billing: "prepaid" });
    await first.services.own.billing.buyCredits({ amountMicros: 100_000_000 });
    const calls = [await outgoingCall(first), await outgoingCall(first)];
    expect((await first.services.own.billing.account()).heldMicros).toBeGreaterThan(0);
    second.clock.ms += silenceMs - 1000;
    await second.services.beat();
    expect(await statusOf(first, calls[0]!)).toBe("queued");

    second.clock.ms += 2000;
    await second.services.beat();
    await second.services.beat();
    const after = isShared ? "ended" : "queued";
    for (const call of calls) expect(await statusOf(second, call)).toBe(after);
    // Where it is alone, the next life of the only gateway does it.
    if (!isShared) expect(await second.services.callRecords.failCallsLeftOver("gateway-restarted")).toBe(2);
    expect(await second.services.own.billing.account()).toMatchObject({
      availableMicros: 100_000_000,
      heldMicros: 0,
    });
    expect(await faults()).toEqual([]);
    // It was only slow: its own ending comes too late to be another one.
    expect(await first.services.callRecords.endCall(calls[0]!, "busy", "")).toBe(false);
    expect((await second.services.own.calls.get(calls[0]!)).cause).toBe("gateway-restarted");
  });

  test("nodes: a text on its way from one is no other's to give up while that one is alive", async () => {
    const { first, second, faults } = await twoNodes();
    const { own } = first.services;
    await own.numbers.create("+15550111" as E164, {});
    await first.services.texts.connect({ carry: () => undefined });
    const { id } = await own.texts.send({ from: "+15550111", to: "+15550999", body: "hello" });
    await second.services.texts.connect({ carry: () => undefined });
    expect((await own.texts.get(id)).status).toBe(isShared ? "queued" : "failed");
    second.clock.ms += silenceMs + 1;
    await second.services.beat();
    expect((await own.texts.get(id)).status).toBe("failed");
    // What was not sent is not paid.
    expect((await own.billing.account()).spentMicros).toBe(0);
    expect(await faults()).toEqual([]);
  });

  test("nodes: a purchase that a crash cut off is undone by the same node's next life at once, by another after two minutes", async () => {
    const { first, second } = await twoNodes();
    const { own } = second.services;
    // The node dies before it has asked the carrier: nothing but the reservation is there.
    const number = "+12125550100";
    const bought = await own.numbers.buy({ number });
    const { db, close } = await openDatabase(first.dataDir, await databaseOf(first.dataDir));
    onTestFinished(close);
    await db.updateTable("numbers").set({ status: "reserved" }).where("id", "=", bought.id).execute();
    const isReserved = async () => (await db.selectFrom("numbers").select("id").execute()).length > 0;
    await first.services.lookAfterNumbers();
    expect(await isReserved()).toBe(isShared);
    const nextLife = await testServices({
      secretKey,
      random: seededRandom(3),
      dataDir: second.dataDir,
      databaseUrl: await databaseOf(first.dataDir),
    });
    await nextLife.services.lookAfterNumbers();
    expect(await isReserved()).toBe(false);
  });

  test("nodes: one that stops is missed by nobody, one that falls silent is buried once by each that lives, then forgotten", async () => {
    const dataDir = temporaryFolder();
    const database = await openDatabase(dataDir, await databaseOf(dataDir));
    onTestFinished(() => database.close());
    const clock = new HeldClock();
    const [one, two, three] = ["one", "two", "three"].map((id) => createNodes(database.db, clock, id)) as [
      typeof alone,
      typeof alone,
      typeof alone,
    ];
    const buried: string[] = [];
    const bury = async (id: string) => void buried.push(id);
    for (const node of [one, two, three]) await node.beat(bury);
    expect([...(await one.others())].toSorted()).toEqual(["three", "two"]);
    await two.leave();
    expect([...(await one.others())]).toEqual(["three"]);
    clock.ms += silenceMs;
    await one.beat(bury);
    await one.beat(bury);
    expect(buried).toEqual(["three"]);
    expect((await one.others()).size).toBe(0);
    await three.beat(bury);
    expect([...(await one.others())]).toEqual(["three"]);
  });
});
