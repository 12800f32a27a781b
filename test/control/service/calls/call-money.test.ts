import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openServices } from "../../../../src/control/service/services.ts";
import { openDatabase } from "../../../../src/control/store/database.ts";
import { proveLedger } from "../../../../src/control/store/ledger-proof.ts";
import { firstOrgId } from "../../../../src/kit/ids.ts";
import { databaseOf, plainAgent, ringingCall, storedRows, testServices, testSettings } from "../../gateway.ts";
import { type CallHouse, callHouse } from "./house.ts";

const dollar = 1_000_000;
const minute = 60_000;

/** What the organisation has, and what does not add up in the ledger. */
async function books({ dataDir, org, services }: CallHouse) {
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  try {
    const faults = await proveLedger(database.db);
    return { ...(await services.money.balance(database.db, org.id)), faults };
  } finally {
    await database.close();
  }
}

async function prepaid(dollars: number): Promise<CallHouse> {
  const house = await callHouse({ billing: "prepaid" });
  await credit(house, dollars);
  return house;
}

async function credit({ dataDir, services, org }: CallHouse, dollars: number): Promise<void> {
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  try {
    await database.db
      .transaction()
      .execute((trx) => services.money.credit(trx, org.id, dollars * dollar, { kind: "purchase", ref: `${dollars}` }));
  } finally {
    await database.close();
  }
}

describe("money of calls", () => {
  test("held at the dial, settled at the end with its record, the rest is free again", async () => {
    const house = await prepaid(10);
    const { call } = await house.place();
    expect(call.costMicros).toBe(0);
    expect(await books(house)).toMatchObject({ availableMicros: 6 * dollar, heldMicros: 4 * dollar });
    await house.talk(call.id, 90_000);
    const ended = await house.tenant.calls.get(call.id);
    expect(ended).toMatchObject({ status: "ended", durationMs: 90_000 });
    expect(ended.costMicros).toBeGreaterThan(0.59 * dollar);
    expect(await books(house)).toEqual({
      availableMicros: 10 * dollar - ended.costMicros,
      heldMicros: 0,
      faults: [],
    });
  });

  test("a call that nobody answered costs nothing", async () => {
    const house = await prepaid(10);
    const { call } = await house.place();
    await house.services.callRecords.endCall(call.id, "no-answer", "");
    expect(await house.tenant.calls.get(call.id)).toMatchObject({ costMicros: 0, durationMs: null });
    expect(await books(house)).toEqual({ availableMicros: 10 * dollar, heldMicros: 0, faults: [] });
  });

  test("a call in progress tells what it has cost so far", async () => {
    const house = await callHouse();
    const { call } = await house.place();
    await house.services.callRecords.applyMediaEvent({
      type: "call-started",
      callId: call.id,
      wallMs: house.clock.wall(),
    });
    const costs = [];
    for (const ms of [0, minute, 4 * minute]) {
      house.clock.ms += ms;
      costs.push((await house.tenant.calls.get(call.id)).costMicros);
    }
    expect(costs).toEqual([0, 0.4 * dollar, 2 * dollar]);
    const { data } = await house.tenant.calls.list({}, { limit: 1, after: undefined });
    expect(data[0]?.costMicros).toBe(2 * dollar);
    await house.services.callRecords.endCall(call.id, "callee-hung-up", "");
    expect((await house.tenant.calls.get(call.id)).costMicros).toBe(2 * dollar);
  });

  test("nothing to pay with: refused, nobody is called, and there is no record", async () => {
    const house = await callHouse({ billing: "prepaid" });
    await expect(house.place()).rejects.toMatchObject({ code: "payment-required", reason: "insufficient-credits" });
    expect((await house.tenant.calls.list({}, { limit: 10, after: undefined })).data).toEqual([]);
    const free = await callHouse({ plan: "free" }, await testServices());
    await expect(free.place()).rejects.toMatchObject({ code: "forbidden", reason: "plan-limit-voice-ai" });
    const unpaid = await callHouse({ hasPaymentMethod: false }, await testServices());
    await expect(unpaid.place()).rejects.toMatchObject({ reason: "payment-method-required" });
    expect([free, unpaid].flatMap(({ control }) => control.placed)).toEqual([]);
  });

  test("a call in that cannot be paid is turned away, and its record says so", async () => {
    const house = await callHouse({ billing: "prepaid" });
    const refused = ringingCall(house, { orgId: house.org.id });
    await expect(refused).rejects.toMatchObject({ code: "payment-required", reason: "insufficient-credits" });
    const { data } = await house.tenant.calls.list({}, { limit: 10, after: undefined });
    const ending = { status: "ended", cause: "out-of-credit", startedAt: null, durationMs: null, costMicros: 0 };
    expect(data).toMatchObject([{ direction: "inbound", ...ending }]);
    expect(await books(house)).toEqual({ availableMicros: 0, heldMicros: 0, faults: [] });
    const free = await callHouse({ plan: "free" }, await testServices());
    const { id } = free.org;
    const trial = await ringingCall(free, { orgId: id });
    await free.talk(trial, 5 * minute);
    await expect(ringingCall(free, { orgId: id })).rejects.toMatchObject({ reason: "plan-limit-inbound-ai" });
    const after = await free.tenant.calls.list({ cause: "out-of-credit" }, { limit: 10, after: undefined });
    expect(after.data).toHaveLength(1);
  });

  test("money for less than the call was to last is its limit; enough is none", async () => {
    const house = await prepaid(1);
    const credits = [];
    const { createCall } = house.services.callRecords;
    for (const maxDurationMs of [minute, 10 * minute]) {
      const callId = `call_0000000000000000000000000${credits.length}` as never;
      credits.push(
        await createCall({
          callId,
          orgId: house.org.id,
          carrier: "sip",
          direction: "outbound",
          from: "+12125559123",
          to: "+14155550199",
          agent: plainAgent,
          metadata: {},
          record: false,
          maxDurationMs,
        }),
      );
    }
    // 40 cents of the dollar are held for the first one.
    expect(credits).toEqual([undefined, { maxDurationMs: 90_000 }]);
  });

  test("the spending cap of the month limits calls like money does", async () => {
    const house = await callHouse({ spendingCapMicros: 0.8 * dollar });
    const { call } = await house.place();
    await house.talk(call.id, 2 * minute);
    await expect(house.place()).rejects.toMatchObject({ code: "payment-required", reason: "spending-cap-reached" });
  });

  test("a recording is paid when it was made", async () => {
    const house = await callHouse();
    const costs = [];
    for (const isMade of [true, false]) {
      const { call } = await house.place({ record: true });
      if (isMade) writeFileSync(house.services.callRecords.recordingPath(call.id), Buffer.alloc(100));
      await house.talk(call.id, minute);
      costs.push((await house.tenant.calls.get(call.id)).costMicros);
    }
    expect(costs).toEqual([0.41 * dollar, 0.4 * dollar]);
  });

  test.each([
    ["an agent's call in", { direction: "inbound" }, 0.4],
    ["with the customer's own key", { direction: "inbound", agent: { ...plainAgent, providerKey: "sk-1" } }, 0.1],
    ["of people, out", { direction: "outbound", agent: undefined }, 0.035],
    ["of people, in", { direction: "inbound", agent: undefined }, 0.015],
    ["of a telephone of ours", { direction: "inbound", agent: undefined, phoneId: "phone_1" }, 0],
    ["that is an echo", { direction: "inbound", agent: undefined, echo: true }, 0],
    ["of a telephone of ours with an agent", { direction: "outbound", phoneId: "phone_1" }, 0.4],
  ] as const)("a minute %s has its own price", async (_what, change, dollars) => {
    const house = await testServices();
    const callId = await ringingCall(house, change);
    await house.services.callRecords.applyMediaEvent({ type: "call-started", callId, wallMs: house.clock.wall() });
    house.clock.ms += minute;
    await house.services.callRecords.endCall(callId, "caller-hung-up", "");
    expect((await house.services.tenant(firstOrgId).calls.get(callId)).costMicros).toBe(dollars * dollar);
  });

  test("the customer's own key is not kept with the call", async () => {
    const house = await testServices();
    await ringingCall(house, { agent: { ...plainAgent, providerKey: "sk-very-secret" } });
    await house.services.close();
    expect(await storedRows(house.dataDir, "calls")).not.toContain("sk-very-secret");
  });

  test("calls that the gateway left open when it died are settled when they are ended", async () => {
    const house = await prepaid(10);
    const { call } = await house.place();
    const ringing = await house.place();
    await house.services.callRecords.applyMediaEvent({
      type: "call-started",
      callId: call.id,
      wallMs: house.clock.wall(),
    });
    house.clock.ms += minute;
    await house.services.callRecords.applyMediaEvent({ type: "dtmf", callId: call.id, digit: "1", atMs: minute });
    const settings = { ...testSettings, databaseUrl: await databaseOf(house.dataDir), dataDir: house.dataDir };
    const after = await openServices(settings, house.clock, house.random);
    expect(await after.callRecords.failCallsLeftOver("gateway-restarted")).toBe(2);
    const { calls } = after.tenant(house.org.id);
    expect(await calls.get(call.id)).toMatchObject({ cause: "gateway-restarted", costMicros: 0.4 * dollar });
    expect(await calls.get(ringing.call.id)).toMatchObject({ costMicros: 0 });
    expect(await after.settleLeftOver()).toBe(0);
    await after.close();
    expect(await books(house)).toEqual({ availableMicros: 9.6 * dollar, heldMicros: 0, faults: [] });
  });
});
