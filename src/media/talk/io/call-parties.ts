import type { AiSession } from "../../ai/session.ts";
import type { CallLeg } from "../../leg.ts";
import type { AgentSpec, CallStats, EndCause, MediaCommand } from "../../protocol.ts";
import { CallLine } from "../call-line.ts";
import type { Closers } from "../closers.ts";
import type { ConversationNews } from "../conversation.ts";
import { placeOf, presenceIn } from "../room-presence.ts";
import { AgentPart } from "./agent-part.ts";
import type { CallRecording } from "./call-recording.ts";
import type { CallSessionOptions } from "./call-session.ts";

export interface CallPartiesOptions
  extends Pick<
    CallSessionOptions,
    "plan" | "clock" | "metrics" | "openedAt" | "ears" | "rooms" | "allowPrivateTargets" | "makeId"
  > {
  readonly leg: CallLeg;
  /** Of the plan's agent, if it has one. */
  readonly ai: AiSession | undefined;
  readonly recording: CallRecording | undefined;
  readonly stats: { -readonly [Name in keyof CallStats]: CallStats[Name] };
  /** Monotonic ms of the start of the call's media. */
  readonly startedAt: number;
  readonly maxDurationMs: number;
  /** What is to be closed when the call ends. */
  readonly closers: Closers;
  /** Does work that nobody of the call's own waits for; a broken rule in it ends the call. */
  readonly guard: (work: () => void) => void;
  readonly report: (news: ConversationNews) => void;
  /** A moment as ms since the call started. */
  readonly since: (at: number) => number;
  readonly end: (cause: EndCause, detail: string) => void;
  /** When the call ended, once it has. */
  readonly endedAt: () => number;
  readonly broken: (error: unknown) => void;
  readonly closeFailed: (error: unknown) => void;
}

/** Who talks on one call: its telephone, its agent while there is one, and whoever is in the room they have joined. */
export class CallParties {
  readonly line: CallLine;
  readonly #options: CallPartiesOptions;
  #agent: AgentPart | undefined;
  /** Why the agent was lost while the call was in a room. */
  #agentLost: { readonly cause: EndCause; readonly detail: string } | undefined;

  constructor(options: CallPartiesOptions) {
    this.#options = options;
    this.line = this.#makeLine();
    const { plan, ai } = options;
    if (plan.agent && ai) this.#agent = this.#makeAgent(plan.agent, ai);
  }

  get agent(): AgentPart | undefined {
    return this.#agent;
  }

  get agentTalks(): boolean {
    return this.#agent?.conversation.presence === "talks";
  }

  /** Joins a room, or changes the call's place in it. */
  joinRoom({ roomId, hears, agent, instruct }: Extract<MediaCommand, { type: "join-room" }>): void {
    const { line } = this;
    if (!line.mayEnter(roomId)) {
      this.#trouble("room-full", "the room has no place for another telephone");
      return;
    }
    const now = this.#now();
    if (agent === "leaves") this.#agentLeaves();
    const presence = presenceIn(agent) ?? this.#agent?.conversation.presence;
    // Whoever falls silent does so where he was heard.
    if (presence && presence !== "talks") this.#agent?.conversation.become(presence, now);
    line.enter(roomId);
    if (presence) this.#agent?.conversation.become(presence, now);
    line.arrange(hears, this.#agent && presence ? placeOf(presence) : "absent");
    if (instruct !== undefined) this.#agent?.conversation.instruct(instruct, now);
    this.#report({ type: "room-changed", roomId, atMs: this.#options.since(now) });
  }

  /** The call and its agent are by themselves again; the agent is told the note, if any, and goes on. */
  leaveRoom(note: string | undefined): void {
    if (this.line.roomId === undefined) return;
    const { since, end } = this.#options;
    const now = this.#now();
    this.line.leaveRoom();
    this.#report({ type: "room-changed", roomId: null, atMs: since(now) });
    this.#agent?.conversation.become("talks", now);
    if (note !== undefined) this.#agent?.conversation.instruct(note, now);
    if (this.#agentLost) end(this.#agentLost.cause, this.#agentLost.detail);
  }

  say(text: string): void {
    if (this.#agent) this.#agent.conversation.say(text, this.#now());
    else this.#trouble("nobody-to-speak", "a text cannot be spoken on a call without an agent");
  }

  sendDtmf(digits: string): void {
    if (!this.#options.leg.sendDtmf(digits)) this.#trouble("dtmf-not-sent", "this call's line cannot send keys");
  }

  /** The telephone's keys. */
  key(digit: string): void {
    const now = this.#now();
    if (this.#agent) this.#agent.conversation.digit(digit, now);
    else this.#report({ type: "dtmf", digit, atMs: this.#options.since(now) });
  }

  /** Hang up once what is being said was played. */
  leave(cause: EndCause): void {
    if (this.agentTalks) this.#agent?.conversation.leave(cause, this.#now());
    else this.#options.end(cause, "");
  }

  /** The call is over: nothing more is for the agent. */
  ended(): void {
    this.#agent = undefined;
  }

  #trouble(kind: string, message: string): void {
    this.#report({ type: "call-error", kind, message, fatal: false, atMs: this.#options.since(this.#now()) });
  }

  #makeLine(): CallLine {
    const { plan, leg, clock, rooms, recording, stats, metrics, openedAt, closers, guard, broken } = this.#options;
    const line = new CallLine({
      leg,
      rooms,
      recording,
      echo: plan.echo === true,
      stats,
      now: () => clock.now(),
      begun: () => metrics.setupSeconds.observe((clock.now() - openedAt) / 1000),
      failed: (error) => guard(() => broken(error)),
    });
    closers.add(() => line.close());
    return line;
  }

  #makeAgent(agent: AgentSpec, ai: AiSession): AgentPart {
    const { line } = this;
    const { plan, ears, maxDurationMs, closers, endedAt } = this.#options;
    const part = new AgentPart({
      ...this.#options,
      agent: { ...agent, maxDurationMs, durationCause: plan.durationCause },
      leg: line.agentLeg,
      ai,
      vad: ears.forCall(),
      end: (cause, detail) => this.#agentEnds(cause, detail),
      sent: (payload) => line.agentSent(payload),
      heard: (payload, at) => line.agentHeard(payload, at),
      frame: (pcm, now) => line.agentHears(pcm, now),
    });
    line.agent = part;
    closers.add(() => part.close(endedAt()));
    return part;
  }

  /** The agent ends the call; one that is lost while others are on the line does not. */
  #agentEnds(cause: EndCause, detail: string): void {
    if (cause !== "provider-failed" || this.line.roomId === undefined) {
      this.#options.end(cause, detail);
      return;
    }
    this.#agentLost = { cause, detail };
    this.#agentLeaves();
  }

  #agentLeaves(): void {
    const agent = this.#agent;
    this.#agent = undefined;
    this.line.agentLeaves();
    agent?.close(this.#now());
  }

  #report(news: ConversationNews): void {
    this.#options.report(news);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
