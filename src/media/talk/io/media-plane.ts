import type { Server } from "node:net";
import type { Clock } from "../../../kit/clock.ts";
import { makeId } from "../../../kit/ids.ts";
import { systemRandom } from "../../../kit/io/random.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { CallLeg } from "../../leg.ts";
import type { CallPlan, MediaCommand, MediaEvent } from "../../protocol.ts";
import { startStreamServer } from "../../streams/io/stream-server.ts";
import { PairLeg } from "../pair-leg.ts";
import { ringback } from "../room-sounds.ts";
import { Rooms } from "../rooms.ts";
import { AiProviders, type ProviderSettings } from "./ai-providers.ts";
import { CallSession } from "./call-session.ts";
import { CallerEars } from "./caller-ears.ts";
import { loadHoldMusic } from "./hold-music.ts";
import { RoomLinks } from "./room-links.ts";
import { RtpCalls } from "./rtp-calls.ts";
import { startTick } from "./tick.ts";

export interface MediaPlaneOptions {
  readonly ws: {
    readonly engine: "auto" | "uws" | "ws";
    readonly host: string;
    readonly port: number;
    readonly sharedServer: Server | undefined;
    /** A socket silent for this long is given up; undefined: the default of `defaultStreamWsLimits`. */
    readonly idleTimeoutMs?: number;
  };
  /** A call that brings no RTP for this long is told of; 0: never. */
  readonly noRtpMs: number;
  /** This process's share of the RTP ports, both included. */
  readonly rtpPorts: { readonly firstPort: number; readonly lastPort: number };
  readonly maxCalls: number;
  /** Path of a WAV; "": the built-in music. */
  readonly holdMusic: string;
  readonly providers: ProviderSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly report: (event: MediaEvent) => void;
}

/** A running media plane: what a media process is made of, or a test in one process. */
export interface MediaPlane {
  readonly port: number;
  readonly engine: string;
  command(command: MediaCommand): void;
  /** Resolves when a drain was asked for and the last call has ended. */
  readonly drained: Promise<void>;
  close(): Promise<void>;
}

/** Sockets beyond the calls held, so that a refusal can still be said. */
const connectionSlack = 64;
/** How long the calls cut off by a close may take to finish their recordings. */
const closeTimeoutMs = 2_000;

/** Opens the carriers' port and holds the calls that come in by it. */
export async function startMediaPlane(options: MediaPlaneOptions): Promise<MediaPlane> {
  const { clock, log, metrics, report } = options;
  const sessions = new Map<string, CallSession>();
  const providers = await AiProviders.open(options.providers, clock, log);
  const ears = await CallerEars.open(log, metrics);
  const rooms = new Rooms({ music: await loadHoldMusic(options.holdMusic, log), ringback });
  const links = new RoomLinks({ rooms, log, metrics, report });
  const pairLegs = new Set<PairLeg>();
  let draining = false;
  let closed = false;
  let setDrained: () => void = () => {};
  const drained = new Promise<void>((resolve) => {
    setDrained = resolve;
  });

  const streams = await startStreamServer(
    {
      ws: { ...options.ws, maxConnections: options.maxCalls + connectionSlack },
    },
    {
      offered: (connectionId, offer) => {
        if (sessions.size >= options.maxCalls) {
          metrics.streamsRefused.inc({ reason: "full" });
          streams.refuse(connectionId, "this media process is full");
          return;
        }
        report({ type: "stream-offered", connectionId, offer });
      },
      withdrawn: (connectionId) => report({ type: "stream-withdrawn", connectionId }),
      refused: (reason) => metrics.streamsRefused.inc({ reason }),
      ignored: () => metrics.ignoredMessages.inc({ source: "carrier" }),
      fault: (kind) => metrics.errors.inc({ kind: `stream-${kind}` }),
      failed: (_connectionId, error) => log.error({ err: error }, "internal error on a stream; its call ends"),
    },
  );

  /** Calls that ring have no session yet; they may still be answered, and are told of when not. */
  function checkDrained(): void {
    if (draining && sessions.size === 0 && rtpCalls.size === 0) setDrained();
  }

  function makeSession(plan: CallPlan, openedAt: number): CallSession {
    const session = new CallSession({
      plan,
      clock,
      log: log.child({ callId: plan.callId }),
      metrics,
      openedAt,
      ears,
      rooms,
      allowPrivateTargets: options.providers.allowPrivateTargets,
      makeId: (kind) => makeId(kind, systemRandom),
      report,
      finished: () => {
        sessions.delete(plan.callId);
        rtpCalls.forget(plan.callId);
        metrics.callsActive.set(sessions.size);
        checkDrained();
      },
    });
    sessions.set(plan.callId, session);
    metrics.callsActive.set(sessions.size);
    return session;
  }

  function startSession(session: CallSession, plan: CallPlan, leg: CallLeg, isEarly = false): void {
    try {
      const { agent } = plan;
      session.start(leg, agent && providers.create(plan, agent, leg, session.aiSink, log), isEarly);
    } catch (error) {
      log.error({ err: error, callId: plan.callId }, "the call could not be set up");
      leg.close();
      session.end("internal-error", "the call could not be set up");
    }
  }

  const rtpCalls = new RtpCalls({
    ...options.rtpPorts,
    noRtpMs: options.noRtpMs,
    clock,
    log,
    report: (event) => {
      report(event);
      if (event.type === "call-ended") checkDrained();
    },
    makeSession: (plan) => makeSession(plan, clock.now()),
    startSession,
  });

  /** No await from here to the leg's first audio, so that none of it is missed. */
  function accept(connectionId: string, plan: CallPlan): void {
    const session = makeSession(plan, streams.openedAt(connectionId) ?? clock.now());
    const leg = streams.accept(connectionId, session.legEvents);
    if (!leg) {
      session.end("connection-lost", "the stream went away before it was accepted");
      return;
    }
    startSession(session, plan, leg);
  }

  function openPair(plans: readonly [CallPlan, CallPlan]): void {
    const legs = PairLeg.pair();
    for (const side of [0, 1] as const) {
      const leg = legs[side];
      const plan: CallPlan = { direction: side === 0 ? "outbound" : "inbound", ...plans[side] };
      const session = makeSession(plan, clock.now());
      pairLegs.add(leg);
      leg.begin(session.legEvents);
      startSession(session, plan, leg);
    }
  }

  const tick = startTick({
    clock,
    slot: (now) => {
      rtpCalls.tick(now);
      for (const leg of pairLegs) {
        leg.tick();
        if (leg.closed) pairLegs.delete(leg);
      }
      // The legs have brought what the rooms mix; the agents' next words are due after that.
      rooms.tick();
      // One call's broken rule must not take the others' tick.
      for (const session of sessions.values()) session.tick(now);
      ears.tick();
    },
    late: (lateMs) => metrics.tickLateSeconds.observe(lateMs / 1000),
  });

  return {
    port: streams.port,
    engine: streams.engine,
    drained,
    command(command) {
      switch (command.type) {
        case "accept-stream":
          accept(command.connectionId, command.plan);
          break;
        case "refuse-stream":
          streams.refuse(command.connectionId, command.reason);
          break;
        case "open-rtp":
          void rtpCalls.open(command.plan, command.address);
          break;
        case "begin-rtp":
          rtpCalls.begin(command.callId, command.media, command.early === true);
          break;
        case "answer-rtp":
          rtpCalls.answered(command.callId);
          break;
        case "change-rtp":
          rtpCalls.change(command.callId, command.media);
          break;
        case "info-key":
          rtpCalls.infoKey(command.callId, command.key);
          break;
        case "say":
          sessions.get(command.callId)?.say(command.text);
          break;
        case "send-dtmf":
          sessions.get(command.callId)?.sendDtmf(command.digits);
          break;
        case "hang-up":
          if (rtpCalls.hangUpUnstarted(command.callId, command.cause)) break;
          if (command.afterPlayout) sessions.get(command.callId)?.leave(command.cause);
          else sessions.get(command.callId)?.end(command.cause, "");
          break;
        case "join-room":
          sessions.get(command.callId)?.joinRoom(command);
          break;
        case "leave-room":
          sessions.get(command.callId)?.leaveRoom(command.note);
          break;
        case "answer-transfer":
          sessions.get(command.callId)?.transferAnswered(command.toolCallId, command.refusal);
          break;
        case "open-link":
          links.open(command);
          break;
        case "connect-link":
          links.connect(command);
          break;
        case "close-link":
          links.close(command.linkId);
          break;
        case "open-pair":
          openPair(command.plans);
          break;
        case "drain":
          draining = true;
          streams.stopAccepting();
          checkDrained();
          break;
        case "report-metrics":
          void metrics.registry
            .getMetricsAsJSON()
            .then((json) => report({ type: "metrics", requestId: command.requestId, metrics: json }));
          break;
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      draining = true;
      for (const session of [...sessions.values()]) session.end("gateway-stopped", "");
      if (sessions.size === 0) setDrained();
      tick.close();
      rtpCalls.close();
      links.closeAll();
      await streams.close();
      // Each recording still has its last second to write; a disk that hangs does not hold the process.
      const ended = Promise.all([drained, ears.close()]);
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, closeTimeoutMs).unref())]);
    },
  };
}
