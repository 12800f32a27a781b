import { describe, expect, test } from "vitest";
import type { TelephoneLine } from "../../../../src/control/calls/io/live-call.ts";
import { GatewayError } from "../../../../src/kit/errors.ts";
import type { CallId } from "../../../../src/kit/ids.ts";
import { LiveHouse, settle } from "../../../kit/live-house.ts";

function line() {
  const told: string[] = [];
  const telephone: TelephoneLine = {
    opened: (port) => told.push(`opened ${port}`),
    sendKeys: (digits) => told.push(`keys ${digits}`),
    silent: (silentMs) => told.push(`silent ${silentMs}`),
    ended: (cause) => told.push(`ended ${cause}`),
  };
  return { told, access: { type: "rtp", line: telephone, bindAddress: "127.0.0.1" } as const };
}

describe("the table of calls", () => {
  test("a call over our own RTP asks for its port, and its signalling is told of it, of keys and of the end", async () => {
    const house = new LiveHouse();
    const { told, access } = line();
    const { callId } = await house.ringing({ access });
    expect(house.commands).toMatchObject([{ type: "open-rtp", address: "127.0.0.1", plan: { callId } }]);
    house.live.mediaEvent({ type: "rtp-opened", callId, port: 20_002 });
    house.started(callId);
    house.live.mediaEvent({ type: "keys-wanted", callId, digits: "12#" });
    house.ended(callId, "callee-hung-up");
    expect(told).toEqual(["opened 20002", "keys 12#", "ended callee-hung-up"]);
    expect(house.live.size).toBe(0);
  });

  test("hung up while it rings: its media end first, then it is forgotten; the detail is the record's", async () => {
    const house = new LiveHouse();
    const { told, access } = line();
    const call = await house.ringing({ access });
    const ended: string[] = [];
    call.watchers.add({ ended: (cause) => ended.push(cause) });
    house.live.hangUp(call.callId, "busy", "the far end answered with SIP status 486");
    house.live.hangUp(call.callId, "api-hung-up", "too late");
    await settle();
    expect(told).toEqual(["ended busy"]);
    expect(ended).toEqual(["busy"]);
    expect(call.detail).toBe("the far end answered with SIP status 486");
  });

  test("a media process that never confirms: the call ends all the same, with its cause", async () => {
    const house = new LiveHouse();
    house.confirmsEnds = false;
    const { told, access } = line();
    const { callId } = await house.talking({ access });
    house.live.hangUp(callId, "callee-hung-up");
    expect(house.live.get(callId)).toBeDefined();
    house.clock.ms += 20_000;
    house.live.input(house.live.get(callId)!, { type: "timeout" });
    await settle();
    expect(told).toEqual(["ended callee-hung-up"]);
    expect(house.endings).toEqual([[callId, "callee-hung-up"]]);
  });

  test("a media process that dies takes its calls along, and no others", async () => {
    const house = new LiveHouse(2);
    const first = await house.talking();
    const second = await house.talking();
    expect(first.machine.processId).not.toBe(second.machine.processId);
    house.live.processDied(first.machine.processId!);
    await settle();
    expect(house.endings).toEqual([[first.callId, "media-process-died"]]);
    expect(house.live.get(second.callId)).toBe(second);
  });

  test("a call that is to be joined to another one goes to the same media process", async () => {
    const house = new LiveHouse(2);
    const first = await house.talking();
    const near = await house.talking({}, first.callId);
    expect(near.machine.processId).toBe(first.machine.processId);
  });

  test("a call goes to the process with the fewest, of those that still have theirs", async () => {
    const house = new LiveHouse(3);
    const on: (number | undefined)[] = [];
    const next = async () => {
      const call = await house.talking();
      on.push(call.machine.processId);
      return call;
    };
    await next();
    const second = await next();
    const third = await next();
    await next();
    house.ended(third.callId, "caller-hung-up");
    await next();
    house.live.processDied(1);
    expect(house.live.get(second.callId)).toBeUndefined();
    await next();
    await next();
    expect(on).toEqual([0, 1, 2, 0, 2, 1, 1]);
  });

  test("a record that cannot be written: no call is left", async () => {
    const house = new LiveHouse();
    house.failing = new GatewayError("conflict", "the idempotency key is taken");
    await expect(house.ringing()).rejects.toThrow("idempotency key");
    expect(house.live.size).toBe(0);
  });

  test("a full gateway takes no more, one that stops none at all", async () => {
    const house = new LiveHouse();
    for (let n = 0; n < 20; n++) await house.talking();
    await expect(house.ringing()).rejects.toMatchObject({ code: "unavailable" });
    const drained = house.live.drained();
    house.live.hangUpAll("gateway-stopped");
    await drained;
    await expect(house.ringing()).rejects.toThrow(/stopping/);
  });

  test("what is said of calls nobody knows is passed over", () => {
    const house = new LiveHouse();
    const callId = "call_00000000000000000000000009" as CallId;
    house.started(callId);
    house.live.hangUp(callId, "api-hung-up");
    expect(house.live.send(callId, { type: "say", callId, text: "x" })).toBe(false);
    expect(() => house.live.inProgress(callId)).toThrow("not in progress");
  });
});
