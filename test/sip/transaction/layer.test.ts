import { describe, expect, test } from "vitest";
import { respond, topVia } from "../../../src/sip/message.ts";
import { TransactionLayer } from "../../../src/sip/transaction/layer.ts";
import { defaultSipTimers } from "../../../src/sip/transaction/types.ts";
import { passTime } from "../../kit/sip-clock.ts";
import { farHop, sipRequest, sipResponse } from "../../kit/sip-messages.ts";

const makeLayer = (maxTransactions = 100) => new TransactionLayer({ timers: defaultSipTimers, maxTransactions });

function receive(layer: TransactionLayer, request: ReturnType<typeof sipRequest>, now = 0) {
  return layer.handle({ type: "receive", message: request, from: farHop }, now);
}

describe("transaction layer", () => {
  test("transaction layer: a repeated request reaches nobody twice (RFC 3261 §17.2.3)", () => {
    const layer = makeLayer();
    const [first] = receive(layer, sipRequest("OPTIONS"));
    if (first?.type !== "request") throw new Error("not handed up");
    expect(receive(layer, sipRequest("OPTIONS"), 500)).toEqual([]);
    layer.handle({ type: "respond", key: first.key, response: respond(first.request, 200) }, 600);
    expect(receive(layer, sipRequest("OPTIONS"), 1000)).toMatchObject([{ type: "send", message: { status: 200 } }]);
  });

  test("transaction layer: one branch means different transactions from different hosts (RFC 3261 §17.2.3)", () => {
    const layer = makeLayer();
    receive(layer, sipRequest("OPTIONS", { callId: "a" }));
    const other = sipRequest("OPTIONS", { callId: "b" });
    other.headers.set("Via", "SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bKtest");
    expect(receive(layer, other)).toMatchObject([{ type: "request" }]);
  });

  test("transaction layer: a CANCEL finds its INVITE by the branch (RFC 3261 §9.2)", () => {
    const layer = makeLayer();
    const [invite] = receive(layer, sipRequest("INVITE"));
    if (invite?.type !== "request") throw new Error("not handed up");
    expect(receive(layer, sipRequest("CANCEL"))).toMatchObject([{ type: "request", cancels: invite.key }]);
    expect(receive(layer, sipRequest("CANCEL", { branch: "z9hG4bKother" }))).toMatchObject([{ cancels: undefined }]);
  });

  test("transaction layer: the ACK of a refusal ends its repetitions, the ACK of a 2xx goes up (RFC 3261 §17.2.1)", () => {
    const layer = makeLayer();
    const [invite] = receive(layer, sipRequest("INVITE"));
    if (invite?.type !== "request") throw new Error("not handed up");
    layer.handle({ type: "respond", key: invite.key, response: sipResponse(invite.request, 486) }, 0);
    expect(passTime(layer, 600)).toHaveLength(1);
    expect(receive(layer, sipRequest("ACK", { toTag: "bob" }), 700)).toEqual([]);
    expect(passTime(layer, 30_000).map(({ order }) => order.type)).toEqual(["server-done"]);
    expect(receive(layer, sipRequest("ACK", { branch: "z9hG4bKack" }), 30_000)).toMatchObject([{ type: "ack" }]);
    expect(layer.counts.servers).toBe(0);
  });

  test("transaction layer: a client of RFC 2543 without the branch cookie is understood (RFC 3261 §17.2.3)", () => {
    const layer = makeLayer();
    const [invite] = receive(layer, sipRequest("INVITE", { branch: "1" }));
    if (invite?.type !== "request") throw new Error("not handed up");
    layer.handle({ type: "respond", key: invite.key, response: sipResponse(invite.request, 404) }, 0);
    expect(receive(layer, sipRequest("INVITE", { branch: "1" }), 400)).toMatchObject([{ message: { status: 404 } }]);
    expect(receive(layer, sipRequest("ACK", { branch: "1", toTag: "bob" }), 450)).toEqual([]);
    expect(passTime(layer, 30_000).map(({ order }) => order.type)).toEqual(["server-done"]);
  });

  test("transaction layer: the same request over two ways is answered once, the copy gets 482 (RFC 3261 §8.2.2.2)", () => {
    const layer = makeLayer();
    expect(receive(layer, sipRequest("INVITE", { branch: "z9hG4bK1" }))).toMatchObject([{ type: "request" }]);
    const copy = receive(layer, sipRequest("INVITE", { branch: "z9hG4bK2" }));
    expect(copy).toMatchObject([{ type: "send", message: { status: 482 } }]);
  });

  test("transaction layer: responses find their request by branch and method, others are dropped (RFC 3261 §17.1.3)", () => {
    const layer = makeLayer();
    const options = sipRequest("OPTIONS");
    layer.handle({ type: "request", request: options, to: farHop }, 0);
    const stranger = sipResponse(sipRequest("INVITE"), 200);
    expect(layer.handle({ type: "receive", message: stranger, from: farHop }, 1)).toEqual([]);
    expect(layer.counts.strayResponses).toBe(1);
    const mine = sipResponse(options, 200);
    expect(layer.handle({ type: "receive", message: mine, from: farHop }, 2)).toMatchObject([{ type: "response" }]);
  });

  test("transaction layer: a CANCEL of ours has the INVITE's branch and is repeated by itself (RFC 3261 §9.1)", () => {
    const layer = makeLayer();
    const invite = sipRequest("INVITE");
    const [sent] = layer.handle({ type: "request", request: invite, to: farHop }, 0);
    if (sent?.type !== "send" || sent.key === undefined) throw new Error("not sent");
    const trying = sipResponse(invite, 100);
    layer.handle({ type: "receive", message: trying, from: farHop }, 10);
    const [cancel] = layer.handle({ type: "cancel", key: sent.key as never }, 20);
    if (cancel?.type !== "send" || cancel.message.type !== "request") throw new Error("no CANCEL");
    expect(cancel.message.method).toBe("CANCEL");
    expect(topVia(cancel.message).branch).toBe(topVia(invite).branch);
    expect(passTime(layer, 600)).toMatchObject([{ at: 520, order: { message: { method: "CANCEL" } } }]);
  });

  test("transaction layer: responses go where the request came from (RFC 3581 §4)", () => {
    const layer = makeLayer();
    const nat = { transport: "UDP", address: "203.0.113.9", port: 40123 } as const;
    const [up] = layer.handle({ type: "receive", message: sipRequest("OPTIONS"), from: nat }, 0);
    if (up?.type !== "request") throw new Error("not handed up");
    expect(topVia(up.request)).toMatchObject({ received: "203.0.113.9", rport: 40123 });
    const [sent] = layer.handle({ type: "respond", key: up.key, response: respond(up.request, 200) }, 1);
    expect(sent).toMatchObject({ type: "send", to: nat });
  });

  test("transaction layer: a full table refuses new requests and keeps the old ones", () => {
    const layer = makeLayer(2);
    receive(layer, sipRequest("INVITE", { branch: "z9hG4bK1", callId: "1" }));
    receive(layer, sipRequest("INVITE", { branch: "z9hG4bK2", callId: "2" }));
    const third = receive(layer, sipRequest("INVITE", { branch: "z9hG4bK3", callId: "3" }));
    expect(third).toMatchObject([{ type: "send", message: { status: 503 } }]);
    expect(layer.counts).toMatchObject({ servers: 2, refusedRequests: 1 });
  });
});
