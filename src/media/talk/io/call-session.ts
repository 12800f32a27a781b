import type { Clock } from "../../../kit/clock.ts";
import type { IdKind } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { AiSession, AiSink } from "../../ai/session.ts";
import type { CallLeg, LegEndReason, LegEvents } from "../../leg.ts";
import type { CallPlan, CallStats, EndCause, MediaCommand, MediaEvent } from "../../protocol.ts";
import { Closers } from "../closers.ts";
import type { ConversationNews } from "../conversation.ts";
import type { Rooms } from "../rooms.ts";
import { measureNews } from "./call-measures.ts";
import { CallParties } from "./call-parties.ts";
import { CallRecording } from "./call-recording.ts";
import type { CallerEars } from "./caller-ears.ts";

export interface CallSessionOptions {
  readonly plan: CallPlan;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Monotonic ms of the carrier's upgrade, for the set-up time. */
  readonly openedAt: number;
  readonly ears: CallerEars;
  readonly rooms: Rooms;
  /** Tools may be at private addresses and plain http. */
  readonly allowPrivateTargets: boolean;
  readonly makeId: (kind: IdKind) => string;
  readonly report: (event: MediaEvent) => void;
  /** The call is over and everything of it is closed. */
  readonly finished: () => void;
  /** How long the recording may take to be finished; after that the call ends without it. */
  readonly recordingCloseMs?: number;
}

/** How the leg's own end is named. */
const legEndCauses = {
  "hung-up": "caller-hung-up",
  "connection-lost": "connection-lost",
  "not-reading": "peer-not-reading",
  "protocol-error": "protocol-error",
} as const satisfies Record<LegEndReason, EndCause>;

/** Less than the control plane's patience with a call that was told to end. */
const recordingCloseMs = 10_000;
/** Longest a call lasts that nobody set a length for. */
const maxDurationMs = 4 * 3_600_000;

/**
 * The shell of one call: owns its leg, recording and agent, and closes them all when it ends. An agent may leave before
 * that, or there is none from the beginning: then the call waits in silence for a room to join, or hears its own echo.
 */
export class CallSession {
  readonly #options: CallSessionOptions;
  readonly #closers: Closers;
  readonly #stats = { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 };
  readonly #maxDurationMs: number;
  #parties: CallParties | undefined;
  #recording: CallRecording | undefined;
  #startedAt: number;
  /** Media flow, but nobody has answered. */
  #isEarly = false;
  #ended = false;
  #endedAt = 0;

  constructor(options: CallSessionOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    const { plan } = options;
    this.#maxDurationMs = plan.maxDurationMs ?? plan.agent?.maxDurationMs ?? maxDurationMs;
    this.#closers = new Closers((error) => this.#closeFailed(error));
  }

  /** What the leg is to call. */
  readonly legEvents: LegEvents = {
    audio: (payload) => {
      // By hand, for there are many of these: no closure a frame.
      if (this.#ended) return;
      try {
        this.#parties?.line.fromLeg(payload);
      } catch (error) {
        this.#broken(error);
      }
    },
    dtmf: (digit) => this.#guard(() => this.#parties?.key(digit)),
    mark: (name) => this.#guard(() => this.#parties?.line.mark(name)),
    ended: (reason) => this.end(this.#causeOf(reason), ""),
  };

  /** What the AI session is to call. */
  readonly aiSink: AiSink = {
    event: (event) => this.#guard(() => this.#parties?.agent?.aiEvent(event, this.#now())),
    agentAudio: (responseId, itemId, audio) =>
      this.#guard(() => this.#parties?.agent?.agentAudio(responseId, itemId, audio, this.#now())),
  };

  /**
   * Begins the call on its leg; audio kept from before comes through `legEvents` after this. Takes both over. `isEarly`:
   * `answered` tells when the call starts.
   */
  start(leg: CallLeg, ai: AiSession | undefined, isEarly = false): void {
    this.#closers.add(() => leg.close());
    if (ai) this.#closers.add(() => ai.close());
    this.#isEarly = isEarly;
    if (this.#ended) this.#closers.close();
    else this.#guard(() => this.#begin(leg, ai));
  }

  /** A call whose media began early was answered: it starts. */
  answered(): void {
    this.#guard(() => {
      if (!this.#isEarly) return;
      this.#isEarly = false;
      this.#startedAt = this.#now();
      this.#started();
    });
  }

  #begin(leg: CallLeg, ai: AiSession | undefined): void {
    const { plan, clock, log, metrics } = this.#options;
    const { recordingPath: path } = plan;
    this.#startedAt = clock.now();
    if (path !== undefined) {
      const bounds = { startedAt: this.#startedAt, maxDurationMs: this.#maxDurationMs };
      this.#recording = new CallRecording(leg, { path, ...bounds, log, metrics });
    }
    this.#parties = new CallParties({
      ...this.#options,
      leg,
      ai,
      recording: this.#recording,
      stats: this.#stats,
      startedAt: this.#startedAt,
      maxDurationMs: this.#maxDurationMs,
      closers: this.#closers,
      guard: (work) => this.#guard(work),
      report: (news) => this.#report(news),
      since: (at) => Math.round(at - this.#startedAt),
      end: (cause, detail) => this.end(cause, detail),
      endedAt: () => this.#endedAt,
      broken: (error) => this.#broken(error),
      closeFailed: (error) => this.#closeFailed(error),
    });
    if (!this.#isEarly) this.#started();
    ai?.start();
  }

  #started(): void {
    const { plan, clock, log, metrics, report } = this.#options;
    const { callId, carrier, agent } = plan;
    metrics.callsStarted.inc({ carrier });
    report({ type: "call-started", callId, wallMs: clock.wall() });
    log.info({ carrier, agentId: agent?.agentId, provider: agent?.provider }, "call started");
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    if (this.#ended) return;
    try {
      this.#parties?.agent?.tick(now);
      this.#recording?.tick(now);
      // An agent who may speak says goodbye first.
      const late = now - this.#startedAt >= this.#maxDurationMs;
      if (late && !this.#parties?.agentTalks) this.end(this.#options.plan.durationCause ?? "max-duration", "");
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Joins a room, or changes the call's place in it. */
  joinRoom(command: Extract<MediaCommand, { type: "join-room" }>): void {
    this.#guard(() => this.#parties?.joinRoom(command));
  }

  /** The call and its agent are by themselves again; the agent is told the note, if any, and goes on. */
  leaveRoom(note: string | undefined): void {
    this.#guard(() => this.#parties?.leaveRoom(note));
  }

  /** Whether the agent's caller is being put through; `refusal`: why not. */
  transferAnswered(toolCallId: string, refusal: string | undefined): void {
    this.#guard(() => this.#parties?.agent?.conversation.tools.transferAnswered(toolCallId, refusal, this.#now()));
  }

  say(text: string): void {
    this.#guard(() => this.#parties?.say(text));
  }

  sendDtmf(digits: string): void {
    this.#guard(() => this.#parties?.sendDtmf(digits));
  }

  /** Hang up once what is being said was played. */
  leave(cause: EndCause): void {
    this.#guard(() => {
      if (this.#parties) this.#parties.leave(cause);
      else this.end(cause, "");
    });
  }

  /** Ends the call now; the first cause stays. */
  end(cause: EndCause, detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endedAt = this.#now();
    this.#parties?.ended();
    this.#closers.close();
    void this.#finish(cause, detail);
  }

  /** Tells that the call is over, once its recording is. Never rejects. */
  async #finish(cause: EndCause, detail: string): Promise<void> {
    const { plan, clock, log, report, finished, recordingCloseMs: patienceMs = recordingCloseMs } = this.#options;
    const wallMs = clock.wall();
    const durationMs = this.#isEarly ? 0 : Math.round(this.#endedAt - this.#startedAt);
    const recording = await this.#recording?.close(this.#endedAt, patienceMs);
    const { framesIn, framesOut } = this.#stats;
    const stats: CallStats = {
      ...this.#stats,
      framesIn: Math.round(framesIn),
      framesOut: Math.round(framesOut),
    };
    report({ type: "call-ended", callId: plan.callId, wallMs, durationMs, cause, detail, stats, recording });
    log.info({ cause, detail, durationMs, ...stats }, "call ended");
    finished();
  }

  #causeOf(reason: LegEndReason): EndCause {
    const outbound = this.#options.plan.direction === "outbound";
    return outbound && reason === "hung-up" ? "callee-hung-up" : legEndCauses[reason];
  }

  /** Our own broken rule ends this one call, no other. */
  #guard(work: () => void): void {
    if (this.#ended) return;
    try {
      work();
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    this.#options.metrics.errors.inc({ kind: "internal" });
    this.#options.log.error({ err: error }, "internal error; the call ends");
    this.end("internal-error", "an internal error; the log has it under the call's id");
  }

  #closeFailed(error: unknown): void {
    this.#options.metrics.errors.inc({ kind: "internal" });
    this.#options.log.error({ err: error }, "internal error while the call was closed");
  }

  #report(news: ConversationNews): void {
    const { metrics, report, plan, log } = this.#options;
    measureNews(news, metrics);
    if (news.type === "call-error") {
      this.#stats.faults++;
      log.warn({ kind: news.kind, message: news.message, fatal: news.fatal }, "trouble on the call");
    }
    report({ ...news, callId: plan.callId } as MediaEvent);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
