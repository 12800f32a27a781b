import { describe, expect, test } from "vitest";
import type { PlaceCallRequest } from "../../../../src/control/calls/call-control.ts";
import { bridgeEvents } from "../../../../src/control/calls/io/bridge-events.ts";
import type { LiveCall } from "../../../../src/control/calls/io/live-call.ts";
import { type CallId, firstOrgId } from "../../../../src/kit/ids.ts";
import type { EndCause } from "../../../../src/media/protocol.ts";
import { CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import { seededRandom } from "../../gateway.ts";

const order: PlaceCallRequest = {
  orgId: firstOrgId,
  from: "+15550122",
  to: "+15550199",
  agent: undefined,
  record: false,
  metadata: { lead: "7" },
  bridgeTo: "102",
};

async function ringing() {
  const exchange = await CallExchange.open();
  const carrier = await exchange.stranger("carrier");
  exchange.trunk("out", carrier);
  const phone = await exchange.telephone("102");
  const callId = await exchange.calls.placeCall(order);
  const callee = await carrier.rings();
  return { exchange, phone, callId, callee };
}

describe("bridge calls", () => {
  test("the callee is called first; once it answers our telephone rings, and both are in one room", async () => {
    const { exchange, phone, callId, callee } = await ringing();
    expect(phone.incoming).toEqual([]);
    callee.answer();
    const near = await phone.rings();
    const waits = exchange.commands.find((command) => command.type === "join-room");
    expect(waits).toMatchObject({ callId, hears: "ringback" });
    near.answer();
    const other = exchange.callTo("102");
    await exchange.talks(other);
    expect(exchange.created.find((call) => call.callId === other)).toMatchObject({
      metadata: { lead: "7" },
      peerCallId: callId,
      from: "+15550122",
    });
    const joined = () => {
      const rooms = exchange.commands.flatMap((c) => (c.type === "join-room" && c.hears === "room" ? [c] : []));
      return rooms.length === 2 ? rooms : undefined;
    };
    const rooms = await eventually("both are in a room", joined, 3000);
    expect(new Set(rooms.map(({ roomId }) => roomId)).size).toBe(1);
    expect(new Set(rooms.map((room) => room.callId))).toEqual(new Set([callId, other]));
    await eventually(
      "each knows the other",
      () => exchange.facts.find(([id, { peerCallId }]) => id === callId && peerCallId === other),
      3000,
    );
    callee.hangUp();
    await near.until("ended");
    expect(await exchange.ending(callId)).toBe("callee-hung-up");
    expect(await exchange.ending(other)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("nobody answers at our side: the callee is hung up, and the call says why", async () => {
    const { exchange, phone, callId, callee } = await ringing();
    callee.answer();
    (await phone.rings()).do({ type: "reject", status: 486 });
    await callee.until("ended");
    expect(await exchange.ending(callId)).toBe("busy");
    await exchange.empty();
  });

  test("nobody is named: the callee hears music until somebody is put to it", async () => {
    const exchange = await CallExchange.open();
    const carrier = await exchange.stranger("carrier");
    exchange.trunk("out", carrier);
    const phone = await exchange.telephone("102");
    const callId = await exchange.calls.placeCall({ ...order, bridgeTo: undefined });
    (await carrier.rings()).answer();
    await exchange.talks(callId);
    const hears = () =>
      exchange.commands.flatMap((c) => (c.type === "join-room" && c.callId === callId ? [c.hears] : []));
    expect(hears()).toEqual(["music"]);
    exchange.calls.transfers.start(callId, { to: "102", mode: "blind" });
    (await phone.rings()).answer();
    await eventually("both talk", () => (hears().at(-1) === "room" ? true : undefined), 3000);
    expect(hears()).toEqual(["music", "ringback", "room"]);
    await exchange.calls.hangUp(callId, "api-hung-up");
    await exchange.empty();
  });

  test.each([
    ["nobody comes", undefined, ["no-answer"]],
    ["somebody has come", "conference", []],
  ] as const)("the callee's patience ends: %s", async (_what, bond, endings) => {
    const ended: string[] = [];
    const live = {
      get: () => ({ bond }) as LiveCall,
      send: () => true,
      hangUp: (_callId: CallId, cause: EndCause) => void ended.push(cause),
    };
    const transfers = { start: () => undefined };
    const events = bridgeEvents({ agent: undefined }, { live, transfers, randomBytes: seededRandom() }, 1);
    events.made?.("call_00000000000000000000000000" as CallId);
    events.started?.();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ended).toEqual(endings);
  });

  test("the callee does not answer: our telephone never rings", async () => {
    const { exchange, phone, callId, callee } = await ringing();
    callee.do({ type: "reject", status: 603 });
    expect(await exchange.ending(callId)).toBe("call-refused");
    await exchange.empty();
    expect(phone.incoming).toEqual([]);
  });
});
