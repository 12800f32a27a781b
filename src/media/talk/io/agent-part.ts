import { bytesPerMs } from "../../../codecs/format.ts";
import type { Clock } from "../../../kit/clock.ts";
import type { IdKind } from "../../../kit/ids.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { AiEvent, AiSession } from "../../ai/session.ts";
import type { CallLeg } from "../../leg.ts";
import type { AgentSpec, CallPlan, CallStats, EndCause } from "../../protocol.ts";
import { AnswerGate } from "../answer-gate.ts";
import type { LineAgent } from "../call-line.ts";
import { CallerAudio } from "../caller-audio.ts";
import { Closers } from "../closers.ts";
import { Conversation, type ConversationNews } from "../conversation.ts";
import type { CallDuration } from "../initiative.ts";
import { LegPcm } from "../leg-pcm.ts";
import { Playout, type PlayoutSink } from "../playout.ts";
import type { CallVad } from "../vad-call.ts";
import { createToolRunner } from "./tool-runner.ts";

export interface AgentPartOptions {
  readonly plan: CallPlan;
  readonly agent: AgentSpec & CallDuration;
  /** Whom the agent talks with. */
  readonly leg: CallLeg;
  /** Taken over, as `vad` is. */
  readonly ai: AiSession;
  readonly vad: CallVad;
  readonly clock: Clock;
  /** Monotonic ms of the start of the call's media. */
  readonly startedAt: number;
  readonly metrics: Metrics;
  readonly stats: { -readonly [Name in keyof CallStats]: CallStats[Name] };
  /** Tools may be at private addresses and plain http. */
  readonly allowPrivateTargets: boolean;
  readonly makeId: (kind: IdKind) => string;
  /** Does work that nobody of the call's own waits for; a broken rule in it ends the call. */
  readonly guard: (work: () => void) => void;
  readonly report: (news: ConversationNews) => void;
  /** The agent wants the call to end, or is gone for good. */
  readonly end: (cause: EndCause, detail: string) => void;
  /** Bytes of the agent went out to the leg. */
  readonly sent: (payload: Uint8Array) => void;
  /** Bytes of the agent were heard from `at` on. */
  readonly heard: (payload: Uint8Array, at: number) => void;
  /** 20 ms of what the agent hears, as 8 kHz PCM. */
  readonly frame: (pcm: Int16Array, now: number) => void;
  /** Something of the agent could not be closed. */
  readonly closeFailed: (error: unknown) => void;
}

/** The agent's part in a call: AI session, conversation, ears, tools and playout on whatever leg it is given. */
export class AgentPart implements LineAgent {
  readonly conversation: Conversation;
  readonly #options: AgentPartOptions;
  readonly #callerAudio: CallerAudio;
  readonly #answer: AnswerGate | undefined;
  readonly #closers: Closers;
  #closedAt: number | undefined;

  constructor(options: AgentPartOptions) {
    this.#options = options;
    const { plan, agent, leg, ai, vad, clock, metrics, stats, allowPrivateTargets } = options;
    this.#closers = new Closers(options.closeFailed);
    this.#closers.add(() => ai.close());
    const tools = createToolRunner({
      plan,
      tools: agent.tools,
      transfers: agent.transfers,
      clock,
      allowPrivate: allowPrivateTargets,
      hangUp: () => conversation.leave("agent-hung-up", clock.now()),
      sendDtmf: (digits) => leg.sendDtmf(digits),
      transfer: (wish) => conversation.tools.transfer(wish, clock.now()),
    });
    this.#closers.add(
      () => tools.close(),
      () => vad.close(),
    );
    const conversation = new Conversation(
      agent,
      {
        leg,
        ai,
        playout: new Playout({ format: leg.outbound, marks: leg.capabilities.marks }),
        playoutSink: this.#playoutSink(),
        report: (news) => {
          options.report(news);
          this.#answer?.told(news);
        },
        runTool: (toolCallId, name, argumentsJson) => {
          void tools.run(toolCallId, name, argumentsJson).then((outcome) =>
            options.guard(() => {
              if (this.#closedAt !== undefined || !outcome) return;
              conversation.tools.finished(toolCallId, name, outcome, clock.now());
            }),
          );
        },
        end: options.end,
        count: (kind) => {
          if (kind === "underrun") {
            stats.underruns++;
            metrics.underruns.inc();
          } else metrics.errors.inc({ kind });
        },
        ignored: () => {
          stats.ignoredMessages++;
          metrics.ignoredMessages.inc({ source: "provider" });
        },
        makeId: options.makeId,
      },
      options.startedAt,
    );
    this.conversation = conversation;
    const { report, end, startedAt } = options;
    this.#answer =
      plan.answeringMachine && new AnswerGate(plan.answeringMachine, { agent: conversation, report, end }, startedAt);
    this.#callerAudio = new CallerAudio(leg.inbound, ai.inbound, {
      forAi: (frame) => ai.pushCallerAudio(frame),
      pcm: (frame) => {
        const now = clock.now();
        options.frame(frame, now);
        vad.frame(frame, now, conversation.agentAudible);
        this.#answer?.frame(frame, now, conversation.agentAudible);
      },
    });
    this.#closers.add(() => conversation.closed(this.#closedAt ?? clock.now()));
  }

  /** What the agent hears, in the leg's format. */
  audio(payload: Uint8Array): void {
    this.#callerAudio.push(payload);
  }

  mark(name: string): void {
    this.conversation.mark(name, this.#options.clock.now());
  }

  reroute(change: () => void): void {
    this.conversation.reroute(change, this.#options.clock.now());
  }

  aiEvent(event: AiEvent, now: number): void {
    this.conversation.aiEvent(event, now);
  }

  agentAudio(responseId: string, itemId: string, audio: Uint8Array, now: number): void {
    this.conversation.agentAudio(responseId, itemId, audio, now);
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    const { vad } = this.#options;
    const { conversation } = this;
    for (let news = vad.poll(now); news; news = vad.poll(now)) {
      if (news.type === "speech-started") conversation.callerSpeechStarted(news.onsetAtMs, now);
      else conversation.callerSpeechStopped(news.lastVoicedAtMs, now);
      this.#answer?.speech(news.type, now);
    }
    this.#answer?.tick(now);
    // A machine may have been hung up on.
    if (this.#closedAt === undefined) conversation.tick(now);
  }

  /** The agent is gone: what was under way is reported as it stands. Twice is fine. */
  close(now: number): void {
    this.#closedAt ??= now;
    this.#closers.close();
  }

  #playoutSink(): PlayoutSink {
    const { leg, vad, clock, sent, heard } = this.#options;
    // The echo guard must know what is about to sound: an echo may come back before the mark does.
    const sounding = new LegPcm(leg.outbound, (pcm, at) => vad.agentFrame(pcm, at));
    const msPerByte = 1 / bytesPerMs(leg.outbound);
    let soundsUntil = 0;
    return {
      audio: (payload) => {
        if (!leg.sendAudio(payload)) return;
        sent(payload);
        const at = Math.max(soundsUntil, clock.now());
        sounding.push(payload, at);
        soundsUntil = at + payload.length * msPerByte;
      },
      mark: (name) => leg.sendMark(name),
      clear: () => {
        leg.clear();
        soundsUntil = 0;
        vad.agentStopped(clock.now());
      },
      heard,
    };
  }
}
