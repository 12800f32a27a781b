import { describe, expect, test } from "vitest";
import { firstOrgId } from "../../../../src/kit/ids.ts";
import { agentNumber, CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import { settle } from "../../../kit/live-house.ts";
import type { Telephone, TelephoneLine } from "../../../kit/telephone.ts";
import { told } from "../../../kit/telephone-talks.ts";

interface Talk {
  readonly exchange: CallExchange;
  readonly a: Telephone;
  readonly b: Telephone;
  readonly calling: TelephoneLine;
  readonly called: TelephoneLine;
}

/** 101 calls 102, whose telephone rings. */
async function ringing(): Promise<Talk> {
  const exchange = await CallExchange.open();
  const [a, b] = [await exchange.telephone("101"), await exchange.telephone("102")];
  const calling = a.call("102");
  return { exchange, a, b, calling, called: await b.rings() };
}

/** Both calls of the two, the caller's first. */
function callIds({ created }: CallExchange) {
  const [caller, callee] = created;
  if (!caller || !callee) throw new Error("there are not two calls");
  return [caller.callId, callee.callId] as const;
}

async function talking(): Promise<Talk> {
  const talk = await ringing();
  talk.called.answer();
  await talk.calling.until("answered");
  for (const id of callIds(talk.exchange)) await talk.exchange.talks(id);
  return talk;
}

async function endings(exchange: CallExchange) {
  const [caller, callee] = callIds(exchange);
  const both = [await exchange.ending(caller), await exchange.ending(callee)];
  await exchange.empty();
  return both;
}

describe("joined calls", () => {
  test("one telephone calls another: it rings, both are answered, and are in one room that is theirs", async () => {
    const { exchange, calling } = await talking();
    const [caller, callee] = callIds(exchange);
    expect(calling.events.map(({ type }) => type)).toContain("progress");
    const rooms = exchange.commands.flatMap((one) => (one.type === "join-room" ? [[one.callId, one.roomId]] : []));
    expect(new Map(rooms as [string, string][]).size).toBe(2);
    expect(new Set(rooms.map(([, roomId]) => roomId)).size).toBe(1);
    expect(exchange.created[1]).toMatchObject({ direction: "outbound", peerCallId: caller, from: "101" });
    expect(exchange.facts).toContainEqual([caller, { peerCallId: callee }]);
  });

  describe("the API puts one of two that talk through to a third", () => {
    /** The caller hears it ring at 103, and the callee hears music. */
    async function passed() {
      const talk = await talking();
      const { exchange } = talk;
      const third = await exchange.telephone("103");
      const [caller, callee] = callIds(exchange);
      exchange.calls.transfers.start(caller, { to: "103", mode: "blind" });
      const rung = await third.rings();
      expect([exchange.hears(caller).at(-1), exchange.hears(callee).at(-1)]).toEqual(["ringback", "music"]);
      return { ...talk, rung, caller, callee };
    }

    test("who answers: the two talk, and the call of the other one ends as transferred", async () => {
      const { exchange, calling, called, rung, caller, callee } = await passed();
      rung.answer();
      await called.until("ended");
      expect(await exchange.ending(callee)).toBe("transferred");
      rung.hangUp();
      await calling.until("ended");
      expect(await exchange.ending(caller)).toBe("callee-hung-up");
      await exchange.empty();
      expect(exchange.endedTwice).toEqual([]);
    });

    test("who does not want it: the two talk as before, until one hangs up", async () => {
      const { exchange, called, rung, caller, callee } = await passed();
      rung.do({ type: "reject", status: 486 });
      await eventually("it hears the other one", () => exchange.hears(callee).at(-1) === "room" || undefined, 3000);
      expect(exchange.hears(caller).at(-1)).toBe("room");
      expect(exchange.transfers.at(-1)).toMatchObject({ state: "failed", cause: "busy" });
      called.hangUp();
      expect(await endings(exchange)).toEqual(["callee-hung-up", "callee-hung-up"]);
      expect(exchange.endedTwice).toEqual([]);
    });

    test("the caller hangs up while it rings: nobody is left", async () => {
      const { exchange, calling, called, rung } = await passed();
      calling.hangUp();
      await Promise.all([called.until("ended"), rung.until("ended")]);
      expect(await endings(exchange)).toEqual(["caller-hung-up", "caller-hung-up"]);
      expect(exchange.endedTwice).toEqual([]);
    });

    test.each([
      ["answers: the caller has that one", true, "callee-hung-up"],
      ["does not: the caller's call ends", false, "busy"],
    ] as const)("the other one hangs up while it rings, and the third %s", async (_what, answers, cause) => {
      const { exchange, calling, called, rung, caller, callee } = await passed();
      called.hangUp();
      expect(await exchange.ending(callee)).toBe("callee-hung-up");
      await settle();
      expect(calling.end).toBeUndefined();
      if (answers) {
        rung.answer();
        await exchange.talks(exchange.callTo("103"));
        rung.hangUp();
      } else rung.do({ type: "reject", status: 486 });
      expect(await exchange.ending(caller)).toBe(cause);
      await exchange.empty();
      expect(exchange.endedTwice).toEqual([]);
    });
  });

  test("a third one comes to two that talk: all three are in one conference, and who hangs up is out alone", async () => {
    const { exchange, calling, called } = await talking();
    const [caller, callee] = callIds(exchange);
    const third = await exchange.withAgent(await exchange.telephone("103"));
    const { id } = exchange.calls.conferences.open([
      { callId: third.callId, agent: "listens" },
      { callId: caller, agent: "none" },
    ]);
    calling.hangUp();
    expect(await exchange.ending(caller)).toBe("caller-hung-up");
    expect(exchange.calls.conferences.get(id).members.map(({ callId }) => callId)).toEqual([third.callId, callee]);
    // Neither has a partner any more that it could be joined with, or that would be ended.
    called.refer("103", third.line.replaces);
    expect(await told(called)).toBe("603!");
    called.hangUp();
    expect(await exchange.ending(callee)).toBe("callee-hung-up");
    third.line.hangUp();
    await exchange.empty();
  });

  test("a key pressed on one telephone goes to the other, which its audio would not bring it to", async () => {
    const { exchange } = await talking();
    const [caller, callee] = callIds(exchange);
    const press = (callId: string, digit: string) =>
      exchange.calls.mediaEvent(0, { type: "dtmf", callId, digit, atMs: 0 });
    press(caller, "5");
    press(callee, "#");
    const keys = exchange.commands.filter(({ type }) => type === "send-dtmf");
    expect(keys).toEqual([
      { type: "send-dtmf", callId: callee, digits: "5" },
      { type: "send-dtmf", callId: caller, digits: "#" },
    ]);
  });

  test.each([
    ["the caller hangs up", (talk: Talk) => talk.calling.hangUp(), ["caller-hung-up", "caller-hung-up"]],
    ["the callee hangs up", (talk: Talk) => talk.called.hangUp(), ["callee-hung-up", "callee-hung-up"]],
    [
      "the API hangs the caller up",
      ({ exchange }: Talk) => exchange.calls.hangUp(callIds(exchange)[0], "api-hung-up"),
      ["api-hung-up", "api-hung-up"],
    ],
    [
      "the API hangs the callee up",
      ({ exchange }: Talk) => exchange.calls.hangUp(callIds(exchange)[1], "api-hung-up"),
      ["api-hung-up", "api-hung-up"],
    ],
    [
      "the media process dies",
      ({ exchange }: Talk) => exchange.calls.processDied(0),
      ["media-process-died", "media-process-died"],
    ],
    [
      "the gateway stops",
      ({ exchange }: Talk) => exchange.calls.hangUpAll("gateway-stopped"),
      ["gateway-stopped", "gateway-stopped"],
    ],
  ] as const)("%s: both calls end and both telephones are hung up", async (_what, end, causes) => {
    const talk = await talking();
    await end(talk);
    expect(await endings(talk.exchange)).toEqual(causes);
    await talk.calling.until("ended");
    await talk.called.until("ended");
  });

  test.each([
    [486, "busy"],
    [480, "no-answer"],
    [603, "call-refused"],
  ] as const)("the callee answers %i: the caller gets it too, and both calls end as %s", async (status, cause) => {
    const { exchange, calling, called } = await ringing();
    called.do({ type: "reject", status });
    await calling.until("ended");
    expect(calling.end).toMatchObject({ cause: "rejected", status });
    expect(await endings(exchange)).toEqual([cause, cause]);
  });

  test("the caller gives up while it rings: the callee's telephone stops", async () => {
    const { exchange, calling, called } = await ringing();
    calling.hangUp();
    await called.until("ended");
    expect(called.end).toMatchObject({ cause: "cancelled" });
    expect(await endings(exchange)).toEqual(["caller-hung-up", "cancelled"]);
  });

  test("the caller gives up while the callee's record is written: no telephone rings", async () => {
    const exchange = await CallExchange.open();
    const [a, b] = [await exchange.telephone("101"), await exchange.telephone("102")];
    // The caller's call is to the same number: the second record is the callee's.
    let written = () => {};
    const store = new Promise<void>((resolve) => {
      written = resolve;
    });
    const calling = a.call("102");
    while (exchange.created.length < 1) await settle();
    exchange.holds.set("102", () => store);
    while (exchange.created.length < 2) await settle();
    calling.hangUp();
    expect(await exchange.ending(callIds(exchange)[0])).toBe("caller-hung-up");
    written();
    expect(await endings(exchange)).toEqual(["caller-hung-up", "cancelled"]);
    expect(b.incoming).toEqual([]);
  });

  test("a store that fails the callee's record: the caller is told, and nothing is left", async () => {
    const exchange = await CallExchange.open();
    const a = await exchange.telephone("101");
    await exchange.telephone("102");
    const calling = a.call("102");
    while (exchange.created.length < 1) await settle();
    exchange.holds.set("102", () => Promise.reject(new Error("disk full")));
    await calling.until("ended");
    expect(calling.end).toMatchObject({ status: 503 });
    await exchange.empty();
    expect(exchange.endings.get(callIds(exchange)[0])).toBe("call-unreachable");
  });

  test("over a trunk: a place is taken while it lasts", async () => {
    const exchange = await CallExchange.open();
    const [a, carrier] = [await exchange.telephone("101"), await exchange.stranger("carrier")];
    exchange.trunk("carrier", carrier);
    const calling = a.call("+15550199");
    const called = await carrier.rings();
    expect(exchange.places.get("carrier")).toBe(1);
    called.answer();
    await calling.until("answered");
    for (const id of callIds(exchange)) await exchange.talks(id);
    calling.hangUp();
    expect(await endings(exchange)).toEqual(["caller-hung-up", "caller-hung-up"]);
    expect(exchange.places.get("carrier")).toBe(0);
  });
});

describe("calls between two numbers of ours", () => {
  test("both are known to each other and in one media process, and no SIP is spoken", async () => {
    const exchange = await CallExchange.open();
    const { resolveAgent } = exchange.records;
    const agent = await resolveAgent(agentNumber, "");
    const request = { orgId: firstOrgId, from: "+15550122", to: agentNumber, agent, record: false, metadata: {} };
    const callId = await exchange.calls.placeCall(request);
    const [caller, callee] = exchange.created;
    expect(caller).toMatchObject({ callId, carrier: "internal", direction: "outbound" });
    expect(callee).toMatchObject({ carrier: "internal", direction: "inbound", peerCallId: callId });
    await settle();
    expect(exchange.facts).toEqual([[callId, { peerCallId: callee?.callId }]]);
    expect(exchange.commands).toMatchObject([{ type: "open-pair", plans: [{ callId }, { callId: callee?.callId }] }]);
    await exchange.calls.hangUp(callId, "api-hung-up");
    await exchange.calls.hangUp(callee!.callId, "api-hung-up");
    await exchange.empty();
  });

  test("a caller can be put through to an agent of another number of ours", async () => {
    const exchange = await CallExchange.open();
    const { callId } = await exchange.withAgent(await exchange.telephone("101"));
    exchange.calls.transfers.start(callId, { to: agentNumber, mode: "blind" });
    while (exchange.created.length < 3) await settle();
    const [, passed, answering] = exchange.created;
    expect(passed).toMatchObject({ carrier: "internal", agent: undefined, peerCallId: callId });
    expect(answering?.agent).toBeDefined();
    await exchange.talks(passed!.callId);
    expect(exchange.hears(callId)).toEqual(["ringback", "room"]);
    expect(exchange.hears(passed!.callId)).toEqual(["room"]);
  });
});
