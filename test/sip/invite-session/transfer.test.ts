import { describe, expect, test } from "vitest";
import { replacesField } from "../../../src/sip/headers/fields.ts";
import { SipHeaders } from "../../../src/sip/headers/headers.ts";
import { makeSipUri } from "../../../src/sip/uri.ts";
import { type SimAgent, type SipNetwork, sdp } from "../../kit/sip-network.ts";
import { talkingPair } from "../../kit/sip-pair.ts";

/** Does what a REFER asks: calls, tells how it goes, hangs the old call up when the new one stands. */
function obey(agent: SimAgent): void {
  const before = agent.onEvent;
  const transfers = new Map<string, { session: string; refer: string }>();
  agent.onEvent = (session, event) => {
    before(session, event);
    if (event.type === "refer-requested") {
      agent.do(session, { type: "accept-refer", refer: event.refer });
      const { uri } = event.to;
      if (uri.type !== "sip") throw new Error("no SIP URI");
      const headers = new SipHeaders();
      if (event.replaces !== undefined) headers.put(replacesField, event.replaces);
      const made = agent.call(`sip:${uri.rawUser}@${uri.host}`, { headers });
      transfers.set(made, { session, refer: event.refer });
    }
    const transfer = transfers.get(session);
    if (transfer === undefined) return;
    const { refer } = transfer;
    const tell = (status: number): void => agent.do(transfer.session, { type: "refer-progress", refer, status });
    if (event.type === "progress") tell(event.status);
    if (event.type === "answered") tell(200);
    if (event.type === "ended" && event.end.status !== undefined) tell(event.end.status);
  };
}

function addCarol(network: SipNetwork): SimAgent {
  const carol = network.add("carol", "192.0.2.3");
  carol.onCall = (session) => {
    carol.do(session, { type: "progress", status: 180 });
    network.at(network.now + 500, () => carol.do(session, { type: "answer", sdp: sdp("answer of carol") }));
  };
  return carol;
}

const toCarol = makeSipUri({ user: "carol", host: "192.0.2.3" });

describe("transfer", () => {
  test("blind transfer: 202, then NOTIFYs from 100 to 200 (RFC 3515 §2.4)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    const carol = addCarol(network);
    obey(bob);
    alice.do(calling, { type: "refer", refer: "t1", to: toCarol });
    network.run(5000);
    expect(alice.events(calling, "refer-progress").map(({ status, isFinal }) => [status, isFinal])).toEqual([
      [100, false],
      [180, false],
      [200, true],
    ]);
    expect(carol.incoming).toHaveLength(1);
    expect(bob.events(called, "refer-requested")).toHaveLength(1);
  });

  test("blind transfer: the result comes even when the transferor hung up meanwhile (RFC 5057 §4.2)", () => {
    const { network, alice, bob, calling } = talkingPair();
    addCarol(network);
    obey(bob);
    alice.do(calling, { type: "refer", refer: "t1", to: toCarol });
    network.at(network.now + 100, () => alice.do(calling, { type: "hang-up" }));
    network.run(5000);
    expect(alice.events(calling, "refer-progress").at(-1)).toMatchObject({ status: 200, isFinal: true });
    network.run(300_000);
    expect(alice.machine.counts.sessions).toBe(0);
  });

  test("a transfer that fails says why, and the call stays (RFC 3515 §2.4.5)", () => {
    const { network, alice, bob, calling } = talkingPair();
    const carol = network.add("carol", "192.0.2.3");
    carol.onCall = (session) => carol.do(session, { type: "reject", status: 486 });
    obey(bob);
    alice.do(calling, { type: "refer", refer: "t1", to: toCarol });
    network.run(5000);
    expect(alice.events(calling, "refer-progress").at(-1)).toMatchObject({ status: 486, isFinal: true });
    expect(alice.machine.session(calling)?.hasEnded).toBe(false);
  });

  test("a refused transfer is over at once, one nobody answers too", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    bob.onEvent = (session, event) => {
      if (event.type === "refer-requested") bob.do(session, { type: "refuse-refer", refer: event.refer, status: 603 });
    };
    alice.do(calling, { type: "refer", refer: "t1", to: toCarol });
    network.run(5000);
    bob.onEvent = () => undefined;
    alice.do(calling, { type: "refer", refer: "t2", to: toCarol });
    network.run(30_000);
    expect(alice.events(calling, "refer-progress").map(({ refer, status }) => [refer, status])).toEqual([
      ["t1", 603],
      ["t2", 480],
    ]);
    expect(bob.machine.session(called)?.hasEnded).toBe(false);
  });

  test("attended transfer: the new call takes the place of the consultation (RFC 3891 §3)", () => {
    const { network, alice, bob, calling, called } = talkingPair();
    const carol = addCarol(network);
    obey(bob);
    const consulting = alice.call("sip:carol@192.0.2.3");
    network.run(2000);
    const consulted = carol.incoming[0]!.session;
    expect(alice.types(consulting)).toEqual(["progress", "answered"]);
    const replaces = alice.machine.session(consulting)!.asReplaces!;
    alice.do(calling, { type: "refer", refer: "t1", to: toCarol, replaces });
    network.run(10_000);
    expect(carol.incoming[1]).toMatchObject({ replaces: consulted });
    expect(carol.end(consulted)).toMatchObject({ cause: "replaced" });
    expect(alice.end(consulting)).toMatchObject({ by: "remote", cause: "bye" });
    expect(alice.events(calling, "refer-progress").at(-1)).toMatchObject({ status: 200, isFinal: true });
    expect(bob.machine.session(called)?.hasEnded).toBe(false);
  });

  test("Replaces of a call that is not there gets 481, of an early one at the called side too (RFC 3891 §3)", () => {
    const { network, alice, bob, called } = talkingPair();
    const carol = network.add("carol", "192.0.2.3");
    const headers = SipHeaders.of(["Replaces", "nobody;to-tag=x;from-tag=y"]);
    const stray = carol.call(bob, { headers });
    network.run(5000);
    expect(carol.end(stray)).toMatchObject({ status: 481 });
    const real = bob.machine.session(called)!.dialog!.id;
    const early = SipHeaders.of([
      "Replaces",
      `${real.sipCallId};to-tag=${real.localTag};from-tag=${real.remoteTag};early-only`,
    ]);
    const late = carol.call(bob, { headers: early });
    network.run(10_000);
    expect(carol.end(late)).toMatchObject({ status: 486 });
    expect(alice.machine.counts.sessions).toBe(1);
  });
});
