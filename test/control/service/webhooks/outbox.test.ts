import { describe, expect, test } from "vitest";
import { createRenderDelivery } from "../../../../src/control/service/webhooks/outbox.ts";
import { notice, testVoices, webhookHouse } from "../../webhook-house.ts";

const page = { limit: 100, after: undefined };

describe("outbox", () => {
  test("outbox: what is rolled back is never told", async () => {
    const house = await webhookHouse();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: "https://customer.example", events: ["*"] });
    const failed = house.database.db.transaction().execute(async (trx) => {
      await house.outbox.put(trx, "org_default", [notice("call.ended", "call_1")]);
      throw new Error("the change failed");
    });
    await expect(failed).rejects.toThrow("the change failed");
    expect((await webhooks.deliveries(webhook.id, {}, page)).data).toEqual([]);
  });

  test("outbox: one row for each webhook of the organisation that asked for the event, in its API's words", async () => {
    const house = await webhookHouse();
    const native = house.webhooks();
    const agentcall = house.webhooks("org_default", "agentcall");
    const other = house.webhooks("org_other");
    const url = "https://customer.example";
    const calls = await native.create({ url, events: ["call.ended"] });
    const texts = await agentcall.create({ url, events: ["sms.inbound"] });
    const paused = await native.create({ url, events: ["*"] });
    await native.update(paused.webhook.id, { enabled: false });
    const foreign = await other.create({ url, events: ["*"] });
    await house.tell([
      notice("call.ringing", "call_1"),
      notice("call.ended", "call_1"),
      notice("text.received", "text_1"),
    ]);
    const events = async (webhooks: typeof native, id: string) =>
      (await webhooks.deliveries(id, {}, page)).data.map(({ event }) => event);
    expect(await events(native, calls.webhook.id)).toEqual(["call.ended"]);
    expect(await events(agentcall, texts.webhook.id)).toEqual(["sms.inbound"]);
    expect(await events(native, paused.webhook.id)).toEqual([]);
    expect(await events(other, foreign.webhook.id)).toEqual([]);
    // A webhook is its API's own.
    await expect(native.get(texts.webhook.id)).rejects.toMatchObject({ code: "not-found" });
  });

  test("outbox: who sends is told which webhooks have news, and of none when nobody listens", async () => {
    const house = await webhookHouse();
    const woken: (readonly string[])[] = [];
    house.outbox.connect((ids) => woken.push(ids));
    await house.tell([notice("call.ended", "call_1")]);
    expect(woken).toEqual([]);
    const { webhook } = await house.webhooks().create({ url: "https://customer.example", events: ["call.ended"] });
    await house.tell([notice("call.ringing", "call_1")]);
    expect(woken).toEqual([]);
    await house.tell([notice("call.ended", "call_1"), notice("call.ended", "call_2")]);
    expect(woken).toEqual([[webhook.id]]);
  });

  test("outbox: a webhook that is deleted at the same moment does not undo the change it was to be told of", async () => {
    const house = await webhookHouse();
    const { db } = house.database;
    const { webhook } = await house.webhooks().create({ url: "https://customer.example", events: ["*"] });
    let telling: Promise<void> | undefined;
    await db.transaction().execute(async (trx) => {
      await trx.deleteFrom("webhooks").where("id", "=", webhook.id).execute();
      telling = house.tell([notice("call.ended", "call_1")]);
      // Time for the other transaction to get as far as it can.
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await expect(telling).resolves.toBeUndefined();
    expect(await db.selectFrom("webhook_deliveries").select("id").execute()).toEqual([]);
  });

  test("outbox: more notices than one insert takes are all kept, in their order", async () => {
    const house = await webhookHouse();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: "https://customer.example", events: ["*"] });
    await house.tell(Array.from({ length: 250 }, (_, n) => notice("call.ended", `call_${n}`)));
    const rows = await house.database.db
      .selectFrom("webhook_deliveries")
      .select("subject")
      .where("webhook_id", "=", webhook.id)
      .orderBy("position")
      .execute();
    expect(rows.map(({ subject }) => subject)).toEqual(Array.from({ length: 250 }, (_, n) => `call_${n}`));
  });

  test("outbox: a row of an API nobody speaks for is a fault, not an empty body", () => {
    const render = createRenderDelivery(testVoices);
    const row = { event_id: "evt_1", event: "x", position: 1, notice: "{}", created_at: 0 };
    expect(() => render(row, "constructor")).toThrow("no voice");
  });
});
