import { describe, expect, test } from "vitest";
import type { CallId } from "../../../../src/kit/ids.ts";
import type { EndCause } from "../../../../src/media/protocol.ts";
import { CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import type { Telephone, TelephoneLine } from "../../../kit/telephone.ts";
import { joined, mediaAt, told } from "../../../kit/telephone-talks.ts";

/** Those who talk after something was done to their calls. */
interface Conversation {
  /** At the caller's end of the conversation, and at the callee's; an agent is at neither. */
  readonly near: TelephoneLine;
  readonly far?: TelephoneLine;
}

interface House {
  readonly exchange: CallExchange;
  readonly a: Telephone;
  readonly b: Telephone;
  readonly c: Telephone;
  readonly d: Telephone;
}

async function openHouse(): Promise<House> {
  const exchange = await CallExchange.open();
  const [a, b, c, d] = await Promise.all(["101", "102", "103", "104"].map((number) => exchange.telephone(number)));
  if (!a || !b || !c || !d) throw new Error("a telephone is missing");
  return { exchange, a, b, c, d };
}

/** A far end has a telephone called, which answers and has its place: the line of that telephone. */
async function passedTo(exchange: CallExchange, line: TelephoneLine, callId: CallId, to: Telephone) {
  const rung = to.incoming.length;
  line.refer(to.name);
  const other = await to.rings(rung);
  other.answer();
  await told(line);
  await mediaAt(exchange, callId, to);
  await line.until("ended");
  return other;
}

/** The API puts an agent's caller through to a telephone, which answers. */
async function putThrough(exchange: CallExchange, callId: CallId, to: Telephone, mode: "blind" | "attended" = "blind") {
  exchange.calls.transfers.start(callId, { to: to.name, mode });
  const human = await to.rings();
  human.answer();
  const callee = exchange.callTo(to.name);
  await exchange.talks(callee);
  if (mode === "attended") exchange.calls.transfers.decide(callId, "complete");
  await eventually("they talk", () => exchange.hears(callId).at(-1) === "room" || undefined, 3000);
  return { human, callee };
}

/** Who had both calls is out of both. */
async function joinedBy(asked: TelephoneLine, other: TelephoneLine, to: Telephone | string): Promise<void> {
  asked.refer(typeof to === "string" ? to : to.name, other.replaces);
  expect(await told(asked)).toBe("100 200!");
  await Promise.all([asked.until("ended"), other.until("ended")]);
}

const conversations: Readonly<Record<string, (house: House) => Promise<Conversation>>> = {
  "two telephones": async ({ exchange, a, b }) => {
    const { calling, called } = await joined(exchange, a, b);
    return { near: calling, far: called };
  },
  "a caller has passed its callee on": async ({ exchange, a, b, c }) => {
    const { calling, called, caller } = await joined(exchange, a, b);
    return { near: await passedTo(exchange, calling, caller, c), far: called };
  },
  "a caller has held its callee, taken it back and passed it on": async ({ exchange, a, b, c }) => {
    const { calling, called, caller, callee } = await joined(exchange, a, b);
    for (const [isHeld, heard] of [
      [true, "music"],
      [false, "room"],
    ] as const) {
      calling.hold(isHeld);
      await eventually(`it hears ${heard}`, () => exchange.hears(callee).at(-1) === heard || undefined, 3000);
    }
    return { near: await passedTo(exchange, calling, caller, c), far: called };
  },
  "a callee has passed its caller on": async ({ exchange, a, b, c }) => {
    const { calling, called, callee } = await joined(exchange, a, b);
    return { near: calling, far: await passedTo(exchange, called, callee, c) };
  },
  "a caller hung up while the one it passed its callee to was rung": async ({ exchange, a, b, c }) => {
    const { calling, called, caller } = await joined(exchange, a, b);
    calling.refer(c.name);
    const other = await c.rings();
    calling.hangUp();
    await calling.until("ended");
    other.answer();
    await mediaAt(exchange, caller, c);
    return { near: other, far: called };
  },
  "both of two telephones have passed the other one on": async ({ exchange, a, b, c, d }) => {
    const { calling, called, caller, callee } = await joined(exchange, a, b);
    const near = await passedTo(exchange, calling, caller, c);
    return { near, far: await passedTo(exchange, called, callee, d) };
  },
  "who was passed on to has passed on": async ({ exchange, a, b, c, d }) => {
    const { calling, called, caller } = await joined(exchange, a, b);
    const third = await passedTo(exchange, calling, caller, c);
    return { near: await passedTo(exchange, third, caller, d), far: called };
  },
  "a telephone has passed on its agent": async ({ exchange, a, b }) => {
    const { line, callId } = await exchange.withAgent(a);
    return { near: await passedTo(exchange, line, callId, b) };
  },
  "a telephone has passed on over a trunk": async ({ exchange, a, b }) => {
    const carrier = await exchange.stranger("carrier");
    exchange.trunk("carrier", carrier);
    const { calling, called, caller } = await joined(exchange, a, b);
    calling.refer("+15550199");
    const outside = await carrier.rings();
    outside.answer();
    await told(calling);
    await mediaAt(exchange, caller, carrier);
    return { near: outside, far: called };
  },
  "a telephone has joined its agent and the one it called": async ({ exchange, a, b }) => {
    const { line, callId } = await exchange.withAgent(a);
    const { calling, called } = await joined(exchange, a, b);
    await joinedBy(line, calling, b);
    await mediaAt(exchange, callId, b);
    return { near: called };
  },
  "a telephone has joined two that it called": async ({ exchange, a, b, c }) => {
    const first = await joined(exchange, a, b);
    const second = await joined(exchange, a, c);
    await joinedBy(first.calling, second.calling, c);
    await mediaAt(exchange, first.caller, c);
    return { near: second.called, far: first.called };
  },
  "a telephone has joined two that called it": async ({ exchange, a, b, c }) => {
    const first = await joined(exchange, b, a);
    const second = await joined(exchange, c, a);
    await joinedBy(first.called, second.called, c);
    await mediaAt(exchange, first.callee, c);
    return { near: first.calling, far: second.calling };
  },
  "a telephone has joined one that it called and one that called it": async ({ exchange, a, b, c }) => {
    const first = await joined(exchange, a, b);
    const second = await joined(exchange, c, a);
    await joinedBy(first.calling, second.called, c);
    await mediaAt(exchange, first.caller, c);
    return { near: second.calling, far: first.called };
  },
  "a telephone has joined one that called it and one that it called": async ({ exchange, a, b, c }) => {
    const first = await joined(exchange, b, a);
    const second = await joined(exchange, a, c);
    await joinedBy(first.called, second.calling, c);
    await mediaAt(exchange, first.callee, c);
    return { near: first.calling, far: second.called };
  },
  "a telephone took the caller's place": async ({ exchange, a, b, c }) => {
    const { calling, called, caller } = await joined(exchange, a, b);
    const taken = c.call("anything", { replaces: calling.replaces });
    await taken.until("answered");
    await calling.until("ended");
    await mediaAt(exchange, caller, c);
    return { near: taken, far: called };
  },
  "a telephone took the callee's place": async ({ exchange, a, b, c }) => {
    const { calling, called, callee } = await joined(exchange, a, b);
    const taken = c.call("anything", { replaces: called.replaces });
    await taken.until("answered");
    await called.until("ended");
    await mediaAt(exchange, callee, c);
    return { near: calling, far: taken };
  },
  "the API has put a caller through": async ({ exchange, a, b }) => {
    const { line, callId } = await exchange.withAgent(a);
    return { near: line, far: (await putThrough(exchange, callId, b)).human };
  },
  "the API has put a caller through, and its agent spoke first": async ({ exchange, a, b }) => {
    const { line, callId } = await exchange.withAgent(a);
    return { near: line, far: (await putThrough(exchange, callId, b, "attended")).human };
  },
  "the API has put a caller through, who passed the other one on": async ({ exchange, a, b, c }) => {
    const { line, callId } = await exchange.withAgent(a);
    const { human } = await putThrough(exchange, callId, b);
    return { near: await passedTo(exchange, line, callId, c), far: human };
  },
  "the API has put a caller through to one who passed it on": async ({ exchange, a, b, c }) => {
    const { line, callId } = await exchange.withAgent(a);
    const { human, callee } = await putThrough(exchange, callId, b);
    return { near: line, far: await passedTo(exchange, human, callee, c) };
  },
  "the API has put a caller through to one who joined it with the one it called": async ({ exchange, a, b, c }) => {
    const { line, callId } = await exchange.withAgent(a);
    const { human, callee } = await putThrough(exchange, callId, b);
    const second = await joined(exchange, b, c);
    await joinedBy(human, second.calling, c);
    await mediaAt(exchange, callee, c);
    return { near: line, far: second.called };
  },
  "a telephone that had passed on its agent was put through by the API": async ({ exchange, a, b, c }) => {
    const { line, callId } = await exchange.withAgent(a);
    const near = await passedTo(exchange, line, callId, b);
    return { near, far: (await putThrough(exchange, callId, c)).human };
  },
};

/** The calls that last, the caller's first. */
function callsLeft(exchange: CallExchange): CallId[] {
  return exchange.created.map(({ callId }) => callId).filter((callId) => !exchange.endings.has(callId));
}

type Ending = (talk: Conversation, exchange: CallExchange) => readonly EndCause[] | Promise<readonly EndCause[]>;

/** Who ends it, and why the calls that lasted have ended then. */
const endings: Readonly<Record<string, Ending>> = {
  "the one at the near end hangs up": ({ near }) => {
    near.hangUp();
    return ["caller-hung-up"];
  },
  "the one at the far end hangs up": ({ near, far = near }) => {
    far.hangUp();
    return [far === near ? "caller-hung-up" : "callee-hung-up"];
  },
  "both hang up at once": ({ near, far = near }) => {
    far.hangUp();
    near.hangUp();
    return ["caller-hung-up", "callee-hung-up"];
  },
  "the API hangs up one of the calls": async (_talk, exchange) => {
    await exchange.calls.hangUp(callsLeft(exchange)[0]!, "api-hung-up");
    return ["api-hung-up"];
  },
  "the API hangs up the other one of the calls": async (_talk, exchange) => {
    await exchange.calls.hangUp(callsLeft(exchange).at(-1)!, "api-hung-up");
    return ["api-hung-up"];
  },
};

/** Ends a conversation; throws unless everybody in it is told and every call has one cause. */
async function endsCleanly(begin: (house: House) => Promise<Conversation>, end: Ending): Promise<void> {
  const house = await openHouse();
  const { exchange } = house;
  const talk = await begin(house);
  const lines = talk.far ? [talk.near, talk.far] : [talk.near];
  const left = callsLeft(exchange);
  expect(left).toHaveLength(lines.length);
  expect(lines.map((line) => line.end)).toEqual(lines.map(() => undefined));
  const causes = await end(talk, exchange);
  for (const line of lines) {
    await line.until("ended");
    expect(line.end?.cause).toBe("bye");
  }
  await exchange.empty();
  for (const callId of left) expect(causes).toContain(exchange.endings.get(callId));
  expectNothingLeft(house);
}

function expectNothingLeft({ exchange, a, b, c, d }: House): void {
  expect(exchange.endings.size).toBe(exchange.created.length);
  expect(exchange.endedTwice).toEqual([]);
  for (const { incoming } of [a, b, c, d]) expect(incoming.filter((line) => line.end === undefined)).toEqual([]);
}

describe("whoever ends it, nobody is left on the line, and every call has ended once", () => {
  test.each(Object.entries(conversations))("%s", async (_what, begin) => {
    const found = Object.entries(endings).map(async ([who, end]) => {
      const fault: unknown = await endsCleanly(begin, end).catch((error: unknown) => error);
      return [who, fault instanceof Error ? fault.message : "ok"];
    });
    expect(await Promise.all(found)).toEqual(Object.keys(endings).map((who) => [who, "ok"]));
  });
});

describe("somebody goes while another telephone is rung in its place", () => {
  async function rung(passes: "caller" | "callee") {
    const house = await openHouse();
    const { calling, called, caller, callee } = await joined(house.exchange, house.a, house.b);
    const [transferor, stays] = passes === "caller" ? [calling, called] : [called, calling];
    transferor.refer(house.c.name);
    return { house, transferor, stays, ids: [caller, callee], third: await house.c.rings() };
  }

  test.each(["caller", "callee"] as const)(
    "the one that the %s passes on hangs up: the other one stops ringing",
    async (who) => {
      const { house, transferor, stays, third, ids } = await rung(who);
      stays.hangUp();
      await Promise.all([transferor.until("ended"), third.until("ended")]);
      expect(third.end?.cause).toBe("cancelled");
      await house.exchange.empty();
      const cause = who === "caller" ? "callee-hung-up" : "caller-hung-up";
      expect(ids.map((id) => house.exchange.endings.get(id))).toEqual([cause, cause]);
      expectNothingLeft(house);
    },
  );

  test.each(["caller", "callee"] as const)(
    "the %s has hung up, then the one it passes on does: the other one stops ringing",
    async (who) => {
      const { house, transferor, stays, third, ids } = await rung(who);
      transferor.hangUp();
      await transferor.until("ended");
      stays.hangUp();
      await third.until("ended");
      expect(third.end?.cause).toBe("cancelled");
      await house.exchange.empty();
      const cause = who === "caller" ? "callee-hung-up" : "caller-hung-up";
      expect(ids.map((id) => house.exchange.endings.get(id))).toEqual([cause, cause]);
      expectNothingLeft(house);
    },
  );

  test.each(["caller", "callee"] as const)(
    "the one that the %s passes on hangs up as the other one answers: that one is hung up, too",
    async (who) => {
      const { house, transferor, stays, third } = await rung(who);
      third.answer();
      stays.hangUp();
      await Promise.all([transferor.until("ended"), third.until("ended")]);
      await house.exchange.empty();
      expectNothingLeft(house);
    },
  );

  test("an agent's call that the API puts through: the caller goes as the person answers, who is hung up", async () => {
    const house = await openHouse();
    const { exchange, a, b } = house;
    const { line, callId } = await exchange.withAgent(a);
    exchange.calls.transfers.start(callId, { to: b.name, mode: "blind" });
    const human = await b.rings();
    human.answer();
    line.hangUp();
    await human.until("ended");
    await exchange.empty();
    expect(exchange.endings.get(callId)).toBe("caller-hung-up");
    expectNothingLeft(house);
  });

  test.each(["first", "second"] as const)(
    "of two calls that a telephone joins, the one called in the %s hangs up at once: none is left over",
    async (who) => {
      const house = await openHouse();
      const { exchange, a, b, c } = house;
      const [first, second] = [await joined(exchange, a, b), await joined(exchange, a, c)];
      first.calling.refer(c.name, second.calling.replaces);
      const leaves = who === "first" ? first : second;
      leaves.called.hangUp();
      await leaves.called.until("ended");
      const isDecided = () => first.calling.transfer().endsWith("!") || first.calling.end !== undefined;
      await eventually("one of the two has come first", () => isDecided() || undefined, 3000);
      // Whichever came first: who is left has nobody to talk with but the one that joins.
      for (const line of [first.calling, second.calling, first.called, second.called]) line.hangUp();
      await exchange.empty();
      expectNothingLeft(house);
    },
  );
});
