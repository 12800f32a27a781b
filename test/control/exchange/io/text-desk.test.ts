import { describe, expect, test } from "vitest";
import type { NewText } from "../../../../src/control/exchange/text.ts";
import type { Trunk } from "../../../../src/control/exchange/trunk.ts";
import { type E164, firstOrgId } from "../../../../src/kit/ids.ts";
import { systemRandom } from "../../../../src/kit/io/random.ts";
import { hashA1 } from "../../../../src/sip/digest.ts";
import { digestAuthorize } from "../../../../src/sip/digest-authorize.ts";
import { SipHeaders } from "../../../../src/sip/headers/headers.ts";
import { respond } from "../../../../src/sip/message.ts";
import { makeSipUri } from "../../../../src/sip/uri.ts";
import { addPhone, openExchange, openTelephone, type TestExchange } from "../../../kit/exchange.ts";
import { eventually } from "../../../kit/gateway.ts";

const agentNumber = "+15550100";
const bodyOf = (message: { body: Uint8Array }) => Buffer.from(message.body).toString("utf8");

/** A telephone that has registered. */
async function registered(exchange: TestExchange, username: string, change: Parameters<typeof addPhone>[2] = {}) {
  addPhone(exchange, username, change);
  const telephone = await openTelephone(exchange.port, { username, password: `${username}-secret` });
  expect(await telephone.register().state).toMatchObject({ type: "registered" });
  return telephone;
}

const trunk: Trunk = {
  id: "trunk_1",
  orgId: firstOrgId,
  shared: false,
  name: "carrier",
  enabled: true,
  inbound: { sources: ["127.0.0.1"], username: null },
  outbound: { targets: [], username: "tandem", realm: null },
  register: null,
  fromDomain: "us.example.com",
  media: { codecs: ["pcmu"], preference: "offered", srtp: "off", dtmf: "auto", ptimeMs: 20 },
  sessionExpiresS: 0,
  assertIdentity: false,
  rewriting: { inbound: [{ match: "00", replace: "+" }], outbound: [{ match: "+", replace: "00" }] },
  maxCalls: 0,
  callsPerSecond: 0,
  probeEveryS: 0,
  transfer: "bridge",
  redirects: "own-hosts",
  ringTimeoutMs: 60_000,
};

describe("texts by SIP MESSAGE over loopback", () => {
  test("text: from a phone to a number of ours is kept, under the phone's own number (RFC 3428 §7)", async () => {
    const exchange = await openExchange({ agentNumbers: [agentNumber] });
    const telephone = await registered(exchange, "101");
    const answer = await telephone.text(agentNumber, "Grüße 🚀");
    expect(answer.status).toBe(200);
    expect(exchange.texts).toEqual([
      {
        orgId: firstOrgId,
        from: "101",
        to: agentNumber,
        body: "Grüße 🚀",
        direction: "internal",
        status: "received",
        detail: null,
      },
    ]);
  });

  test("text: from one phone to another is relayed, and its sender told that it arrived", async () => {
    const exchange = await openExchange();
    const alice = await registered(exchange, "101");
    const bob = await registered(exchange, "bob", { number: "+15550123" as E164 });
    const next = bob.next();
    expect((await alice.text("+15550123", "hello")).status).toBe(200);
    const message = await next;
    expect(bodyOf(message)).toBe("hello");
    expect(message.headers.get("Content-Type")).toBe("text/plain;charset=UTF-8");
    // At the name the device knows us by, so that it can write back.
    expect(message.headers.get("From")).toMatch(/^<sip:101@tandem>;tag=/);
    expect(exchange.texts).toMatchObject([{ direction: "internal", status: "delivered", detail: null }]);
  });

  test("text: to a number of another organisation is posted for both, by whoever may and can pay", async () => {
    const otherNumber = "+15550300";
    const posted: NewText[] = [];
    const exchange = await openExchange({ otherNumber, posted });
    const number = "+15550123" as E164;
    const telephone = await registered(exchange, "101", { number });
    expect((await telephone.text(otherNumber, "hello")).status).toBe(200);
    expect(posted).toEqual([{ orgId: firstOrgId, from: number, to: otherNumber, body: "hello" }]);
    // An extension is no number that could be answered.
    const nameless = await registered(exchange, "102");
    expect((await nameless.text(otherNumber, "hello")).status).toBe(404);
    const kept = await registered(exchange, "103", { number: "+15550124" as E164, mayCall: "internal" });
    expect((await kept.text(otherNumber, "hello")).status).toBe(403);
    const poor = await openExchange({ otherNumber });
    const broke = await registered(poor, "104", { number: "+15550125" as E164 });
    expect((await broke.text(otherNumber, "hello")).status).toBe(403);
    expect(posted).toHaveLength(1);
  });

  test("text: goes to every device of a phone, and one that has it is enough", async () => {
    const exchange = await openExchange();
    const alice = await registered(exchange, "101");
    const desk = await registered(exchange, "102");
    const softphone = await openTelephone(exchange.port, { username: "102", password: "102-secret" });
    expect(await softphone.register().state).toMatchObject({ type: "registered" });
    desk.answerWith((request) => respond(request, 486, { toTag: "t" }));
    expect((await alice.text("102", "hello")).status).toBe(200);
    expect([desk.received.length, softphone.received.length]).toEqual([1, 1]);
  });

  test("text: to a phone that refuses, and to one that is away, is 480 to its sender", async () => {
    const exchange = await openExchange();
    const alice = await registered(exchange, "101");
    const bob = await registered(exchange, "102");
    bob.answerWith((request) => respond(request, 415, { toTag: "t" }));
    expect((await alice.text("102", "hello")).status).toBe(480);
    expect(exchange.texts).toMatchObject([{ status: "failed", detail: "the far end answered with SIP status 415" }]);
    addPhone(exchange, "103");
    expect((await alice.text("103", "hello")).status).toBe(480);
    expect(exchange.texts).toHaveLength(1);
  });

  test("text: nobody without a password writes, and who has a wrong one neither", async () => {
    const exchange = await openExchange({ agentNumbers: [agentNumber] });
    addPhone(exchange, "101");
    const stranger = await openTelephone(exchange.port);
    expect((await stranger.text(agentNumber, "hello")).status).toBe(401);
    const guesser = await openTelephone(exchange.port, { username: "101", password: "guess-guess" });
    expect((await guesser.text(agentNumber, "hello")).status).toBe(403);
    expect(exchange.texts).toEqual([]);
  });

  test("text: nothing but text/plain in UTF-8 is taken, and that up to 4096 bytes", async () => {
    const exchange = await openExchange({ agentNumbers: [agentNumber] });
    const telephone = await registered(exchange, "101");
    const typing = await telephone.text(agentNumber, "<isComposing/>", "application/im-iscomposing+xml");
    expect([typing.status, typing.headers.get("Accept")]).toEqual([415, "text/plain"]);
    expect((await telephone.text(agentNumber, "x", "text/plain;charset=utf-16")).status).toBe(415);
    const zipped = SipHeaders.of(["Content-Encoding", "gzip"]);
    expect((await telephone.text(agentNumber, "x", "text/plain", zipped)).status).toBe(415);
    expect((await telephone.text(agentNumber, "x".repeat(4097))).status).toBe(413);
    expect((await telephone.text(agentNumber, "x".repeat(4096))).status).toBe(200);
    const broken = {
      method: "MESSAGE",
      user: agentNumber,
      contentType: "text/plain",
      body: Buffer.from([0xff]),
    } as const;
    expect((await telephone.ask(broken)).status).toBe(400);
    expect(exchange.texts).toHaveLength(1);
  });

  test("text: too many at once are put off with Retry-After", async () => {
    const exchange = await openExchange({ agentNumbers: [agentNumber] });
    const telephone = await registered(exchange, "101");
    const answers = await Promise.all(Array.from({ length: 60 }, () => telephone.text(agentNumber, "spam")));
    const refused = answers.filter(({ status }) => status === 480);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get("Retry-After")).toMatch(/^[1-9]\d*$/);
    expect(exchange.texts).toHaveLength(60 - refused.length);
  });

  test("text: to a number nobody has is 404, and outside our house nothing goes without leave or trunk", async () => {
    const exchange = await openExchange();
    const inside = await registered(exchange, "101", { mayCall: "internal" });
    expect((await inside.text("+15550177", "hello")).status).toBe(403);
    const outside = await registered(exchange, "bob", { number: "+15550123" as E164 });
    expect((await outside.text("+15550177", "hello")).status).toBe(404);
    expect(exchange.texts).toEqual([]);
  });

  test("text: from a trunk, known by its address, is kept under the number its rules give", async () => {
    const exchange = await openExchange({ agentNumbers: [agentNumber], trunks: { matchSource: () => trunk } });
    const carrier = await openTelephone(exchange.port, { username: "004930123", password: "" });
    expect((await carrier.text("0015550100", "hello")).status).toBe(200);
    expect((await carrier.text("0015550177", "hello")).status).toBe(404);
    expect(exchange.texts).toMatchObject([
      { from: "+4930123", to: agentNumber, body: "hello", direction: "inbound", status: "received" },
    ]);
  });

  test("text: from the far end of a registering trunk, which names our Contact and the number in To", async () => {
    const exchange = await openExchange({
      agentNumbers: [agentNumber],
      trunks: { matchContact: (user) => (user === "k7contact" ? trunk : undefined) },
    });
    const carrier = await openTelephone(exchange.port);
    const to = { uri: makeSipUri({ user: "0015550100", host: "us.example.com" }), params: new Map() };
    const parts = {
      method: "MESSAGE",
      user: "k7contact",
      to,
      contentType: "text/plain",
      body: Buffer.from("x"),
    } as const;
    expect((await carrier.ask(parts)).status).toBe(200);
    expect(exchange.texts).toMatchObject([{ to: agentNumber, direction: "inbound" }]);
  });

  test("text: a trunk that must authenticate is asked to, and known by its user name", async () => {
    const digest = { ...trunk, inbound: { sources: ["127.0.0.1"], username: "carrier" } };
    const ha1 = { "SHA-256": hashA1("SHA-256", "carrier", "tandem", "carrier-secret") };
    const exchange = await openExchange({
      agentNumbers: [agentNumber],
      trunks: {
        matchSource: () => digest,
        matchUser: (username) => (username === "carrier" ? { trunk: digest, ha1 } : undefined),
        mayComeFrom: () => true,
      },
    });
    const bare = await openTelephone(exchange.port);
    expect((await bare.text("0015550100", "x")).status).toBe(401);
    const carrier = await openTelephone(exchange.port, { username: "carrier", password: "carrier-secret" });
    expect((await carrier.text("0015550100", "x")).status).toBe(200);
    expect(exchange.texts).toMatchObject([{ from: "carrier", to: agentNumber, direction: "inbound" }]);
  });

  test("text: goes out by a trunk with its rules and credentials, and past a target that fails", async () => {
    const carrier = await openTelephone(0);
    const broken = await openTelephone(0);
    broken.answerWith((request) => respond(request, 503, { toTag: "t" }));
    const challenge = SipHeaders.of(["WWW-Authenticate", 'Digest realm="carrier", nonce="n1", qop="auth"']);
    carrier.answerWith((request) =>
      request.headers.has("Authorization")
        ? respond(request, 202, { toTag: "t" })
        : respond(request, 401, { toTag: "t", headers: challenge }),
    );
    const reports: string[] = [];
    const exchange = await openExchange({
      trunks: {
        choose: () => trunk,
        targets: () =>
          [broken, carrier].map(({ port }, priority) => ({ uri: `sip:127.0.0.1:${port}`, priority, weight: 1 })),
        reportTarget: (_id, uri, ok) => {
          reports.push(`${uri.endsWith(`:${carrier.port}`) ? "carrier" : "broken"} ${ok ? "up" : "down"}`);
        },
        authorize: () => digestAuthorize({ username: "tandem", password: "pw" }, systemRandom),
      },
    });
    const telephone = await registered(exchange, "bob", { number: "+15550123" as E164 });
    expect((await telephone.text("+4930123", "out")).status).toBe(202);
    expect(reports).toEqual(["broken down", "carrier up"]);
    const [challenged, sent] = carrier.received;
    expect(challenged?.headers.get("CSeq")).toBe("1 MESSAGE");
    expect(sent?.headers.get("CSeq")).toBe("2 MESSAGE");
    expect(sent?.headers.get("From")).toMatch(/^<sip:0015550123@us\.example\.com>;tag=/);
    expect(sent?.uri).toMatchObject({ rawUser: "004930123", port: carrier.port });
    expect(exchange.texts).toMatchObject([
      { direction: "outbound", from: "+15550123", to: "+4930123", status: "sent" },
    ]);
  });

  test("text: what the API queued is carried, and its fate kept", async () => {
    const exchange = await openExchange();
    await registered(exchange, "101");
    const carry = async (to: string) => {
      const text = { orgId: firstOrgId, from: agentNumber, to, body: "hello" };
      exchange.texts.push({ ...text, direction: "internal", status: "queued", detail: null });
      const settled = exchange.settled();
      exchange.textDesk.carry(`text_${exchange.texts.length}`, text, "internal");
      await settled;
      return exchange.texts.at(-1);
    };
    expect(await carry("101")).toMatchObject({ status: "delivered", detail: null });
    expect(await carry("102")).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("no such telephone"),
    });
    const counted = await exchange.metrics.texts.get();
    expect(counted.values.map(({ labels, value }) => [labels.status, value])).toEqual([
      ["delivered", 1],
      ["failed", 1],
    ]);
  });

  test("text: a store that fails costs the sender a 500, and us nothing else", async () => {
    const exchange = await openExchange({ agentNumbers: [agentNumber] });
    const telephone = await registered(exchange, "101");
    exchange.texts.push = () => {
      throw new Error("disk full");
    };
    expect((await telephone.text(agentNumber, "hello")).status).toBe(500);
    await eventually("counted", async () => {
      const { values } = await exchange.metrics.errors.get();
      return values.some(({ labels }) => labels.kind === "texts") ? true : undefined;
    });
  });
});
