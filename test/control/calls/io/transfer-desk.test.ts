import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { TransferRequest } from "../../../../src/control/calls/call-control.ts";
import { CallBridges } from "../../../../src/control/calls/io/call-bridges.ts";
import type { LiveCall } from "../../../../src/control/calls/io/live-call.ts";
import type { OutgoingEvents, OutgoingRequest } from "../../../../src/control/calls/io/outgoing-calls.ts";
import { TransferDesk, type TransferParts } from "../../../../src/control/calls/io/transfer-desk.ts";
import { GatewayError } from "../../../../src/kit/errors.ts";
import { LiveHouse, settle } from "../../../kit/live-house.ts";

const blind: TransferRequest = { to: "101", mode: "blind" };
const attended: TransferRequest = { to: "101", mode: "attended", briefing: "It is Ada." };

/** A desk whose calls out are made in the house, and ring until a test says otherwise. */
class Desk {
  readonly house = new LiveHouse();
  readonly asked: OutgoingRequest[] = [];
  callee: LiveCall | undefined;
  refusal: Error | undefined;
  readonly desk: TransferDesk;

  constructor() {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { house } = this;
    const nothing = { byCallId: () => undefined } as unknown as TransferParts["calls"];
    this.desk = new TransferDesk(
      {
        live: house.live,
        calls: nothing,
        bridges: new CallBridges(house.live),
        records: house.records,
        trunks: {} as TransferParts["trunks"],
        phones: {} as TransferParts["phones"],
        clock: house.clock,
        randomBytes: house.randomBytes,
        log: house.log,
      },
      { place: (request, events) => this.#place(request, events) },
    );
  }

  /** A caller who is being put through, as far as `until`. */
  async caller(request = blind, until: "called" | "answered" = "called"): Promise<LiveCall> {
    const caller = await this.house.talking();
    this.desk.start(caller.callId, request);
    await settle();
    if (until === "answered") this.house.started(this.callee!.callId);
    return caller;
  }

  async #place(request: OutgoingRequest, events: OutgoingEvents = {}) {
    this.asked.push(request);
    const { live } = this.house;
    if (this.refusal) throw this.refusal;
    const { orgId, from, to, metadata, peerCallId } = request;
    const common = { carrier: "sip", direction: "outbound", agent: undefined, record: false } as const;
    const call = await live.make({ ...common, orgId, from, to, metadata, peerCallId, access: { type: "pair" } });
    this.callee = call;
    call.watchers.add({
      started: () => events.started?.(),
      pressed: (key) => events.pressed?.(key),
      ended: (cause) => events.ended?.(cause, undefined),
    });
    events.made?.(call.callId);
    live.place(call, request.near);
    return { callId: call.callId, telephone: undefined };
  }

  news(): string[] {
    return this.house.transfers.map(([, { state, cause, calleeId }]) =>
      [state, cause, calleeId === undefined ? "nobody" : undefined].filter((word) => word !== undefined).join(" "),
    );
  }

  endings(): Record<string, string> {
    return Object.fromEntries(this.house.endings);
  }

  /** Nothing is left of any transfer. */
  expectNothingLeft(): void {
    expect(this.desk.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  }
}

describe("transfer desk", () => {
  test("blind: the callee is called from our number, beside the caller, and the two are joined when it answers", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller();
    const { callId: calleeId } = desk.callee!;
    expect(desk.asked).toMatchObject([
      {
        from: "+15550111",
        to: "101",
        near: callId,
        peerCallId: callId,
        metadata: { order: "7" },
        ringTimeoutMs: 30_000,
      },
    ]);
    expect(desk.house.rooms()).toEqual([`${callId} hears ringback, agent suspended`]);
    desk.house.started(calleeId);
    expect(desk.house.rooms()).toEqual([`${calleeId} hears room, agent none`, `${callId} hears room, agent leaves`]);
    expect(desk.news()).toEqual(["ringing", "completed"]);
    expect(desk.house.facts).toContainEqual([callId, { peerCallId: calleeId }]);
    desk.house.ended(calleeId, "callee-hung-up");
    expect(desk.endings()).toEqual({ [calleeId]: "callee-hung-up", [callId]: "callee-hung-up" });
    desk.expectNothingLeft();
  });

  test("both rooms are the same one, and it is nobody else's", async () => {
    const desk = new Desk();
    await desk.caller(blind, "answered");
    const first = desk.house.commands.splice(0).flatMap((one) => (one.type === "join-room" ? [one.roomId] : []));
    expect(new Set(first).size).toBe(1);
    await desk.caller(blind);
    const second = desk.house.commands.flatMap((one) => (one.type === "join-room" ? [one.roomId] : []));
    expect(second).not.toContain(first[0]);
  });

  test("attended: music until the briefing was said; the agent then listens on", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller({ ...attended, agentAfter: "listens" }, "answered");
    const { callId: calleeId } = desk.callee!;
    expect(desk.house.rooms()).toEqual([
      `${callId} hears music, agent suspended`,
      `${calleeId} hears room, agent none`,
      `${callId} hears music, agent speaks`,
    ]);
    desk.house.spoke(callId, { interrupted: true });
    desk.house.spoke(callId, { role: "caller" });
    expect(desk.house.rooms()).toEqual([]);
    desk.house.spoke(callId);
    expect(desk.house.rooms()).toEqual([`${callId} hears room, agent listens`]);
    desk.house.ended(callId, "caller-hung-up");
    expect(desk.endings()).toEqual({ [callId]: "caller-hung-up", [calleeId]: "caller-hung-up" });
    expect(desk.news()).toEqual(["ringing", "briefing", "completed"]);
    desk.expectNothingLeft();
  });

  test("attended with a key: the callee takes the caller with 1", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller({ ...attended, confirm: "key" }, "answered");
    desk.house.rooms();
    desk.house.spoke(callId);
    desk.house.pressed(desk.callee!.callId, "3");
    expect(desk.house.rooms()).toEqual([]);
    desk.house.pressed(desk.callee!.callId, "1");
    expect(desk.house.rooms()).toEqual([`${callId} hears room, agent leaves`]);
  });

  test("the briefing takes too long: the callee is hung up and the agent is told", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller({ ...attended, briefingTimeoutMs: 5_000 }, "answered");
    desk.house.rooms();
    desk.house.clock.ms += 5_000;
    vi.advanceTimersByTime(5_000);
    expect(desk.house.rooms()).toEqual([`${callId} leaves`]);
    expect(desk.endings()).toEqual({ [desk.callee!.callId]: "no-answer" });
    expect(desk.news().at(-1)).toBe("failed no-answer");
    desk.expectNothingLeft();
  });

  test.each(["busy", "no-answer", "call-refused", "call-unreachable"] as const)(
    "the callee's call ends as %s: the caller is the agent's again and can be transferred anew",
    async (cause) => {
      const desk = new Desk();
      const caller = await desk.caller();
      const before = desk.house.watchersOf(caller);
      desk.house.rooms();
      desk.house.ended(desk.callee!.callId, cause);
      expect(desk.house.rooms()).toEqual([`${caller.callId} leaves`]);
      expect(desk.news()).toEqual(["ringing", `failed ${cause}`]);
      expect(desk.house.watchersOf(caller)).toBe(before - 1);
      expect(caller.machine.state).toBe("in-progress");
      desk.desk.start(caller.callId, blind);
      await settle();
      expect(desk.asked).toHaveLength(2);
    },
  );

  test("a number that leads nowhere: the agent has the caller back", async () => {
    const desk = new Desk();
    desk.refusal = new GatewayError("invalid-request", "No phone has this extension.", "to");
    const { callId } = await desk.caller();
    expect(desk.house.rooms()).toEqual([`${callId} hears ringback, agent suspended`, `${callId} leaves`]);
    expect(desk.news()).toEqual(["failed call-unreachable nobody"]);
    desk.expectNothingLeft();
  });

  test("a store that fails the callee's record: the transfer fails, and nothing is left of that call", async () => {
    const desk = new Desk();
    const { callId } = await desk.house.talking();
    desk.house.failing = new Error("disk full");
    desk.desk.start(callId, blind);
    await settle();
    expect(desk.news()).toEqual(["failed call-unreachable nobody"]);
    expect(desk.house.live.size).toBe(1);
    desk.expectNothingLeft();
  });

  test("the caller hangs up while the callee's record is written: nobody is called", async () => {
    const desk = new Desk();
    const { callId } = await desk.house.talking();
    const written = hold(desk.house);
    desk.desk.start(callId, blind);
    await settle();
    desk.house.ended(callId, "caller-hung-up");
    desk.house.commands.length = 0;
    written();
    await settle();
    expect(desk.endings()).toEqual({ [callId]: "caller-hung-up", [desk.callee!.callId]: "cancelled" });
    expect(desk.house.commands).toEqual([]);
    expect(desk.house.live.size).toBe(0);
    desk.expectNothingLeft();
  });

  test("called off and begun anew while the first callee's record is written: the first one is not called", async () => {
    const desk = new Desk();
    const { callId } = await desk.house.talking();
    const written = hold(desk.house);
    desk.desk.start(callId, blind);
    await settle();
    desk.desk.decide(callId, "cancel");
    desk.desk.start(callId, { ...blind, to: "102" });
    written();
    await settle();
    expect(desk.house.created.slice(1).map(({ to }) => to)).toEqual(["101", "102"]);
    const [first, second] = desk.house.created.slice(1).map((call) => call.callId);
    expect(desk.endings()).toEqual({ [first!]: "cancelled" });
    expect(desk.house.live.get(second!)?.machine.state).toBe("accepting");
  });

  test("the caller hangs up while it rings: the callee's call is given up", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller();
    desk.house.ended(callId, "caller-hung-up");
    expect(desk.endings()).toEqual({ [callId]: "caller-hung-up", [desk.callee!.callId]: "cancelled" });
    desk.expectNothingLeft();
  });

  test("a callee that answers as it is given up is not joined", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller();
    desk.house.confirmsEnds = false;
    desk.desk.decide(callId, "cancel");
    desk.house.rooms();
    desk.house.started(desk.callee!.callId);
    expect(desk.house.rooms()).toEqual([]);
    desk.house.ended(desk.callee!.callId, "cancelled");
    expect(desk.news()).toEqual(["ringing", "failed cancelled"]);
  });

  test("joined by the API before the briefing is said, and not before anybody has answered", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller(attended);
    expect(() => desk.desk.decide(callId, "complete")).toThrow("Nobody has answered yet.");
    desk.house.started(desk.callee!.callId);
    desk.desk.decide(callId, "complete");
    expect(desk.news().at(-1)).toBe("completed");
    expect(() => desk.desk.decide(callId, "cancel")).toThrow("The call is not being transferred.");
  });

  test("refused: a call that rings, one that is being transferred, one that is with others, an attended one without an agent", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller();
    const start = (call: LiveCall, request = blind) => desk.desk.start(call.callId, request);
    expect(() => desk.desk.start(callId, blind)).toThrow("The call is being transferred.");
    expect(() => start(desk.callee!)).toThrow("The call is not in progress.");
    desk.house.started(desk.callee!.callId);
    expect(() => start(desk.callee!, attended)).toThrow("The call has no agent");
    const alone = await desk.house.talking({ agent: undefined });
    expect(() => start(alone, attended)).toThrow("The call has no agent");
    alone.bond = "conference";
    expect(() => start(alone)).toThrow("The call is in a conference");
    expect(() => desk.desk.decide(alone.callId, "cancel")).toThrow("The call is not being transferred.");
    expect(desk.desk.size).toBe(0);
  });

  test("once put through it is put through again, and comes back to whom it talked with, and to the agent that listens", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller({ ...blind, agentAfter: "listens" }, "answered");
    const former = desk.callee!.callId;
    expect(() => desk.desk.start(callId, attended)).toThrow("The call talks with another one");
    desk.house.rooms();
    desk.desk.start(callId, { ...blind, to: "102" });
    await settle();
    expect(() => desk.desk.start(former, blind)).toThrow("The call is being transferred.");
    desk.house.ended(desk.callee!.callId, "no-answer");
    expect(desk.house.rooms()).toEqual([
      `${former} hears music, agent none`,
      `${callId} hears ringback, agent suspended`,
      `${callId} hears room, agent listens`,
      `${former} hears room, agent none`,
    ]);
    expect(desk.news().slice(-2)).toEqual(["ringing", "failed no-answer"]);
    desk.house.ended(former, "callee-hung-up");
    expect(desk.endings()[callId]).toBe("callee-hung-up");
    desk.expectNothingLeft();
  });

  test("a caller without an agent whose transfer fails is not left in silence: its call ends", async () => {
    const desk = new Desk();
    const { callId } = await desk.house.talking({ agent: undefined });
    desk.desk.start(callId, blind);
    await settle();
    desk.house.ended(desk.callee!.callId, "busy");
    expect(desk.endings()).toEqual({ [desk.callee!.callId]: "busy", [callId]: "busy" });
    desk.expectNothingLeft();
  });

  test("an outgoing call is transferred from the number it was made from", async () => {
    const desk = new Desk();
    const { callId } = await desk.house.talking({ direction: "outbound" });
    desk.desk.start(callId, blind);
    await settle();
    expect(desk.asked[0]?.from).toBe("+15550122");
    desk.house.started(desk.callee!.callId);
    desk.house.ended(desk.callee!.callId, "callee-hung-up");
    expect(desk.endings()[callId]).toBe("caller-hung-up");
  });

  test("the media process dies: both calls end with that, once", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller(attended, "answered");
    desk.house.confirmsEnds = false;
    desk.house.live.processDied(0);
    expect(desk.house.endings).toHaveLength(2);
    expect(desk.endings()).toEqual({
      [callId]: "media-process-died",
      [desk.callee!.callId]: "media-process-died",
    });
    desk.expectNothingLeft();
  });

  test("the gateway stops during a transfer: both calls end, once", async () => {
    const desk = new Desk();
    const { callId } = await desk.caller(attended, "answered");
    const drained = desk.house.live.drained();
    desk.house.live.hangUpAll("gateway-stopped");
    await drained;
    expect(desk.house.endings).toHaveLength(2);
    expect(desk.endings()[callId]).toBe("gateway-stopped");
    desk.expectNothingLeft();
  });

  test("the gateway takes no more calls: a transfer begun then fails, and the agent goes on", async () => {
    const desk = new Desk();
    const { callId } = await desk.house.talking();
    void desk.house.live.drained();
    desk.desk.start(callId, blind);
    await settle();
    expect(desk.news()).toEqual(["failed call-unreachable nobody"]);
    expect(desk.house.live.get(callId)?.machine.state).toBe("in-progress");
    desk.house.ended(callId, "caller-hung-up");
  });
});

/** Has the store wait; what is returned lets it go on. */
function hold(house: LiveHouse): () => void {
  let release = () => {};
  house.hold = new Promise((resolve) => {
    release = resolve;
  });
  return release;
}
