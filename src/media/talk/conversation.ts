import type { AiEvent, RespondReason } from "../ai/session.ts";
import type { AgentSpec, EndCause } from "../protocol.ts";
import { AgentTools } from "./agent-tools.ts";
import { AgentVoice } from "./agent-voice.ts";
import { CallerSide } from "./caller-side.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import type { AgentPresence, ConversationPorts } from "./conversation-ports.ts";
import { ConversationReport } from "./conversation-report.ts";
import { type CallDuration, Initiative } from "./initiative.ts";
import { LastWords } from "./last-words.ts";
import { Replies } from "./replies.ts";
import { ReplyDesk } from "./reply-desk.ts";
import { TurnDriver } from "./turn-driver.ts";
import { turnOptionsOf } from "./turn-options.ts";
import { TurnTimer } from "./turn-timer.ts";

export type { AgentPresence, ConversationNews, ConversationPorts } from "./conversation-ports.ts";

const timeoutInput = { type: "timeout" } as const;

/**
 * One call's conversation: joins the caller's leg, the AI session, the turn-taking machine and the playout ledger, and
 * tells the control plane what happened. A core: all time comes in as `now` (monotonic ms), all effects leave by ports.
 */
export class Conversation {
  readonly tools: AgentTools;
  readonly #parts: ConversationParts;
  readonly #turn: TurnDriver;
  readonly #desk: ReplyDesk;
  readonly #voice: AgentVoice;
  readonly #caller: CallerSide;
  readonly #lastWords = new LastWords();
  #presence: AgentPresence = "talks";

  constructor(agent: AgentSpec & CallDuration, ports: ConversationPorts, now: number) {
    const options = turnOptionsOf(agent, ports.ai.capabilities);
    const parts: ConversationParts = {
      ports,
      options,
      report: new ConversationReport((news) => ports.report(news), now),
      timer: new TurnTimer(now, () => ports.makeId("turn")),
      replies: new Replies(),
      initiative: new Initiative(options, agent, now),
      callerTookFloor: (at) => {
        parts.initiative.callerTookFloor();
        this.tools.callerTookFloor(at);
      },
      input: (input, at) => this.#turn.input(input, at),
    };
    this.#parts = parts;
    this.#desk = new ReplyDesk(parts, agent.firstMessage);
    this.tools = new AgentTools(parts, this.#desk, () => this.#speaksAboutTools);
    const voice = new AgentVoice(parts, now);
    const agentWords = { recentText: () => voice.transcript.recentText, tell: () => voice.tellNews() };
    this.#voice = voice;
    this.#caller = new CallerSide(parts, agentWords, now);
    this.#turn = new TurnDriver(parts, {
      desk: this.#desk,
      utterances: this.#caller.utterances,
      transcript: voice.transcript,
      agentTalks: () => this.#presence === "talks",
    });
  }

  /** True while the agent's voice is at the caller's ear. */
  get agentAudible(): boolean {
    return this.#turn.state === "agent-speaking";
  }

  /** What the agent does now. */
  get presence(): AgentPresence {
    return this.#presence;
  }

  /** The agent falls silent, goes, or comes back; what it was saying is over, and what was asked of it is off. */
  become(presence: AgentPresence, now: number): void {
    if (presence === this.#presence) return;
    const { ports, initiative } = this.#parts;
    this.#presence = presence;
    if (presence === "talks") {
      initiative.callerActive(now);
      return;
    }
    this.#desk.opening.skip();
    initiative.hushed();
    this.#turn.input({ type: "agent-hushed", deaf: presence === "away" }, now);
    if (presence === "listens") return;
    this.#caller.utterances.discarded();
    ports.ai.order({ type: "discard-turn" });
  }

  /**
   * Answers nobody until `begin` or `leaveMessage`; what the agent is saying is over. With `onlyUnheard`, when any of it was
   * heard: false, and nothing changes.
   */
  holdBack(onlyUnheard: boolean, now: number): boolean {
    const { state } = this.#turn;
    if (onlyUnheard && (state === "agent-speaking" || state === "overlapping" || state === "yielded")) return false;
    if (this.#desk.opening.holdBack()) this.#turn.input({ type: "agent-hushed", deaf: false }, now);
    return true;
  }

  /** Somebody is there, and is greeted at once; what was said until `lastVoicedAt` was a turn, to which that is the reply. */
  begin(lastVoicedAt: number, now: number): void {
    if (!this.#desk.opening.begin()) return;
    if (this.#turn.state === "caller-speaking") this.callerSpeechStopped(lastVoicedAt, now);
    this.#turn.input({ type: "provider-turn-ended" }, now);
    this.#desk.greetIfDue(now);
  }

  /** A machine records: says this, or what the agent says first, and ends the call when it was played. */
  leaveMessage(text: string | undefined, now: number): void {
    this.holdBack(false, now);
    this.#desk.leaveMessage(text, now);
  }

  /** Tells the model something, and has it speak about that as soon as nobody has the floor; in place of a greeting. */
  instruct(text: string, now: number): void {
    this.#desk.opening.skip();
    this.#desk.forgetTold();
    this.#announce(text, "instruction", now);
  }

  /** The far end of the leg becomes another by `change`: what was not heard at the old one is said at the new one. */
  reroute(change: () => void, now: number): void {
    const { playout, playoutSink } = this.#parts.ports;
    const { paused } = playout;
    playout.pause(now, playoutSink);
    change();
    if (!paused) playout.resume(now);
  }

  /** The caller began to speak, by our own ears. */
  callerSpeechStarted(onsetAt: number, now: number): void {
    if (this.#presence !== "away") this.#caller.speechStarted(onsetAt, now);
  }

  /** The caller fell silent, by our own ears. */
  callerSpeechStopped(lastVoicedAt: number, now: number): void {
    if (this.#presence !== "away") this.#caller.speechStopped(lastVoicedAt, now);
  }

  /** The caller pressed a key. */
  digit(digit: string, now: number): void {
    const { report } = this.#parts;
    report.tell({ type: "dtmf", digit, atMs: report.since(now) });
    if (this.#presence !== "away") this.#caller.key(digit, now);
  }

  mark(name: string, now: number): void {
    this.#parts.ports.playout.onMark(name, now);
  }

  /** Agent audio from the AI session, in its format. */
  agentAudio(responseId: string, itemId: string, audio: Uint8Array, now: number): void {
    this.#voice.audio(responseId, itemId, audio, now);
  }

  aiEvent(event: AiEvent, now: number): void {
    const { ports, report, replies, initiative } = this.#parts;
    switch (event.type) {
      case "ready":
        this.#desk.modelReady(now);
        break;
      case "turn-started":
        this.#turn.input({ type: "provider-turn-started" }, now);
        break;
      case "turn-ended":
        this.#turn.input({ type: "provider-turn-ended" }, now);
        break;
      case "response-started":
        replies.started(event.responseId);
        initiative.announcements.replyStarted(event.responseId, event.reason);
        break;
      case "agent-text":
        ports.playout.addText(event.itemId, event.delta, event.words);
        break;
      case "item-done":
        this.#voice.itemDone(event.itemId, now);
        break;
      case "response-done":
        this.#voice.replyDone(event.responseId, event.status === "completed", event.toolsPending, now);
        break;
      case "caller-transcript":
        this.#caller.words(event.itemId, event.text, event.final, now);
        break;
      case "tool-call":
        this.tools.called(event.toolCallId, event.name, event.argumentsJson, now);
        break;
      case "hang-up":
        if (this.#presence === "talks") initiative.leave("agent-hung-up", now);
        break;
      case "usage":
        report.tell({ type: "usage", usage: event.usage });
        break;
      case "error": {
        const { kind, message, fatal } = event;
        ports.count(kind);
        report.tell({ type: "call-error", kind, message, fatal, atMs: report.since(now) });
        if (!fatal) break;
        this.#voice.modelGone(now);
        this.#lastWords.begin(`${kind}: ${message}`, now);
        this.#endLastWords(now);
        break;
      }
      case "ignored":
        ports.ignored();
        break;
    }
  }

  /** The operator's words, as soon as nobody has the floor. */
  say(text: string, now: number): void {
    this.#announce(text, "say", now);
  }

  /** Hang up once what is being said was played. */
  leave(cause: EndCause, now: number): void {
    this.#parts.initiative.leave(cause, now);
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    const { ports, replies, initiative } = this.#parts;
    const { playout, playoutSink } = ports;
    playout.tick(now, playoutSink);
    this.#voice.tellNews();
    if (this.#endLastWords(now)) return;
    // A reply that waits for a tool is not late.
    const waitsForTool = this.#turn.state === "thinking" && this.tools.busy;
    const { deadline } = this.#turn;
    if (deadline !== undefined && deadline <= now && !waitsForTool) this.#turn.input(timeoutInput, now);
    this.#caller.tick(now);
    const played = playout.idle && replies.quiet(now);
    const quiet = played && !this.tools.busy;
    if (quiet && replies.takeFinished()) this.#turn.input({ type: "playout-done" }, now);
    this.#voice.tellPartial(now);
    if (quiet && this.#desk.opening.leavingMessage) initiative.leave("machine-answered", now);
    this.#takeInitiative(quiet, now);
    this.tools.tick(played, now);
  }

  /** The call is over: what was under way is reported as it stands. */
  closed(now: number): void {
    const { report, timer } = this.#parts;
    this.#turn.close(now);
    this.#voice.tellNews();
    report.turn(timer.abandon());
    this.tools.close(now);
  }

  /** While the caller speaks, his turn will bring the next reply and it will know the tool's result. */
  get #speaksAboutTools(): boolean {
    const { state } = this.#turn;
    const free = state !== "caller-speaking" && state !== "endpointing" && !this.#parts.initiative.leaving;
    return free && this.#presence === "talks";
  }

  /** True when the provider is gone and what it said was heard: the call ends. */
  #endLastWords(now: number): boolean {
    const { ports } = this.#parts;
    const detail = this.#lastWords.over(ports.playout.unheardMs(now), now);
    if (detail !== undefined) ports.end("provider-failed", detail);
    return detail !== undefined;
  }

  #announce(text: string, reason: RespondReason, now: number): void {
    const { report, initiative } = this.#parts;
    if (this.#presence !== "talks") report.trouble("agent-silent", "the agent does not speak in this call now", now);
    else if (initiative.announcements.add(text, reason, now)) this.#takeInitiative(false, now);
    else report.trouble("announcements-full", "too many texts wait to be spoken; one was dropped", now);
  }

  #takeInitiative(quiet: boolean, now: number): void {
    if (this.#presence !== "talks") return;
    const { ports, initiative } = this.#parts;
    const { state, holding } = this.#turn;
    // While it is open whether he speaks at all, what was cut off keeps the call from being quiet.
    const callers = state === "caller-speaking" && !holding;
    if (callers) this.tools.callerTookFloor(now);
    for (const order of initiative.handle({ quiet, free: state === "listening", callers }, now)) {
      if (order.type === "say") this.#desk.say(order.text, order.reason, order.interruptible, now);
      else ports.end(order.cause, "");
    }
  }
}
