import { describe, expect, test } from "vitest";
import type { CallId } from "../../../../src/kit/ids.ts";
import type { SessionEvent } from "../../../../src/sip/invite-session/types.ts";
import { agentNumber, CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import type { TelephoneLine } from "../../../kit/telephone.ts";

type Refer = Extract<SessionEvent, { type: "refer-requested" }>;

/** Somebody talks with an agent by a trunk that wants transfers back. */
async function byTrunk(transfer: "refer" | "bridge" = "refer") {
  const exchange = await CallExchange.open();
  const carrier = await exchange.stranger("carrier");
  const rewriting = { inbound: [], outbound: [{ match: "+1", replace: "001" }] };
  exchange.trunk("carrier", carrier, { transfer, rewriting });
  const line = carrier.call("carrier-line", { to: agentNumber });
  await line.until("answered");
  const callId = exchange.callTo(agentNumber);
  await exchange.talks(callId);
  return { exchange, carrier, line, callId };
}

/** The transfer that the trunk is asked for. */
async function asked(line: TelephoneLine): Promise<Refer> {
  return (await line.until("refer-requested")) as Refer;
}

function news(exchange: CallExchange): string[] {
  return exchange.transfers.map(({ state, cause }) => (cause ? `${state} ${cause}` : state));
}

/** Whether a call is with its agent alone again. */
function isBack(exchange: CallExchange, callId: CallId): boolean {
  return exchange.commands.some((command) => command.type === "leave-room" && command.callId === callId);
}

describe("a trunk that wants transfers back", () => {
  test("blind: it is asked to call the number its own way, and once it has, our call ends as transferred", async () => {
    const { exchange, carrier, line, callId } = await byTrunk();
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "blind" });
    const { refer, to, replaces } = await asked(line);
    expect([to.uri.type === "sip" && to.uri.rawUser, replaces]).toEqual(["0015550199", undefined]);
    line.do({ type: "accept-refer", refer });
    line.do({ type: "refer-progress", refer, status: 180 });
    line.do({ type: "refer-progress", refer, status: 200 });
    expect(await exchange.ending(callId)).toBe("transferred");
    await line.until("ended");
    expect(news(exchange)).toEqual(["ringing", "completed"]);
    expect([exchange.created.length, carrier.incoming.length]).toEqual([1, 0]);
    await exchange.empty();
  });

  test.each([
    [486, "busy"],
    [480, "no-answer"],
    [603, "call-refused"],
  ] as const)("blind: it comes back with %i: the agent has the caller again (%s)", async (status, cause) => {
    const { exchange, line, callId } = await byTrunk();
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "blind" });
    const { refer } = await asked(line);
    line.do({ type: "accept-refer", refer });
    line.do({ type: "refer-progress", refer, status });
    await eventually("the agent returns", () => isBack(exchange, callId) || undefined, 3000);
    expect(news(exchange)).toEqual(["ringing", `failed ${cause}`]);
    expect(exchange.calls.live.inProgress(callId).bond).toBeUndefined();
  });

  test("blind: it refuses to transfer at all", async () => {
    const { exchange, line, callId } = await byTrunk();
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "blind" });
    const { refer } = await asked(line);
    line.do({ type: "refuse-refer", refer, status: 403 });
    await eventually("the agent returns", () => isBack(exchange, callId) || undefined, 3000);
    expect(news(exchange)).toEqual(["ringing", "failed call-refused"]);
  });

  test("blind: the caller hangs up meanwhile; what the trunk says later is nobody's news", async () => {
    const { exchange, line, callId } = await byTrunk();
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "blind" });
    const { refer } = await asked(line);
    line.do({ type: "accept-refer", refer });
    line.hangUp();
    line.do({ type: "refer-progress", refer, status: 200 });
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
    expect(news(exchange)).toEqual(["ringing"]);
  });

  test("blind: another telephone takes the call over meanwhile: it is the agent's again", async () => {
    const { exchange, line, callId } = await byTrunk();
    const other = await exchange.telephone("102");
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "blind" });
    await asked(line);
    const taken = other.call(agentNumber, { replaces: line.replaces });
    await taken.until("answered");
    await eventually("the agent returns", () => isBack(exchange, callId) || undefined, 3000);
    expect(news(exchange)).toEqual(["ringing", "failed no-answer"]);
    taken.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("a telephone of ours is not the trunk's business: we call it ourselves", async () => {
    const { exchange, line, callId } = await byTrunk();
    const human = await exchange.telephone("102");
    exchange.calls.transfers.start(callId, { to: "102", mode: "blind" });
    (await human.rings()).answer();
    await exchange.talks(exchange.callTo("102"));
    expect(news(exchange)).toEqual(["ringing", "completed"]);
    expect(line.events.map(({ type }) => type)).not.toContain("refer-requested");
  });

  test("another trunk was asked for: we call by that one", async () => {
    const { exchange, line, callId } = await byTrunk();
    const other = await exchange.stranger("other");
    exchange.trunk("other", other);
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "blind", trunkId: "other" });
    await other.rings();
    expect(line.events.map(({ type }) => type)).not.toContain("refer-requested");
  });

  test("attended: both talk through us until the trunk has joined them by Replaces, then both calls end", async () => {
    const { exchange, carrier, line, callId } = await byTrunk();
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "attended", briefing: "Ada." });
    const called = await carrier.rings();
    called.answer();
    const calleeId = exchange.callTo("+15550199");
    await exchange.talks(calleeId);
    exchange.calls.transfers.decide(callId, "complete");
    const { refer, replaces } = await asked(line);
    const { callId: sipCallId, toTag, fromTag } = called.replaces;
    // As its own side names that dialog.
    expect(replaces).toEqual({ callId: sipCallId, toTag: fromTag, fromTag: toTag, earlyOnly: false });
    expect(exchange.calls.size).toBe(2);
    line.do({ type: "accept-refer", refer });
    line.do({ type: "refer-progress", refer, status: 200 });
    expect([await exchange.ending(callId), await exchange.ending(calleeId)]).toEqual(["transferred", "transferred"]);
    await exchange.empty();
  });

  test("attended: it cannot join them: both go on talking through us", async () => {
    const { exchange, carrier, line, callId } = await byTrunk();
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "attended", briefing: "Ada." });
    const called = await carrier.rings();
    called.answer();
    const calleeId = exchange.callTo("+15550199");
    await exchange.talks(calleeId);
    exchange.calls.transfers.decide(callId, "complete");
    line.do({ type: "refuse-refer", refer: (await asked(line)).refer, status: 501 });
    expect(exchange.hears(callId)).toEqual(["music", "music", "room"]);
    called.hangUp();
    expect([await exchange.ending(calleeId), await exchange.ending(callId)]).toEqual([
      "callee-hung-up",
      "callee-hung-up",
    ]);
    await exchange.empty();
  });
});

describe("a trunk that keeps calls with us", () => {
  test("blind: the callee is called by it, with both places taken until both are over", async () => {
    const { exchange, carrier, line, callId } = await byTrunk("bridge");
    exchange.calls.transfers.start(callId, { to: "+15550199", mode: "blind" });
    const called = await carrier.rings();
    expect(exchange.places.get("carrier")).toBe(2);
    called.answer();
    await exchange.talks(exchange.callTo("+15550199"));
    expect(line.events.map(({ type }) => type)).not.toContain("refer-requested");
    line.hangUp();
    await called.until("ended");
    expect(await exchange.ending(exchange.callTo("+15550199"))).toBe("caller-hung-up");
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
    expect(exchange.places.get("carrier")).toBe(0);
  });
});
