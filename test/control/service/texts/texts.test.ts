import { describe, expect, test } from "vitest";
import type { Extension } from "../../../../src/control/exchange/phone.ts";
import type { TextCompany } from "../../../../src/control/service/texts/deps.ts";
import { keepOutgoing } from "../../../../src/control/service/texts/keep-text.ts";
import { type E164, firstOrgId, parseE164 } from "../../../../src/kit/ids.ts";
import { alsoOurs, nobodys, ours, textHouse, theirs } from "../../../kit/text-house.ts";

const page = { limit: 20, after: undefined };
const hour = 3_600_000;

describe("texts, between our own numbers", () => {
  test("texts: the sender has one that went out, the receiver one that came in, each paid and told", async () => {
    const house = await textHouse();
    const { texts, otherTexts, otherOrgId, kept, charged, toldTo } = house;
    const sent = await texts.send({ from: ours, to: theirs, body: "hello", metadata: { lead: 7 } });
    expect(sent).toMatchObject({ status: "sent", direction: "outbound", segments: 1, metadata: { lead: 7 } });
    expect(await kept(texts)).toEqual(["outbound delivered hello"]);
    expect(await kept(otherTexts)).toEqual(["inbound received hello"]);
    expect(charged.map(({ orgId, item }) => [orgId, item])).toEqual([
      [firstOrgId, "text.outbound"],
      [otherOrgId, "text.inbound"],
    ]);
    expect(toldTo(firstOrgId)).toEqual(["text.sent hello", "text.delivered hello"]);
    expect(toldTo(otherOrgId)).toEqual(["text.received hello"]);
    expect(house.carried).toEqual([]);
  });

  test("texts: one organisation's numbers write to each other like anybody's", async () => {
    const { texts, kept } = await textHouse();
    await texts.send({ from: ours, to: alsoOurs, body: "hello" });
    expect((await kept(texts)).toSorted()).toEqual(["inbound received hello", "outbound delivered hello"]);
    const { data } = await texts.conversations.list({}, page);
    expect(data.map(({ number, contact }) => [number, contact]).toSorted()).toEqual([
      [ours, alsoOurs],
      [alsoOurs, ours],
    ]);
  });

  test("texts: 'from' may be a number's id; another organisation's number or phone is nobody's", async () => {
    const { texts, services, oursId, otherOrgId } = await textHouse();
    expect(await texts.send({ from: oursId, to: theirs, body: "x" })).toMatchObject({ from: ours });
    await services.tenant(otherOrgId).phones.create({ username: "kitchen", number: "101" as Extension });
    for (const from of [theirs, nobodys, "kitchen", "101", "num_none"]) {
      await expect(texts.send({ from, to: ours, body: "x" })).rejects.toMatchObject({
        code: "invalid-request",
        field: "from",
      });
    }
    await expect(texts.send({ from: ours, to: "kitchen", body: "x" })).rejects.toMatchObject({ field: "to" });
    await expect(texts.send({ from: ours, to: ours, body: "x" })).rejects.toMatchObject({ field: "to" });
  });

  test("texts: long ones count their messages", async () => {
    const { texts } = await textHouse();
    expect(await texts.send({ from: ours, to: theirs, body: "я".repeat(71) })).toMatchObject({ segments: 2 });
  });

  test("texts: a phone's text to a number of its house is one text, free, and in the number's conversation", async () => {
    const { texts, services, charged, kept, toldTo } = await textHouse();
    await services.tenant(firstOrgId).phones.create({ username: "kitchen", number: "101" as Extension });
    await texts.send({ from: "kitchen", to: ours, body: "Your code is 4821" });
    expect(await kept(texts)).toEqual(["internal received Your code is 4821"]);
    expect(charged.map(({ item }) => item)).toEqual(["otp"]);
    expect(toldTo(firstOrgId)).toEqual(["text.received Your code is 4821", "text.otp 4821"]);
    const { data } = await texts.conversations.list({ contact: "kitchen" }, page);
    expect(data).toMatchObject([{ number: ours, messageCount: 1 }]);
  });
});

describe("texts, from a phone to another organisation's number", () => {
  test("texts: paid by the phone's house, from the number it can be answered at", async () => {
    const { texts, otherTexts, services, gateway, kept, charged, refused } = await textHouse();
    const { phones } = services.tenant(firstOrgId);
    await phones.create({ username: "kitchen", number: "+15550133" as E164 });
    await phones.create({ username: "nameless" });
    await texts.send({ from: "kitchen", to: theirs, body: "by the API" });
    await gateway.records.post({ orgId: firstOrgId, from: "+15550133", to: theirs, body: "by SIP" });
    const { data } = await otherTexts.list({}, page);
    expect(data.map(({ from, body }) => [from, body]).toSorted()).toEqual([
      ["+15550133", "by SIP"],
      ["+15550133", "by the API"],
    ]);
    expect(await kept(texts)).toHaveLength(2);
    expect(charged.filter(({ item }) => item === "text.outbound")).toHaveLength(2);
    await expect(texts.send({ from: "nameless", to: theirs, body: "x" })).rejects.toMatchObject({ field: "from" });
    refused.add("text.outbound");
    const order = { orgId: firstOrgId, from: "+15550133", to: theirs, body: "unpaid" };
    await expect(gateway.records.post(order)).rejects.toMatchObject({ code: "forbidden" });
    expect((await otherTexts.list({}, page)).data).toHaveLength(2);
  });
});

describe("texts, out of the house", () => {
  test("texts: one that cannot be paid is not kept and not sent", async () => {
    const { texts, refused, kept, carried, told } = await textHouse();
    refused.add("text.outbound");
    await expect(texts.send({ from: ours, to: nobodys, body: "x" })).rejects.toMatchObject({ code: "forbidden" });
    expect([await kept(texts), carried, told]).toEqual([[], [], []]);
    expect((await texts.conversations.list({}, page)).data).toEqual([]);
  });

  test("texts: sent, then delivered; and what has found its end keeps it", async () => {
    const { texts, carried, settle, toldTo, charged } = await textHouse();
    const { id, status } = await texts.send({ from: ours, to: nobodys, body: "x" });
    expect([status, carried]).toEqual(["queued", [id]]);
    await settle(id, { status: "sent", detail: null });
    await settle(id, { status: "delivered", detail: null });
    await settle(id, { status: "failed", detail: "late" });
    await settle(id, { status: "sent", detail: null });
    expect(await texts.get(id)).toMatchObject({ status: "delivered", detail: null });
    expect(toldTo(firstOrgId)).toEqual(["text.sent x", "text.delivered x"]);
    expect(charged).toHaveLength(1);
  });

  test("texts: one that failed is paid back", async () => {
    const { texts, settle, charged, toldTo } = await textHouse();
    const { id } = await texts.send({ from: ours, to: nobodys, body: "x" });
    await settle(id, { status: "failed", detail: "nobody answered" });
    expect(charged).toEqual([]);
    expect(toldTo(firstOrgId)).toEqual(["text.failed x"]);
  });

  test("texts: a telephone company's number sends by its company, and a company that is away fails it", async () => {
    const sentBy: string[] = [];
    const answers = [
      async () => ({ carrierTextId: "SM1", status: "sent" as const, detail: "" }),
      () => Promise.reject(new Error("away")),
    ];
    const sendText: TextCompany["texts"]["sendText"] = ({ body }) => {
      sentBy.push(body);
      return answers.shift()!();
    };
    const house = await textHouse({
      carrierOf: async (_db, number) => (number === ours ? { name: "twilio", texts: { sendText } } : undefined),
    });
    const { texts, carried, toldTo } = house;
    const first = await texts.send({ from: ours, to: nobodys, body: "first" });
    const second = await texts.send({ from: ours, to: nobodys, body: "second" });
    const third = await texts.send({ from: alsoOurs, to: nobodys, body: "third" });
    await expect.poll(() => toldTo(firstOrgId).length).toBe(2);
    expect(sentBy).toEqual(["first", "second"]);
    expect(carried).toEqual([third.id]);
    expect(await texts.get(first.id)).toMatchObject({ status: "sent" });
    // What becomes of it the company tells later, under its own id.
    const receipt = { carrierTextId: "SM1", status: "delivered", detail: "" } as const;
    expect(await house.gateway.noteReceipt("telnyx", receipt)).toBe(false);
    expect(await house.gateway.noteReceipt("twilio", receipt)).toBe(true);
    expect(await texts.get(first.id)).toMatchObject({ status: "delivered" });
    expect(await texts.get(second.id)).toMatchObject({ status: "failed", detail: "the carrier cannot be reached" });
  });

  test("texts: after a crash those between our numbers arrive once, the others have failed and are paid back", async () => {
    const house = await textHouse();
    const { deps, gateway, texts, otherTexts, charged, kept } = house;
    const cutOff = (to: string) =>
      deps.database.db.transaction().execute((trx) =>
        keepOutgoing(deps, trx, {
          orgId: firstOrgId,
          from: ours,
          to,
          body: `to ${to}`,
          direction: "outbound",
          pair: { number: ours, contact: to },
          metadata: {},
          idempotencyKey: null,
          isAnswer: false,
        }),
      );
    const arrived = await cutOff(theirs);
    const carrier = { name: "local", textId: arrived.id };
    await gateway.receive({ from: ours, to: theirs, body: arrived.body, carrier });
    await cutOff(theirs);
    await cutOff(nobodys);
    expect((await kept(texts)).toSorted()).toEqual([
      `outbound queued to ${nobodys}`,
      `outbound sent to ${theirs}`,
      `outbound sent to ${theirs}`,
    ]);
    await gateway.connect({ carry: () => undefined });
    expect((await kept(texts)).toSorted()).toEqual([
      `outbound delivered to ${theirs}`,
      `outbound delivered to ${theirs}`,
      `outbound failed to ${nobodys}`,
    ]);
    expect(await kept(otherTexts)).toHaveLength(2);
    expect(charged.filter(({ item }) => item === "text.outbound")).toHaveLength(2);
  });
});

describe("texts, sent again", () => {
  test("texts: 20 requests at once with one key send one text and pay once", async () => {
    const { texts, otherTexts, kept, charged } = await textHouse();
    const order = { from: ours, to: theirs, body: "x", idempotencyKey: "turn_8842" };
    const sent = await Promise.all(Array.from({ length: 20 }, () => texts.send(order)));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    expect(await kept(otherTexts)).toEqual(["inbound received x"]);
    expect(charged.filter(({ item }) => item === "text.outbound").length).toBeLessThanOrEqual(20);
    expect(await kept(texts)).toEqual(["outbound delivered x"]);
  });

  test("texts: a key names one text for 24 hours, of one organisation", async () => {
    const { texts, otherTexts, clock, kept } = await textHouse();
    const order = { from: ours, to: theirs, body: "x", idempotencyKey: "k" };
    await texts.send(order);
    await expect(texts.send({ ...order, body: "y" })).rejects.toMatchObject({
      code: "conflict",
      field: "idempotencyKey",
    });
    expect(await otherTexts.send({ ...order, from: theirs, to: ours })).toMatchObject({ isReplay: false });
    clock.ms += 24 * hour - 1;
    expect(await texts.send(order)).toMatchObject({ isReplay: true });
    clock.ms += 1;
    expect(await texts.send({ ...order, body: "y" })).toMatchObject({ isReplay: false });
    expect((await kept(texts)).filter((line) => line.startsWith("outbound"))).toEqual([
      "outbound delivered x",
      "outbound delivered y",
    ]);
  });
});

describe("texts, from carriers", () => {
  const arriving = { from: nobodys, to: ours, body: "hi", carrier: { name: "twilio", textId: "SM1" } };

  test("texts: one that a carrier brings ten times at once is kept and paid once", async () => {
    const { gateway, texts, kept, told } = await textHouse();
    const arrivals = await Promise.all(Array.from({ length: 10 }, () => gateway.receive(arriving)));
    expect(arrivals.filter(({ type }) => type === "kept")).toHaveLength(1);
    expect(arrivals.filter(({ type }) => type === "duplicate")).toHaveLength(9);
    expect(await kept(texts)).toEqual(["inbound received hi"]);
    expect(new Set(told.map(({ notice }) => notice.text.id)).size).toBeGreaterThanOrEqual(1);
    expect((await texts.conversations.list({}, page)).data).toMatchObject([{ messageCount: 1 }]);
  });

  test("texts: the same id from another carrier is another text", async () => {
    const { gateway, texts, kept } = await textHouse();
    await gateway.receive(arriving);
    await gateway.receive({ ...arriving, carrier: { name: "telnyx", textId: "SM1" } });
    expect(await kept(texts)).toHaveLength(2);
  });

  test("texts: one for nobody's number is not kept; one that cannot be paid is", async () => {
    const { gateway, texts, refused, kept } = await textHouse();
    expect(await gateway.receive({ ...arriving, to: nobodys })).toEqual({ type: "unknown-number" });
    refused.add("text.inbound");
    expect(await gateway.receive(arriving)).toMatchObject({ type: "kept", orgId: firstOrgId });
    expect(await kept(texts)).toEqual(["inbound received hi"]);
  });
});

describe("texts, and who wants none", () => {
  test("texts: STOP holds for the pair of numbers, is answered once, and START takes it back", async () => {
    const house = await textHouse();
    const { texts, otherTexts, kept, charged } = house;
    const say = (body: string) => otherTexts.send({ from: theirs, to: ours, body });
    await say("Stop.");
    await say("STOP");
    const refusal = { code: "forbidden", reason: "opted-out" };
    await expect(texts.send({ from: ours, to: theirs, body: "buy" })).rejects.toMatchObject(refusal);
    expect(await texts.send({ from: alsoOurs, to: theirs, body: "from elsewhere" })).toMatchObject({ status: "sent" });
    const answers = async () => (await kept(texts)).filter((line) => line.includes("unsubscribed"));
    expect(await answers()).toHaveLength(1);
    expect(charged.filter(({ orgId, item }) => orgId === firstOrgId && item === "text.outbound")).toHaveLength(1);
    const [conversation] = (await texts.conversations.list({ number: ours }, page)).data;
    expect(await texts.conversations.get(conversation!.id)).toMatchObject({ isOptedOut: true });
    await expect(texts.conversations.reply(conversation!.id, { body: "buy" })).rejects.toMatchObject(refusal);
    await say("start");
    expect(await texts.send({ from: ours, to: theirs, body: "welcome back" })).toMatchObject({ status: "sent" });
    await say("YES");
    expect((await kept(texts)).filter((line) => line.includes("again. Reply STOP"))).toHaveLength(1);
  });

  test("texts: the answer stands behind the word it answers", async () => {
    const { texts, otherTexts } = await textHouse();
    await otherTexts.send({ from: theirs, to: ours, body: "HELP" });
    await otherTexts.send({ from: theirs, to: ours, body: "INFO" });
    const [conversation] = (await texts.conversations.list({}, page)).data;
    const { texts: shown } = await texts.conversations.get(conversation!.id);
    expect(shown.map(({ direction }) => direction).toSorted()).toEqual(["inbound", "inbound", "outbound"]);
    expect(shown.at(-1)?.direction).toBe("outbound");
  });

  test("texts: a short code's STOP is heeded, and not answered where nobody would read it", async () => {
    const { gateway, texts, kept, carried } = await textHouse();
    await gateway.receive({ from: "48291", to: ours, body: "STOP" });
    expect(await kept(texts)).toEqual(["inbound received STOP"]);
    expect(carried).toEqual([]);
    const [conversation] = (await texts.conversations.list({}, page)).data;
    expect(await texts.conversations.get(conversation!.id)).toMatchObject({ isOptedOut: true });
  });
});

describe("texts, in conversations", () => {
  test("conversations: both ways in one thread, the newest first, one organisation's", async () => {
    const { texts, otherTexts, clock } = await textHouse();
    await texts.send({ from: ours, to: theirs, body: "one" });
    clock.ms += 10;
    await otherTexts.send({ from: theirs, to: ours, body: "two" });
    clock.ms += 10;
    await texts.send({ from: alsoOurs, to: theirs, body: "three" });
    const { data } = await texts.conversations.list({}, page);
    expect(data.map(({ number, lastMessage, messageCount }) => [number, lastMessage, messageCount])).toEqual([
      [alsoOurs, "three", 1],
      [ours, "two", 2],
    ]);
    const { id } = data[1]!;
    expect((await texts.conversations.get(id)).texts.map(({ body }) => body)).toEqual(["one", "two"]);
    expect((await texts.conversations.texts(id, page)).data.map(({ body }) => body)).toEqual(["two", "one"]);
    for (const ask of [
      () => otherTexts.conversations.get(id),
      () => otherTexts.conversations.texts(id, page),
      () => otherTexts.conversations.reply(id, { body: "x" }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: "not-found" });
    }
  });

  test("conversations: pages follow each other without gap or double", async () => {
    const { gateway, texts, clock } = await textHouse();
    for (let i = 0; i < 7; i++) {
      clock.ms += i % 2;
      await gateway.receive({ from: `+1555080${i}`, to: ours, body: String(i) });
    }
    const seen: string[] = [];
    let after: Parameters<typeof texts.conversations.list>[1]["after"];
    do {
      const { data, next } = await texts.conversations.list({}, { limit: 3, after });
      seen.push(...data.map(({ contact }) => contact));
      after = next;
    } while (after);
    expect(seen.toSorted()).toEqual(Array.from({ length: 7 }, (_, i) => `+1555080${i}`));
  });

  test("conversations: the last 50 texts are shown", async () => {
    const { gateway, texts, clock } = await textHouse();
    for (let i = 0; i < 55; i++) {
      clock.ms += 1;
      await gateway.receive({ from: nobodys, to: ours, body: String(i) });
    }
    const [conversation] = (await texts.conversations.list({}, page)).data;
    expect(conversation?.messageCount).toBe(55);
    const { texts: shown } = await texts.conversations.get(conversation!.id);
    expect(shown.map(({ body }) => Number(body))).toEqual(Array.from({ length: 50 }, (_, i) => i + 5));
  });

  test("conversations: a reply repeated under its key is one text; the key is the conversation's", async () => {
    const { gateway, texts, clock } = await textHouse();
    await gateway.receive({ from: theirs, to: ours, body: "hi" });
    await gateway.receive({ from: nobodys, to: ours, body: "hi" });
    clock.ms += 1;
    const { data } = await texts.conversations.list({}, page);
    for (const { id, contact } of data) {
      const answer = { body: "3 emails need you today.", idempotencyKey: "turn_8842" };
      const first = await texts.conversations.reply(id, answer);
      expect(first).toMatchObject({ from: ours, to: contact, isReplay: false });
      expect(await texts.conversations.reply(id, answer)).toMatchObject({ id: first.id, isReplay: true });
    }
  });
});

describe("texts, one-time codes", () => {
  const code = { from: nobodys, to: ours, body: "Your code is 482913" };
  const signal = new AbortController().signal;
  const longMs = 60_000;

  test("codes: all who wait get it as it comes, whoever asks within 5 s too, and later ones wait for the next", async () => {
    const { gateway, texts, clock, toldTo, deps } = await textHouse();
    const waiting = Array.from({ length: 100 }, () => texts.waitForOtp(ours, { timeoutMs: longMs, signal }));
    await expect.poll(() => deps.otpWaiters.size).toBe(100);
    await gateway.receive(code);
    const arrivals = await Promise.all(waiting);
    expect(new Set(arrivals.map((arrival) => arrival?.otp))).toEqual(new Set(["482913"]));
    expect(arrivals[0]?.text).toMatchObject({ body: code.body, otp: "482913", status: "received" });
    expect(toldTo(firstOrgId)).toEqual([`text.received ${code.body}`, "text.otp 482913"]);
    clock.ms += 5000;
    expect(await texts.waitForOtp(ours, { timeoutMs: 0, signal })).toMatchObject({ otp: "482913" });
    clock.ms += 1;
    expect(await texts.waitForOtp(ours, { timeoutMs: 0, signal })).toBeUndefined();
    expect(deps.otpWaiters.size).toBe(0);
  });

  test("codes: one that came in the minute before counts, the newest first; 'since' says otherwise", async () => {
    const { gateway, texts, clock } = await textHouse();
    await gateway.receive(code);
    clock.ms += 1;
    const between = clock.wall();
    await gateway.receive({ ...code, body: "Your code is 111222" });
    clock.ms += 59_999;
    const now = { timeoutMs: 0, signal };
    expect(await texts.waitForOtp(ours, now)).toMatchObject({ otp: "111222" });
    clock.ms += 10_000;
    expect(await texts.waitForOtp(ours, now)).toBeUndefined();
    expect(await texts.waitForOtp(ours, { ...now, since: between })).toMatchObject({ otp: "111222" });
    expect(await texts.waitForOtp(ours, { ...now, since: between + 1 })).toBeUndefined();
    expect(await texts.waitForOtp(alsoOurs, now)).toBeUndefined();
  });

  test("codes: the plan's are used up: the text is kept without its code, and who waits is told at once", async () => {
    const { gateway, texts, refused, toldTo } = await textHouse();
    refused.add("otp");
    await gateway.receive(code);
    expect(toldTo(firstOrgId)).toEqual([`text.received ${code.body}`]);
    const { data } = await texts.inbox(ours, {}, page);
    expect(data).toMatchObject([{ otp: null, body: code.body }]);
    await expect(texts.waitForOtp(ours, { timeoutMs: longMs, signal })).rejects.toMatchObject({ code: "forbidden" });
  });

  test("codes: who has gone is not waited for, and another organisation's number is not there", async () => {
    const { texts, otherTexts, deps } = await textHouse();
    const gone = new AbortController();
    const waiting = texts.waitForOtp(ours, { timeoutMs: longMs, signal: gone.signal });
    await expect.poll(() => deps.otpWaiters.size).toBe(1);
    gone.abort();
    expect(await waiting).toBeUndefined();
    await expect(otherTexts.waitForOtp(ours, { timeoutMs: 0, signal })).rejects.toMatchObject({ code: "not-found" });
    await expect(otherTexts.inbox(ours, {}, page)).rejects.toMatchObject({ code: "not-found" });
  });

  test("inbox: what came to a number, by its id or digits, all or with codes only", async () => {
    const { gateway, texts, clock, oursId } = await textHouse();
    await texts.send({ from: ours, to: theirs, body: "out" });
    for (const body of ["hi", code.body, "Order 482913 has shipped"]) {
      clock.ms += 1;
      await gateway.receive({ ...code, body });
    }
    await gateway.receive({ ...code, to: parseE164(alsoOurs)!, body: "elsewhere" });
    const bodies = async (number: string, otpOnly: boolean) =>
      (await texts.inbox(number, { otpOnly }, page)).data.map(({ body }) => body);
    expect(await bodies(ours, false)).toEqual(["Order 482913 has shipped", code.body, "hi"]);
    expect(await bodies(oursId, true)).toEqual([code.body]);
  });
});
