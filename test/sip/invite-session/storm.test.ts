import { describe, expect, test } from "vitest";
import type { SessionCommand } from "../../../src/sip/invite-session/types.ts";
import { type SimAgent, SipNetwork, sdp } from "../../kit/sip-network.ts";

const refers = ["r1", "r2", "r3"];

/** A command a careless user might give at any time. */
function anyCommand(network: SipNetwork, agent: SimAgent, session: string): SessionCommand {
  const { random } = network;
  const body = sdp(`${agent.name} ${random.int(0, 999)}`);
  const asked = agent.events(session, "refer-requested").map(({ refer }) => refer);
  const refer = asked.length === 0 ? "none" : random.pick(asked);
  return random.pick<SessionCommand>([
    { type: "progress", status: random.pick([180, 183]), sdp: random.chance(0.5) ? body : undefined },
    { type: "progress", status: 183, sdp: body, reliable: false },
    { type: "answer", sdp: body },
    { type: "answer", sdp: body },
    { type: "offer", sdp: random.chance(0.8) ? body : undefined },
    { type: "offer", sdp: body, method: "UPDATE" },
    { type: "answer-offer", sdp: body },
    { type: "refuse-offer" },
    {
      type: "send",
      method: random.pick(["INFO", "MESSAGE", "OPTIONS"] as const),
      token: "t",
      contentType: "text/plain",
      body,
    },
    {
      type: "refer",
      refer: random.pick(refers),
      to: agent.machine.session(session)?.dialog?.remoteTarget ?? { type: "tel", number: "1", params: new Map() },
    },
    { type: "accept-refer", refer },
    { type: "refuse-refer", refer, status: 603 },
    { type: "refer-progress", refer, status: random.pick([180, 200, 486]) },
    ...(random.chance(0.1) ? [{ type: "hang-up" } as const, { type: "reject", status: 486 } as const] : []),
  ]);
}

function storm(seed: number, loss: number): { alice: SimAgent; bob: SimAgent; network: SipNetwork; session: string } {
  const network = new SipNetwork({ seed, loss, doubles: loss / 2, leastDelayMs: 1, mostDelayMs: 200 });
  const options = { sessionOptions: { sessionExpiresS: 120, minSessionExpiresS: 90 } };
  const alice = network.add("alice", "192.0.2.1", options);
  const bob = network.add("bob", "192.0.2.2", options);
  const session = alice.call(bob, network.random.chance(0.3) ? { sdp: undefined } : {});
  for (let count = network.random.int(3, 40), at = 0; count > 0; count--) {
    at += network.random.int(0, 1500);
    const isAlice = network.random.chance(0.5);
    network.at(at, () => {
      const agent = isAlice ? alice : bob;
      const id = isAlice ? session : bob.incoming[0]?.session;
      if (id !== undefined) agent.do(id, anyCommand(network, agent, id));
    });
  }
  network.run(400_000);
  // One side hangs up; the other must notice, however the storm left it.
  alice.do(session, { type: "hang-up" });
  network.run(1_000_000);
  return { alice, bob, network, session };
}

describe("sessions in a storm", () => {
  test.each([0, 0.3])(
    "a session of careless users ends once, is forgotten, and leaves nothing behind (loss %s)",
    (loss) => {
      let confirmed = 0;
      for (let seed = 1; seed <= 400; seed++) {
        const { alice, bob, network, session } = storm(seed, loss);
        const what = `seed ${seed}\n${network.trace.slice(-40).join("\n")}`;
        expect(alice.events(session, "ended"), what).toHaveLength(1);
        for (const { session: id } of bob.incoming) expect(bob.events(id, "ended"), what).toHaveLength(1);
        expect(alice.machine.counts, what).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
        expect(bob.machine.counts, what).toMatchObject({ sessions: 0, clients: 0, servers: 0 });
        if (bob.incoming.some(({ session: id }) => bob.types(id).includes("confirmed"))) confirmed++;
      }
      // A storm in which no call came about would prove little.
      expect(confirmed).toBeGreaterThan(100);
    },
  );
});
