import { describe, expect, test } from "vitest";
import type { ConferenceMember } from "../../../../src/control/calls/call-control.ts";
import { CallBridges } from "../../../../src/control/calls/io/call-bridges.ts";
import { ConferenceDesk } from "../../../../src/control/calls/io/conference-desk.ts";
import type { LiveCall } from "../../../../src/control/calls/io/live-call.ts";
import { LiveHouse } from "../../../kit/live-house.ts";

const speaks = ({ callId }: LiveCall): ConferenceMember => ({ callId, agent: "speaks" });

async function opened(count: number) {
  const house = new LiveHouse();
  const desk = new ConferenceDesk(house.live, new CallBridges(house.live), house.randomBytes);
  const calls = await Promise.all(Array.from({ length: count }, () => house.talking()));
  const { id } = desk.open(calls.map(speaks));
  return { house, desk, calls, id };
}

describe("conference desk", () => {
  test("its calls are in one room, each hears it, with their agents as asked", async () => {
    const house = new LiveHouse();
    const desk = new ConferenceDesk(house.live, new CallBridges(house.live), house.randomBytes);
    const [a, b] = [await house.talking(), await house.talking({ agent: undefined })];
    const { id, members } = desk.open([{ callId: a.callId, agent: "listens" }, speaks(b)]);
    expect(members.map(({ callId }) => callId)).toEqual([a.callId, b.callId]);
    expect(house.commands.filter(({ type }) => type === "join-room")).toMatchObject([
      { callId: a.callId, roomId: id, hears: "room", agent: "listens" },
      { callId: b.callId, roomId: id, hears: "room", agent: "none" },
    ]);
    expect(desk.list()).toEqual([desk.get(id)]);
  });

  test("eight are the most: a ninth is refused, when it is opened and later; a member may change its agent", async () => {
    const { house, desk, calls, id } = await opened(8);
    const ninth = await house.talking();
    expect(() => desk.join(id, speaks(ninth))).toThrow("a conference has at most 8 members");
    expect(desk.join(id, { callId: calls[0]!.callId, agent: "leaves" }).members).toHaveLength(8);
    desk.leave(id, calls[0]!.callId);
    expect(desk.join(id, speaks(ninth)).members).toHaveLength(8);
    const more = await Promise.all(Array.from({ length: 9 }, () => house.talking()));
    expect(() => desk.open(more.map(speaks))).toThrow("a conference has at most 8 members");
  });

  test("one that cannot join spoils all of it: nobody is moved", async () => {
    const house = new LiveHouse();
    const desk = new ConferenceDesk(house.live, new CallBridges(house.live), house.randomBytes);
    const [talks, rings] = [await house.talking(), await house.ringing()];
    house.commands.length = 0;
    expect(() => desk.open([speaks(talks), speaks(rings)])).toThrow("The call is not in progress.");
    expect(() => desk.open([speaks(talks), speaks(talks)])).toThrow("names a call twice");
    expect([desk.list(), house.commands, talks.bond]).toEqual([[], [], undefined]);
  });

  test.each([
    ["transfer", "The call is being transferred"],
    ["bridge", "The call talks with another one"],
    ["conference", "The call is in a conference"],
  ] as const)("a call whose place is a %s's is refused", async (bond, message) => {
    const { house, desk, id } = await opened(1);
    const call = await house.talking();
    call.bond = bond;
    expect(() => desk.join(id, speaks(call))).toThrow(message);
    expect(() => desk.open([speaks(call)])).toThrow(message);
  });

  /** A house with two calls that talk with each other, and a desk. */
  async function bridged() {
    const house = new LiveHouse();
    const bridges = new CallBridges(house.live);
    const desk = new ConferenceDesk(house.live, bridges, house.randomBytes);
    const near = await house.talking({ agent: undefined });
    const far = await house.talking({ agent: undefined, direction: "outbound" });
    bridges.add(near, far, "room_of_two");
    return { house, bridges, desk, near, far };
  }

  test("of two that talk with each other one is named: both come in, and the end of one is not the other's", async () => {
    const { house, bridges, desk, near, far } = await bridged();
    const third = await house.talking();
    const { id, members } = desk.open([speaks(third), speaks(near)]);
    expect(members).toEqual([speaks(third), speaks(near), { callId: far.callId, agent: "none" }]);
    const rooms = house.commands.flatMap((one) => (one.type === "join-room" ? [`${one.callId} ${one.roomId}`] : []));
    expect(rooms).toEqual([third, near, far].map(({ callId }) => `${callId} ${id}`));
    expect([bridges.of(near.callId), bridges.of(far.callId)]).toEqual([undefined, undefined]);
    expect([near.bond, far.bond]).toEqual(["conference", "conference"]);
    house.pressed(near.callId, "5");
    house.ended(near.callId, "caller-hung-up");
    expect(house.commands.filter(({ type }) => type === "send-dtmf")).toEqual([]);
    expect(house.endings).toEqual([[near.callId, "caller-hung-up"]]);
    expect(desk.get(id).members.map(({ callId }) => callId)).toEqual([third.callId, far.callId]);
    desk.leave(id, far.callId);
    expect([far.bond, house.watchersOf(far)]).toEqual([undefined, 0]);
  });

  test("of two that talk with each other both are named: each comes in once, as it is named", async () => {
    const { desk, near, far } = await bridged();
    const members = [speaks(near), speaks(far)];
    expect(desk.open(members).members).toEqual(members);
  });

  test("two that talk with each other join a conference that is there, where there is room for both", async () => {
    const { house, bridges, desk, near, far } = await bridged();
    const six = await Promise.all(Array.from({ length: 6 }, () => house.talking()));
    const { id } = desk.open(six.map(speaks));
    const seventh = await house.talking();
    desk.join(id, speaks(seventh));
    expect(() => desk.join(id, speaks(far))).toThrow("a conference has at most 8 members");
    expect(bridges.of(far.callId)?.partner).toBe(near);
    desk.leave(id, seventh.callId);
    expect(desk.join(id, speaks(far)).members.slice(6)).toEqual([speaks(far), { callId: near.callId, agent: "none" }]);
  });

  test("a member of another conference is refused until it has left that", async () => {
    const { house, desk, calls, id } = await opened(2);
    const other = await house.talking();
    const second = desk.open([speaks(other)]);
    expect(() => desk.join(second.id, speaks(calls[0]!))).toThrow("The call is in a conference: take it out first.");
    desk.leave(id, calls[0]!.callId);
    expect(desk.join(second.id, speaks(calls[0]!)).members).toHaveLength(2);
    expect(house.commands.filter(({ type }) => type === "leave-room")).toMatchObject([{ callId: calls[0]!.callId }]);
  });

  test("calls of different media processes meet: their rooms are linked while they are there", async () => {
    const house = new LiveHouse(2);
    const desk = new ConferenceDesk(house.live, new CallBridges(house.live), house.randomBytes);
    const [a, b] = [await house.talking(), await house.talking()];
    expect([a.machine.processId, b.machine.processId]).toEqual([0, 1]);
    house.commands.length = 0;
    const { id } = desk.open([speaks(a)]);
    expect(house.links()).toEqual([]);
    desk.join(id, speaks(b));
    expect(house.links()).toEqual([`open-link ${id}`, `open-link ${id}`]);
    desk.join(id, { callId: b.callId, agent: "listens" });
    expect(house.links()).toEqual([]);
    desk.leave(id, b.callId);
    expect(house.links()).toEqual(["close-link", "close-link"]);
    desk.join(id, speaks(b));
    expect(house.links()).toHaveLength(2);
    house.ended(b.callId, "caller-hung-up");
    expect(house.links()).toEqual(["close-link", "close-link"]);
  });

  test("the eight are counted over all media processes", async () => {
    const house = new LiveHouse(3);
    const desk = new ConferenceDesk(house.live, new CallBridges(house.live), house.randomBytes);
    const calls: LiveCall[] = [];
    for (let n = 0; n < 9; n++) calls.push(await house.talking());
    const { id } = desk.open(calls.slice(0, 8).map(speaks));
    expect(new Set(calls.slice(0, 8).map(({ machine }) => machine.processId)).size).toBe(3);
    expect(() => desk.join(id, speaks(calls[8]!))).toThrow("a conference has at most 8 members");
  });

  test("a media process dies: its members end, the others stay and are linked around a new home", async () => {
    const house = new LiveHouse(3);
    const desk = new ConferenceDesk(house.live, new CallBridges(house.live), house.randomBytes);
    const calls: LiveCall[] = [];
    for (let n = 0; n < 4; n++) calls.push(await house.talking());
    expect(calls.map(({ machine }) => machine.processId)).toEqual([0, 1, 2, 0]);
    const { id } = desk.open(calls.map(speaks));
    house.links();
    house.live.processDied(0);
    expect(desk.get(id).members).toEqual([speaks(calls[1]!), speaks(calls[2]!)]);
    const opened = house.links().filter((line) => line.startsWith("open"));
    expect(opened).toEqual([`open-link ${id}`, `open-link ${id}`]);
  });

  test("an agent that has left does not come back with the next conference", async () => {
    const { house, desk, calls, id } = await opened(1);
    desk.join(id, { callId: calls[0]!.callId, agent: "leaves" });
    desk.leave(id, calls[0]!.callId);
    house.commands.length = 0;
    desk.open([speaks(calls[0]!)]);
    expect(house.commands).toMatchObject([{ type: "join-room", agent: "none" }]);
  });

  test("whoever hangs up is out, the others stay; with the last one the conference is over", async () => {
    const { house, desk, calls, id } = await opened(2);
    house.ended(calls[0]!.callId, "caller-hung-up");
    expect(desk.get(id).members).toEqual([speaks(calls[1]!)]);
    house.ended(calls[1]!.callId, "caller-hung-up");
    expect(desk.list()).toEqual([]);
    expect(() => desk.get(id)).toThrow("there is no such conference");
  });

  test("with the last one that leaves it is over as well, and nothing is left of it at the call", async () => {
    const { house, desk, calls, id } = await opened(1);
    expect(desk.leave(id, calls[0]!.callId)).toEqual({ id, members: [] });
    expect(desk.list()).toEqual([]);
    expect([calls[0]!.bond, house.watchersOf(calls[0]!)]).toEqual([undefined, 0]);
    expect(() => desk.leave(id, calls[0]!.callId)).toThrow("there is no such conference");
  });

  test("a call that was never there cannot leave", async () => {
    const { house, desk, id } = await opened(1);
    const other = await house.talking();
    expect(() => desk.leave(id, other.callId)).toThrow("the call is not in this conference");
  });

  test("the media process dies: all members end, and the conference with them", async () => {
    const { house, desk } = await opened(3);
    house.live.processDied(0);
    expect(house.endings.map(([, cause]) => cause)).toEqual(Array(3).fill("media-process-died"));
    expect(desk.list()).toEqual([]);
  });
});
