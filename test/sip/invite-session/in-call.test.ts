import { describe, expect, test } from "vitest";
import { SipHeaders } from "../../../src/sip/headers/headers.ts";
import { sdp, sdpText } from "../../kit/sip-network.ts";
import { talkingPair } from "../../kit/sip-pair.ts";

describe("changes within a call", () => {
  test("hold: a re-INVITE is answered and acknowledged (RFC 3261 §14)", () => {
    const { network, alice, bob, calling, called, lines } = talkingPair();
    alice.do(calling, { type: "offer", sdp: sdp("hold") });
    network.run(2000);
    expect(lines()).toEqual(["alice→bob INVITE", "bob→alice 200 INVITE", "alice→bob ACK"]);
    expect(sdpText(bob.events(called, "remote-offer")[0]?.sdp)).toBe("hold");
    expect(sdpText(alice.events(calling, "remote-answer")[0]?.sdp)).toBe("answer of bob");
  });

  test("the callee changes the media as well, by UPDATE where it likes (RFC 3311)", () => {
    const { network, alice, bob, calling, called, lines } = talkingPair();
    bob.do(called, { type: "offer", sdp: sdp("codec"), method: "UPDATE" });
    network.run(2000);
    expect(lines()).toEqual(["bob→alice UPDATE", "alice→bob 200 UPDATE"]);
    expect(sdpText(alice.events(calling, "remote-offer")[0]?.sdp)).toBe("codec");
    expect(sdpText(bob.events(called, "remote-answer")[0]?.sdp)).toBe("answer of alice");
  });

  test("a re-INVITE without SDP is answered by an offer, the ACK has the answer (RFC 3261 §14.2)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    alice.do(calling, { type: "offer" });
    network.run(2000);
    expect(bob.types(called)).toEqual(["confirmed", "offer-wanted", "remote-answer"]);
    expect(sdpText(alice.events(calling, "remote-offer")[0]?.sdp)).toBe("answer of bob");
    expect(sdpText(bob.events(called, "remote-answer")[0]?.sdp)).toBe("answer of alice");
  });

  test("a refused change leaves the call as it was (RFC 3261 §14.1)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    bob.onEvent = (session, event) => {
      if (event.type === "remote-offer") bob.do(session, { type: "refuse-offer" });
    };
    alice.do(calling, { type: "offer", sdp: sdp("odd codec") });
    network.run(2000);
    expect(alice.events(calling, "offer-failed")).toEqual([{ type: "offer-failed", status: 488 }]);
    expect(alice.machine.session(calling)?.hasEnded).toBe(false);
    expect(bob.machine.session(called)?.hasEnded).toBe(false);
  });

  test("a change nobody answers is refused for the user, not left open", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    bob.onEvent = () => undefined;
    alice.do(calling, { type: "offer", sdp: sdp("hold") });
    network.run(20_000);
    expect(bob.types(called)).toEqual(["confirmed", "remote-offer", "offer-withdrawn"]);
    expect(alice.events(calling, "offer-failed")).toEqual([{ type: "offer-failed", status: 488 }]);
  });

  test("glare: both offer at once, both get 491, the caller waits longer, both changes come about (RFC 3261 §14.1)", () => {
    const { network, alice, bob, calling, called, lines } = talkingPair();
    network.at(1000, () => alice.do(calling, { type: "offer", sdp: sdp("of alice") }));
    network.at(1000, () => bob.do(called, { type: "offer", sdp: sdp("of bob") }));
    network.run(20_000);
    expect(lines().filter((line) => line.includes("491"))).toHaveLength(2);
    const again = network.trace.filter((line) => line.endsWith("INVITE") && !/\d INVITE/.test(line)).slice(-2);
    expect(again.map((line) => line.split(" ")[1])).toEqual(["bob→alice", "alice→bob"]);
    const [bobAt, aliceAt] = again.map((line) => Number(line.split(" ")[0]));
    expect(bobAt).toBeLessThanOrEqual(1010 + 2000);
    expect(aliceAt).toBeGreaterThanOrEqual(1010 + 2100);
    expect(aliceAt).toBeLessThanOrEqual(1010 + 4000);
    expect(alice.events(calling, "remote-answer")).toHaveLength(1);
    expect(bob.events(called, "remote-answer")).toHaveLength(1);
  });

  test("a second change waits for the first one's end (RFC 3261 §14.1)", () => {
    const { network, alice, calling, lines } = talkingPair();
    alice.do(calling, { type: "offer", sdp: sdp("one") });
    alice.do(calling, { type: "offer", sdp: sdp("two") });
    network.run(2000);
    expect(lines().filter((line) => line === "alice→bob INVITE")).toHaveLength(2);
    expect(lines().indexOf("alice→bob ACK")).toBeLessThan(lines().lastIndexOf("alice→bob INVITE"));
    expect(alice.events(calling, "remote-answer")).toHaveLength(2);
  });

  test("a change to a call the far end has forgotten ends it (RFC 3261 §12.2.1.2)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    network.drop = (message, from) => from === bob && message.type === "request";
    bob.do(called, { type: "hang-up" });
    network.run(60_000);
    expect(bob.machine.session(called)).toBeUndefined();
    alice.do(calling, { type: "offer", sdp: sdp("hold") });
    network.run(120_000);
    expect(alice.end(calling)).toMatchObject({ by: "remote", cause: "timeout", status: 481 });
  });

  test("hanging up in the middle of a change: it is refused with 487, both ends end once (RFC 3261 §15)", () => {
    const { network, alice, bob, calling, called, lines } = talkingPair();
    bob.onEvent = () => undefined;
    alice.do(calling, { type: "offer", sdp: sdp("hold") });
    network.run(1000);
    bob.do(called, { type: "hang-up" });
    network.run(100_000);
    expect(lines()).toContain("bob→alice 487 INVITE");
    expect(alice.end(calling)).toMatchObject({ by: "remote", cause: "bye" });
    expect(bob.end(called)).toMatchObject({ by: "local", cause: "bye" });
    expect(alice.machine.counts).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
  });
});

describe("session timers (RFC 4028)", () => {
  const options = { sessionOptions: { sessionExpiresS: 120, minSessionExpiresS: 90 } };

  test("session timer: the caller refreshes by UPDATE at half the interval (RFC 4028 §7.4, §10)", () => {
    const { network, alice, calling, lines } = talkingPair(options);
    network.run(250_000);
    expect(lines()).toEqual(new Array(4).fill(["alice→bob UPDATE", "bob→alice 200 UPDATE"]).flat());
    expect(alice.machine.session(calling)?.hasEnded).toBe(false);
  });

  test("session timer: a far end that vanished is noticed, and the call ends with a BYE (RFC 4028 §10)", () => {
    const { network, alice, bob, calling, called } = talkingPair(options);
    network.drop = (_message, from) => from === alice;
    network.run(300_000);
    expect(bob.end(called)).toMatchObject({ by: "network", cause: "expired" });
    const at = bob.seen.find(({ event }) => event.type === "ended")!.at;
    expect(at).toBeGreaterThan(80_000);
    expect(at).toBeLessThan(90_000);
    expect(alice.end(calling).by).not.toBe("local");
  });

  test("session timer: too small an interval gets 422, and the call comes about with a larger one (RFC 4028 §7.3)", () => {
    const { alice, bob, calling, called, network } = talkingPair(options, {
      sessionOptions: { sessionExpiresS: 1800, minSessionExpiresS: 300 },
    });
    expect(network.trace.map((line) => line.replace(/^\d+ /, "")).slice(0, 4)).toEqual([
      "alice→bob INVITE",
      "bob→alice 422 INVITE",
      "alice→bob ACK",
      "alice→bob INVITE",
    ]);
    expect(alice.types(calling)).toEqual(["answered"]);
    expect(bob.types(called)).toEqual(["confirmed"]);
    network.run(149_000);
    expect(network.trace.some((line) => line.includes("UPDATE"))).toBe(false);
    network.run(151_000);
    expect(network.trace.some((line) => line.includes("UPDATE"))).toBe(true);
  });

  test("session timer: a far end without it is left in peace", () => {
    const { network, alice, calling, lines } = talkingPair(options, { sessionOptions: { sessionExpiresS: 0 } });
    network.run(500_000);
    expect(lines()).toEqual([]);
    expect(alice.machine.session(calling)?.hasEnded).toBe(false);
  });
});

describe("messages within a call", () => {
  test("INFO and MESSAGE reach the user and are answered (RFC 6086, RFC 3428)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    const body = Buffer.from("Signal=5\r\nDuration=160\r\n");
    alice.do(calling, { type: "send", method: "INFO", token: "dtmf", contentType: "application/dtmf-relay", body });
    alice.do(calling, {
      type: "send",
      method: "MESSAGE",
      token: "text",
      contentType: "text/plain",
      body: Buffer.from("hi"),
    });
    network.run(1000);
    expect(bob.events(called, "message")).toMatchObject([
      { method: "INFO", contentType: "application/dtmf-relay" },
      { method: "MESSAGE", contentType: "text/plain" },
    ]);
    expect(Buffer.from(bob.events(called, "message")[0]!.body).toString()).toContain("Signal=5");
    expect(alice.events(calling, "sent")).toMatchObject([
      { token: "dtmf", status: 200 },
      { token: "text", status: 200 },
    ]);
  });

  test("a request older than the last one gets 500, one for no call 481 (RFC 3261 §12.2.2)", () => {
    const { network, alice, calling, called, bob } = talkingPair();
    const statuses: number[] = [];
    bob.onOrder = (order) => {
      if (order.type === "send" && order.message.type === "response") statuses.push(order.message.status);
    };
    let first: Parameters<typeof alice.machine.handle>[0] | undefined;
    alice.onOrder = (order) => {
      if (order.type !== "send" || order.message.type !== "request" || first !== undefined) return;
      const headers = order.message.headers.clone();
      headers.set("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKlate");
      first = { type: "receive", message: { ...order.message, headers }, from: { ...order.to, address: "192.0.2.1" } };
    };
    for (let i = 0; i < 2; i++) alice.do(calling, { type: "send", method: "INFO", token: "x" });
    network.run(1000);
    bob.handle(first as Parameters<typeof bob.handle>[0]);
    expect(statuses).toEqual([200, 200, 500]);
    bob.do(called, { type: "hang-up" });
    network.run(100_000);
    bob.handle(first as Parameters<typeof bob.handle>[0]);
    expect(statuses.at(-1)).toBe(481);
  });

  test("the Reason of a BYE tells why (RFC 3326)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    const headers = SipHeaders.of(["Reason", 'Q.850;cause=16;text="Normal call clearing"']);
    alice.do(calling, { type: "hang-up", headers });
    network.run(1000);
    expect(bob.end(called).reasons).toEqual([{ protocol: "Q.850", cause: 16, text: "Normal call clearing" }]);
  });

  test("both hang up at once: each ends once, by its own wish (RFC 3261 §15)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    alice.do(calling, { type: "hang-up" });
    bob.do(called, { type: "hang-up" });
    network.run(100_000);
    expect(alice.end(calling)).toMatchObject({ by: "local", cause: "bye" });
    expect(bob.end(called)).toMatchObject({ by: "local", cause: "bye" });
    expect(alice.machine.counts).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
  });
});
