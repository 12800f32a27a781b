/** What becomes of telephones' calls before somebody hangs up: every kind of transfer at our exchange. */
import { expect } from "vitest";
import type { CallId } from "../../src/kit/ids.ts";
import { CallExchange } from "./call-exchange.ts";
import { eventually } from "./gateway.ts";
import type { Telephone, TelephoneLine } from "./telephone.ts";
import { joined, mediaAt, told } from "./telephone-talks.ts";

/** Those who talk after something was done to their calls. */
export interface Conversation {
  /** At the caller's end of the conversation, and at the callee's; an agent is at neither. */
  readonly near: TelephoneLine;
  readonly far?: TelephoneLine;
}

/** An exchange with four telephones, 101 to 104. */
export interface House {
  readonly exchange: CallExchange;
  readonly a: Telephone;
  readonly b: Telephone;
  readonly c: Telephone;
  readonly d: Telephone;
}

/** Opens one. */
export async function openHouse(): Promise<House> {
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

/** By what was done: who calls whom, and the changes until two talk. */
export const conversations: Readonly<Record<string, (house: House) => Promise<Conversation>>> = {
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
