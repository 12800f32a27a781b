import { describe, expect, test } from "vitest";
import type { CallId } from "../../../../src/kit/ids.ts";
import { agentNumber, CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import { settle } from "../../../kit/live-house.ts";
import { joined, mediaAt, told } from "../../../kit/telephone-talks.ts";

/** 101 talks with an agent, 102 is there. */
async function withAgent() {
  const exchange = await CallExchange.open();
  const [a, b] = [await exchange.telephone("101"), await exchange.telephone("102")];
  return { exchange, a, b, ...(await exchange.withAgent(a)) };
}

describe("a far end passes its call to another telephone", () => {
  test("the other one rings, answers and has the media; who asked is told of each step and hung up", async () => {
    const { exchange, b, line, callId } = await withAgent();
    line.refer("102");
    const other = await b.rings();
    expect(exchange.remotePorts(callId)).toHaveLength(1);
    other.answer();
    expect(await told(line)).toBe("100 180 200!");
    await line.until("ended");
    await mediaAt(exchange, callId, b);
    expect(exchange.created).toHaveLength(1);
    expect(exchange.calls.size).toBe(1);
    other.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test.each([486, 603])("the other one answers %i: who asked is told, and talks on", async (status) => {
    const { exchange, b, line, callId } = await withAgent();
    line.refer("102");
    (await b.rings()).do({ type: "reject", status });
    expect(await told(line)).toBe(`100 180 ${status}!`);
    expect([line.end, exchange.calls.size]).toEqual([undefined, 1]);
    line.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
  });

  test("who asked hangs up at once: the other one has the call when it answers (RFC 5589 §6.1)", async () => {
    const { exchange, b, line, callId } = await withAgent();
    line.refer("102");
    const other = await b.rings();
    line.hangUp();
    await line.until("ended");
    await settle();
    expect(exchange.calls.size).toBe(1);
    other.answer();
    await mediaAt(exchange, callId, b);
    other.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("who asked has hung up, and the other one does not want the call: it ends", async () => {
    const { exchange, b, line, callId } = await withAgent();
    line.refer("102");
    const other = await b.rings();
    line.hangUp();
    await line.until("ended");
    other.do({ type: "reject", status: 486 });
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("the call ends while the other one rings: it stops ringing", async () => {
    const { exchange, b, line, callId } = await withAgent();
    line.refer("102");
    const other = await b.rings();
    await exchange.calls.hangUp(callId, "api-hung-up");
    expect(await exchange.ending(callId)).toBe("api-hung-up");
    await other.until("ended");
    expect(other.end).toMatchObject({ cause: "cancelled" });
    await line.until("ended");
    await exchange.empty();
  });

  test("asked for twice at a time: the one that answers first has the call, then the other, and none is left over", async () => {
    const { exchange, b, line, callId } = await withAgent();
    const c = await exchange.telephone("103");
    line.refer("102");
    line.do({ type: "refer", refer: "2", to: b.uriOf("103") });
    const [first, second] = [await b.rings(), await c.rings()];
    first.answer();
    await mediaAt(exchange, callId, b);
    second.answer();
    await mediaAt(exchange, callId, c);
    await first.until("ended");
    second.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test.each([
    ["a number nobody has", "999", "any"],
    ["a number outside, by a telephone for inside", "+15550199", "internal"],
  ] as const)("%s is refused with 404", async (_what, number, mayCall) => {
    const exchange = await CallExchange.open();
    exchange.trunk("carrier", await exchange.stranger("carrier"));
    const { line } = await exchange.withAgent(await exchange.telephone("101", mayCall));
    line.refer(number);
    expect(await told(line)).toBe("404!");
    expect(exchange.places.get("carrier")).toBe(0);
  });

  test("a stranger may have us call nobody", async () => {
    const exchange = await CallExchange.open();
    await exchange.telephone("102");
    const { line } = await exchange.withAgent(await exchange.stranger());
    line.refer("102");
    expect(await told(line)).toBe("404!");
  });

  test("one of two telephones that talk passes the other one on", async () => {
    const exchange = await CallExchange.open();
    const [a, b, c] = [
      await exchange.telephone("101"),
      await exchange.telephone("102"),
      await exchange.telephone("103"),
    ];
    const { calling, called, caller, callee } = await joined(exchange, a, b);
    called.refer("103");
    (await c.rings()).answer();
    expect(await told(called)).toBe("100 180 200!");
    await mediaAt(exchange, callee, c);
    expect(exchange.remotePorts(caller)).toHaveLength(1);
    calling.hangUp();
    expect([await exchange.ending(caller), await exchange.ending(callee)]).toEqual([
      "caller-hung-up",
      "caller-hung-up",
    ]);
    await c.incoming[0]!.until("ended");
    await exchange.empty();
  });
});

describe("whoever talks with a telephone that does not listen", () => {
  const hears = (exchange: CallExchange, callId: CallId, wanted: string) =>
    eventually(`it hears ${wanted}`, () => exchange.hears(callId).at(-1) === wanted || undefined, 3000);

  test("hears music while it is held, and the other one again when it is taken back", async () => {
    const exchange = await CallExchange.open();
    const [a, b] = [await exchange.telephone("101"), await exchange.telephone("102")];
    const { calling, called, caller, callee } = await joined(exchange, a, b);
    calling.hold(true);
    await hears(exchange, callee, "music");
    calling.hold(false);
    await hears(exchange, callee, "room");
    called.hold(true);
    await hears(exchange, caller, "music");
    expect(exchange.hears(callee)).toEqual(["room", "music", "room"]);
  });

  test("hears it ring while another one is called and nobody is left, and then that one", async () => {
    const exchange = await CallExchange.open();
    const [a, b, c] = [
      await exchange.telephone("101"),
      await exchange.telephone("102"),
      await exchange.telephone("103"),
    ];
    const { calling, callee } = await joined(exchange, a, b);
    calling.hold(true);
    await hears(exchange, callee, "music");
    calling.refer("103");
    const other = await c.rings();
    calling.hangUp();
    await hears(exchange, callee, "ringback");
    other.answer();
    await hears(exchange, callee, "room");
  });

  test("an agent is told nothing of it, and a caller that was put through is", async () => {
    const { exchange, a, b, line, callId } = await withAgent();
    line.hold(true);
    await line.until("remote-answer");
    line.hold(false);
    exchange.calls.transfers.start(callId, { to: b.name, mode: "blind" });
    const human = await b.rings();
    human.answer();
    await exchange.talks(exchange.callTo(b.name));
    expect(exchange.hears(callId)).toEqual(["ringback", "room"]);
    human.hold(true);
    await hears(exchange, callId, "music");
    human.hold(false);
    await hears(exchange, callId, "room");
    expect(a.incoming).toEqual([]);
  });
});

describe("a place on a trunk goes with its telephone", () => {
  async function passedToTrunk() {
    const exchange = await CallExchange.open();
    const [a, carrier] = [await exchange.telephone("101"), await exchange.stranger("carrier")];
    exchange.trunk("carrier", carrier);
    const { line, callId } = await exchange.withAgent(a);
    line.refer("+15550199");
    return { exchange, line, callId, outside: await carrier.rings() };
  }

  test("taken while it rings, given back when it is refused", async () => {
    const { exchange, line, outside } = await passedToTrunk();
    expect(exchange.places.get("carrier")).toBe(1);
    outside.do({ type: "reject", status: 486 });
    expect(await told(line)).toBe("100 180 486!");
    expect(exchange.places.get("carrier")).toBe(0);
  });

  test("given back when the call ends while it rings", async () => {
    const { exchange, callId } = await passedToTrunk();
    await exchange.calls.hangUp(callId, "api-hung-up");
    await exchange.ending(callId);
    await exchange.empty();
    expect(exchange.places.get("carrier")).toBe(0);
  });

  test("kept while somebody outside talks, who may have us call nobody", async () => {
    const { exchange, line, outside } = await passedToTrunk();
    outside.answer();
    expect(await told(line)).toBe("100 180 200!");
    expect(exchange.places.get("carrier")).toBe(1);
    outside.refer("101");
    expect(await told(outside)).toBe("404!");
    outside.hangUp();
    await exchange.empty();
    expect(exchange.places.get("carrier")).toBe(0);
  });

  test("given back when a telephone of ours takes the call over", async () => {
    const exchange = await CallExchange.open();
    const [carrier, b] = [await exchange.stranger("carrier"), await exchange.telephone("102")];
    exchange.trunk("carrier", carrier);
    const outside = carrier.call("carrier-line", { to: agentNumber });
    await outside.until("answered");
    expect(exchange.places.get("carrier")).toBe(1);
    const taken = b.call("anything", { replaces: outside.replaces });
    await taken.until("answered");
    await outside.until("ended");
    expect(exchange.places.get("carrier")).toBe(0);
    taken.hangUp();
    await exchange.empty();
    expect(exchange.places.get("carrier")).toBe(0);
  });
});

describe("a far end joins the two calls it has", () => {
  test("an agent and a telephone: the telephone has the agent, the one that had both is out", async () => {
    const { exchange, a, b, line, callId } = await withAgent();
    const { calling, called, caller, callee } = await joined(exchange, a, b);
    line.refer("102", calling.replaces);
    expect(await told(line)).toBe("100 200!");
    await mediaAt(exchange, callId, b);
    await line.until("ended");
    await calling.until("ended");
    expect([await exchange.ending(caller), await exchange.ending(callee)]).toEqual(["transferred", "transferred"]);
    expect([called.end, exchange.calls.size]).toEqual([undefined, 1]);
    expect(called.ports.length).toBe(2);
    called.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("asked for the other way about it comes to the same", async () => {
    const { exchange, a, b, line, callId } = await withAgent();
    const { calling, called, caller, callee } = await joined(exchange, a, b);
    calling.refer(agentNumber, line.replaces);
    expect(await told(calling)).toBe("100 200!");
    await mediaAt(exchange, callId, b);
    await line.until("ended");
    await calling.until("ended");
    expect([await exchange.ending(caller), await exchange.ending(callee)]).toEqual(["transferred", "transferred"]);
    called.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("two telephones: they talk with each other in what was the first call", async () => {
    const exchange = await CallExchange.open();
    const [a, b, c] = [
      await exchange.telephone("101"),
      await exchange.telephone("102"),
      await exchange.telephone("103"),
    ];
    const first = await joined(exchange, c, a);
    const second = await joined(exchange, a, b);
    first.called.refer("102", second.calling.replaces);
    expect(await told(first.called)).toBe("100 200!");
    await mediaAt(exchange, first.callee, b);
    await second.calling.until("ended");
    expect([await exchange.ending(second.caller), await exchange.ending(second.callee)]).toEqual([
      "transferred",
      "transferred",
    ]);
    first.calling.hangUp();
    await second.called.until("ended");
    expect(await exchange.ending(first.callee)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("two agents are not joined: 603, and both calls go on", async () => {
    const { exchange, a, line } = await withAgent();
    const second = await exchange.withAgent(a);
    line.refer(agentNumber, second.line.replaces);
    expect(await told(line)).toBe("603!");
    expect(exchange.calls.size).toBe(2);
  });

  test("a call we do not know: 404; a Call-ID that is not the dialog's: 404", async () => {
    const { exchange, a, b, line } = await withAgent();
    const { calling } = await joined(exchange, a, b);
    line.refer("102", { ...calling.replaces, callId: "another" });
    expect(await told(line)).toBe("404!");
    expect(exchange.calls.size).toBe(3);
  });
});

describe("a call takes the place of another (RFC 3891)", () => {
  test("the new telephone has the media, the old one is hung up, the call goes on", async () => {
    const { exchange, b, line, callId } = await withAgent();
    const taken = b.call(agentNumber, { replaces: line.replaces });
    await taken.until("answered");
    await mediaAt(exchange, callId, b);
    await line.until("ended");
    expect([exchange.created.length, exchange.calls.size]).toEqual([1, 1]);
    taken.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test("a call we do not know is answered 481, one that has ended too; nothing changes for anybody", async () => {
    const { exchange, b, line } = await withAgent();
    const unknown = b.call(agentNumber, { replaces: { ...line.replaces, callId: "another" } });
    await unknown.until("ended");
    expect([unknown.end?.status, line.end]).toEqual([481, undefined]);
    const replaces = line.replaces;
    line.hangUp();
    await exchange.empty();
    const late = b.call(agentNumber, { replaces });
    await late.until("ended");
    expect([481, 603]).toContain(late.end?.status);
    expect(exchange.created).toHaveLength(1);
  });

  test("the call of a telephone that still rings is not to be taken", async () => {
    const exchange = await CallExchange.open();
    const [a, b, c] = [
      await exchange.telephone("101"),
      await exchange.telephone("102"),
      await exchange.telephone("103"),
    ];
    const calling = a.call("102");
    const called = await b.rings();
    await calling.until("progress");
    const taken = c.call("102", { replaces: calling.replaces });
    await taken.until("ended");
    expect(taken.end?.status).toBe(481);
    expect([calling.end, called.end]).toEqual([undefined, undefined]);
  });
});
