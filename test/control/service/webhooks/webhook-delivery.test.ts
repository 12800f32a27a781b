import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkSignature } from "../../../../src/kit/signature.ts";
import { deliveriesWhen, notice, webhookHouse } from "../../webhook-house.ts";
import { Receiver } from "../../webhook-receiver.ts";

const all = (status: string, count: number) => (statuses: readonly string[]) =>
  statuses.length === count && statuses.every((each) => each === status);

describe("webhooks, delivery", () => {
  test("delivery: an event arrives signed, with its id and its place in the order", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks("org_default", "agentcall");
    const { webhook, secret } = await webhooks.create({ url: receiver.url("/sms?a=1"), events: ["sms.inbound"] });
    house.work();
    await house.tell([notice("call.ringing", "call_1"), notice("text.received", "text_1")]);
    const [first] = await receiver.has(1);
    expect(first).toMatchObject({ path: "/sms?a=1", body: '{"textId":"text_1"}' });
    const [delivery] = await deliveriesWhen(webhooks, webhook.id, all("delivered", 1));
    expect(delivery).toMatchObject({
      webhookId: webhook.id,
      event: "sms.inbound",
      subject: "text_1",
      attempts: 1,
      nextAttemptAt: null,
      lastStatus: 204,
      lastError: null,
    });
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      "x-tandem-event": "sms.inbound",
      "x-tandem-event-id": delivery?.eventId,
      "x-tandem-delivery-id": delivery?.id,
      "x-tandem-sequence": String(delivery?.sequence),
      "x-tandem-attempt": "1",
      "x-agentcall-signature": createHmac("sha256", secret).update('{"textId":"text_1"}').digest("hex"),
    });
    const check = { rawBody: first!.body, secret, nowS: house.clock.wall() / 1000 };
    expect(checkSignature({ ...check, header: String(first!.headers["x-tandem-signature"]) })).toBeUndefined();
  });

  test("delivery: what waited when nobody worked is sent as soon as somebody does, once for each webhook", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const ids: string[] = [];
    for (const path of ["/a", "/b"]) {
      ids.push((await webhooks.create({ url: receiver.url(path), events: ["*"] })).webhook.id);
    }
    await house.tell([notice("call.ringing", "call_1"), notice("call.ended", "call_1")]);
    house.work();
    await receiver.has(4);
    for (const id of ids) await deliveriesWhen(webhooks, id, all("delivered", 2));
    const at = (path: string) => receiver.received.filter((each) => each.path === path);
    const types = (path: string) => at(path).map(({ body }) => JSON.parse(body).type);
    expect([types("/a"), types("/b")]).toEqual([
      ["call.ringing", "call.ended"],
      ["call.ringing", "call.ended"],
    ]);
    // One event has one id, whoever is told of it.
    expect(at("/a").map(({ body }) => JSON.parse(body).id)).toEqual(at("/b").map(({ body }) => JSON.parse(body).id));
    expect(receiver.received).toHaveLength(4);
  });

  test("delivery: events of one call stay in order through failures, and do not hold those of others up", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: receiver.url(), events: ["*"] });
    let failures = 0;
    receiver.answer = ({ body }, response) => {
      const fails = JSON.parse(body).of === "call_1" && failures++ < 2;
      response.writeHead(fails ? 500 : 200).end("x".repeat(100_000));
    };
    house.work();
    await house.tell([notice("call.ringing", "call_1"), notice("call.ended", "call_1")]);
    await receiver.has(1);
    await house.tell([notice("call.ringing", "call_2"), notice("text.received", "call_1")]);
    await receiver.has(2);
    // What was tried twice has waited for twice 2.5 s and more by then.
    while (receiver.received.length < 6) {
      house.clock.aheadMs += 1_000;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    const told = receiver.received.map(({ body }) => JSON.parse(body));
    const types = (subject: string) => told.filter(({ of }) => of === subject).map(({ type }) => type);
    expect(types("call_1")).toEqual(["call.ringing", "call.ringing", "call.ringing", "call.ended", "text.received"]);
    expect(types("call_2")).toEqual(["call.ringing"]);
    const attempts = receiver.received.filter(({ body }) => JSON.parse(body).type === "call.ringing");
    expect(attempts.map(({ headers }) => headers["x-tandem-attempt"])).toEqual(expect.arrayContaining(["1", "2", "3"]));
    const data = await deliveriesWhen(webhooks, webhook.id, all("delivered", 4));
    expect(data.map(({ attempts: count }) => count)).toEqual(expect.arrayContaining([3, 1, 1, 1]));
  });

  test("delivery: a receiver that never answers does not hold the others up", async () => {
    const house = await webhookHouse();
    const [silent, quick] = [await Receiver.open(), await Receiver.open()];
    silent.answer = () => {};
    const webhooks = house.webhooks();
    await webhooks.create({ url: silent.url(), events: ["*"] });
    const { webhook } = await webhooks.create({ url: quick.url(), events: ["*"] });
    house.work({
      options: { timeoutMs: 2_000 },
      schedule: { maxQuick: 4, maxSlow: 8, maxPerWebhook: 4, slowAfterMs: 200 },
    });
    const calls = Array.from({ length: 60 }, (_, n) => notice("call.ringing", `call_${n}`));
    await house.tell(calls);
    await quick.has(60);
    await deliveriesWhen(webhooks, webhook.id, all("delivered", 60));
    expect(silent.received.length).toBeLessThan(60);
  });

  test("delivery: what nobody took for 24 hours is dead, and is sent again when that is asked for", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    receiver.answer = (_request, response) => response.writeHead(503).end();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: receiver.url(), events: ["call.ended"] });
    const worker = house.work();
    await house.tell([notice("call.ended", "call_1")]);
    await deliveriesWhen(webhooks, webhook.id, () => receiver.received.length === 1);
    const [waiting] = await deliveriesWhen(webhooks, webhook.id, () => true);
    await expect(webhooks.redeliver(webhook.id, waiting!.id)).rejects.toMatchObject({ code: "conflict" });
    house.clock.aheadMs += 24 * 3_600_000;
    const [dead] = await deliveriesWhen(webhooks, webhook.id, all("dead", 1));
    expect(dead).toMatchObject({ lastStatus: 503, lastError: "the receiver answered 503", nextAttemptAt: null });
    receiver.answer = (_request, response) => response.writeHead(200).end();
    const again = await webhooks.redeliver(webhook.id, dead!.id);
    expect(again).toMatchObject({ status: "pending", attempts: 0, eventId: dead!.eventId });
    await deliveriesWhen(webhooks, webhook.id, all("delivered", 1));
    const told = receiver.received.map(({ headers }) => headers["x-tandem-event-id"]);
    expect(new Set(told)).toEqual(new Set([dead!.eventId]));
    await worker.stop();
    const counted = await house.metrics.webhookDeliveries.get();
    expect(Object.fromEntries(counted.values.map(({ labels, value }) => [labels.result, value]))).toMatchObject({
      dead: 1,
      delivered: 1,
    });
  });

  test("delivery: what was being sent when its worker died is sent by the next one, after those that are done", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: receiver.url(), events: ["*"] });
    receiver.answer = () => {};
    const died = house.work();
    await house.tell([notice("call.ringing", "call_1"), notice("call.ended", "call_1")]);
    await receiver.has(1);
    // Its answer never comes; what it held is free for another.
    await died.stop(0);
    expect((await deliveriesWhen(webhooks, webhook.id, all("pending", 2))).map(({ attempts }) => attempts)).toEqual([
      0, 0,
    ]);
    receiver.answer = (_request, response) => response.writeHead(200).end();
    house.work();
    await deliveriesWhen(webhooks, webhook.id, all("delivered", 2));
    expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual([
      "call.ringing",
      "call.ringing",
      "call.ended",
    ]);
  });

  test("delivery: private addresses and redirects are refused where they are met, at the connection", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({
      url: receiver.url().replace("http://127.0.0.1", "https://localhost"),
      events: ["*"],
    });
    const guarded = house.work({ allowPrivateTargets: false });
    await house.tell([notice("call.ringing", "call_1")]);
    const tried = (count: number) => async () => {
      for (;;) {
        const [delivery] = await deliveriesWhen(webhooks, webhook.id, () => true);
        if (delivery!.attempts >= count) return delivery!;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    expect((await tried(1)()).lastError).toBe("localhost: the address is not a public one");
    await guarded.stop();
    receiver.answer = ({ path }, response) =>
      path === "/elsewhere" ? response.writeHead(200).end() : response.writeHead(307, { location: "/elsewhere" }).end();
    house.work();
    await webhooks.update(webhook.id, { url: receiver.url() });
    const redirected = await tried(2)();
    expect([redirected.status, redirected.lastError]).toEqual(["pending", "the receiver answered with a redirect"]);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/hook"]);
  });

  test("delivery: a paused webhook's events wait, a deleted one's are gone", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: receiver.url("/kept"), events: ["*"] });
    const { webhook: gone } = await webhooks.create({ url: receiver.url("/gone"), events: ["*"] });
    await house.tell([notice("call.ringing", "call_1")]);
    await webhooks.update(webhook.id, { enabled: false });
    await webhooks.delete(gone.id);
    house.work();
    await house.tell([notice("call.ended", "call_1")]);
    const { webhook: other } = await webhooks.create({ url: receiver.url("/other"), events: ["*"] });
    await house.tell([notice("call.ringing", "call_2")]);
    await deliveriesWhen(webhooks, other.id, all("delivered", 1));
    expect(receiver.received.map(({ path }) => path)).toEqual(["/other"]);
    await webhooks.update(webhook.id, { enabled: true });
    await deliveriesWhen(webhooks, webhook.id, all("delivered", 1));
    expect(receiver.received.map(({ path }) => path)).toEqual(["/other", "/kept"]);
  });

  test("delivery: while a secret is being changed both sign, afterwards the new one alone", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks("org_default", "agentcall");
    const { webhook, secret: former } = await webhooks.create({ url: receiver.url(), events: ["*"] });
    house.work();
    const { secret } = await webhooks.rotate(webhook.id, 60_000);
    await house.tell([notice("text.received", "text_1")]);
    await receiver.has(1);
    house.clock.aheadMs += 60_000;
    await house.tell([notice("text.received", "text_2")]);
    const [during, after] = await receiver.has(2);
    const accepts = (request: typeof during, key: string) =>
      checkSignature({
        header: String(request!.headers["x-tandem-signature"]),
        rawBody: request!.body,
        secret: key,
        nowS: house.clock.wall() / 1000,
      }) === undefined;
    expect([accepts(during, former), accepts(during, secret)]).toEqual([true, true]);
    expect([accepts(after, former), accepts(after, secret)]).toEqual([false, true]);
    const plain = (key: string) => createHmac("sha256", key).update(during!.body).digest("hex");
    expect(during!.headers).toMatchObject({
      "x-agentcall-signature": plain(secret),
      "x-agentcall-signature-previous": plain(former),
    });
    expect(after!.headers).not.toHaveProperty("x-agentcall-signature-previous");
  });

  test("delivery: delivered events are forgotten after 7 days, dead ones after 30", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: receiver.url(), events: ["*"] });
    receiver.answer = ({ body }, response) => response.writeHead(JSON.parse(body).of === "call_2" ? 404 : 200).end();
    house.work();
    await house.tell([notice("call.ringing", "call_1"), notice("call.ringing", "call_2")]);
    await deliveriesWhen(webhooks, webhook.id, (statuses) => statuses.includes("delivered"));
    house.clock.aheadMs += 24 * 3_600_000;
    await deliveriesWhen(webhooks, webhook.id, (statuses) => statuses.includes("dead"));
    house.clock.aheadMs += 6 * 24 * 3_600_000 + 120_000;
    const left = await deliveriesWhen(webhooks, webhook.id, (statuses) => statuses.length === 1);
    expect(left.map(({ status }) => status)).toEqual(["dead"]);
    house.clock.aheadMs += 24 * 24 * 3_600_000;
    await deliveriesWhen(webhooks, webhook.id, (statuses) => statuses.length === 0);
  });

  test("delivery: two gateways on one database tell each event once, and in order", async () => {
    const house = await webhookHouse();
    // SQLite's file has one gateway: the second takes over what the first one leaves.
    const isShared = house.database.kind.skipsLocked;
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) {
      ids.push((await webhooks.create({ url: receiver.url(`/${n}`), events: ["*"] })).webhook.id);
    }
    const first = house.work();
    if (!isShared) await first.stop();
    house.work();
    const kinds = ["call.ringing", "call.ended", "text.received"] as const;
    for (let n = 0; n < 15; n++) await house.tell(kinds.map((type) => notice(type, `call_${n % 5}`)));
    for (const id of ids) await deliveriesWhen(webhooks, id, all("delivered", 45));
    expect(receiver.received).toHaveLength(6 * 45);
    const lanes = new Map<string, number[]>();
    for (const { path, body } of receiver.received) {
      const { of, sequence } = JSON.parse(body);
      const lane = `${path} ${of}`;
      lanes.set(lane, [...(lanes.get(lane) ?? []), sequence]);
    }
    for (const sequences of lanes.values()) expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  });

  test("delivery: what another gateway wrote is found though the date was set back meanwhile", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const { webhook } = await house.webhooks().create({ url: receiver.url(), events: ["*"] });
    house.work();
    await house.tell([notice("call.ended", "call_1")]);
    await deliveriesWhen(house.webhooks(), webhook.id, all("delivered", 1));
    const { wall } = house.clock;
    house.clock.wall = () => wall() - 3_600_000;
    house.outbox.connect(() => {});
    await house.tell([notice("call.ended", "call_2")]);
    await deliveriesWhen(house.webhooks(), webhook.id, all("delivered", 2));
  });

  test("rotation: two at once come one after the other, and the first one's secret signs on", async () => {
    const house = await webhookHouse();
    const receiver = await Receiver.open();
    const webhooks = house.webhooks();
    const { webhook } = await webhooks.create({ url: receiver.url(), events: ["*"] });
    const rotated = await Promise.all([webhooks.rotate(webhook.id), webhooks.rotate(webhook.id)]);
    house.work();
    await house.tell([notice("call.ended", "call_1")]);
    const [first] = await receiver.has(1);
    const nowS = house.clock.wall() / 1000;
    for (const { secret } of rotated) {
      const signed = String(first?.headers["x-tandem-signature"]);
      expect(checkSignature({ header: signed, rawBody: first!.body, secret, nowS })).toBeUndefined();
    }
  });
});
