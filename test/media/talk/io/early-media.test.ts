import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { pcmu8k } from "../../../../src/codecs/format.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import type { CallPlan, MediaEvent, MediaPlan } from "../../../../src/media/protocol.ts";
import { CallSession } from "../../../../src/media/talk/io/call-session.ts";
import { CallerEars } from "../../../../src/media/talk/io/caller-ears.ts";
import { RtpCalls } from "../../../../src/media/talk/io/rtp-calls.ts";
import { builtInMusic, ringback } from "../../../../src/media/talk/room-sounds.ts";
import { Rooms } from "../../../../src/media/talk/rooms.ts";
import { tone } from "../../../codecs/tone.ts";
import { eventually } from "../../../kit/gateway.ts";
import { toneAmplitude } from "../../../kit/room-party.ts";
import { openRtpPeer, type RtpPeer } from "../../../kit/rtp-peer.ts";

const log = createLogger("silent", "test");
let ears: CallerEars;
beforeAll(async () => {
  ears = await CallerEars.open(log, createMetrics());
  return () => ears.close();
});

function mediaFor({ port }: RtpPeer): MediaPlan {
  return {
    codecs: [{ payloadType: 0, format: pcmu8k, clockRateHz: 8000 }],
    events: [],
    comfortNoise: undefined,
    ptimeMs: 20,
    direction: "sendrecv",
    remote: { address: "127.0.0.1", port },
    remoteRtcp: undefined,
    rtcpMux: false,
    srtp: undefined,
    dtmfSend: "event",
    inbandDetection: false,
  };
}

/** RTP calls without agents, with rooms, ticking. */
class Plane {
  readonly events: MediaEvent[] = [];
  readonly rooms = new Rooms({ music: builtInMusic, ringback });
  readonly sessions = new Map<string, CallSession>();
  readonly metrics = createMetrics();
  readonly calls: RtpCalls;

  constructor(firstPort: number) {
    const report = (event: MediaEvent) => void this.events.push(event);
    this.calls = new RtpCalls({
      firstPort,
      lastPort: firstPort + 99,
      noRtpMs: 0,
      clock: systemClock,
      log,
      report,
      makeSession: (plan) => this.#session(plan, report),
      startSession: (session, _plan, leg, isEarly) => session.start(leg, undefined, isEarly),
    });
    const tick = setInterval(() => {
      this.calls.tick(systemClock.now());
      this.rooms.tick();
    }, 20);
    onTestFinished(() => {
      clearInterval(tick);
      for (const session of this.sessions.values()) session.end("gateway-stopped", "");
      this.calls.close();
    });
  }

  /** A call with ports, whose media have not begun. */
  async open(callId: string): Promise<void> {
    const addresses = { from: "+15550122", to: "+15550199", metadata: {} };
    const plan: CallPlan = { callId, carrier: "sip", ...addresses, agent: undefined, recordingPath: undefined };
    await this.calls.open(plan, "127.0.0.1");
  }

  join(callId: string): void {
    this.sessions.get(callId)?.joinRoom({ type: "join-room", callId, roomId: "room_1", hears: "room", agent: "none" });
  }

  of<Type extends MediaEvent["type"]>(type: Type): Extract<MediaEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<MediaEvent, { type: Type }> => event.type === type);
  }

  #session(plan: CallPlan, report: (event: MediaEvent) => void): CallSession {
    const session = new CallSession({
      plan,
      clock: systemClock,
      log,
      metrics: this.metrics,
      openedAt: systemClock.now(),
      ears,
      rooms: this.rooms,
      allowPrivateTargets: false,
      makeId: (kind) => `${kind}_1`,
      report,
      finished: () => this.calls.forget(plan.callId),
    });
    this.sessions.set(plan.callId, session);
    return session;
  }
}

describe("calls whose media begin before they are answered", () => {
  test("they hear each other in a room, and start, once, when they are answered", async () => {
    const plane = new Plane(42_400);
    const peers = [await openRtpPeer(), await openRtpPeer()] as const;
    for (const [n, peer] of peers.entries()) {
      await plane.open(`call_${n}`);
      plane.calls.begin(`call_${n}`, mediaFor(peer), true);
      plane.join(`call_${n}`);
    }
    void peers[1].say(tone(600, 8000, 8000 * 20, 4000));
    await eventually("the announcement is heard", () => {
      const level = toneAmplitude(peers[0].heard().slice(-4000), 600, 8000);
      return level > 3000 && level < 5000 ? true : undefined;
    });
    expect(plane.of("call-started")).toEqual([]);
    const { values } = await plane.metrics.callsStarted.get();
    expect(values).toEqual([]);
    plane.calls.answered("call_0");
    plane.calls.answered("call_0");
    expect(plane.of("call-started").map(({ callId }) => callId)).toEqual(["call_0"]);
  });

  test("one that is never answered ends with its cause, and lasted no time", async () => {
    const plane = new Plane(42_500);
    const peer = await openRtpPeer();
    await plane.open("call_0");
    plane.calls.begin("call_0", mediaFor(peer), true);
    await eventually("media flow", () => (peer.packets() > 5 ? true : undefined));
    expect(plane.calls.hangUpUnstarted("call_0", "call-refused")).toBe(false);
    plane.sessions.get("call_0")?.end("call-refused", "");
    await eventually("it has ended", () => plane.of("call-ended")[0]);
    expect(plane.of("call-ended")).toMatchObject([{ callId: "call_0", cause: "call-refused", durationMs: 0 }]);
    expect(plane.of("call-started")).toEqual([]);
    plane.calls.answered("call_0");
    expect(plane.of("call-started")).toEqual([]);
  });
});
