import { describe, expect, test } from "vitest";
import type { CallId } from "../../../../src/kit/ids.ts";
import type { EndCause } from "../../../../src/media/protocol.ts";
import type { CallExchange } from "../../../kit/call-exchange.ts";
import { eventually } from "../../../kit/gateway.ts";
import { joined } from "../../../kit/telephone-talks.ts";
import { type Conversation, conversations, type House, openHouse } from "../../../kit/telephone-transfers.ts";

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
