import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../../src/kit/errors.ts";
import type { OrgId } from "../../../../src/kit/ids.ts";
import { agentNumber, CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import { settle } from "../../../kit/live-house.ts";
import { joined, told } from "../../../kit/telephone-talks.ts";

/** 101 and 102 talk; who called is there by either name. */
async function talking(mayCall: "any" | "internal" = "any") {
  const exchange = await CallExchange.open();
  const [a, b] = [await exchange.telephone("101", mayCall), await exchange.telephone("102", mayCall)];
  return { exchange, a, b, ...(await joined(exchange, a, b)) };
}

/** Has the looking for agents wait; what is returned lets it go on. */
function hold(exchange: CallExchange): () => void {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  exchange.looking = () => held;
  return release;
}

/** The two calls by which an agent is called inside. */
function inside({ created }: CallExchange) {
  const [calling, answering] = created.slice(2);
  if (!calling || !answering) throw new Error("no agent was called");
  return { calling, answering };
}

describe("a telephone passes the one it talks with to an agent", () => {
  test.each(["any", "internal"] as const)(
    "by who called, who may call %s: the agent talks with the callee, in the room where the two talked",
    async (mayCall) => {
      const { exchange, calling, called, caller, callee } = await talking(mayCall);
      const asked = exchange.lookedFor.length;
      calling.refer(agentNumber);
      expect(await told(calling)).toBe("100 200!");
      await calling.until("ended");
      expect(await exchange.ending(caller)).toBe("transferred");
      const { calling: near, answering } = inside(exchange);
      expect(near).toMatchObject({ direction: "outbound", from: "102", to: agentNumber, peerCallId: callee });
      expect(answering).toMatchObject({ direction: "inbound", from: "102", agent: { provider: expect.any(String) } });
      expect(exchange.lookedFor.slice(asked)).toEqual([[agentNumber, "102"]]);
      const rooms = exchange.commands.flatMap((one) =>
        one.type === "join-room" ? [`${one.callId} ${one.roomId}`] : [],
      );
      const [, room] = rooms[0]?.split(" ") ?? [];
      expect(rooms.slice(-2)).toEqual([`${callee} ${room}`, `${near.callId} ${room}`]);
      expect(exchange.facts).toContainEqual([callee, { peerCallId: near.callId }]);
      expect(called.end).toBeUndefined();
      called.hangUp();
      expect(await exchange.ending(callee)).toBe("callee-hung-up");
      expect(await exchange.ending(near.callId)).toBe("caller-hung-up");
      await exchange.ending(answering.callId);
      await exchange.empty();
      expect(exchange.endedTwice).toEqual([]);
    },
  );

  test("by who was called: the agent talks with the caller, and when it hangs up the caller's call ends", async () => {
    const { exchange, calling, called, caller, callee } = await talking();
    called.refer(agentNumber);
    expect(await told(called)).toBe("100 200!");
    expect(await exchange.ending(callee)).toBe("transferred");
    const { calling: near, answering } = inside(exchange);
    expect(answering.from).toBe("101");
    await exchange.calls.hangUp(answering.callId, "agent-hung-up");
    await calling.until("ended");
    expect(await exchange.ending(near.callId)).toBe("callee-hung-up");
    expect(await exchange.ending(caller)).toBe("callee-hung-up");
    await exchange.empty();
    expect(exchange.endedTwice).toEqual([]);
  });

  test("another organisation's agent: its call has nothing of ours but who calls", async () => {
    const { exchange, calling, called } = await talking();
    exchange.agentOrg = "org_another" as OrgId;
    calling.refer(agentNumber);
    expect(await told(calling)).toBe("100 200!");
    const { calling: near, answering } = inside(exchange);
    expect(answering).toMatchObject({ orgId: "org_another", from: "102", metadata: {} });
    expect([answering.peerCallId, near.orgId]).toEqual([undefined, exchange.created[0]?.orgId]);
    called.hangUp();
    await exchange.empty();
  });

  test("who asked hangs up at once: the other one hears it ring, then has the agent", async () => {
    const { exchange, calling, called, caller, callee } = await talking();
    let written = () => {};
    exchange.holds.set(agentNumber, () => new Promise((resolve) => (written = resolve)));
    calling.refer(agentNumber);
    await eventually("it is accepted", () => calling.transfer() === "100" || undefined, 3000);
    calling.hangUp();
    await eventually("it hears ringback", () => exchange.hears(callee).at(-1) === "ringback" || undefined, 3000);
    exchange.holds.clear();
    written();
    expect(await exchange.ending(caller)).toBe("transferred");
    expect([exchange.hears(callee).at(-1), called.end]).toEqual(["room", undefined]);
    called.hangUp();
    await exchange.empty();
    expect(exchange.endedTwice).toEqual([]);
  });

  test("the other one hangs up while the agent is called: who asked is hung up, and no agent is left", async () => {
    const { exchange, calling, called, caller, callee } = await talking();
    let written = () => {};
    exchange.holds.set(agentNumber, () => new Promise((resolve) => (written = resolve)));
    calling.refer(agentNumber);
    await eventually("it is accepted", () => calling.transfer() === "100" || undefined, 3000);
    called.hangUp();
    await calling.until("ended");
    exchange.holds.clear();
    written();
    expect([await exchange.ending(caller), await exchange.ending(callee)]).toEqual([
      "callee-hung-up",
      "callee-hung-up",
    ]);
    await exchange.empty();
    expect(exchange.endedTwice).toEqual([]);
  });

  test("the other one hangs up while an agent is looked for: nobody is called", async () => {
    const { exchange, calling, called } = await talking();
    const found = hold(exchange);
    const asked = exchange.lookedFor.length;
    calling.refer(agentNumber);
    await eventually("an agent is looked for", () => exchange.lookedFor.length > asked || undefined, 3000);
    called.hangUp();
    await calling.until("ended");
    found();
    await settle();
    await exchange.empty();
    expect(exchange.created).toHaveLength(2);
  });

  test.each([
    ["takes no calls now", new GatewayError("payment-required", "no money"), "100 480!"],
    ["cannot be called", new Error("disk full"), "100 500!"],
  ])("an agent that %s: who asked is told, and talks on", async (_what, error, expected) => {
    const { exchange, calling, called, caller, callee } = await talking();
    let calls = 0;
    exchange.holds.set(agentNumber, () => (++calls === 2 ? Promise.reject(error) : Promise.resolve()));
    calling.refer(agentNumber);
    expect(await told(calling)).toBe(expected);
    expect([calling.end, called.end]).toEqual([undefined, undefined]);
    await eventually("nobody else is there", () => exchange.calls.size === 2 || undefined, 3000);
    calling.hangUp();
    expect([await exchange.ending(caller), await exchange.ending(callee)]).toEqual([
      "caller-hung-up",
      "caller-hung-up",
    ]);
    await exchange.empty();
  });

  test("one that talks with an agent itself: 603, as two agents are not joined", async () => {
    const exchange = await CallExchange.open();
    const { line } = await exchange.withAgent(await exchange.telephone("101"));
    line.refer(agentNumber);
    expect(await told(line)).toBe("603!");
    expect([line.end, exchange.created.length]).toEqual([undefined, 1]);
  });

  test("whom the API has put through passes the caller on to an agent", async () => {
    const exchange = await CallExchange.open();
    const [a, b] = [await exchange.telephone("101"), await exchange.telephone("102")];
    const { line, callId } = await exchange.withAgent(a);
    exchange.calls.transfers.start(callId, { to: "102", mode: "blind" });
    const human = await b.rings();
    human.answer();
    const callee = exchange.callTo("102");
    await exchange.talks(callee);
    human.refer(agentNumber);
    expect(await told(human)).toBe("100 200!");
    expect(await exchange.ending(callee)).toBe("transferred");
    expect(exchange.calls.size).toBe(3);
    line.hangUp();
    expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
    expect(exchange.endedTwice).toEqual([]);
  });
});
