import { describe, expect, test } from "vitest";
import { InviteServerTransaction } from "../../../src/sip/transaction/invite-server.ts";
import { defaultSipTimers, type ServerOrder } from "../../../src/sip/transaction/types.ts";
import { passTime } from "../../kit/sip-clock.ts";
import { sipRequest, sipResponse } from "../../kit/sip-messages.ts";

const invite = sipRequest("INVITE");
const begin = (isReliable = false) => new InviteServerTransaction(invite, isReliable, defaultSipTimers, 0);
const show = (seen: { at: number; order: ServerOrder }[]) =>
  seen.map(({ at, order }) => `${at} ${order.type === "send" ? order.response.status : order.fault}`);

describe("INVITE server transaction", () => {
  test("INVITE server: says 100 after 200 ms when nobody else said anything (RFC 3261 §17.2.1)", () => {
    expect(show(passTime(begin(), 10_000))).toEqual(["200 100"]);
  });

  test("INVITE server: says no 100 when the telephone rings in time (RFC 3261 §17.2.1)", () => {
    const transaction = begin();
    transaction.handle({ type: "respond", response: sipResponse(invite, 180) }, 100);
    expect(show(passTime(transaction, 10_000))).toEqual([]);
    const [again] = transaction.handle({ type: "repeated" }, 600);
    expect(again).toMatchObject({ type: "send", response: { status: 180 } });
  });

  test("INVITE server: repeats a refusal until the ACK is there (RFC 3261 §17.2.1, timer G)", () => {
    const transaction = begin();
    transaction.handle({ type: "respond", response: sipResponse(invite, 486) }, 0);
    expect(show(passTime(transaction, 12_000))).toEqual(["500 486", "1500 486", "3500 486", "7500 486", "11500 486"]);
    transaction.handle({ type: "ack" }, 12_000);
    expect(transaction.state).toBe("confirmed");
    expect(transaction.deadline).toBe(17_000);
    expect(show(passTime(transaction, 20_000))).toEqual([]);
    expect(transaction.state).toBe("terminated");
  });

  test("INVITE server: a refusal nobody acknowledges is given up after 32 s (RFC 3261 §17.2.1, timer H)", () => {
    const transaction = begin();
    transaction.handle({ type: "respond", response: sipResponse(invite, 486) }, 0);
    expect(show(passTime(transaction, 100_000)).at(-1)).toBe("32000 timeout");
  });

  test("INVITE server: after a 2xx repeated INVITEs are absorbed, repeated 2xx pass (RFC 6026 §7.1)", () => {
    const transaction = begin();
    const ok = sipResponse(invite, 200);
    expect(transaction.handle({ type: "respond", response: ok }, 0)).toHaveLength(1);
    expect(transaction.handle({ type: "repeated" }, 500)).toEqual([]);
    expect(transaction.handle({ type: "respond", response: ok }, 500)).toHaveLength(1);
    expect(transaction.handle({ type: "respond", response: sipResponse(invite, 486) }, 500)).toEqual([]);
    expect(show(passTime(transaction, 100_000))).toEqual([]);
    expect(transaction.state).toBe("terminated");
  });
});
