import { describe, expect, test } from "vitest";
import { NonInviteClientTransaction } from "../../../src/sip/transaction/non-invite-client.ts";
import { NonInviteServerTransaction } from "../../../src/sip/transaction/non-invite-server.ts";
import { defaultSipTimers } from "../../../src/sip/transaction/types.ts";
import { passTime } from "../../kit/sip-clock.ts";
import { sipRequest, sipResponse } from "../../kit/sip-messages.ts";

const options = sipRequest("OPTIONS");

function start(isReliable = false) {
  const transaction = new NonInviteClientTransaction(options, isReliable, defaultSipTimers);
  transaction.handle({ type: "start" }, 0);
  return transaction;
}

describe("non-INVITE transactions", () => {
  test("non-INVITE client: retransmits at growing intervals up to T2, for 32 s (RFC 3261 §17.1.2.2)", () => {
    const seen = passTime(start(), 100_000).map(({ at, order }) => `${at} ${order.type}`);
    expect(seen.slice(0, 5)).toEqual(["500 send", "1500 send", "3500 send", "7500 send", "11500 send"]);
    expect(seen.at(-1)).toBe("32000 failed");
    expect(seen).toHaveLength(11);
  });

  test("non-INVITE client: after a provisional response retransmits every T2 (RFC 3261 §17.1.2.2)", () => {
    const transaction = start();
    transaction.handle({ type: "response", response: sipResponse(options, 100) }, 100);
    expect(passTime(transaction, 9000).map(({ at }) => at)).toEqual([500, 4500, 8500]);
  });

  test("non-INVITE client: the final response passes once and late ones are absorbed for T4 (RFC 3261 §17.1.2.2)", () => {
    const transaction = start();
    const ok = sipResponse(options, 200);
    expect(transaction.handle({ type: "response", response: ok }, 100)).toHaveLength(1);
    expect(transaction.handle({ type: "response", response: ok }, 200)).toEqual([]);
    expect(transaction.deadline).toBe(5100);
    expect(passTime(transaction, 10_000)).toEqual([]);
    expect(transaction.state).toBe("terminated");
  });

  test("non-INVITE client: over TCP the end is at once (RFC 3261 §17.1.2.2, timer K)", () => {
    const transaction = start(true);
    transaction.handle({ type: "response", response: sipResponse(options, 200) }, 100);
    expect(transaction.state).toBe("terminated");
  });

  test("non-INVITE server: a repeated request gets the same response for 32 s (RFC 3261 §17.2.2)", () => {
    const transaction = new NonInviteServerTransaction(options, false, defaultSipTimers, 0);
    expect(transaction.handle({ type: "repeated" }, 10)).toEqual([]);
    transaction.handle({ type: "respond", response: sipResponse(options, 200) }, 100);
    expect(transaction.handle({ type: "repeated" }, 5000)).toMatchObject([{ response: { status: 200 } }]);
    expect(transaction.handle({ type: "respond", response: sipResponse(options, 500) }, 5000)).toEqual([]);
    expect(transaction.deadline).toBe(32_100);
    expect(passTime(transaction, 100_000)).toEqual([]);
    expect(transaction.state).toBe("terminated");
  });

  test("non-INVITE server: a request nobody answers does not stay for ever", () => {
    const transaction = new NonInviteServerTransaction(options, false, defaultSipTimers, 0);
    expect(passTime(transaction, 100_000)).toMatchObject([{ at: 32_000, order: { type: "failed", fault: "timeout" } }]);
    expect(transaction.state).toBe("terminated");
  });
});
