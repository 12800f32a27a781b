import pino from "pino";
import { describe, expect, test } from "vitest";
import { pcmu8k } from "../../../../src/codecs/format.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import type { CallPlan, MediaEvent, MediaPlan } from "../../../../src/media/protocol.ts";
import type { CallSession } from "../../../../src/media/talk/io/call-session.ts";
import { RtpCalls, type RtpCallsOptions } from "../../../../src/media/talk/io/rtp-calls.ts";

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

const media: MediaPlan = {
  codecs: [{ payloadType: 0, format: pcmu8k, clockRateHz: 8000 }],
  events: [],
  comfortNoise: undefined,
  ptimeMs: 20,
  direction: "sendrecv",
  remote: undefined,
  remoteRtcp: undefined,
  rtcpMux: true,
  srtp: undefined,
  dtmfSend: "event",
  inbandDetection: false,
};

function rtpCalls(firstPort: number, lastPort: number, parts: Partial<RtpCallsOptions> = {}) {
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
    ...parts,
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

  test.each(["begin", "change", "tick"] as const)(
    "a rule broken in %s of one call ends that call, and no other",
    async (broken) => {
      const endings: string[] = [];
      const { calls } = rtpCalls(42_400, 42_499, {
        makeSession: ({ callId }) => {
          const end = (cause: string) => void endings.push(`${callId} ${cause}`);
          return { legEvents: {}, end } as unknown as CallSession;
        },
        startSession: (_session, { callId }, leg) => {
          if (callId === "call_1" && broken === "tick") {
            leg.tick = () => {
              throw new Error("broken");
            };
          }
        },
      });
      for (const callId of ["call_1", "call_2"]) {
        await calls.open({ ...plan, callId }, "127.0.0.1");
        calls.begin(callId, callId === "call_1" && broken === "begin" ? { ...media, codecs: [] } : media, false);
      }
      if (broken === "change") calls.change("call_1", { ...media, codecs: [] });
      calls.tick(systemClock.now());
      expect(endings).toEqual(["call_1 internal-error"]);
      calls.close();
    },
  );
});
