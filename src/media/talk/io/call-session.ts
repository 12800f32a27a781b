import { createDecoder, type FrameDecoder } from "../../../codecs/codec.ts";
import { bytesPerMs, frameBytes, frameSamples } from "../../../codecs/format.ts";
import { Resampler } from "../../../codecs/resampler.ts";
import type { Clock } from "../../../kit/clock.ts";
import type { IdKind } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { AiSession, AiSink } from "../../ai/session.ts";
import type { CallLeg, LegEndReason, LegEvents } from "../../leg.ts";
import type { CallPlan, CallStats, EndCause, MediaEvent } from "../../protocol.ts";
import { CallerAudio } from "../caller-audio.ts";
import { Conversation, type ConversationNews } from "../conversation.ts";
import { Playout, type PlayoutSink } from "../playout.ts";
import type { CallVad } from "../vad-call.ts";
import type { CallerEars } from "./caller-ears.ts";
import { createToolRunner } from "./tool-runner.ts";
import { type RecordingSummary, WavRecorder } from "./wav-recorder.ts";

export interface CallSessionOptions {
  readonly plan: CallPlan;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Monotonic ms of the carrier's upgrade, for the set-up time. */
  readonly openedAt: number;
  readonly ears: CallerEars;
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

/** What the caller heard is known by then; the timeline holds this much of the call in memory. */
const recordingWindowMs = 10_000;
/** The goodbye may outlast the longest duration by so much; the recording has room for it. */
const recordingSlackMs = 60_000;
/** Less than the control plane's patience with a call that was told to end. */
const recordingCloseMs = 10_000;

/** What the call consists of once its leg is there. */
interface Parts {
  readonly vad: CallVad;
  readonly callerAudio: CallerAudio;
  readonly conversation: Conversation;
}

/** The shell of one call: owns its leg, AI session, ears, tools and recording, and closes them all when it ends. */
export class CallSession {
  readonly #options: CallSessionOptions;
  /** How to close what was opened, in the order of opening. */
  readonly #closers: (() => void)[] = [];
  #parts: Parts | undefined;
  #recorder: WavRecorder | undefined;
  #startedAt: number;
  #ended = false;
  #endedAt = 0;
  #framesIn = 0;
  #framesOut = 0;
  #underruns = 0;
  #ignored = 0;
  #faults = 0;
  #setUpMeasured = false;

  constructor(options: CallSessionOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  /** What the leg is to call. */
  readonly legEvents: LegEvents = {
    audio: (payload) => this.#guard(() => this.#parts?.callerAudio.push(payload)),
    dtmf: (digit) => this.#guard(() => this.#parts?.conversation.digit(digit, this.#now())),
    mark: (name) => this.#guard(() => this.#parts?.conversation.mark(name, this.#now())),
    ended: (reason) => this.end(legEndCauses[reason], ""),
  };

  /** What the AI session is to call. */
  readonly aiSink: AiSink = {
    event: (event) => this.#guard(() => this.#parts?.conversation.aiEvent(event, this.#now())),
    agentAudio: (responseId, itemId, audio) =>
      this.#guard(() => this.#parts?.conversation.agentAudio(responseId, itemId, audio, this.#now())),
  };

  /** Begins the call on its leg; audio kept from before comes through `legEvents` after this. Takes both over. */
  start(leg: CallLeg, ai: AiSession): void {
    this.#closers.push(
      () => leg.close(),
      () => ai.close(),
    );
    if (this.#ended) this.#closeAll();
    else this.#guard(() => this.#begin(leg, ai));
  }

  #begin(leg: CallLeg, ai: AiSession): void {
    const { plan, clock, log, metrics, report, ears, makeId, allowPrivateTargets } = this.#options;
    this.#startedAt = clock.now();
    const tools = createToolRunner({
      plan,
      clock,
      allowPrivate: allowPrivateTargets,
      hangUp: () => conversation.leave("agent-hung-up", this.#now()),
      sendDtmf: (digits) => leg.sendDtmf(digits),
    });
    this.#closers.push(() => tools.close());
    const recorder =
      plan.recordingPath === undefined
        ? undefined
        : WavRecorder.open(plan.recordingPath, {
            windowMs: recordingWindowMs,
            maxDurationMs: plan.agent.maxDurationMs + recordingSlackMs,
            onError: (error) => {
              metrics.errors.inc({ kind: "recording" });
              log.error({ err: error }, "recording stopped; the call goes on");
            },
          });
    this.#recorder = recorder;
    const vad = ears.forCall();
    this.#closers.push(() => vad.close());
    const heard = new AgentPcm(leg, (pcm, at) => recorder?.writeAgent(pcm, at - this.#startedAt));
    // The echo guard must know what is about to sound: an echo may come back before the mark does.
    const sent = new AgentPcm(leg, (pcm, at) => vad.agentFrame(pcm, at));
    const outboundFrameBytes = frameBytes(leg.outbound);
    let soundsUntil = 0;
    const playoutSink: PlayoutSink = {
      audio: (payload) => {
        if (!leg.sendAudio(payload)) return;
        this.#framesOut += payload.length / outboundFrameBytes;
        const at = Math.max(soundsUntil, this.#now());
        sent.push(payload, at);
        soundsUntil = at + payload.length / bytesPerMs(leg.outbound);
        if (!this.#setUpMeasured) {
          this.#setUpMeasured = true;
          metrics.setupSeconds.observe((this.#now() - this.#options.openedAt) / 1000);
        }
      },
      mark: (name) => leg.sendMark(name),
      clear: () => {
        leg.clear();
        soundsUntil = 0;
        vad.agentStopped(this.#now());
      },
      heard: (payload, at) => heard.push(payload, at),
    };
    const playout = new Playout({ format: leg.outbound, marks: leg.capabilities.marks });
    const conversation = new Conversation(
      plan.agent,
      {
        leg,
        ai,
        playout,
        playoutSink,
        report: (news) => this.#report(news),
        runTool: (toolCallId, name, argumentsJson) => {
          void tools
            .run(toolCallId, name, argumentsJson)
            .then(({ ok, output, durationMs }) =>
              this.#guard(() => conversation.toolFinished(toolCallId, name, ok, output, durationMs, this.#now())),
            );
        },
        end: (cause, detail) => this.end(cause, detail),
        count: (kind) => {
          if (kind === "underrun") {
            this.#underruns++;
            metrics.underruns.inc();
          } else metrics.errors.inc({ kind });
        },
        ignored: () => {
          this.#ignored++;
          metrics.ignoredMessages.inc({ source: "provider" });
        },
        makeId,
      },
      this.#startedAt,
    );
    const callerAudio = new CallerAudio(leg.inbound, ai.inbound, {
      forAi: (frame) => ai.pushCallerAudio(frame),
      pcm: (frame) => {
        const now = this.#now();
        this.#framesIn++;
        recorder?.writeCaller(frame, now - this.#startedAt);
        vad.frame(frame, now, conversation.agentAudible);
      },
    });
    this.#closers.push(() => conversation.closed(this.#endedAt));
    this.#parts = { vad, callerAudio, conversation };
    metrics.callsStarted.inc({ carrier: plan.carrier });
    report({ type: "call-started", callId: plan.callId, wallMs: clock.wall() });
    log.info({ carrier: plan.carrier, agentId: plan.agent.agentId, provider: plan.agent.provider }, "call started");
    ai.start();
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    this.#guard(() => {
      const parts = this.#parts;
      if (!parts) return;
      const { vad, conversation } = parts;
      for (let news = vad.poll(now); news; news = vad.poll(now)) {
        if (news.type === "speech-started") conversation.callerSpeechStarted(news.onsetAtMs, now);
        else conversation.callerSpeechStopped(news.lastVoicedAtMs, now);
      }
      conversation.tick(now);
      this.#recorder?.tick(now - this.#startedAt);
    });
  }

  say(text: string): void {
    this.#guard(() => this.#parts?.conversation.say(text, this.#now()));
  }

  sendDtmf(digits: string): void {
    this.#guard(() => this.#parts?.conversation.sendDtmf(digits, this.#now()));
  }

  /** Hang up once what is being said was played. */
  leave(cause: EndCause): void {
    this.#guard(() => this.#parts?.conversation.leave(cause, this.#now()));
  }

  /** Ends the call now; the first cause stays. */
  end(cause: EndCause, detail: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endedAt = this.#now();
    this.#parts = undefined;
    this.#closeAll();
    void this.#finish(cause, detail);
  }

  /** Closes what was opened, last first. One that cannot be closed keeps no other open. */
  #closeAll(): void {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        close();
      } catch (error) {
        this.#options.metrics.errors.inc({ kind: "internal" });
        this.#options.log.error({ err: error }, "internal error while the call was closed");
      }
    }
  }

  /** Tells that the call is over, once its recording is. Never rejects. */
  async #finish(cause: EndCause, detail: string): Promise<void> {
    const { plan, clock, log, report, finished } = this.#options;
    const wallMs = clock.wall();
    const durationMs = Math.round(this.#endedAt - this.#startedAt);
    const recording = await this.#closeRecording();
    const stats: CallStats = {
      framesIn: this.#framesIn,
      framesOut: this.#framesOut,
      underruns: this.#underruns,
      ignoredMessages: this.#ignored,
      faults: this.#faults,
    };
    report({ type: "call-ended", callId: plan.callId, wallMs, durationMs, cause, detail, stats, recording });
    log.info({ cause, detail, durationMs, ...stats }, "call ended");
    finished();
  }

  async #closeRecording(): Promise<RecordingSummary | undefined> {
    const { metrics, log, recordingCloseMs: patienceMs = recordingCloseMs } = this.#options;
    if (!this.#recorder) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, patienceMs, undefined);
    });
    try {
      const recording = await Promise.race([this.#recorder.close(this.#endedAt - this.#startedAt), late]);
      if (recording) return recording;
      log.error("the recording could not be finished in time; it stays as far as it was written");
    } catch (error) {
      log.error({ err: error }, "the recording could not be finished");
    } finally {
      clearTimeout(timer);
    }
    metrics.errors.inc({ kind: "recording" });
    return undefined;
  }

  /** Our own broken rule ends this one call, no other. */
  #guard(work: () => void): void {
    if (this.#ended) return;
    try {
      work();
    } catch (error) {
      this.#options.metrics.errors.inc({ kind: "internal" });
      this.#options.log.error({ err: error }, "internal error; the call ends");
      this.end("internal-error", "an internal error; the log has it under the call's id");
    }
  }

  #report(news: ConversationNews): void {
    const { metrics, report, plan, log } = this.#options;
    if (news.type === "turn") {
      const { callerLastVoicedAtMs, firstFrameOnWireAtMs } = news.turn;
      if (callerLastVoicedAtMs !== undefined && firstFrameOnWireAtMs !== undefined) {
        metrics.turnLatencySeconds.observe((firstFrameOnWireAtMs - callerLastVoicedAtMs) / 1000);
      }
    } else if (news.type === "interruption") {
      const { onsetAtMs, silencedAtMs } = news.interruption;
      metrics.bargeInStopSeconds.observe(Math.max(0, silencedAtMs - onsetAtMs) / 1000);
    } else if (news.type === "tool-ended") {
      metrics.toolCalls.inc({ result: news.ok ? "ok" : "error" });
    } else if (news.type === "call-error") {
      this.#faults++;
      log.warn({ kind: news.kind, message: news.message, fatal: news.fatal }, "trouble on the call");
    }
    report({ ...news, callId: plan.callId } as MediaEvent);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

/** The agent's bytes on the leg as 8 kHz PCM in 20 ms pieces. */
class AgentPcm {
  readonly #frameBytes: number;
  readonly #decoder: FrameDecoder;
  readonly #down: Resampler | undefined;
  readonly #wide: Int16Array;
  readonly #pcm = new Int16Array(160);
  readonly #emit: (pcm: Int16Array, at: number) => void;

  constructor(leg: CallLeg, emit: (pcm: Int16Array, at: number) => void) {
    this.#frameBytes = frameBytes(leg.outbound);
    this.#decoder = createDecoder(leg.outbound);
    this.#down = leg.outbound.sampleRateHz === 8000 ? undefined : new Resampler(leg.outbound.sampleRateHz, 8000);
    this.#wide = new Int16Array(frameSamples(leg.outbound));
    this.#emit = emit;
  }

  /** Bytes in the leg's format, any length, that sound from `at` on. The views given on are valid only during the call. */
  push(payload: Uint8Array, at: number): void {
    for (let from = 0; from < payload.length; from += this.#frameBytes) {
      const piece = payload.subarray(from, from + this.#frameBytes);
      const startsAt = at + (from / this.#frameBytes) * 20;
      const samples = this.#decoder.decode(piece, this.#down ? this.#wide : this.#pcm);
      if (!this.#down) this.#emit(samples === 160 ? this.#pcm : this.#pcm.subarray(0, samples), startsAt);
      else this.#emit(this.#pcm.subarray(0, this.#down.process(this.#wide.subarray(0, samples), this.#pcm)), startsAt);
    }
  }
}
