import { describe, expect, test } from "vitest";
import { SipHeaders } from "../../../src/sip/headers/headers.ts";
import { type SimAgent, SipNetwork, sdp, sdpText } from "../../kit/sip-network.ts";

interface Pair {
  readonly network: SipNetwork;
  readonly alice: SimAgent;
  readonly bob: SimAgent;
  /** Messages without their times. */
  lines(): string[];
  /** Bob's session of the first call. */
  called(): string;
}

function pair(options: Parameters<SipNetwork["add"]>[2] = {}, bobOptions = options): Pair {
  const network = new SipNetwork();
  const alice = network.add("alice", "192.0.2.1", options);
  const bob = network.add("bob", "192.0.2.2", bobOptions);
  const lines = (): string[] => network.trace.map((line) => line.replace(/^\d+ /, ""));
  return { network, alice, bob, lines, called: () => bob.incoming[0]!.session };
}

const answering =
  (bob: SimAgent, text = "answer") =>
  (session: string): void =>
    bob.do(session, { type: "answer", sdp: sdp(text) });

describe("call setup: provisional responses", () => {
  test("a 100 tells the caller that the INVITE has come to somebody, before anybody rings (RFC 3261 §17.1.1.2)", () => {
    const { network, alice, bob } = pair();
    bob.onCall = (session) => network.at(3000, () => bob.do(session, { type: "progress", status: 180 }));
    const session = alice.call(bob);
    network.run(2000);
    expect(alice.types(session)).toEqual(["trying"]);
    network.run(4000);
    expect(alice.types(session)).toEqual(["trying", "progress"]);
  });

  test("early media: a reliable 183 has the answer, the 2xx needs none (RFC 3262 §5, RFC 6337 §3.1.1)", () => {
    const { network, alice, bob, called } = pair();
    bob.onCall = (session) => {
      bob.do(session, { type: "progress", status: 183, sdp: sdp("early") });
      network.at(500, () => bob.do(session, { type: "answer" }));
    };
    const session = alice.call(bob);
    network.run(2000);
    expect(sdpText(alice.events(session, "progress")[0]?.sdp)).toBe("early");
    expect(sdpText(alice.events(session, "answered")[0]?.sdp)).toBe("early");
    expect(bob.types(called())).toEqual(["confirmed"]);
  });

  test("early media: a 183 that is not reliable shows the answer, the 2xx repeats it (RFC 3261 §13.2.1)", () => {
    const { network, alice, bob, lines } = pair({ sessionOptions: { reliableProvisional: "off" } });
    let answer: string | undefined;
    bob.onOrder = (order) => {
      if (order.type === "send" && order.message.type === "response" && order.message.status === 200) {
        answer ??= sdpText(order.message.body);
      }
    };
    bob.onCall = (session) => {
      bob.do(session, { type: "progress", status: 183, sdp: sdp("early") });
      network.at(500, () => bob.do(session, { type: "answer" }));
    };
    const session = alice.call(bob);
    network.run(2000);
    expect(lines()).not.toContain("alice→bob PRACK");
    expect(answer).toBe("early");
    expect(alice.types(session)).toEqual(["progress", "answered"]);
  });

  test("100rel: the 183 comes again until its PRACK, and the 2xx waits for it (RFC 3262 §3)", () => {
    const { network, alice, bob, lines } = pair();
    let pracks = 0;
    network.drop = (message) => message.type === "request" && message.method === "PRACK" && pracks++ < 2;
    bob.onCall = (session) => {
      bob.do(session, { type: "progress", status: 183, sdp: sdp("early") });
      bob.do(session, { type: "answer" });
    };
    alice.call(bob);
    network.run(10_000);
    const ok = lines().indexOf("bob→alice 200 INVITE");
    expect(ok).toBeGreaterThan(lines().indexOf("bob→alice 200 PRACK"));
    expect(lines().filter((line) => line === "bob→alice 183 INVITE").length).toBeGreaterThan(1);
  });

  test("100rel: nobody acknowledges the 183, so the call is refused after 32 s (RFC 3262 §3)", () => {
    const { network, alice, bob, called } = pair();
    network.drop = (message) => message.type === "request" && message.method === "PRACK";
    bob.onCall = (session) => bob.do(session, { type: "progress", status: 183, sdp: sdp("early") });
    const session = alice.call(bob);
    network.run(40_000);
    expect(bob.end(called())).toMatchObject({ by: "network", cause: "timeout", status: 504 });
    expect(alice.end(session)).toMatchObject({ by: "remote", cause: "rejected", status: 504 });
  });

  test("100rel: whoever insists on it is refused where it is off (RFC 3261 §8.2.2.3)", () => {
    const { network, alice, bob } = pair(
      { sessionOptions: { reliableProvisional: "required" } },
      { sessionOptions: { reliableProvisional: "off" } },
    );
    const session = alice.call(bob);
    network.run(2000);
    expect(bob.incoming).toEqual([]);
    expect(alice.end(session)).toMatchObject({ cause: "rejected", status: 420 });
  });

  test("late offer: the callee offers in its 2xx, the ACK answers (RFC 3261 §13.2.1)", () => {
    const { network, alice, bob, called } = pair();
    bob.onCall = answering(bob, "offer of bob");
    alice.onEvent = (session, event) => {
      if (event.type === "remote-offer") alice.do(session, { type: "answer-offer", sdp: sdp("answer of alice") });
    };
    const session = alice.call(bob, { sdp: undefined });
    network.run(2000);
    expect(alice.types(session)).toEqual(["answered", "remote-offer"]);
    expect(sdpText(alice.events(session, "remote-offer")[0]?.sdp)).toBe("offer of bob");
    expect(sdpText(bob.events(called(), "confirmed")[0]?.sdp)).toBe("answer of alice");
  });

  test("late offer: the callee offers in a reliable 183, the PRACK answers (RFC 3262 §5)", () => {
    const { network, alice, bob, called } = pair();
    bob.onCall = (session) => {
      bob.do(session, { type: "progress", status: 183, sdp: sdp("offer of bob") });
      network.at(1000, () => bob.do(session, { type: "answer" }));
    };
    alice.onEvent = (session, event) => {
      if (event.type === "remote-offer") alice.do(session, { type: "answer-offer", sdp: sdp("answer of alice") });
    };
    const session = alice.call(bob, { sdp: undefined });
    network.run(3000);
    expect(sdpText(bob.events(called(), "remote-answer")[0]?.sdp)).toBe("answer of alice");
    expect(alice.types(session)).toEqual(["remote-offer", "progress", "answered"]);
  });

  test("late offer: an offer nobody answers ends the call instead of hanging", () => {
    const { network, alice, bob, called } = pair();
    bob.onCall = answering(bob);
    const session = alice.call(bob, { sdp: undefined });
    network.run(60_000);
    expect(alice.end(session)).toMatchObject({ by: "local" });
    bob.end(called());
  });

  test("ringing is told again every minute, so that proxies do not give up (RFC 3261 §13.3.1.1)", () => {
    const { network, alice, bob } = pair({ sessionOptions: { reliableProvisional: "off" } });
    bob.onCall = (session) => bob.do(session, { type: "progress", status: 180 });
    const session = alice.call(bob);
    network.run(125_000);
    expect(alice.events(session, "progress")).toHaveLength(3);
  });

  test("ringing without an answer ends at both sides by our patience", () => {
    const { network, alice, bob, called } = pair();
    bob.onCall = (session) => bob.do(session, { type: "progress", status: 180 });
    const session = alice.call(bob);
    network.run(300_000);
    expect(alice.end(session)).toMatchObject({ by: "local", cause: "no-answer" });
    expect(bob.end(called()).status).toBeDefined();
  });
});

describe("call setup: giving up", () => {
  test("CANCEL while it rings: 200 for the CANCEL, 487 for the INVITE (RFC 3261 §9)", () => {
    const { network, alice, bob, lines, called } = pair({ sessionOptions: { reliableProvisional: "off" } });
    bob.onCall = (session) => bob.do(session, { type: "progress", status: 180 });
    const session = alice.call(bob);
    const reason = SipHeaders.of(["Reason", 'SIP;cause=200;text="Call completed elsewhere"']);
    network.at(1000, () => alice.do(session, { type: "hang-up", headers: reason }));
    network.run(60_000);
    expect(lines().slice(2)).toEqual([
      "alice→bob CANCEL",
      "bob→alice 200 CANCEL",
      "bob→alice 487 INVITE",
      "alice→bob ACK",
    ]);
    expect(alice.end(session)).toMatchObject({ by: "local", cause: "cancelled" });
    expect(bob.end(called())).toMatchObject({ by: "remote", cause: "cancelled", reasons: [{ cause: 200 }] });
  });

  test("CANCEL before any answer: it waits for the first provisional response (RFC 3261 §9.1)", () => {
    const { network, alice, bob, lines } = pair();
    const session = alice.call(bob);
    alice.do(session, { type: "hang-up" });
    network.run(60_000);
    expect(lines().indexOf("alice→bob CANCEL")).toBeGreaterThan(lines().indexOf("bob→alice 100 INVITE"));
    expect(alice.end(session).cause).toBe("cancelled");
    expect(bob.end(bob.incoming[0]!.session).cause).toBe("cancelled");
  });

  test("CANCEL and 2xx cross: the call is taken and hung up at once (RFC 3261 §9.1, §15)", () => {
    const { network, alice, bob, lines, called } = pair();
    bob.onCall = (session) => {
      bob.do(session, { type: "progress", status: 180 });
      network.at(1000, () => bob.do(session, { type: "answer", sdp: sdp("answer") }));
    };
    const session = alice.call(bob);
    network.at(1002, () => alice.do(session, { type: "hang-up" }));
    network.run(100_000);
    expect(alice.types(session)).not.toContain("answered");
    expect(lines()).toContain("alice→bob ACK");
    expect(lines()).toContain("alice→bob BYE");
    expect(bob.end(called())).toMatchObject({ by: "remote", cause: "bye" });
    expect(alice.machine.counts).toMatchObject({ sessions: 0, clients: 0 });
  });

  test("a callee's BYE waits for the ACK (RFC 3261 §15)", () => {
    const { network, alice, bob, lines, called } = pair();
    let acks = 0;
    network.drop = (message) => message.type === "request" && message.method === "ACK" && acks++ < 3;
    bob.onCall = (session) => {
      bob.do(session, { type: "answer", sdp: sdp("answer") });
      network.at(network.now + 50, () => bob.do(session, { type: "hang-up" }));
    };
    const session = alice.call(bob);
    network.run(60_000);
    expect(lines().indexOf("bob→alice BYE")).toBeGreaterThan(lines().indexOf("alice→bob ACK"));
    expect(lines().filter((line) => line === "alice→bob ACK ✗")).toHaveLength(3);
    expect(alice.end(session)).toMatchObject({ by: "remote", cause: "bye" });
    expect(bob.end(called())).toMatchObject({ by: "local", cause: "bye" });
  });

  test("a 2xx nobody acknowledges is repeated for 32 s, then the call ends with a BYE (RFC 3261 §13.3.1.4)", () => {
    const { network, alice, bob, lines, called } = pair();
    network.drop = (message) => message.type === "request" && message.method === "ACK";
    bob.onCall = answering(bob);
    alice.call(bob);
    network.run(100_000);
    expect(bob.end(called())).toMatchObject({ by: "network", cause: "no-ack" });
    expect(lines().filter((line) => line === "bob→alice 200 INVITE")).toHaveLength(11);
    expect(lines()).toContain("bob→alice BYE");
  });

  test("busy: the status and Retry-After reach the caller", () => {
    const { network, alice, bob, called } = pair();
    bob.onCall = (session) => {
      bob.do(session, { type: "reject", status: 486, headers: SipHeaders.of(["Retry-After", "30"]) });
    };
    const session = alice.call(bob);
    network.run(60_000);
    expect(alice.end(session)).toMatchObject({ by: "remote", cause: "rejected", status: 486, retryAfterS: 30 });
    expect(bob.end(called())).toMatchObject({ by: "local", cause: "rejected", status: 486 });
  });

  test("nobody there: a timeout after 32 s (RFC 3261 §17.1.1.2)", () => {
    const { network, alice } = pair();
    const session = alice.call("sip:nobody@192.0.2.99");
    network.run(60_000);
    expect(alice.seen.find(({ event }) => event.type === "ended")?.at).toBe(32_000);
    expect(alice.end(session)).toMatchObject({ by: "network", cause: "timeout" });
  });
});

describe("call setup: other ways", () => {
  test("3xx: its addresses are called, best first, in the same call (RFC 3261 §8.1.3.4)", () => {
    const { network, alice, bob } = pair();
    const carol = network.add("carol", "192.0.2.3");
    bob.onCall = (session) => {
      const headers = SipHeaders.of(["Contact", "<sip:x@192.0.2.9>;q=0.1, <sip:carol@192.0.2.3>;q=0.9"]);
      bob.do(session, { type: "reject", status: 302, headers });
    };
    carol.onCall = answering(carol);
    const session = alice.call(bob);
    network.run(5000);
    expect(alice.types(session)).toEqual(["redirected", "answered"]);
    expect(carol.incoming[0]?.request.headers.get("Call-ID")).toBe(bob.incoming[0]?.request.headers.get("Call-ID"));
    expect(carol.incoming[0]?.request.headers.get("CSeq")).toBe("2 INVITE");
  });

  test("3xx: an address that the call may not go to is left out", () => {
    const { network, alice, bob } = pair();
    const carol = network.add("carol", "192.0.2.3");
    bob.onCall = (session) => {
      const headers = SipHeaders.of(["Contact", "<sip:carol@192.0.2.3>, <sip:bob@192.0.2.2>;q=0.5"]);
      bob.do(session, { type: "reject", status: 302, headers });
    };
    const session = alice.call(bob, { mayRedirectTo: ({ host }) => host === "192.0.2.2" });
    network.run(60_000);
    expect([carol.incoming.length, bob.incoming.length]).toEqual([0, 1]);
    expect(alice.types(session)).toEqual(["ended"]);
    expect(alice.end(session)).toMatchObject({ cause: "rejected", status: 302 });
  });

  test("3xx in a circle: nobody is called twice, and the call ends", () => {
    const { network, alice, bob } = pair();
    bob.onCall = (session) => {
      bob.do(session, { type: "reject", status: 302, headers: SipHeaders.of(["Contact", "<sip:bob@192.0.2.2>"]) });
    };
    const session = alice.call(bob);
    network.run(60_000);
    expect(bob.incoming).toHaveLength(1);
    expect(alice.end(session)).toMatchObject({ cause: "rejected", status: 302 });
  });

  test("3xx without end: given up after the third (RFC 3261 §8.1.3.4)", () => {
    const { network, alice, bob } = pair();
    bob.onCall = (session) => {
      const headers = SipHeaders.of(["Contact", `<sip:bob${bob.incoming.length}@192.0.2.2>`]);
      bob.do(session, { type: "reject", status: 302, headers });
    };
    const session = alice.call(bob);
    network.run(60_000);
    expect(bob.incoming).toHaveLength(4);
    expect(alice.end(session)).toMatchObject({ status: 302 });
  });

  test("a challenge is answered once, with the next number; the ACK bears the credentials (RFC 3261 §22)", () => {
    const { network, alice, bob } = pair();
    bob.onCall = (session) => {
      if (bob.incoming.at(-1)?.request.headers.has("Authorization")) answering(bob)(session);
      else {
        const headers = SipHeaders.of(["WWW-Authenticate", 'Digest realm="r", nonce="n"']);
        bob.do(session, { type: "reject", status: 401, headers });
      }
    };
    const acks: (string | undefined)[] = [];
    alice.onOrder = (order) => {
      if (order.type !== "send" || order.message.type !== "request" || order.message.method !== "ACK") return;
      acks.push(order.message.headers.get("Authorization"));
    };
    const session = alice.call(bob, { authorize: () => [["Authorization", "Digest good"]] });
    network.run(5000);
    expect(alice.types(session)).toEqual(["answered"]);
    expect(bob.incoming.map(({ request }) => request.headers.get("CSeq"))).toEqual(["1 INVITE", "2 INVITE"]);
    expect(acks).toEqual([undefined, "Digest good"]);
  });

  test("credentials that never satisfy are not tried without end", () => {
    const { network, alice, bob } = pair();
    bob.onCall = (session) => bob.do(session, { type: "reject", status: 401 });
    const session = alice.call(bob, { authorize: () => [["Authorization", "Digest bad"]] });
    network.run(60_000);
    expect(bob.incoming).toHaveLength(3);
    expect(alice.end(session)).toMatchObject({ cause: "rejected", status: 401 });
  });

  test("an extension we do not know is refused before anybody is asked (RFC 3261 §8.2.2.3)", () => {
    const { network, alice, bob } = pair();
    const session = alice.call(bob, { sdp: undefined, headers: SipHeaders.of(["Require", "tandem-magic"]) });
    network.run(5000);
    expect(alice.end(session)).toMatchObject({ cause: "rejected", status: 420 });
    expect(bob.incoming).toEqual([]);
  });

  test("too many calls: 503 with Retry-After, and the ones there stay", () => {
    const { network, alice, bob } = pair({}, { maxSessions: 1 });
    bob.onCall = answering(bob);
    const first = alice.call(bob);
    const second = alice.call(bob);
    network.run(5000);
    expect(alice.types(first)).toEqual(["answered"]);
    expect(alice.end(second)).toMatchObject({ status: 503, retryAfterS: 5 });
  });
});
