import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../../src/kit/errors.ts";
import { firstOrgId, type OrgId } from "../../../../src/kit/ids.ts";
import { agentNumber, CallExchange } from "../../../kit/call-exchange.ts";
import { quietAgent } from "../../../kit/conversation-call.ts";
import { LiveHouse } from "../../../kit/live-house.ts";

const unpaid = () => Promise.reject(new GatewayError("payment-required", "there are not enough credits"));
const order = {
  orgId: firstOrgId,
  from: "+15550122",
  to: agentNumber,
  agent: quietAgent,
  record: false,
  metadata: { lead: "7" },
};

describe("calls that somebody must pay", () => {
  test("money for less than the call was to last is its plan's limit, and why it ends then", async () => {
    const house = new LiveHouse();
    const rich = await house.ringing({ maxDurationMs: 60_000 });
    expect(rich.plan).toMatchObject({ maxDurationMs: 60_000 });
    expect(rich.plan.durationCause).toBeUndefined();
    house.credit = { maxDurationMs: 12_000 };
    const poor = await house.ringing({ maxDurationMs: 60_000 });
    expect(poor.plan).toMatchObject({ maxDurationMs: 12_000, durationCause: "out-of-credit" });
  });

  test("a call in that cannot be paid is turned away with a status that blames nobody", async () => {
    const exchange = await CallExchange.open();
    const phone = await exchange.telephone("101");
    exchange.holds.set(agentNumber, unpaid);
    const line = phone.call(agentNumber);
    await line.until("ended");
    expect(line.end).toMatchObject({ status: 480 });
    await exchange.empty();
  });

  test("a number of ours that cannot pay for being called refuses the call; the one who calls pays no error for it", async () => {
    const exchange = await CallExchange.open();
    let writes = 0;
    exchange.holds.set(agentNumber, () => (++writes === 2 ? unpaid() : Promise.resolve()));
    const callId = await exchange.calls.placeCall(order);
    expect(await exchange.ending(callId)).toBe("call-refused");
    await exchange.empty();
  });

  test("between two numbers of one organisation each knows the other call, and both have the same metadata", async () => {
    const exchange = await CallExchange.open();
    const callId = await exchange.calls.placeCall(order);
    const answering = exchange.created.find((call) => call.direction === "inbound");
    expect(answering).toMatchObject({ metadata: { lead: "7" }, peerCallId: callId });
    exchange.calls.hangUpAll("api-hung-up");
    await exchange.empty();
  });

  test("another organisation's number learns nothing but who calls", async () => {
    const exchange = await CallExchange.open();
    await exchange.calls.placeCall({ ...order, orgId: "org_other" as OrgId });
    const answering = exchange.created.find((call) => call.direction === "inbound");
    expect(answering).toMatchObject({ orgId: firstOrgId, metadata: {}, from: "+15550122" });
    expect(answering?.peerCallId).toBeUndefined();
    expect(exchange.facts.filter(([, { peerCallId }]) => peerCallId !== undefined)).toEqual([]);
    exchange.calls.hangUpAll("api-hung-up");
    await exchange.empty();
  });
});
