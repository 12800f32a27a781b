import { describe, expect, test } from "vitest";
import { SipHeaders } from "../../../src/sip/headers/headers.ts";
import { respond, type SipRequest, toTag } from "../../../src/sip/message.ts";
import { SipNetwork, sdp, sdpText } from "../../kit/sip-network.ts";

/** Alice behind a forking proxy: we answer for its branches. */
function forked() {
  const network = new SipNetwork();
  const alice = network.add("alice", "192.0.2.1");
  const sent: SipRequest[] = [];
  alice.onOrder = (order) => {
    if (order.type === "send" && order.message.type === "request") sent.push(order.message);
  };
  const session = alice.call("sip:team@192.0.2.50");
  const answer = (status: number, tag: string, extra: [string, string][] = [], body?: Uint8Array): void => {
    const contact: [string, string] = ["Contact", `<sip:${tag}@192.0.2.60>`];
    const type: [string, string][] = body === undefined ? [] : [["Content-Type", "application/sdp"]];
    const headers = SipHeaders.of(contact, ...type, ...extra);
    const message = respond(sent[0]!, status, { toTag: tag, headers, body });
    alice.handle({ type: "receive", message, from: { transport: "UDP", address: "192.0.2.50", port: 5060 } });
  };
  const shown = (): string[] => sent.map((request) => `${request.method} ${toTag(request) ?? "-"}`);
  return { network, alice, session, answer, shown, sent };
}

describe("forking", () => {
  test("forking: several telephones ring, one answers, a late second one is hung up (RFC 3261 §13.2.2.4)", () => {
    const { network, alice, session, answer, shown } = forked();
    answer(180, "desk");
    answer(180, "mobile");
    answer(200, "mobile", [], sdp("mobile"));
    answer(200, "desk", [], sdp("desk"));
    expect(alice.events(session, "progress").map(({ fork }) => fork)).toEqual(["desk", "mobile"]);
    expect(alice.events(session, "answered").map(({ fork, sdp: body }) => [fork, sdpText(body)])).toEqual([
      ["mobile", "mobile"],
    ]);
    expect(shown()).toEqual(["INVITE -", "ACK mobile", "ACK desk", "BYE desk"]);
    // Each 2xx that comes again is acknowledged again, and hung up once only.
    answer(200, "desk", [], sdp("desk"));
    answer(200, "mobile", [], sdp("mobile"));
    expect(shown().slice(4)).toEqual(["ACK desk", "ACK mobile"]);
    alice.do(session, { type: "hang-up" });
    network.run(100_000);
    expect(alice.machine.counts).toMatchObject({ sessions: 0, clients: 0 });
  });

  test("forking: each branch has its own reliable responses (RFC 3262 §4)", () => {
    const { answer, sent } = forked();
    const reliable = (rseq: number): [string, string][] => [
      ["Require", "100rel"],
      ["RSeq", String(rseq)],
    ];
    answer(183, "a", reliable(5), sdp("a"));
    answer(183, "b", reliable(900), sdp("b"));
    answer(183, "a", reliable(5), sdp("a"));
    answer(183, "a", reliable(7), sdp("a"));
    answer(183, "a", reliable(6));
    const pracks = sent.filter(({ method }) => method === "PRACK");
    expect(pracks.map((request) => `${toTag(request)} ${request.headers.get("RAck")}`)).toEqual([
      "a 5 1 INVITE",
      "b 900 1 INVITE",
      "a 6 1 INVITE",
    ]);
  });

  test("forking: an answer after we gave up is acknowledged and hung up, nobody is told (RFC 3261 §9.1)", () => {
    const { network, alice, session, answer, shown } = forked();
    answer(180, "desk");
    alice.do(session, { type: "hang-up" });
    answer(200, "desk", [], sdp("desk"));
    expect(shown()).toEqual(["INVITE -", "CANCEL -", "ACK desk", "BYE desk"]);
    network.run(200_000);
    expect(alice.types(session)).toEqual(["progress", "ended"]);
    expect(alice.machine.counts).toMatchObject({ sessions: 0, clients: 0 });
  });

  test("forking: a proxy that invents branches without end fills no memory", () => {
    const { alice, session, answer } = forked();
    for (let i = 0; i < 1000; i++) answer(183, `t${i}`, [], sdp("x"));
    expect(alice.events(session, "progress")).toHaveLength(16);
    for (let i = 0; i < 1000; i++) answer(200, `u${i}`, [], sdp("x"));
    expect(alice.machine.session(session)?.hasEnded).toBe(false);
    expect(alice.machine.counts.clients).toBe(1);
  });
});
