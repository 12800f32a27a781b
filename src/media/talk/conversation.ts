import type { AiEvent, RespondReason } from "../ai/session.ts";
import type { AgentSpec, EndCause } from "../protocol.ts";
import { AgentSpeech } from "./agent-speech.ts";
import { AgentTranscript } from "./agent-transcript.ts";
import { CallerUtterances } from "./caller-utterances.ts";
import type { AgentPresence, ConversationPorts } from "./conversation-ports.ts";
import { DtmfTurn } from "./dtmf-turn.ts";
import { isEchoOfAgent } from "./echo-guard.ts";
import { Initiative } from "./initiative.ts";
import { LastWords } from "./last-words.ts";
import { type FirstWords, Opening } from "./opening.ts";
import type { PlayoutNews } from "./playout.ts";
import { Replies } from "./replies.ts";
import { ToolDesk } from "./tool-desk.ts";
import { type TurnOptions, turnOptions } from "./turn-options.ts";
import { type TurnInput, type TurnOrder, TurnTaking } from "./turn-taking.ts";
import { TurnTimer } from "./turn-timer.ts";

export type { AgentPresence, ConversationNews, ConversationPorts } from "./conversation-ports.ts";

/** What the record says of a tool call that was under way when the call ended. */
const unansweredToolOutput = JSON.stringify({
  error: { code: "call_ended", message: "The telephone call has ended." },
});
const timeoutInput = { type: "timeout" } as const;

/**
 * One call's conversation: joins the caller's leg, the AI session, the turn-taking machine and the playout ledger, and
 * tells the control plane what happened. A core: all time comes in as `now` (monotonic ms), all effects leave by ports.
 */
export class Conversation {
  readonly #ports: ConversationPorts;
  readonly #agent: AgentSpec;
  readonly #turnOptions: TurnOptions;
  readonly #startedAt: number;
  readonly #turn: TurnTaking;
  readonly #speech: AgentSpeech;
  readonly #utterances: CallerUtterances;
  readonly #timer: TurnTimer;
  readonly #initiative: Initiative;
  readonly #keys: DtmfTurn;
  readonly #opening = new Opening();
  readonly #lastWords = new LastWords();
  readonly #replies = new Replies();
  readonly #tools = new ToolDesk();
  readonly #transcript: AgentTranscript;
  /** Inputs that came while orders were being performed; brought one by one after them. */
  readonly #inputs: (TurnInput | { type: "timeout" })[] = [];
  #performing = false;
  #firstKeyAt: number | undefined;
  #heardAtYieldMs: number | undefined;
  #presence: AgentPresence = "talks";
  #message: string | undefined;
  /** The instruction that is in the model's history already. */
  #told: string | undefined;

  constructor(agent: AgentSpec, ports: ConversationPorts, now: number) {
    this.#agent = agent;
    this.#ports = ports;
    this.#startedAt = now;
    const { ai, leg, playout, makeId } = ports;
    const detection = ai.capabilities.endsTurns ? (agent.turn.detection ?? "local") : "local";
    // Only a provider whose own ears cut the turns gives words before a turn is committed.
    const wordsExpected = ai.capabilities.ears && detection === "provider";
    const facts = { language: agent.language, wordsExpected, wordsFollow: ai.capabilities.ears && !wordsExpected };
    this.#turnOptions = turnOptions({ ...agent.turn, detection }, facts);
    this.#turn = new TurnTaking(this.#turnOptions);
    this.#speech = new AgentSpeech(ai, leg, playout);
    this.#transcript = new AgentTranscript(ai, playout, { startedAt: now, makeId: () => makeId("utterance") });
    this.#utterances = new CallerUtterances(now, () => makeId("utterance"));
    this.#timer = new TurnTimer(now, () => makeId("turn"));
    this.#initiative = new Initiative(this.#turnOptions, agent.maxDurationMs, now);
    this.#keys = new DtmfTurn({ interDigitTimeoutMs: this.#turnOptions.dtmfTimeoutMs });
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
    this.#presence = presence;
    if (presence === "talks") {
      this.#initiative.callerActive(now);
      return;
    }
    this.#opening.skip();
    this.#initiative.hushed();
    this.#input({ type: "agent-hushed", deaf: presence === "away" }, now);
    if (presence === "listens") return;
    this.#utterances.discarded();
    this.#ports.ai.order({ type: "discard-turn" });
  }

  /**
   * Answers nobody until `begin` or `leaveMessage`; what the agent is saying is over. With `onlyUnheard`, when any of it was
   * heard: false, and nothing changes.
   */
  holdBack(onlyUnheard: boolean, now: number): boolean {
    const { state } = this.#turn;
    if (onlyUnheard && (state === "agent-speaking" || state === "overlapping" || state === "yielded")) return false;
    if (this.#opening.holdBack()) this.#input({ type: "agent-hushed", deaf: false }, now);
    return true;
  }

  /** Somebody is there, and is greeted at once; what was said until `lastVoicedAt` was a turn, to which that is the reply. */
  begin(lastVoicedAt: number, now: number): void {
    if (!this.#opening.begin()) return;
    if (this.#turn.state === "caller-speaking") this.callerSpeechStopped(lastVoicedAt, now);
    this.#input({ type: "provider-turn-ended" }, now);
    if (this.#opening.takeDue()) this.#greet(now);
  }

  /** A machine records: says this, or what the agent says first, and ends the call when it was played. */
  leaveMessage(text: string | undefined, now: number): void {
    this.holdBack(false, now);
    this.#message = text ?? (this.#agent.firstMessage || undefined);
    this.#sayFirst(this.#opening.leaveMessage(), now);
  }

  /** Tells the model something, and has it speak about that as soon as nobody has the floor; in place of a greeting. */
  instruct(text: string, now: number): void {
    this.#opening.skip();
    this.#told = undefined;
    this.#announce(text, "instruction", now);
  }

  /** The far end of the leg becomes another by `change`: what was not heard at the old one is said at the new one. */
  reroute(change: () => void, now: number): void {
    const { playout, playoutSink } = this.#ports;
    const { paused } = playout;
    playout.pause(now, playoutSink);
    change();
    if (!paused) playout.resume(now);
  }

  /** The caller began to speak, by our own ears. */
  callerSpeechStarted(onsetAt: number, now: number): void {
    if (this.#presence === "away") return;
    this.#utterances.speechStarted(onsetAt);
    this.#initiative.callerActive(now);
    this.#ports.ai.order({ type: "caller-speech-started" });
    this.#input({ type: "caller-speech-started", onsetAtMs: onsetAt }, now);
  }

  /** The caller fell silent, by our own ears. */
  callerSpeechStopped(lastVoicedAt: number, now: number): void {
    if (this.#presence === "away") return;
    this.#utterances.speechStopped(lastVoicedAt);
    this.#initiative.callerActive(now);
    this.#input({ type: "caller-speech-stopped", lastVoicedAtMs: lastVoicedAt }, now);
  }

  /** The caller pressed a key. */
  digit(digit: string, now: number): void {
    this.#ports.report({ type: "dtmf", digit, atMs: this.#since(now) });
    if (this.#presence === "away" || this.#keys.belated(digit, now)) return;
    this.#initiative.callerTookFloor();
    this.#initiative.callerActive(now);
    this.#firstKeyAt ??= now;
    this.#input({ type: "dtmf-barge-in" }, now);
    const maxDigits = this.#ports.ai.keysExpected?.() ?? this.#turnOptions.dtmfMaxDigits;
    for (const order of this.#keys.handle({ type: "digit", digit, maxDigits }, now))
      this.#keysEntered(order.digits, now);
  }

  mark(name: string, now: number): void {
    this.#ports.playout.onMark(name, now);
  }

  /** Agent audio from the AI session, in its format. */
  agentAudio(responseId: string, itemId: string, audio: Uint8Array, now: number): void {
    const place = this.#replies.audio(responseId);
    if (place === "unknown") {
      this.#ports.count("late-audio");
      return;
    }
    this.#timer.providerAudio(now);
    if (this.#speech.push(responseId, itemId, audio, now) === "overflow") this.#ports.count("playout-overflow");
    if (place === "first") this.#input({ type: "agent-audio" }, now);
    // What is due goes at once: waiting for the tick would add 10 ms to every answer. RTP has its own clock.
    const { leg, playout, playoutSink } = this.#ports;
    if (leg.capabilities.marks) playout.tick(now, playoutSink);
  }

  aiEvent(event: AiEvent, now: number): void {
    switch (event.type) {
      case "ready":
        this.#sayFirst(this.#opening.modelReady(), now);
        break;
      case "turn-started":
        this.#input({ type: "provider-turn-started" }, now);
        break;
      case "turn-ended":
        this.#input({ type: "provider-turn-ended" }, now);
        break;
      case "response-started":
        this.#replies.started(event.responseId);
        this.#initiative.announcements.replyStarted(event.responseId, event.reason);
        break;
      case "agent-text":
        this.#ports.playout.addText(event.itemId, event.delta, event.words);
        break;
      case "item-done":
        this.#speech.endItem(event.itemId, now);
        break;
      case "response-done":
        this.#speech.endResponse(event.responseId, event.status === "completed", now);
        // One that we called off is not known any more.
        if (this.#replies.done(event.responseId) && !event.toolsPending) {
          this.#initiative.announcements.replyFailed(event.responseId);
          this.#input({ type: "response-failed" }, now);
        }
        break;
      case "caller-transcript":
        this.#callerTranscript(event.itemId, event.text, event.final, now);
        break;
      case "tool-call":
        this.#toolCalled(event.toolCallId, event.name, event.argumentsJson, now);
        break;
      case "hang-up":
        if (this.#presence === "talks") this.#initiative.leave("agent-hung-up", now);
        break;
      case "usage":
        this.#ports.report({ type: "usage", usage: event.usage });
        break;
      case "error":
        this.#ports.count(event.kind);
        this.#ports.report({
          type: "call-error",
          kind: event.kind,
          message: event.message,
          fatal: event.fatal,
          atMs: this.#since(now),
        });
        if (!event.fatal) break;
        // What has come of the replies under way is all there will be.
        for (const responseId of this.#replies.open) this.#speech.endResponse(responseId, false, now);
        this.#replies.cancelled();
        this.#lastWords.begin(`${event.kind}: ${event.message}`, now);
        this.#endLastWords(now);
        break;
      case "ignored":
        this.#ports.ignored();
        break;
    }
  }

  /** A customer's tool answered (or failed: then `output` says so to the model). */
  toolFinished(toolCallId: string, name: string, ok: boolean, output: string, durationMs: number, now: number): void {
    if (!this.#tools.answer(toolCallId)) return;
    this.#ports.report({ type: "tool-ended", toolCallId, name, ok, output, durationMs, atMs: this.#since(now) });
    // While the caller speaks, his turn will bring the next reply and it will know this result.
    const { state } = this.#turn;
    const free = state !== "caller-speaking" && state !== "endpointing" && !this.#initiative.leaving;
    const respond = free && this.#presence === "talks";
    this.#ports.ai.order({ type: "tool-result", toolCallId, output, respond });
    if (respond && !this.#tools.busy) this.#expectReply("tool-result", true, now);
  }

  /** The operator's words, as soon as nobody has the floor. */
  say(text: string, now: number): void {
    this.#announce(text, "say", now);
  }

  #announce(text: string, reason: RespondReason, now: number): void {
    if (this.#presence !== "talks") this.#trouble("agent-silent", "the agent does not speak in this call now", now);
    else if (this.#initiative.announcements.add(text, reason, now)) this.#takeInitiative(false, now);
    else this.#trouble("announcements-full", "too many texts wait to be spoken; one was dropped", now);
  }

  /** The operator's keys, to the far end. */
  sendDtmf(digits: string, now: number): void {
    if (this.#ports.leg.sendDtmf(digits)) return;
    this.#trouble("dtmf-not-sent", "this carrier's media stream cannot send keys", now);
  }

  /** Hang up once what is being said was played. */
  leave(cause: EndCause, now: number): void {
    this.#initiative.leave(cause, now);
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    const { playout, playoutSink } = this.#ports;
    playout.tick(now, playoutSink);
    this.#tellPlayoutNews();
    if (this.#endLastWords(now)) return;
    // A reply that waits for a tool is not late.
    const waitsForTool = this.#turn.state === "thinking" && this.#tools.busy;
    const { deadline } = this.#turn;
    if (deadline !== undefined && deadline <= now && !waitsForTool) this.#input(timeoutInput, now);
    if (this.#keys.deadline !== undefined && this.#keys.deadline <= now) {
      for (const order of this.#keys.handle(timeoutInput, now)) this.#keysEntered(order.digits, now);
    }
    const quiet = playout.idle && this.#replies.quiet(now) && !this.#tools.busy;
    if (quiet && this.#replies.takeFinished()) this.#input({ type: "playout-done" }, now);
    const partial = this.#transcript.partial(now);
    if (partial) this.#ports.report({ type: "transcript-partial", role: "agent", ...partial, atMs: this.#since(now) });
    if (quiet && this.#opening.leavingMessage) this.#initiative.leave("machine-answered", now);
    this.#takeInitiative(quiet, now);
  }

  /** The call is over: what was under way is reported as it stands. */
  closed(now: number): void {
    const { playout, playoutSink } = this.#ports;
    const [cut] = playout.interrupt(now, playoutSink);
    playout.discardKept();
    if (this.#turn.state === "overlapping") this.#heardAtYieldMs = cut?.heardMs;
    this.#input({ type: "call-ended" }, now);
    this.#tellPlayoutNews();
    this.#reportTurn(this.#timer.abandon());
    for (const tool of this.#tools.close(now)) {
      this.#ports.report({
        type: "tool-ended",
        ...tool,
        ok: false,
        output: unansweredToolOutput,
        atMs: this.#since(now),
      });
    }
  }

  /** True when the provider is gone and what it said was heard: the call ends. */
  #endLastWords(now: number): boolean {
    const detail = this.#lastWords.over(this.#ports.playout.unheardMs(now), now);
    if (detail !== undefined) this.#ports.end("provider-failed", detail);
    return detail !== undefined;
  }

  #sayFirst(what: FirstWords, now: number): void {
    if (what === "greeting") this.#greet(now);
    else if (what === "message") this.#open(this.#message, false, now);
  }

  /** False when there is nothing to greet with: an empty first message means that the caller speaks first. */
  #greet(now: number): boolean {
    const { firstMessage } = this.#agent;
    if (firstMessage === "") return false;
    this.#open(firstMessage, this.#turnOptions.greetingInterruptible, now);
    return true;
  }

  /** The agent's first words: these, or what the model makes of the moment. */
  #open(text: string | undefined, interruptible: boolean, now: number): void {
    if (text !== undefined) this.#say(text, "greeting", interruptible, now);
    else {
      this.#expectReply("greeting", interruptible, now);
      this.#ports.ai.order({ type: "respond", reason: "greeting" });
    }
  }

  #say(text: string, reason: RespondReason, interruptible: boolean, now: number): void {
    this.#expectReply(reason, interruptible, now);
    if (reason !== "instruction") {
      this.#ports.ai.order({ type: "say", text, reason });
      return;
    }
    // One that was called off and is asked for again is known already.
    if (text !== this.#told) this.#ports.ai.order({ type: "add-text", role: "system", text });
    this.#told = text;
    this.#ports.ai.order({ type: "respond", reason });
  }

  #takeInitiative(quiet: boolean, now: number): void {
    if (this.#presence !== "talks") return;
    const { state, holding } = this.#turn;
    // While it is open whether he speaks at all, what was cut off keeps the call from being quiet.
    const callers = state === "caller-speaking" && !holding;
    for (const order of this.#initiative.handle({ quiet, free: state === "listening", callers }, now)) {
      if (order.type === "say") this.#say(order.text, order.reason, order.interruptible, now);
      else this.#ports.end(order.cause, "");
    }
  }

  #expectReply(reason: RespondReason, interruptible: boolean, now: number): void {
    this.#replies.asked(now);
    this.#reportTurn(this.#timer.decided(reason, undefined, now));
    this.#input({ type: "reply-requested", reason, interruptible }, now);
  }

  #input(input: TurnInput | { type: "timeout" }, now: number): void {
    this.#inputs.push(input);
    if (this.#performing) return;
    this.#performing = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      for (const order of this.#turn.handle(next, now)) this.#perform(order, now);
    }
    this.#performing = false;
  }

  #perform(order: TurnOrder, now: number): void {
    const { ai, playout, playoutSink } = this.#ports;
    switch (order.type) {
      case "commit-turn":
        this.#utterances.committed(now);
        ai.order({ type: "commit-turn" });
        break;
      case "respond":
        if (!this.#answers(now)) break;
        this.#replies.asked(now);
        this.#reportTurn(this.#timer.decided("caller-turn", this.#utterances.lastVoicedAt, now));
        ai.order({ type: "respond", reason: "caller-turn" });
        break;
      case "cancel-response":
        this.#callOff();
        break;
      case "pause-playout":
        playout.pause(now, playoutSink);
        break;
      case "resume-playout":
        playout.resume(now);
        break;
      case "yield":
        this.#yield(now);
        break;
      case "resume-interrupted":
        this.#transcript.restored(playout.restore(now));
        this.#replies.resumed();
        break;
      case "discard-interrupted":
        playout.discardKept();
        break;
      case "interruption":
        if (order.outcome === "yielded") this.#initiative.callerTookFloor();
        else {
          this.#utterances.discarded();
          ai.order({ type: "discard-turn" });
        }
        this.#ports.report({
          type: "interruption",
          interruption: {
            onsetAtMs: this.#since(order.onsetAtMs),
            silencedAtMs: this.#since(order.pausedAtMs),
            decidedAtMs: this.#since(order.decidedAtMs),
            outcome: order.outcome,
            heardMs: order.outcome === "yielded" ? this.#heardAtYieldMs : undefined,
          },
        });
        break;
      case "turn-done":
        break;
      case "reply-timeout":
        this.#callOff();
        this.#ports.count("reply-timeout");
        this.#trouble("reply-timeout", "the agent did not answer in time", now);
        break;
    }
  }

  /** Whether the caller's turn gets the model's reply; if not, it has got what it gets. */
  #answers(now: number): boolean {
    const what = this.#presence === "talks" ? this.#opening.reply() : "none";
    if (what === "reply" || (what === "greeting" && !this.#greet(now))) return true;
    if (what === "none") this.#inputs.push({ type: "response-failed" });
    // Whatever the machine says, the message is what is awaited.
    if (what === "message") this.#inputs.push({ type: "reply-requested", reason: "greeting", interruptible: false });
    return false;
  }

  /** The caller takes the floor: silence first, then the model is told, as one step. */
  #yield(now: number): void {
    const { playout, playoutSink } = this.#ports;
    const items = playout.interrupt(now, playoutSink);
    this.#heardAtYieldMs = items[0]?.heardMs;
    this.#callOff();
    this.#transcript.interrupted(items);
  }

  /** Nothing that was asked for and is not heard yet is wanted any more. */
  #callOff(): void {
    this.#replies.cancelled();
    this.#initiative.announcements.calledOff();
    this.#ports.ai.order({ type: "cancel-response" });
    this.#reportTurn(this.#timer.abandon());
  }

  #callerTranscript(itemId: string, text: string, final: boolean, now: number): void {
    const late = this.#utterances.isCommitted(itemId);
    const spokenAtMs = this.#utterances.spokenAt(itemId);
    // The network returns our own voice; its words are not the caller's.
    const echo = text !== "" && isEchoOfAgent(text, this.#transcript.recentText);
    if (echo) this.#ports.count("echo-transcript");
    if (echo && !final) return;
    const words = echo ? "" : text;
    const utteranceId = this.#utterances.utteranceId(itemId);
    const utterance = final ? this.#utterances.final(itemId, words, now) : undefined;
    this.#input({ type: "words", text: words, final, late, spokenAtMs }, now);
    // What the agent said before these words is told before them.
    this.#tellPlayoutNews();
    if (utterance) this.#ports.report({ type: "utterance", utterance });
    if (final) return;
    this.#ports.report({ type: "transcript-partial", role: "caller", utteranceId, text, atMs: this.#since(now) });
  }

  #keysEntered(digits: string, now: number): void {
    this.#ports.report({ type: "utterance", utterance: this.#utterances.keys(digits, this.#firstKeyAt ?? now, now) });
    this.#firstKeyAt = undefined;
    this.#ports.ai.order({ type: "add-text", role: "caller", text: `[keys] ${digits}` });
    this.#input({ type: "dtmf-turn" }, now);
  }

  #toolCalled(toolCallId: string, name: string, argumentsJson: string, now: number): void {
    if (!this.#tools.begin(toolCallId, name, now)) return;
    this.#ports.report({ type: "tool-started", toolCallId, name, argumentsJson, atMs: this.#since(now) });
    this.#ports.runTool(toolCallId, name, argumentsJson);
  }

  #tellPlayoutNews(): void {
    for (const news of this.#ports.playout.takeNews()) this.#playoutNews(news);
  }

  #playoutNews(news: PlayoutNews): void {
    switch (news.type) {
      case "item-started":
        this.#transcript.itemStarted(news.itemId);
        this.#initiative.replyHeard(news.responseId);
        this.#reportTurn(this.#timer.firstFrameOnWire(news.atMs));
        break;
      case "item-heard": {
        const utterance = this.#transcript.itemHeard(news);
        if (utterance) this.#ports.report({ type: "utterance", utterance });
        break;
      }
      case "underrun":
        this.#ports.count("underrun");
        break;
      case "starved":
        this.#ports.count("provider-starved");
        break;
      case "response-heard":
        break;
    }
  }

  #trouble(kind: string, message: string, now: number): void {
    this.#ports.report({ type: "call-error", kind, message, fatal: false, atMs: this.#since(now) });
  }

  #reportTurn(turn: ReturnType<TurnTimer["abandon"]>): void {
    if (turn) this.#ports.report({ type: "turn", turn });
  }

  #since(at: number): number {
    return Math.max(0, Math.round((at - this.#startedAt) * 10) / 10);
  }
}
