import { describe, expect, test } from "vitest";
import { CallMachine, defaultCallMachineOptions as options } from "../../../src/control/calls/call-machine.ts";

const offer = { type: "stream-offered", processId: 1, connectionId: "conn_1" } as const;

/** A call brought to a state. */
function callIn(state: "ringing" | "accepting" | "in-progress" | "ending"): CallMachine {
  const call = new CallMachine(options, 0);
  if (state !== "ringing") call.handle(offer, 10);
  if (state === "in-progress" || state === "ending") call.handle({ type: "media-started" }, 20);
  if (state === "ending") call.handle({ type: "hang-up", cause: "api-hung-up" }, 30);
  expect(call.state).toBe(state);
  return call;
}

describe("call machine", () => {
  test("a stream with the call's token is accepted at the process where it came in", () => {
    const call = callIn("ringing");
    expect(call.handle(offer, 10)).toEqual([{ type: "accept-stream", processId: 1, connectionId: "conn_1" }]);
    call.handle({ type: "media-started" }, 20);
    expect(call.state).toBe("in-progress");
    expect(call.deadline).toBeUndefined();
  });

  test("no stream within 60 s: the call ends as setup-timeout", () => {
    const call = callIn("ringing");
    expect(call.deadline).toBe(60_000);
    expect(call.handle({ type: "timeout" }, 60_000)).toMatchObject([
      { type: "write-ending", cause: "setup-timeout" },
      { type: "forget" },
    ]);
  });

  test("a new ticket for a call that rings gives it another 60 s", () => {
    const call = callIn("ringing");
    call.extendSetup(5_000);
    expect(call.deadline).toBe(65_000);
  });

  test("a second stream for the same call is refused and changes nothing", () => {
    for (const state of ["accepting", "in-progress", "ending"] as const) {
      const call = callIn(state);
      expect(call.handle({ ...offer, connectionId: "conn_2" }, 40)).toMatchObject([
        { type: "refuse-stream", connectionId: "conn_2" },
      ]);
      expect(call.state).toBe(state);
    }
  });

  test("a hang-up while it rings ends it at once; in progress it waits for the media's own report", () => {
    expect(callIn("ringing").handle({ type: "hang-up", cause: "api-hung-up" }, 5)).toMatchObject([
      { type: "write-ending", cause: "api-hung-up" },
      { type: "forget" },
    ]);
    const call = callIn("in-progress");
    expect(call.handle({ type: "hang-up", cause: "api-hung-up" }, 30)).toEqual([
      { type: "hang-up-media", processId: 1, cause: "api-hung-up" },
    ]);
    expect(call.handle({ type: "media-ended" }, 40)).toEqual([{ type: "forget" }]);
    expect(call.state).toBe("ended");
  });

  test("a media process that does not confirm the end in time: the ending is written with the cause that was wanted", () => {
    const call = callIn("ending");
    expect(call.handle({ type: "timeout" }, call.deadline ?? 0)).toMatchObject([
      { type: "write-ending", cause: "api-hung-up" },
      { type: "forget" },
    ]);
  });

  test("the media process dies: the call ends with that cause, in every state that has one", () => {
    for (const state of ["accepting", "in-progress", "ending"] as const) {
      expect(callIn(state).handle({ type: "process-died" }, 50)).toMatchObject([
        { type: "write-ending", cause: "media-process-died" },
        { type: "forget" },
      ]);
    }
  });

  test("an accepted stream whose media never begins is hung up", () => {
    const call = callIn("accepting");
    expect(call.handle({ type: "timeout" }, call.deadline ?? 0)).toEqual([
      { type: "hang-up-media", processId: 1, cause: "setup-timeout" },
    ]);
  });

  test("whatever comes in whatever order, a call has at most one ending and every state but the last has a way out", () => {
    const inputs = [
      offer,
      { type: "media-started" },
      { type: "media-ended" },
      { type: "hang-up", cause: "api-hung-up" },
      { type: "process-died" },
      { type: "timeout" },
    ] as const;
    let seed = 7;
    for (let run = 0; run < 2000; run++) {
      const call = new CallMachine(options, 0);
      let endings = 0;
      for (let step = 0; step < 12; step++) {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        const input = inputs[Math.floor((seed / 2147483648) * inputs.length)] ?? offer;
        for (const order of call.handle(input, step * 100)) if (order.type === "forget") endings++;
        const held = call.state === "in-progress";
        expect(call.state === "ended" || held || call.deadline !== undefined).toBe(true);
      }
      expect(endings).toBe(call.state === "ended" ? 1 : 0);
    }
  });
});
