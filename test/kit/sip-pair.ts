import { type SimAgent, SipNetwork, sdp } from "./sip-network.ts";

/** A call between two agents, answered. */
export interface TalkingPair {
  readonly network: SipNetwork;
  readonly alice: SimAgent;
  readonly bob: SimAgent;
  /** Alice's session. */
  readonly calling: string;
  /** Bob's session. */
  readonly called: string;
  /** Messages since the call was set up, without their times. */
  lines(): string[];
}

type AgentOptions = Parameters<SipNetwork["add"]>[2];

/** Sets a call up and waits until it stands; both answer all offers with `answer of NAME`. */
export function talkingPair(options: AgentOptions = {}, bobOptions: AgentOptions = options): TalkingPair {
  const network = new SipNetwork();
  const alice = network.add("alice", "192.0.2.1", options);
  const bob = network.add("bob", "192.0.2.2", bobOptions);
  bob.onCall = (session) => bob.do(session, { type: "answer", sdp: sdp("answer of bob") });
  const calling = alice.call(bob);
  network.run(100);
  const called = bob.incoming[0]!.session;
  for (const agent of [alice, bob]) {
    agent.onEvent = (session, event) => {
      if (event.type !== "remote-offer" && event.type !== "offer-wanted") return;
      agent.do(session, { type: "answer-offer", sdp: sdp(`answer of ${agent.name}`) });
    };
  }
  const before = network.trace.length;
  const lines = (): string[] => network.trace.slice(before).map((line) => line.replace(/^\d+ /, ""));
  return { network, alice, bob, calling, called, lines };
}
