import pino from "pino";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import type { CallPlan, MediaEvent } from "../../../../src/media/protocol.ts";
import { RtpCalls } from "../../../../src/media/talk/io/rtp-calls.ts";

const plan: CallPlan = {
  callId: "call_00000000000000000000000001",
  carrier: "sip",
  from: "+15550122",
  to: "+15550100",
  metadata: {},
  recordingPath: undefined,
  agent: {
    agentId: "agent_1",
    name: "Test",
    provider: "local",
    model: undefined,
    voice: undefined,
    language: "en-US",
    instructions: "",
    firstMessage: undefined,
    tools: [],
    transfers: [],
    turn: {},
    maxDurationMs: 60_000,
    webhook: undefined,
  },
};

function rtpCalls(firstPort: number, lastPort: number) {
  const events: MediaEvent[] = [];
  const calls = new RtpCalls({
    firstPort,
    lastPort,
    noRtpMs: 0,
    clock: systemClock,
    log: pino({ level: "silent" }),
    report: (event) => events.push(event),
    makeSession: () => {
      throw new Error("no call is answered here");
    },
    startSession: () => {},
  });
  return { calls, events };
}

describe("RTP calls", () => {
  test("a port is there for the SDP before the call is answered; hung up then, the call ends with the cause and its port is closed", async () => {
    const { calls, events } = rtpCalls(42_000, 42_099);
    await calls.open(plan, "127.0.0.1");
    expect(events).toMatchObject([{ type: "rtp-opened", callId: plan.callId }]);
    expect(calls.hangUpUnstarted(plan.callId, "caller-hung-up")).toBe(true);
    expect(events[1]).toMatchObject({ type: "call-ended", cause: "caller-hung-up", durationMs: 0 });
    expect(calls.hangUpUnstarted(plan.callId, "caller-hung-up")).toBe(false);
  });

  test("hung up while its port is being taken: the call ends, once, and no port is told", async () => {
    const { calls, events } = rtpCalls(42_100, 42_199);
    const opening = calls.open(plan, "127.0.0.1");
    expect(calls.hangUpUnstarted(plan.callId, "caller-hung-up")).toBe(true);
    await opening;
    expect(events).toMatchObject([{ type: "call-ended", cause: "caller-hung-up" }]);
  });

  test("without a free port the call ends and says which setting to look at", async () => {
    const { calls, events } = rtpCalls(42_200, 42_203);
    for (let i = 0; i < 3; i++) await calls.open({ ...plan, callId: `${plan.callId.slice(0, -1)}${i}` }, "127.0.0.1");
    expect(events.at(-1)).toMatchObject({ type: "call-ended", cause: "internal-error" });
    expect(events.at(-1)).toMatchObject({ detail: expect.stringContaining("TANDEM_RTP_PORTS") });
    calls.close();
  });
});
