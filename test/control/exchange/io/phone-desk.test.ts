import { describe, expect, onTestFinished, test, vi } from "vitest";
import { PhoneDesk } from "../../../../src/control/exchange/io/phone-desk.ts";
import { PhoneBook } from "../../../../src/control/exchange/phone-book.ts";
import { routeTo } from "../../../../src/control/exchange/phone-route.ts";
import { firstOrgId } from "../../../../src/kit/ids.ts";
import { systemRandom } from "../../../../src/kit/io/random.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { hashA1 } from "../../../../src/sip/digest.ts";
import { digestAuthorize } from "../../../../src/sip/digest-authorize.ts";
import { respond } from "../../../../src/sip/message.ts";
import { defaultSourceGuard, SourceGuard } from "../../../../src/sip/source-guard.ts";
import { addPhone, openExchange, openTelephone, type TestExchange } from "../../../kit/exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import { farHop, sipRequest } from "../../../kit/sip-messages.ts";

const bindingsOf = (exchange: TestExchange, username: string) =>
  exchange.phones.bindings(exchange.phones.findByUsername(username)!, systemClock.now());

async function gauge({ metrics }: TestExchange): Promise<number | undefined> {
  return (await metrics.phonesRegistered.get()).values[0]?.value;
}

describe("phones register over loopback", () => {
  test("phone: registers with its password over UDP, is found, and takes it back", async () => {
    const exchange = await openExchange();
    const phone = addPhone(exchange, "101");
    const telephone = await openTelephone(exchange.port, { username: "101", password: "101-secret" });
    const registration = telephone.register();
    expect(await registration.state).toMatchObject({ type: "registered", expiresS: 300 });
    expect(exchange.phones.findByNumber("101", firstOrgId)).toEqual(phone);
    const [binding] = bindingsOf(exchange, "101");
    expect(binding).toMatchObject({
      contact: { host: "127.0.0.1", port: telephone.port },
      source: { transport: "UDP", address: "127.0.0.1", port: telephone.port },
    });
    expect(routeTo(binding!)).toMatchObject({ to: { address: "127.0.0.1", port: telephone.port }, routes: [] });
    expect(await gauge(exchange)).toBe(1);
    await registration.stop();
    expect(bindingsOf(exchange, "101")).toEqual([]);
    expect(await gauge(exchange)).toBe(0);
  });

  test("phone: may name itself by its number", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "kitchen", { number: "102" as never });
    const telephone = await openTelephone(exchange.port, { username: "kitchen", password: "kitchen-secret" });
    expect(await telephone.register("102").state).toMatchObject({ type: "registered" });
  });

  test("phone: several devices register beside each other", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    for (let device = 0; device < 3; device++) {
      const telephone = await openTelephone(exchange.port, { username: "101", password: "101-secret" });
      expect(await telephone.register().state).toMatchObject({ type: "registered" });
    }
    expect(bindingsOf(exchange, "101")).toHaveLength(3);
    expect(await gauge(exchange)).toBe(1);
  });

  test("phone: a binding made over a connection leads back along it and goes with it", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    const telephone = await openTelephone(exchange.port, { username: "101", password: "101-secret" });
    expect(await telephone.register("101", { transport: "tcp" }).state).toMatchObject({ type: "registered" });
    const [binding] = bindingsOf(exchange, "101");
    expect(routeTo(binding!).to).toMatchObject({ transport: "TCP", address: "127.0.0.1" });
    expect(routeTo(binding!).to?.connection).toEqual(expect.any(Number));
    telephone.endpoint.close();
    await eventually("the binding is gone", () => (bindingsOf(exchange, "101").length === 0 ? true : undefined));
    expect(await gauge(exchange)).toBe(0);
  });

  test("phone: unknown user and wrong password get the same two answers", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    const answers = [];
    for (const username of ["101", "nobody"]) {
      const telephone = await openTelephone(exchange.port, { username, password: "guess-guess" });
      const state = await telephone.register().state;
      const bare = await openTelephone(exchange.port);
      const challenge = await bare.ask({ method: "MESSAGE", user: username });
      answers.push([
        state.type === "failed" && state.status,
        challenge.status,
        challenge.headers.getAll("WWW-Authenticate").map((line) => line.replace(/nonce="[^"]*"/, "")),
      ]);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]![0]).toBe(403);
    expect(await exchange.metrics.sipAuthFailures.get()).toMatchObject({
      values: [{ value: 2, labels: { reason: "credentials" } }],
    });
  });

  test("phone: who keeps guessing is banned and hears nothing more", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    const guesser = await openTelephone(exchange.port, { username: "101", password: "guess-guess" });
    for (let guess = 0; guess < 10; guess++) {
      const answer = await guesser.ask({ method: "MESSAGE", user: "102" });
      expect(answer.status).toBe(403);
    }
    expect(exchange.guard.bans(systemClock.now())).toMatchObject([{ address: "127.0.0.1" }]);
    const before = exchange.guard.counts.banned;
    guesser.endpoint.request(guesser.options(), () => undefined);
    await eventually("dropped", () => (exchange.guard.counts.banned > before ? true : undefined));
  });

  test("phone: nobody registers in another's name", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    addPhone(exchange, "102");
    const telephone = await openTelephone(exchange.port, { username: "101", password: "101-secret" });
    expect(await telephone.register("102").state).toMatchObject({ type: "failed", status: 403 });
    expect(bindingsOf(exchange, "102")).toEqual([]);
  });

  test("phone: one that is switched off is refused like one that is not there", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101", { enabled: false });
    addPhone(exchange, "102");
    const telephone = await openTelephone(exchange.port, { username: "101", password: "101-secret" });
    expect(await telephone.register().state).toMatchObject({ type: "failed", status: 403 });
    expect(exchange.phones.findByNumber("101", firstOrgId)).toBeUndefined();
  });

  test("phone: where there is none, nobody is even asked for a password", async () => {
    const exchange = await openExchange();
    const telephone = await openTelephone(exchange.port, { username: "101", password: "101-secret" });
    expect(await telephone.register().state).toMatchObject({ type: "failed", status: 403 });
  });

  test("phone: one address that only ever asks to be challenged is told nothing after a while, and banned", async () => {
    const exchange = await openExchange();
    addPhone(exchange, "101");
    const scanner = await openTelephone(exchange.port);
    const request = scanner.options();
    const from = { transport: "UDP", address: "203.0.113.9", port: 5060 } as const;
    const types = Array.from({ length: 210 }, () => exchange.phones.authenticate(request, from, 1000).type);
    expect(types.lastIndexOf("challenge")).toBe(199);
    expect(types.slice(200)).toEqual(Array(10).fill("unknown"));
    expect(exchange.guard.bans(1001)).toMatchObject([{ address: "203.0.113.9" }]);
  });

  test("phone: a house that answers its challenges is never taken for a scanner", () => {
    const book = new PhoneBook();
    book.set(
      { id: "phone_1", orgId: firstOrgId, username: "101", number: null, label: null, mayCall: "any", enabled: true },
      "right-one",
    );
    const guard = new SourceGuard(defaultSourceGuard);
    const desk = new PhoneDesk({
      book,
      guard,
      realm: "tandem",
      allowMd5: true,
      clock: { now: () => 0, wall: () => 0 },
      randomBytes: systemRandom,
      log: createLogger("silent", "test"),
      metrics: createMetrics(),
    });
    const authorize = digestAuthorize({ username: "101", password: "right-one" }, systemRandom);
    const request = sipRequest("MESSAGE");
    for (let text = 0; text < 1000; text++) {
      const challenge = desk.authenticate(request, farHop, 0);
      if (challenge.type !== "challenge") throw new Error(`text ${text}: ${challenge.type}`);
      const lines = authorize(request, respond(request, 401, { headers: challenge.headers })) ?? [];
      const headers = request.headers.clone();
      for (const [name, value] of lines) headers.add(name, value);
      expect(desk.authenticate({ ...request, headers }, farHop, 0)).toMatchObject({ type: "phone" });
    }
  });

  test("phone: devices behind a NAT are asked for a sign of life every 25 s, spread over that time, others not", () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const book = new PhoneBook();
    const phone = {
      id: "phone_1",
      orgId: firstOrgId,
      username: "101",
      number: null,
      label: null,
      mayCall: "any",
      enabled: true,
    } as const;
    book.set(phone, "right-one");
    let now = 0;
    const desk = new PhoneDesk({
      book,
      guard: new SourceGuard(defaultSourceGuard),
      realm: "tandem",
      allowMd5: true,
      clock: { now: () => now, wall: () => 0 },
      randomBytes: systemRandom,
      log: createLogger("silent", "test"),
      metrics: createMetrics(),
    });
    const device = (port: number, host: string) => {
      const request = sipRequest("REGISTER", { callId: host });
      request.headers.set("Contact", `<sip:101@${host}:5060>`);
      book.register(phone, request, { transport: "UDP", address: "203.0.113.9", port }, now);
    };
    device(40_001, "10.0.0.5");
    device(40_002, "10.0.0.6");
    device(5060, "203.0.113.9");
    const pinged: string[] = [];
    desk.start({
      respond: () => undefined,
      request: (request, _onResult, to) => pinged.push(`${now} ${request.method} ${to?.address}:${to?.port}`),
    });
    onTestFinished(() => desk.close());
    for (now = 1000; now <= 52_000; now += 1000) vi.advanceTimersByTime(1000);
    expect(pinged.map((line) => line.slice(line.indexOf(" ") + 1)).sort()).toEqual([
      ...Array(3).fill("OPTIONS 203.0.113.9:40001"),
      ...Array(3).fill("OPTIONS 203.0.113.9:40002"),
    ]);
    expect(new Set(pinged.map((line) => line.split(" ")[0])).size).toBe(6);
  });

  test("phone: the digest user of a trunk is told apart from a phone", async () => {
    const trunk = { id: "trunk_1" } as never;
    const ha1 = { "SHA-256": hashA1("SHA-256", "carrier", "tandem", "carrier-secret") };
    const exchange = await openExchange({
      trunks: { matchUser: (username) => (username === "carrier" ? { trunk, ha1 } : undefined) },
    });
    const carrier = await openTelephone(exchange.port, { username: "carrier", password: "carrier-secret" });
    const seen: string[] = [];
    const original = exchange.phones.authenticate.bind(exchange.phones);
    exchange.phones.authenticate = (...args) => {
      const who = original(...args);
      seen.push(who.type === "trunk" ? `trunk ${who.username}` : who.type);
      return who;
    };
    expect(await carrier.register().state).toMatchObject({ type: "failed", status: 403 });
    expect(seen).toEqual(["challenge", "trunk carrier"]);
  });
});
