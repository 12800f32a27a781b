import { describe, expect, test } from "vitest";
import { cseqOf, topVia, toTag } from "../../../src/sip/message.ts";
import { InviteClientTransaction } from "../../../src/sip/transaction/invite-client.ts";
import { defaultSipTimers } from "../../../src/sip/transaction/types.ts";
import { passTime } from "../../kit/sip-clock.ts";
import { sipRequest, sipResponse } from "../../kit/sip-messages.ts";

const invite = sipRequest("INVITE", { extra: ["Route: <sip:proxy.example.com;lr>"] });

function start(isReliable = false) {
  const transaction = new InviteClientTransaction(invite, isReliable, defaultSipTimers);
  expect(transaction.handle({ type: "start" }, 0).map(({ type }) => type)).toEqual(["send"]);
  return transaction;
}

describe("INVITE client transaction", () => {
  test("INVITE client: 32 seconds of retransmissions, each after twice the time, then a timeout (RFC 3261 §17.1.1.2)", () => {
    const transaction = start();
    const seen = passTime(transaction, 100_000);
    expect(seen.map(({ at, order }) => `${at} ${order.type}`)).toEqual([
      "500 send",
      "1500 send",
      "3500 send",
      "7500 send",
      "15500 send",
      "31500 send",
      "32000 failed",
    ]);
    expect(transaction.state).toBe("terminated");
  });

  test("INVITE client: over TCP nothing is sent twice (RFC 3261 §17.1.1.2)", () => {
    expect(passTime(start(true), 100_000).map(({ at, order }) => `${at} ${order.type}`)).toEqual(["32000 failed"]);
  });

  test("INVITE client: a provisional response stops the retransmissions and waits without end (RFC 3261 §17.1.1.2)", () => {
    const transaction = start();
    expect(transaction.handle({ type: "response", response: sipResponse(invite, 180) }, 100)).toHaveLength(1);
    expect(transaction.deadline).toBeUndefined();
  });

  test("INVITE client: a refusal is acknowledged in the transaction's own way, each time it comes (RFC 3261 §17.1.1.3)", () => {
    const transaction = start();
    const busy = sipResponse(invite, 486);
    const [ack, passed] = transaction.handle({ type: "response", response: busy }, 100);
    if (ack?.type !== "send") throw new Error("no ACK");
    expect(passed).toEqual({ type: "response", response: busy });
    expect(ack.request.method).toBe("ACK");
    expect(topVia(ack.request).branch).toBe(topVia(invite).branch);
    expect(cseqOf(ack.request)).toEqual({ seq: 1, method: "ACK" });
    expect(toTag(ack.request)).toBe("bob");
    expect(ack.request.headers.get("Route")).toBe("<sip:proxy.example.com;lr>");
    expect(transaction.handle({ type: "response", response: busy }, 600).map(({ type }) => type)).toEqual(["send"]);
    expect(passTime(transaction, 100_000)).toEqual([]);
    expect(transaction.state).toBe("terminated");
  });

  test("INVITE client: every 2xx passes for 32 s, so that all forks are acknowledged (RFC 6026 §8.4)", () => {
    const transaction = start();
    transaction.handle({ type: "response", response: sipResponse(invite, 200, "one") }, 100);
    expect(transaction.handle({ type: "response", response: sipResponse(invite, 200, "two") }, 5000)).toHaveLength(1);
    expect(transaction.handle({ type: "response", response: sipResponse(invite, 486, "three") }, 5000)).toEqual([]);
    expect(transaction.deadline).toBe(100 + 32_000);
  });

  test("INVITE client: a CANCEL waits for the first provisional response (RFC 3261 §9.1)", () => {
    const transaction = start();
    expect(transaction.handle({ type: "cancel" }, 10)).toEqual([]);
    const orders = transaction.handle({ type: "response", response: sipResponse(invite, 100) }, 100);
    expect(orders.map(({ type }) => type)).toEqual(["response", "cancel-now"]);
    // Nothing comes: the transaction does not wait for ever.
    expect(passTime(transaction, 100_000).map(({ at, order }) => `${at} ${order.type}`)).toEqual(["32100 failed"]);
  });

  test("INVITE client: a transport error ends it at once (RFC 3261 §17.1.4)", () => {
    expect(start().handle({ type: "transport-error" }, 1)).toEqual([{ type: "failed", fault: "transport" }]);
  });
});
