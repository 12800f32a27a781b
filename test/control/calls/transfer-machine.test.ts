import { describe, expect, test } from "vitest";
import {
  type TransferInput,
  TransferMachine,
  type TransferOrder,
  type TransferPlan,
} from "../../../src/control/calls/transfer-machine.ts";

const blind: TransferPlan = {
  mode: "blind",
  agentAfter: "leaves",
  briefing: "",
  confirm: "none",
  briefingTimeoutMs: 60_000,
  returnsTo: "agent",
};
const attended: TransferPlan = { ...blind, mode: "attended", briefing: "Ada calls about her invoice." };

/** Orders in short: what kind, and what is peculiar to them. */
function short(order: TransferOrder): string {
  switch (order.type) {
    case "caller":
      return `caller hears ${order.hears}, agent ${order.agent}`;
    case "hang-up-callee":
    case "hang-up-caller":
      return `${order.type} ${order.cause}`;
    case "news":
      return `news ${order.state}${order.cause ? ` ${order.cause}` : ""}`;
    default:
      return order.type;
  }
}

/** A machine that was given some inputs; what it ordered at the last one. */
function given(plan: Partial<TransferPlan>, ...inputs: (TransferInput["type"] | TransferInput | "timeout")[]) {
  const machine = new TransferMachine({ ...blind, ...plan });
  let orders: readonly TransferOrder[] = [];
  for (const input of inputs) {
    orders = machine.handle(typeof input === "string" ? ({ type: input } as TransferInput) : input, 0);
  }
  return { machine, orders: orders.map(short), last: orders };
}

const rings = ["start", "callee-called"] as const;
const briefed = [...rings, "callee-answered"] as const;
const failed = (calleeCause: string, cause: string) => [
  `hang-up-callee ${calleeCause}`,
  `news failed ${cause}`,
  "agent-returns",
  "forget",
];

describe("transfer: blind", () => {
  test("begins with ringback for the caller and an agent that waits", () => {
    expect(given(blind, "start").orders).toEqual(["caller hears ringback, agent suspended", "dial"]);
    expect(given(blind, ...rings).orders).toEqual(["news ringing"]);
  });

  test("the callee answers: both are in the room at once, and the agent leaves or listens", () => {
    expect(given(blind, ...rings, "callee-answered").orders).toEqual([
      "callee-joins",
      "caller hears room, agent leaves",
      "joined",
      "news completed",
      "forget",
    ]);
    const listening = given({ agentAfter: "listens" }, ...rings, "callee-answered");
    expect(listening.orders[1]).toBe("caller hears room, agent listens");
  });

  test.each([
    ["busy", "the line is busy"],
    ["no-answer", "nobody answered"],
    ["call-refused", "the call was refused"],
    ["call-unreachable", "the number cannot be reached"],
    ["internal-error", "the person could not be reached"],
  ] as const)("the call to the callee ends as %s: the agent has the caller back and is told that %s", (cause, why) => {
    const { orders, last } = given(blind, ...rings, { type: "callee-ended", cause });
    expect(orders).toEqual(failed("cancelled", cause));
    expect(last.find(({ type }) => type === "agent-returns")).toMatchObject({ note: expect.stringContaining(why) });
  });

  test("without an agent to take the caller back, the caller's call ends for the same reason", () => {
    const { orders } = given({ returnsTo: "nobody" }, ...rings, { type: "callee-ended", cause: "busy" });
    expect(orders).toEqual(["hang-up-callee cancelled", "news failed busy", "hang-up-caller busy", "forget"]);
  });

  test("one that talked with another one has that one back", () => {
    const { orders, last } = given({ returnsTo: "partner" }, ...rings, { type: "callee-ended", cause: "busy" });
    expect(orders).toEqual(["hang-up-callee cancelled", "news failed busy", "partner-returns", "forget"]);
    expect(last[2]).toEqual({ type: "partner-returns", cause: "busy" });
  });

  test("the caller's network has joined the two: the caller's call ends as transferred", () => {
    expect(given(blind, ...rings, "handed-over").orders).toEqual([
      "news completed",
      "hang-up-caller transferred",
      "forget",
    ]);
  });

  test.each(["agent-spoke", "complete", "timeout", { type: "callee-pressed", key: "1" }] as const)(
    "%j while it rings changes nothing",
    (input) => {
      expect(given(blind, ...rings, input as TransferInput).orders).toEqual([]);
    },
  );
});

describe("transfer: attended", () => {
  test("the caller hears music while it rings, and while the agent briefs the callee", () => {
    expect(given(attended, "start").orders[0]).toBe("caller hears music, agent suspended");
    const { orders, last } = given(attended, ...briefed);
    expect(orders).toEqual(["callee-joins", "caller hears music, agent speaks", "news briefing"]);
    expect(last[1]).toMatchObject({ instruct: "Ada calls about her invoice." });
  });

  test("the agent tells the briefing; with a key it tells which one takes the call", () => {
    const [, plain] = given(attended, ...briefed).last;
    expect(plain).toMatchObject({ instruct: "Ada calls about her invoice." });
    const [, keyed] = given({ ...attended, confirm: "key" }, ...briefed).last;
    expect(keyed).toMatchObject({ instruct: expect.stringMatching(/^Ada .* Press 1 .* 2 /) });
  });

  test.each(["agent-spoke", "complete"] as const)("%s joins the two", (input) => {
    expect(given(attended, ...briefed, input).orders).toEqual([
      "caller hears room, agent leaves",
      "joined",
      "news completed",
      "forget",
    ]);
  });

  test("with a key: neither the briefing's end nor any other key joins them, 1 does, 2 refuses", () => {
    const keyed = { ...attended, confirm: "key" } as const;
    const press = (key: string) => given(keyed, ...briefed, { type: "callee-pressed", key }).orders;
    expect(given(keyed, ...briefed, "agent-spoke").orders).toEqual([]);
    expect(press("5")).toEqual([]);
    expect(press("1")).toContain("joined");
    expect(press("2")).toEqual(failed("call-refused", "call-refused"));
  });

  test("without a key 1 and 2 mean nothing", () => {
    for (const key of ["1", "2"]) {
      expect(given(attended, ...briefed, { type: "callee-pressed", key }).orders).toEqual([]);
    }
  });

  test("the callee hangs up in the briefing: the agent returns", () => {
    const { orders } = given(attended, ...briefed, { type: "callee-ended", cause: "callee-hung-up" });
    expect(orders).toEqual(failed("callee-hung-up", "callee-hung-up"));
  });

  test("nothing happens for the time of the briefing: the callee, who had answered, is hung up", () => {
    const { machine } = given(attended, ...briefed);
    expect(machine.deadline).toBe(60_000);
    const { orders } = given(attended, ...briefed, "timeout" as "start");
    expect(orders).toEqual(failed("no-answer", "no-answer"));
  });

  test("called off: what rings is given up, what was answered is hung up", () => {
    expect(given(attended, ...rings, "cancel").orders).toEqual(failed("cancelled", "cancelled"));
    expect(given(attended, ...briefed, "cancel").orders).toEqual(failed("api-hung-up", "cancelled"));
  });

  test("no deadline is left behind, however it goes on", () => {
    for (const input of ["complete", "cancel", { type: "caller-ended", cause: "caller-hung-up" }] as const) {
      expect(given(attended, ...briefed, input).machine.deadline).toBeUndefined();
    }
  });
});

describe("transfer: endings", () => {
  test("the caller hangs up: a callee that rings is given up, one that answered is hung up", () => {
    const ended = { type: "caller-ended", cause: "caller-hung-up" } as const;
    expect(given(blind, ...rings, ended).orders).toEqual(["hang-up-callee cancelled", "forget"]);
    expect(given(attended, ...briefed, ended).orders).toEqual(["hang-up-callee caller-hung-up", "forget"]);
  });

  test("once both talk, their ends are not its business any more", () => {
    const cause = "callee-hung-up";
    expect(given(blind, ...briefed, { type: "callee-ended", cause }).orders).toEqual([]);
    expect(given(blind, ...briefed, { type: "caller-ended", cause }).orders).toEqual([]);
  });

  test("after its end nothing is ordered, whatever comes late", () => {
    const late: TransferInput["type"][] = ["callee-called", "callee-answered", "agent-spoke", "complete", "cancel"];
    const { machine } = given(blind, ...rings, "cancel");
    for (const type of late) expect(machine.handle({ type } as TransferInput, 0)).toEqual([]);
    expect(machine.handle({ type: "caller-ended", cause: "caller-hung-up" }, 0)).toEqual([]);
    expect(machine.handle({ type: "timeout" }, 0)).toEqual([]);
  });

  test("a second start, a call that answers twice and a late hand-over change nothing", () => {
    expect(given(blind, "start", "start").orders).toEqual([]);
    expect(given(blind, ...briefed, "callee-answered").orders).toEqual([]);
    expect(given(blind, ...briefed, "handed-over").orders).toEqual([]);
    expect(given(blind, ...briefed, "cancel").orders).toEqual([]);
  });
});
