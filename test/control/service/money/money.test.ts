import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { plans } from "../../../../src/control/service/money/plans.ts";
import { dollar, moneyHouse } from "./house.ts";

const minute = 60_000;

describe("credits and charges", () => {
  test("credit: is added once for each payment", async () => {
    const { money, db, run, org, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    for (const ref of ["pay_1", "pay_1", "pay_2"]) {
      await run((trx) => money.credit(trx, id, 10 * dollar, { kind: "purchase", ref }));
    }
    expect(await money.balance(db, id)).toEqual({ availableMicros: 20 * dollar, heldMicros: 0 });
    expect(await faults()).toEqual([]);
  });

  test("charge: takes the price of the book, once for each thing, and counts it in the month", async () => {
    const { money, db, run, org, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    await run((trx) => money.credit(trx, id, dollar, { kind: "purchase", ref: "pay" }));
    const text = { item: "text.outbound", quantity: 1, ref: "text_1" } as const;
    expect(await run((trx) => money.charge(trx, id, text))).toBe(15_000);
    expect(await run((trx) => money.charge(trx, id, text))).toBe(15_000);
    expect(await run((trx) => money.charge(trx, id, { ...text, ref: "text_2" }))).toBe(15_000);
    expect(await money.balance(db, id)).toEqual({ availableMicros: dollar - 30_000, heldMicros: 0 });
    const usage = await money.usage(db, id, "2026-11");
    expect(usage).toMatchObject({ textsSent: 2, textsReceived: 0, calls: 0, totalMicros: 30_000 });
    expect(await money.usage(db, id, "2026-10")).toMatchObject({ textsSent: 0, totalMicros: 0 });
    expect(await faults()).toEqual([]);
  });

  test("charge: without enough credit it is refused, with a page that helps, and nothing has changed", async () => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org({ billing: "prepaid", priceBook: "agentnumber" });
    await run((trx) => money.credit(trx, id, 5 * dollar - 1, { kind: "purchase", ref: "pay" }));
    const buying = run((trx) => money.charge(trx, id, { item: "number.local", quantity: 1, ref: "num_1" }));
    await expect(buying).rejects.toMatchObject({
      code: "payment-required",
      reason: "insufficient-credits",
      links: { setupUrl: expect.stringMatching(/^https:\/\/gw\.example\.com\/billing\/setup\./) },
    });
    expect(await money.balance(db, id)).toEqual({ availableMicros: 5 * dollar - 1, heldMicros: 0 });
    expect(await money.usage(db, id, "2026-11")).toMatchObject({ totalMicros: 0 });
  });

  test("charge: what has happened already is charged all the same", async () => {
    const { money, db, run, org, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    const text = { item: "text.inbound", quantity: 1, ref: "text_1", alreadyDone: true } as const;
    expect(await run((trx) => money.charge(trx, id, text))).toBe(8_000);
    expect(await money.balance(db, id)).toEqual({ availableMicros: -8_000, heldMicros: 0 });
    expect(await faults()).toEqual([]);
  });

  test("charge: who pays afterwards needs a payment method on file", async () => {
    const { money, run, org, change } = await moneyHouse();
    const acme = await org({ hasPaymentMethod: false });
    const charge = () => run((trx) => money.charge(trx, acme.id, { item: "text.outbound", quantity: 1, ref: "t" }));
    await expect(charge()).rejects.toMatchObject({
      code: "payment-required",
      reason: "payment-method-required",
      links: { setupUrl: expect.stringContaining("/billing/setup.") },
    });
    await change(acme, { hasPaymentMethod: true });
    expect(await charge()).toBe(15_000);
  });

  test("spending cap: ends with the month (UTC)", async () => {
    const { money, run, org, clock } = await moneyHouse();
    const { id } = await org({ spendingCapMicros: 30_000 });
    const send = (ref: string) => run((trx) => money.charge(trx, id, { item: "text.outbound", quantity: 1, ref }));
    await send("1");
    await send("2");
    await expect(send("3")).rejects.toMatchObject({ code: "payment-required", reason: "spending-cap-reached" });
    clock.ms = Date.UTC(2026, 11, 1) - clock.startedAt - 1;
    await expect(send("3")).rejects.toMatchObject({ reason: "spending-cap-reached" });
    clock.ms += 1;
    expect(await send("3")).toBe(15_000);
  });

  test("refund: gives back once what was charged, and takes it off the month it was in", async () => {
    const { money, db, run, org, clock, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    await run((trx) => money.credit(trx, id, dollar, { kind: "purchase", ref: "pay" }));
    await run((trx) => money.charge(trx, id, { item: "text.outbound", quantity: 1, ref: "text_1" }));
    clock.ms = Date.UTC(2026, 11, 2) - clock.startedAt;
    for (let time = 0; time < 2; time += 1) await run((trx) => money.refund(trx, id, "text_1"));
    await run((trx) => money.refund(trx, id, "text_nobody_sent"));
    expect(await money.balance(db, id)).toEqual({ availableMicros: dollar, heldMicros: 0 });
    expect(await money.usage(db, id, "2026-11")).toMatchObject({ textsSent: 0, totalMicros: 0 });
    expect(await faults()).toEqual([]);
  });

  test("refund: what was charged as a month turned is taken off the month it was counted in", async () => {
    const { money, db, run, org, clock } = await moneyHouse();
    const { id } = await org();
    for (let reads = 0; reads < 6; reads += 1) {
      // The month turns between two looks at the clock.
      let now = Date.UTC(2027, 0, 1) - reads;
      clock.wall = () => now++;
      const ref = `text_${reads}`;
      await run((trx) => money.charge(trx, id, { item: "text.outbound", quantity: 1, ref }));
      await run((trx) => money.refund(trx, id, ref));
    }
    for (const period of ["2026-12", "2027-01"]) {
      expect(await money.usage(db, id, period)).toMatchObject({ textsSent: 0, totalMicros: 0 });
    }
  });

  test("organisations: the same reference of two of them is two things", async () => {
    const { money, db, run, org } = await moneyHouse();
    const [a, b] = [await org(), await org()];
    for (const { id } of [a, b]) {
      await run((trx) => money.charge(trx, id, { item: "text.outbound", quantity: 1, ref: "text_1" }));
    }
    await run((trx) => money.refund(trx, a.id, "text_1"));
    expect(await money.balance(db, a.id)).toMatchObject({ availableMicros: 0 });
    expect(await money.balance(db, b.id)).toMatchObject({ availableMicros: -15_000 });
  });
});

describe("money of calls", () => {
  test("hold: sets aside what the call may cost; its end takes what it did and frees the rest", async () => {
    const { money, db, run, org, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    await run((trx) => money.credit(trx, id, 10 * dollar, { kind: "purchase", ref: "pay" }));
    const call = { callId: "call_1", items: ["ai.outbound", "recording"] } as const;
    const held = await run((trx) => money.hold(trx, id, { ...call, wantedMs: 10 * minute }));
    expect(held).toEqual({ maxDurationMs: 10 * minute });
    expect(await money.balance(db, id)).toEqual({ availableMicros: 5_900_000, heldMicros: 4_100_000 });
    expect(await faults()).toEqual([]);
    expect(await run((trx) => money.hold(trx, id, { ...call, wantedMs: minute }))).toEqual(held);
    for (let time = 0; time < 2; time += 1) {
      expect(await run((trx) => money.settle(trx, id, { ...call, durationMs: 90_000 }))).toBe(615_000);
    }
    expect(await money.balance(db, id)).toEqual({ availableMicros: 10 * dollar - 615_000, heldMicros: 0 });
    expect(await money.usage(db, id, "2026-11")).toMatchObject({ calls: 1, callMs: 90_000, totalMicros: 615_000 });
    expect(await faults()).toEqual([]);
  });

  test("hold: a call may last as long as the credit is enough, and no other has a part in it", async () => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org({ billing: "prepaid", priceBook: "agentnumber" });
    await run((trx) => money.credit(trx, id, 120_000, { kind: "purchase", ref: "pay" }));
    const hold = (callId: string) =>
      run((trx) => money.hold(trx, id, { callId, items: ["ai.outbound"], wantedMs: 30 * minute }));
    expect(await hold("call_1")).toEqual({ maxDurationMs: 2 * minute });
    expect(await money.balance(db, id)).toEqual({ availableMicros: 20_000, heldMicros: 100_000 });
    await expect(hold("call_2")).rejects.toMatchObject({ reason: "insufficient-credits" });
    await run((trx) => money.settle(trx, id, { callId: "call_1", items: ["ai.outbound"], durationMs: 1 }));
    expect(await hold("call_2")).toEqual({ maxDurationMs: minute });
  });

  test("hold: two at once do not both get the last credit", async () => {
    const { money, run, org, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid", priceBook: "agentnumber" });
    await run((trx) => money.credit(trx, id, 50_000, { kind: "purchase", ref: "pay" }));
    const calls = Array.from({ length: 8 }, (_, index) =>
      run((trx) => money.hold(trx, id, { callId: `call_${index}`, items: ["ai.outbound"], wantedMs: minute })),
    );
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ reason: "insufficient-credits" });
    }
    expect(await faults()).toEqual([]);
  });

  test("hold: who pays afterwards and has no cap talks as long as he likes", async () => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org();
    const call = { callId: "call_1", items: ["ai.inbound"] } as const;
    expect(await run((trx) => money.hold(trx, id, { ...call, wantedMs: minute }))).toEqual({ maxDurationMs: Infinity });
    expect(await money.balance(db, id)).toEqual({ availableMicros: 0, heldMicros: 0 });
    expect(await run((trx) => money.settle(trx, id, { ...call, durationMs: minute }))).toBe(400_000);
    expect(await money.balance(db, id)).toEqual({ availableMicros: -400_000, heldMicros: 0 });
  });

  test("spending cap: calls in progress count, so that all of them together stay below it", async () => {
    const { money, run, org, faults } = await moneyHouse();
    const { id } = await org({ spendingCapMicros: dollar });
    const items = ["ai.outbound"] as const;
    const hold = (callId: string) => run((trx) => money.hold(trx, id, { callId, items, wantedMs: 2 * minute }));
    expect(await hold("call_1")).toEqual({ maxDurationMs: 2 * minute });
    expect(await hold("call_2")).toEqual({ maxDurationMs: 30_000 });
    await expect(hold("call_3")).rejects.toMatchObject({ reason: "spending-cap-reached" });
    await run((trx) => money.settle(trx, id, { callId: "call_1", items, durationMs: 0 }));
    expect(await hold("call_3")).toEqual({ maxDurationMs: 2 * minute });
    expect(await faults()).toEqual([]);
  });

  test("settlement: a call that outlasts its hold pays for all of it", async () => {
    const { money, db, run, org, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    await run((trx) => money.credit(trx, id, 400_000, { kind: "purchase", ref: "pay" }));
    const call = { callId: "call_1", items: ["ai.outbound"] } as const;
    await run((trx) => money.hold(trx, id, { ...call, wantedMs: minute }));
    expect(await run((trx) => money.settle(trx, id, { ...call, durationMs: 90_000 }))).toBe(600_000);
    expect(await money.balance(db, id)).toEqual({ availableMicros: -200_000, heldMicros: 0 });
    expect(await faults()).toEqual([]);
  });

  test("settlement: the goodbye of a call that ends with its credit costs no further minute", async () => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org({ billing: "prepaid", priceBook: "agentnumber" });
    await run((trx) => money.credit(trx, id, 120_000, { kind: "purchase", ref: "pay" }));
    const call = { callId: "call_1", items: ["ai.outbound"] } as const;
    const { maxDurationMs } = await run((trx) => money.hold(trx, id, { ...call, wantedMs: 10 * minute }));
    expect(maxDurationMs).toBe(2 * minute);
    expect(await run((trx) => money.settle(trx, id, { ...call, durationMs: 2 * minute + 3_000 }))).toBe(100_000);
    expect(await money.balance(db, id)).toEqual({ availableMicros: 20_000, heldMicros: 0 });
  });

  test("settlement: a call without a hold is paid once too, and can be given back", async () => {
    const { money, db, run, org, faults } = await moneyHouse();
    const { id } = await org();
    const call = { callId: "call_1", items: ["voice.inbound", "recording"], durationMs: minute } as const;
    for (let time = 0; time < 2; time += 1) expect(await run((trx) => money.settle(trx, id, call))).toBe(25_000);
    await run((trx) => money.refund(trx, id, "call_1"));
    expect(await money.balance(db, id)).toEqual({ availableMicros: 0, heldMicros: 0 });
    expect(await faults()).toEqual([]);
  });

  test("settlement: a call is paid as its plan and prices were when it began", async () => {
    const { money, run, org, change } = await moneyHouse();
    const acme = await org();
    const call = { callId: "call_1", items: ["ai.outbound"] } as const;
    await run((trx) => money.hold(trx, acme.id, { ...call, wantedMs: minute }));
    await change(acme, { priceBook: "agentnumber" });
    expect(await run((trx) => money.settle(trx, acme.id, { ...call, durationMs: minute }))).toBe(400_000);
  });

  test("settlement: calls that ended with the gateway are settled at its next start, others are left alone", async () => {
    const { money, db, run, org, faults } = await moneyHouse();
    const { id } = await org({ billing: "prepaid" });
    await run((trx) => money.credit(trx, id, 10 * dollar, { kind: "purchase", ref: "pay" }));
    for (const [callId, status, durationMs] of [
      ["call_1", "ended", 30_000],
      ["call_2", "ended", null],
      ["call_3", "in-progress", null],
    ] as const) {
      await run((trx) => money.hold(trx, id, { callId, items: ["ai.outbound"], wantedMs: minute }));
      await sql`insert into calls (id, org_id, carrier, direction, from_number, to_number, agent_snapshot, metadata,
        record, status, duration_ms, created_at) values (${callId}, ${id}, 'sip', 'outbound', '+15550100', '+15550101',
        '{}', '{}', 0, ${status}, ${durationMs}, 0)`.execute(db);
    }
    expect(await run((trx) => money.settleLeftOver(trx))).toBe(2);
    expect(await run((trx) => money.settleLeftOver(trx))).toBe(0);
    expect(await money.balance(db, id)).toEqual({ availableMicros: 9_400_000, heldMicros: 400_000 });
    expect(await money.usage(db, id, "2026-11")).toMatchObject({ calls: 2, totalMicros: 200_000 });
    expect(await faults()).toEqual([]);
  });

  test("running cost: is what the call would cost if it ended now", async () => {
    const { money, org } = await moneyHouse();
    const acme = await org();
    expect(money.runningCostMicros(acme, ["ai.outbound"], 30_000)).toBe(200_000);
    expect(money.runningCostMicros({ ...acme, plan: "free" }, ["ai.inbound"], 30_000)).toBe(0);
  });
});

describe("plans", () => {
  test("Free plan: ten texts a month cost nothing, the eleventh is refused", async () => {
    const { money, db, run, org, clock } = await moneyHouse();
    const { id } = await org({ plan: "free", hasPaymentMethod: false });
    const send = (ref: string) => run((trx) => money.charge(trx, id, { item: "text.outbound", quantity: 1, ref }));
    for (let index = 0; index < plans.free.texts; index += 1) expect(await send(`text_${index}`)).toBe(0);
    const refusal = {
      code: "forbidden",
      reason: "plan-limit-texts",
      links: { upgradeUrl: expect.stringContaining("/billing/upgrade.") },
    };
    await expect(send("text_10")).rejects.toMatchObject(refusal);
    await expect(money.checkPlan(db, id, "send-text")).rejects.toMatchObject(refusal);
    await run((trx) => money.refund(trx, id, "text_3"));
    expect(await send("text_10")).toBe(0);
    clock.ms = Date.UTC(2026, 11, 1) - clock.startedAt;
    await money.checkPlan(db, id, "send-text");
    expect(await send("text_11")).toBe(0);
  });

  test("Free plan: texts sent at once do not go beyond it together", async () => {
    const { money, run, org } = await moneyHouse();
    const { id } = await org({ plan: "free" });
    const sending = Array.from({ length: 15 }, (_, index) =>
      run((trx) => money.charge(trx, id, { item: "text.outbound", quantity: 1, ref: `text_${index}` })),
    );
    const results = await Promise.allSettled(sending);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  });

  test.each([
    ["voice.outbound", "plan-limit-voice"],
    ["voice.inbound", "plan-limit-voice"],
    ["ai.inbound", "plan-limit-inbound-ai"],
  ] as const)("Free plan: %s has five minutes a month, those of calls in progress counted", async (item, reason) => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org({ plan: "free" });
    const items = [item];
    const hold = (callId: string) => run((trx) => money.hold(trx, id, { callId, items, wantedMs: 3 * minute }));
    expect(await hold("call_1")).toEqual({ maxDurationMs: 3 * minute });
    expect(await hold("call_2")).toEqual({ maxDurationMs: 2 * minute });
    await expect(hold("call_3")).rejects.toMatchObject({ code: "forbidden", reason });
    expect(await run((trx) => money.settle(trx, id, { callId: "call_1", items, durationMs: 175_000 }))).toBe(0);
    // Five seconds are left, which is no call.
    await expect(hold("call_3")).rejects.toMatchObject({ reason });
    await run((trx) => money.settle(trx, id, { callId: "call_2", items, durationMs: 0 }));
    expect(await hold("call_3")).toEqual({ maxDurationMs: 125_000 });
    expect(await money.usage(db, id, "2026-11")).toMatchObject({ callMs: 175_000, totalMicros: 0 });
  });

  test("Free plan: has no outbound AI, no recording, no other numbers than a local one", async () => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org({ plan: "free" });
    const refused = { code: "forbidden" };
    await expect(money.checkPlan(db, id, "ai-outbound")).rejects.toMatchObject({
      ...refused,
      reason: "plan-limit-voice-ai",
    });
    await expect(money.checkPlan(db, id, "recording")).rejects.toMatchObject({
      ...refused,
      reason: "plan-limit-recording",
    });
    const call = { callId: "call_1", items: ["ai.inbound", "recording"], wantedMs: minute } as const;
    await expect(run((trx) => money.hold(trx, id, call))).rejects.toMatchObject({ reason: "plan-limit-recording" });
    const tollFree = { item: "number.tollfree", quantity: 1, ref: "num_1" } as const;
    await expect(run((trx) => money.charge(trx, id, tollFree))).rejects.toMatchObject({
      reason: "plan-limit-numbers",
    });
  });

  test("Free plan: one number, five one-time codes", async () => {
    const { money, db, run, org } = await moneyHouse();
    const { id } = await org({ plan: "free" });
    const buy = (name: string) =>
      run(async (trx) => {
        await money.checkPlan(trx, id, "buy-number");
        await sql`insert into numbers
          (id, org_id, number, type, capabilities, carrier, status, metadata, monthly_micros, created_at, updated_at)
          values (${name}, ${id}, ${name}, 'local', '[]', 'local', 'active', '{}', 0, 0, 0)`.execute(trx);
      });
    const results = await Promise.allSettled([buy("+15550101"), buy("+15550102"), buy("+15550103")]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(money.checkPlan(db, id, "buy-number")).rejects.toMatchObject({ reason: "plan-limit-numbers" });
    for (let index = 0; index < plans.free.otps; index += 1) {
      await money.checkPlan(db, id, "otp");
      await run((trx) => money.charge(trx, id, { item: "otp", quantity: 1, ref: `text_${index}` }));
    }
    await expect(money.checkPlan(db, id, "otp")).rejects.toMatchObject({ reason: "plan-limit-otp" });
  });

  test("Pro plan: who pays afterwards needs a payment method for what costs; who pays before does not", async () => {
    const { money, db, org } = await moneyHouse();
    const after = await org({ hasPaymentMethod: false });
    const before = await org({ hasPaymentMethod: false, billing: "prepaid" });
    for (const what of ["ai-outbound", "recording", "ai-inbound", "buy-number"] as const) {
      await expect(money.checkPlan(db, after.id, what)).rejects.toMatchObject({
        code: "payment-required",
        reason: "payment-method-required",
        links: { setupUrl: expect.any(String) },
      });
      await money.checkPlan(db, before.id, what);
    }
    await money.checkPlan(db, after.id, "otp");
  });
});
