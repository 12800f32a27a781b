import { describe, expect, test } from "vitest";
import { agentCallHouse } from "./agentcall-house.ts";

const replayed = "x-agentcall-idempotency-replayed";
const caller = "+14155550199";

describe("AgentCall, SMS", () => {
  test("send: the documented request is answered with the message; from may be an id or E.164", async () => {
    const { ask, buy, clock } = await agentCallHouse();
    const { id, number } = await buy();
    const now = new Date(clock.wall()).toISOString();
    for (const from of [id, number]) {
      const sent = await ask("POST", "/v1/sms/send", { from, to: "+14155551234", body: "Hello!" });
      expect([sent.status, sent.body]).toEqual([
        201,
        {
          id: expect.stringMatching(/^text_[0-9a-z]{26}$/),
          conversationId: expect.stringMatching(/^conv_/),
          direction: "outbound",
          from: number,
          to: "+14155551234",
          body: "Hello!",
          status: expect.stringMatching(/^(queued|sent)$/),
          error: null,
          segments: 1,
          otp: null,
          createdAt: now,
          updatedAt: now,
        },
      ]);
      expect((await ask("GET", `/v1/sms/${sent.body.id}`)).body).toMatchObject({ id: sent.body.id, body: "Hello!" });
    }
  });

  test("send: between two numbers of ours it is delivered, and in the other's inbox", async () => {
    const { ask, buy } = await agentCallHouse();
    const [one, other] = [await buy(), await buy()];
    const sent = await ask("POST", "/v1/sms/send", { from: one.id, to: other.number, body: "Hi there" });
    expect((await ask("GET", `/v1/sms/${sent.body.id}`)).body.status).toBe("delivered");
    const inbox = await ask("GET", `/v1/sms/inbox/${other.id}?limit=20`);
    expect(inbox.body).toMatchObject({
      data: [{ direction: "inbound", from: one.number, to: other.number, body: "Hi there", status: "received" }],
      hasMore: false,
      nextCursor: null,
    });
  });

  test("send: the same idempotencyKey sends once", async () => {
    const { ask, buy } = await agentCallHouse();
    const { id } = await buy();
    const order = { from: id, to: "+14155551234", body: "Once", idempotencyKey: "turn_1" };
    const [first, again] = [await ask("POST", "/v1/sms/send", order), await ask("POST", "/v1/sms/send", order)];
    expect(again.body.id).toBe(first.body.id);
    expect([first.headers[replayed], again.headers[replayed]]).toEqual([undefined, "true"]);
  });

  test("inbox: ?limit=20&otpOnly=true shows texts with codes alone, newest first", async () => {
    const { ask, buy, arrive, clock } = await agentCallHouse();
    const { id, number } = await buy();
    for (const text of ["Lunch?", "Your code is 482913", "Your verification code: 111222"]) {
      await arrive(number, text);
      clock.ms += 1000;
    }
    const otps = async (query: string) =>
      (await ask("GET", `/v1/sms/inbox/${id}?${query}`)).body.data.map(({ otp }: { otp: string | null }) => otp);
    expect(await otps("limit=20&otpOnly=true")).toEqual(["111222", "482913"]);
    expect(await otps("limit=20&otpOnly=false")).toEqual(["111222", "482913", null]);
    expect(await otps("limit=1")).toEqual(["111222"]);
  });

  test("OTP: the wait is over the moment the code is there", async () => {
    const { ask, buy, arrive } = await agentCallHouse();
    const { id, number } = await buy();
    const waiting = ask("GET", `/v1/sms/otp/${id}?timeout=60000`);
    await arrive(number, "Your Acme code is 482913.");
    const { status, body } = await waiting;
    expect([status, body]).toEqual([
      200,
      { otp: "482913", message: expect.objectContaining({ from: caller, to: number, otp: "482913" }) },
    ]);
  });

  test("OTP: many may wait at once, each is answered", async () => {
    const { ask, buy, arrive } = await agentCallHouse();
    const { id, number } = await buy();
    const waiting = Array.from({ length: 10 }, () => ask("GET", `/v1/sms/otp/${id}?timeout=60000`));
    await arrive(number, "Your Acme code is 482913.");
    expect((await Promise.all(waiting)).map(({ body }) => body.otp)).toEqual(Array(10).fill("482913"));
  });

  test("OTP: none in time is null, not an error", async () => {
    const { ask, buy } = await agentCallHouse();
    const answer = await ask("GET", `/v1/sms/otp/${(await buy()).id}?timeout=0`);
    expect([answer.status, answer.body]).toEqual([200, { otp: null, message: null }]);
  });
});

describe("AgentCall, SMS conversations", () => {
  test("threads: listed, read with their messages, and replied into once for each key", async () => {
    const { ask, buy, arrive, clock } = await agentCallHouse();
    const { number } = await buy();
    await arrive(number, "What needs me today?");
    clock.ms += 1000;
    const list = await ask("GET", "/v1/sms-conversations");
    expect(list.body).toEqual({
      data: [
        {
          id: expect.stringMatching(/^conv_/),
          number,
          contact: caller,
          lastMessage: "What needs me today?",
          messageCount: 1,
          createdAt: expect.any(String),
          updatedAt: expect.any(String),
        },
      ],
      hasMore: false,
      nextCursor: null,
    });
    const { id } = list.body.data[0];
    const reply = { body: "3 emails need you today.", idempotencyKey: "turn_8842" };
    const [first, again] = [
      await ask("POST", `/v1/sms-conversations/${id}/reply`, reply),
      await ask("POST", `/v1/sms-conversations/${id}/reply`, reply),
    ];
    expect([first.status, first.body]).toMatchObject([201, { conversationId: id, to: caller, body: reply.body }]);
    expect([again.status, again.body.id, again.headers[replayed]]).toEqual([201, first.body.id, "true"]);
    const detail = await ask("GET", `/v1/sms-conversations/${id}`);
    expect(detail.body).toMatchObject({
      ...list.body.data[0],
      ...{ lastMessage: reply.body, messageCount: 2, updatedAt: expect.any(String) },
    });
    expect(detail.body.optedOut).toBe(false);
    expect(detail.body.messages.map(({ body }: { body: string }) => body)).toEqual([
      "What needs me today?",
      reply.body,
    ]);
  });

  test("reply: somebody who sent STOP is not texted", async () => {
    const { ask, buy, arrive } = await agentCallHouse();
    const { number } = await buy();
    await arrive(number, "STOP");
    const { id } = (await ask("GET", "/v1/sms-conversations")).body.data[0];
    const { status, body } = await ask("POST", `/v1/sms-conversations/${id}/reply`, { body: "Please stay" });
    expect([status, body.error.code]).toEqual([403, "recipient_opted_out"]);
    expect((await ask("GET", `/v1/sms-conversations/${id}`)).body.optedOut).toBe(true);
  });
});

describe("AgentCall, bad input about SMS", () => {
  test.each([
    [{ to: "+14155551234", body: "x" }, "from"],
    [{ from: "+15005550000", to: "+14155551234", body: "x" }, "from"],
    [{ from: "OWN", body: "x" }, "to"],
    [{ from: "OWN", to: "4155551234", body: "x" }, "to"],
    [{ from: "OWN", to: "+14155551234" }, "body"],
    [{ from: "OWN", to: "+14155551234", body: "" }, "body"],
    [{ from: "OWN", to: "+14155551234", body: "é".repeat(2049) }, "body"],
    [{ from: "OWN", to: "+14155551234", body: 7 }, "body"],
    [{ from: "OWN", to: "+14155551234", body: "x", idempotencyKey: "" }, "idempotencyKey"],
  ])("send %j: 422, and %s is named", async (body, field) => {
    const { ask, buy } = await agentCallHouse();
    const { id } = await buy();
    const answer = await ask("POST", "/v1/sms/send", JSON.parse(JSON.stringify(body).replace("OWN", id)));
    expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([422, "validation_error", field]);
  });

  test.each([
    ["inbox", "limit=101", "limit"],
    ["inbox", "otpOnly=maybe", "otpOnly"],
    ["otp", "timeout=60001", "timeout"],
    ["otp", "timeout=-1", "timeout"],
  ])("%s ?%s: 422", async (what, query, field) => {
    const { ask, buy } = await agentCallHouse();
    const { status, body } = await ask("GET", `/v1/sms/${what}/${(await buy()).id}?${query}`);
    expect([status, body.error.field]).toEqual([422, field]);
  });

  test.each([
    "/v1/sms/text_none",
    "/v1/sms/inbox/num_none",
    "/v1/sms/otp/num_none?timeout=0",
    "/v1/sms-conversations/conv_none",
  ])("%s: 404", async (path) => {
    const { ask } = await agentCallHouse();
    const { status, body } = await ask("GET", path);
    expect([status, body.error.code]).toEqual([404, "not_found"]);
  });
});
