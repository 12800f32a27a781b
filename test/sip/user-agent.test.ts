import { describe, expect, test } from "vitest";
import { digestAuthorize } from "../../src/sip/digest-authorize.ts";
import { DigestServer, defaultDigestServer } from "../../src/sip/digest-server.ts";
import { authorizationField, wwwAuthenticateField } from "../../src/sip/headers/fields.ts";
import { SipHeaders } from "../../src/sip/headers/headers.ts";
import { respond } from "../../src/sip/message.ts";
import { newRequest } from "../../src/sip/new-request.ts";
import { makeSipUri } from "../../src/sip/uri.ts";
import { farHop, sipRequest } from "../kit/sip-messages.ts";
import { type SimAgent, SipNetwork, sdp, sdpText } from "../kit/sip-network.ts";

describe("user agents on a network", () => {
  test("a call: INVITE, 180, 200, ACK, BYE, each once when nothing is lost (RFC 3261 §13, §15)", () => {
    const network = new SipNetwork();
    const alice = network.add("alice", "192.0.2.1");
    const bob = network.add("bob", "192.0.2.2");
    bob.onCall = (session) => {
      bob.do(session, { type: "progress", status: 180 });
      network.at(network.now + 1000, () => bob.do(session, { type: "answer", sdp: sdp("answer of bob") }));
    };
    const session = alice.call(bob, {});
    network.run(5000);
    const [answered] = alice.events(session, "answered");
    expect(sdpText(answered?.sdp)).toBe("answer of bob");
    alice.do(session, { type: "hang-up" });
    network.run(100_000);
    expect(network.trace.map((line) => line.replace(/^\d+ /, ""))).toEqual([
      "alice→bob INVITE",
      "bob→alice 180 INVITE",
      "alice→bob PRACK",
      "bob→alice 200 PRACK",
      "bob→alice 200 INVITE",
      "alice→bob ACK",
      "alice→bob BYE",
      "bob→alice 200 BYE",
    ]);
    const [called] = bob.incoming;
    expect(bob.types(called!.session)).toEqual(["confirmed", "ended"]);
    expect(alice.end(session)).toMatchObject({ by: "local", cause: "bye" });
    expect(bob.end(called!.session)).toMatchObject({ by: "remote", cause: "bye" });
    expect(alice.machine.counts).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
    expect(bob.machine.counts).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
  });

  test("calls come about and end at both sides under 30 % loss, doubles and jitter, by 200 seeds (RFC 3261 §17)", () => {
    let ended = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const network = new SipNetwork({ seed, loss: 0.3, doubles: 0.1, leastDelayMs: 5, mostDelayMs: 80 });
      const alice = network.add("alice", "192.0.2.1");
      const bob = network.add("bob", "192.0.2.2");
      bob.onCall = (session) => {
        bob.do(session, { type: "progress", status: 183, sdp: sdp("answer of bob") });
        network.at(network.now + 2000, () => bob.do(session, { type: "answer", sdp: sdp("answer of bob") }));
      };
      const session = alice.call(bob);
      network.run(40_000);
      expect(alice.types(session), `seed ${seed}`).toContain("answered");
      const called = bob.incoming[0]!.session;
      expect(bob.incoming, `seed ${seed}`).toHaveLength(1);
      expect(bob.types(called), `seed ${seed}`).toContain("confirmed");
      (seed % 2 === 0 ? alice : bob).do(seed % 2 === 0 ? session : called, { type: "hang-up" });
      network.run(200_000);
      alice.end(session);
      if (bob.end(called).cause === "bye") ended++;
      expect(alice.machine.counts, `seed ${seed}`).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
      expect(bob.machine.counts, `seed ${seed}`).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
    }
    expect(ended).toBe(200);
  });
});

describe("user agent: outside of calls", () => {
  const options = (to: SimAgent) =>
    newRequest(
      {
        method: "OPTIONS",
        uri: makeSipUri({ host: to.address }),
        from: { uri: makeSipUri({ user: "probe", host: "example.com" }), params: new Map() },
        to: { uri: makeSipUri({ host: to.address }), params: new Map() },
      },
      (size) => new Uint8Array(size).fill(7),
    );

  test("user agent: an OPTIONS is handed up and its answer comes back (RFC 3261 §11)", () => {
    const network = new SipNetwork();
    const alice = network.add("alice", "192.0.2.1");
    const bob = network.add("bob", "192.0.2.2");
    bob.onOrder = (order) => {
      if (order.type !== "request") return;
      const { key, request } = order;
      network.at(network.now, () => bob.handle({ type: "respond", key, response: respond(request, 200) }));
    };
    alice.handle({ type: "send-request", token: "probe", request: options(bob) });
    network.run(1000);
    expect(alice.results).toEqual(["probe 200"]);
  });

  test("user agent: a place that fails, or says 503, makes room for the next one (RFC 3263 §4.3)", () => {
    const network = new SipNetwork();
    const alice = network.add("alice", "192.0.2.1");
    const busy = network.add("busy", "192.0.2.2");
    const good = network.add("good", "192.0.2.3");
    for (const [agent, status] of [
      [busy, 503],
      [good, 200],
    ] as const) {
      agent.onOrder = (order) => {
        if (order.type !== "request") return;
        const { key, request } = order;
        network.at(network.now, () => agent.handle({ type: "respond", key, response: respond(request, status) }));
      };
    }
    const asked: number[] = [];
    alice.onOrder = (order) => {
      if (order.type === "resolve") asked.push(order.query);
    };
    const request = { ...options(good), uri: makeSipUri({ host: "trunk.example.com" }) };
    alice.handle({ type: "send-request", token: "probe", request });
    const hop = (address: string) => ({ transport: "UDP", address, port: 5060 }) as const;
    alice.handle({ type: "resolved", query: asked[0]!, hops: [hop("192.0.2.99"), hop("192.0.2.2"), hop("192.0.2.3")] });
    network.run(31_000);
    expect(alice.results).toEqual([]);
    network.run(33_000);
    expect(alice.results).toEqual(["probe 200"]);
    const tried = network.trace.filter((line) => line.includes("alice→")).map((line) => line.split(/[→ ]/)[2]);
    expect([...new Set(tried)]).toEqual(["192.0.2.99", "busy", "good"]);
  });

  test("user agent: a name that leads nowhere fails at once", () => {
    const network = new SipNetwork();
    const alice = network.add("alice", "192.0.2.1");
    const session = alice.call("sip:bob@nowhere.example.com");
    alice.handle({ type: "resolved", query: 1, hops: [] });
    expect(alice.end(session)).toMatchObject({ by: "network", cause: "transport" });
    network.run(100_000);
    expect(alice.machine.counts.sessions).toBe(0);
  });

  test("user agent: a call given up while its name is looked up is never sent", () => {
    const network = new SipNetwork();
    const alice = network.add("alice", "192.0.2.1");
    const session = alice.call("sip:bob@slow.example.com");
    alice.do(session, { type: "hang-up" });
    alice.handle({ type: "resolved", query: 1, hops: [{ transport: "UDP", address: "192.0.2.2", port: 5060 }] });
    network.run(100_000);
    expect(network.trace).toEqual([]);
    expect(alice.end(session).cause).toBe("cancelled");
    expect(alice.machine.counts.sessions).toBe(0);
  });

  test("user agent: CANCEL, BYE and ACK for nothing: 481, 481 and silence (RFC 3261 §9.2, §15.1.2)", () => {
    const network = new SipNetwork();
    const bob = network.add("bob", "192.0.2.2");
    for (const [method, toTag] of [
      ["CANCEL", undefined],
      ["BYE", "x"],
      ["ACK", "x"],
    ] as const) {
      bob.handle({ type: "receive", message: sipRequest(method, { toTag, branch: `z9hG4bK${method}` }), from: farHop });
    }
    expect(network.trace).toEqual(["0 bob→192.0.2.1 481 CANCEL", "0 bob→192.0.2.1 481 BYE"]);
  });

  test("user agent: digest credentials are made for what is challenged, once (RFC 3261 §22, RFC 8760)", () => {
    const authorize = digestAuthorize({ username: "trunk", password: "secret" }, (size) => new Uint8Array(size));
    const server = new DigestServer({ ...defaultDigestServer, realm: "r", nonceKey: new Uint8Array(16) });
    const request = sipRequest("INVITE");
    const headers = new SipHeaders();
    for (const challenge of server.challenges(1000)) headers.put(wwwAuthenticateField, challenge);
    const lines = authorize(request, respond(request, 401, { headers }));
    const again = { ...request, headers: request.headers.clone().add(...lines![0]!) };
    const secret = { type: "password", password: "secret" } as const;
    expect(server.check(again.headers.first(authorizationField)!, "INVITE", () => secret, 2000)).toEqual({
      type: "ok",
      username: "trunk",
    });
    expect(authorize(again, respond(again, 401, { headers }))).toBeUndefined();
  });

  test("user agent: a far end that comes back over another connection is answered there", () => {
    const network = new SipNetwork();
    const bob = network.add("bob", "192.0.2.2");
    const hops: (number | undefined)[] = [];
    bob.onOrder = (order) => {
      if (order.type === "send" && order.message.type === "request") hops.push(order.to.connection);
    };
    bob.onCall = (session) => bob.do(session, { type: "answer", sdp: sdp("answer") });
    const over = (connection: number) =>
      ({ ...farHop, transport: "TCP", port: 40_000 + connection, connection }) as const;
    bob.handle({ type: "receive", message: sipRequest("INVITE", { transport: "TCP", body: "v=0" }), from: over(1) });
    const session = bob.incoming[0]!.session;
    const ack = sipRequest("ACK", { transport: "TCP", toTag: session, branch: "z9hG4bKack" });
    bob.handle({ type: "receive", message: ack, from: over(1) });
    bob.do(session, { type: "send", method: "INFO", token: "a" });
    const options = sipRequest("OPTIONS", { transport: "TCP", toTag: session, cseq: 2, branch: "z9hG4bKnew" });
    bob.handle({ type: "receive", message: options, from: over(2) });
    bob.do(session, { type: "hang-up" });
    expect(hops).toEqual([1, 2]);
  });

  test("user agent: after a redirection requests go to who answered, not to who redirected", () => {
    const network = new SipNetwork();
    const alice = network.add("alice", "192.0.2.1");
    const bob = network.add("bob", "93.184.216.34");
    const carol = network.add("carol", "10.0.0.3");
    bob.onCall = (session) => {
      bob.do(session, { type: "progress", status: 180, reliable: false });
      const headers = SipHeaders.of(["Contact", "<sip:carol@10.0.0.3>"]);
      bob.do(session, { type: "reject", status: 302, headers });
    };
    carol.onCall = (session) => carol.do(session, { type: "answer", sdp: sdp("answer") });
    const session = alice.call(bob);
    network.run(1000);
    alice.do(session, { type: "hang-up" });
    network.run(2000);
    expect(carol.end(carol.incoming[0]!.session)).toMatchObject({ by: "remote", cause: "bye" });
  });
});
