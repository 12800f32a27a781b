import { describe, expect, test } from "vitest";
import { SipNetwork, sdp, sdpText } from "../kit/sip-network.ts";

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
