import { describe, expect, test } from "vitest";
import { agentNumber, CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";

/** The status that ended a call that was never answered. */
async function refusal(line: ReturnType<Awaited<ReturnType<CallExchange["stranger"]>>["call"]>) {
  await line.until("ended");
  return line.end?.status;
}

describe("calls that come in", () => {
  test("a stranger nearby reaches the open number, and its call has its record", async () => {
    const exchange = await CallExchange.open();
    const guest = await exchange.stranger();
    const { line, callId } = await exchange.withAgent(guest);
    expect(exchange.created[0]).toMatchObject({ carrier: "sip", direction: "inbound", to: agentNumber });
    expect(exchange.remotePorts(callId)).toEqual([guest.rtpPort]);
    line.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("other numbers are not found, and leave no record (RFC 3261 §21.4.5)", async () => {
    const exchange = await CallExchange.open();
    const guest = await exchange.stranger();
    expect(await refusal(guest.call("+15550999"))).toBe(404);
    expect(await refusal(guest.call("102"))).toBe(404);
    expect(exchange.created).toEqual([]);
  });

  test("a telephone's name with a wrong password is refused, and says no more than that", async () => {
    const exchange = await CallExchange.open();
    await exchange.telephone("101");
    // Its password is its own name's.
    const impostor = await exchange.stranger("666");
    const line = impostor.call(agentNumber, { from: "101" });
    expect(await refusal(line)).toBe(403);
    expect(exchange.created).toEqual([]);
  });

  test("we hang up: the caller's telephone hears it", async () => {
    const exchange = await CallExchange.open();
    const guest = await exchange.stranger();
    const { line, callId } = await exchange.withAgent(guest);
    await exchange.calls.hangUp(callId, "api-hung-up");
    await line.until("ended");
    expect(line.end).toMatchObject({ by: "remote", cause: "bye" });
    expect(await exchange.ending(callId)).toBe("api-hung-up");
    await exchange.empty();
  });

  test("a caller that gives up while its record is written leaves nothing behind", async () => {
    const exchange = await CallExchange.open();
    const guest = await exchange.stranger();
    let written: () => void = () => undefined;
    const writing = new Promise<void>((resolve) => {
      written = resolve;
    });
    let begun: () => void = () => undefined;
    const isBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    exchange.holds.set(agentNumber, () => {
      begun();
      return writing;
    });
    const line = guest.call(agentNumber);
    await isBegun;
    line.hangUp();
    await eventually("the exchange knows", () => (exchange.sip.endpoint.counts.sessions === 0 ? true : undefined));
    written();
    expect(await exchange.ending(exchange.callTo(agentNumber))).toBe("caller-hung-up");
    await exchange.empty();
    expect(exchange.commands.filter(({ type }) => type === "begin-rtp")).toEqual([]);
  });

  test("the agent is looked for with the caller's number, so that a customer can be asked about the caller", async () => {
    const exchange = await CallExchange.open();
    const telephone = await exchange.telephone("101");
    const { line } = await exchange.withAgent(telephone);
    expect(exchange.lookedFor).toEqual([[agentNumber, "101"]]);
    line.hangUp();
    await exchange.empty();
  });

  test("a caller that gives up while a customer is asked about it leaves nothing behind", async () => {
    const exchange = await CallExchange.open();
    const guest = await exchange.stranger();
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    exchange.looking = () => answered;
    const line = guest.call(agentNumber);
    await eventually("the customer is asked", () => exchange.lookedFor[0]);
    line.hangUp();
    await eventually("the exchange knows", () => (exchange.sip.endpoint.counts.sessions === 0 ? true : undefined));
    answer();
    await eventually("the call has its record", () => exchange.created[0]);
    expect(await exchange.ending(exchange.callTo(agentNumber))).toBe("caller-hung-up");
    await exchange.empty();
    expect(exchange.commands.filter(({ type }) => type === "begin-rtp")).toEqual([]);
  });

  test("a record that cannot be written is a 500 to the caller", async () => {
    const exchange = await CallExchange.open();
    exchange.holds.set(agentNumber, () => Promise.reject(new Error("disk full")));
    expect(await refusal((await exchange.stranger()).call(agentNumber))).toBe(500);
    await exchange.empty();
  });

  test("a gateway that stops takes no more calls: 503, and when to try again", async () => {
    const exchange = await CallExchange.open();
    exchange.sip.drain();
    const line = (await exchange.stranger()).call(agentNumber);
    expect(await refusal(line)).toBe(503);
    expect(line.end?.retryAfterS).toBeGreaterThan(0);
  });

  test("a trunk that is full is busy (486), one that is too fast is told to wait (503)", async () => {
    const exchange = await CallExchange.open();
    const carrier = await exchange.stranger("carrier");
    exchange.trunk("line", carrier);
    exchange.admission = "too-many-calls";
    expect(await refusal(carrier.call("line-line", { to: agentNumber }))).toBe(486);
    exchange.admission = "too-fast";
    expect(await refusal(carrier.call("line-line", { to: agentNumber }))).toBe(503);
    exchange.admission = "ok";
    const line = carrier.call("line-line", { to: agentNumber });
    await line.until("answered");
    expect(exchange.places.get("line")).toBe(1);
    line.hangUp();
    await exchange.empty();
  });
});
