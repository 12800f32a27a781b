import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import type { CallPlan, MediaEvent } from "../../../../src/media/protocol.ts";
import { type MediaPlane, startMediaPlane } from "../../../../src/media/talk/io/media-plane.ts";
import { quietAgent } from "../../../kit/conversation-call.ts";
import { eventually } from "../../../kit/gateway.ts";

const greeting = "This is the harbour office.";

function plan(callId: string, more: Partial<CallPlan>): CallPlan {
  return {
    callId,
    carrier: "internal",
    from: "+15550100",
    to: "+15550101",
    metadata: {},
    agent: undefined,
    recordingPath: undefined,
    ...more,
  };
}

async function mediaPlane(): Promise<{ plane: MediaPlane; events: MediaEvent[] }> {
  const events: MediaEvent[] = [];
  const plane = await startMediaPlane({
    ws: { engine: "ws", host: "127.0.0.1", port: 0, sharedServer: undefined },
    noRtpMs: 0,
    rtpPorts: { firstPort: 42_300, lastPort: 42_399 },
    maxCalls: 10,
    holdMusic: "",
    providers: {
      openaiApiKey: "",
      openaiBaseUrl: "https://api.openai.com/v1",
      realtimeModel: "",
      realtimeTranscriptionModel: "",
      realtimeDialect: "ga",
      chatModel: "",
      sttModel: "local",
      ttsModel: "local",
      allowPrivateTargets: false,
    },
    clock: systemClock,
    log: createLogger("silent", "test"),
    metrics: createMetrics(),
    report: (event) => events.push(event),
  });
  onTestFinished(() => plane.close());
  return { plane, events };
}

describe("media plane", () => {
  test("two numbers of ours: an agent calls an echo, both go to a room and back, and one hangs up on the other", async () => {
    const { plane, events } = await mediaPlane();
    const of = <Type extends MediaEvent["type"]>(type: Type) =>
      events.filter((event): event is Extract<MediaEvent, { type: Type }> => event.type === type);
    const agent = {
      ...quietAgent,
      provider: "local" as const,
      firstMessage: greeting,
      turn: { nudgeAfterMs: 0, interruptible: false },
    };
    plane.command({ type: "open-pair", plans: [plan("call_1", { agent }), plan("call_2", { echo: true })] });
    expect(of("call-started").map(({ callId }) => callId)).toEqual(["call_1", "call_2"]);
    const said = await eventually("the greeting", () =>
      of("utterance").find(({ utterance }) => utterance.role === "agent"),
    );
    expect([said.callId, said.utterance.text]).toEqual(["call_1", greeting]);

    plane.command({ type: "join-room", callId: "call_1", roomId: "room_1", hears: "music", agent: "suspended" });
    plane.command({ type: "leave-room", callId: "call_1", note: "Nobody answered there." });
    const note = await eventually("the note", () =>
      of("utterance").find(({ utterance }) => utterance.text === "Nobody answered there."),
    );
    expect(note.utterance.role).toBe("agent");
    expect(of("room-changed").map(({ callId, roomId }) => [callId, roomId])).toEqual([
      ["call_1", "room_1"],
      ["call_1", null],
    ]);

    plane.command({ type: "hang-up", callId: "call_2", cause: "api-hung-up", afterPlayout: false });
    await eventually("both ends", () => of("call-ended").at(1));
    expect(of("call-ended").map(({ callId, cause }) => [callId, cause])).toEqual([
      ["call_2", "api-hung-up"],
      ["call_1", "callee-hung-up"],
    ]);
    expect(of("call-ended")[0]?.stats.framesOut).toBeGreaterThan(0);
  });

  test("a drain waits for calls that ring, and have no media yet", async () => {
    const { plane, events } = await mediaPlane();
    let isDrained = false;
    void plane.drained.then(() => {
      isDrained = true;
    });
    plane.command({ type: "open-rtp", plan: plan("call_1", {}), address: "127.0.0.1" });
    plane.command({ type: "drain" });
    await eventually("its port", () => events.find(({ type }) => type === "rtp-opened"));
    expect(isDrained).toBe(false);
    plane.command({ type: "hang-up", callId: "call_1", cause: "cancelled", afterPlayout: false });
    await plane.drained;
    expect(events.at(-1)).toMatchObject({ type: "call-ended", cause: "cancelled" });
  });

  test("commands for a call that is gone do nothing", async () => {
    const { plane, events } = await mediaPlane();
    plane.command({ type: "join-room", callId: "call_9", roomId: "room_1", hears: "room", agent: "none" });
    plane.command({ type: "leave-room", callId: "call_9" });
    expect(events).toEqual([]);
  });
});
