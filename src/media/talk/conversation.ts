import type { IdKind } from "../../kit/ids.ts";
import type { AiEvent, AiSession, RespondReason } from "../ai/session.ts";
import type { CallLeg } from "../leg.ts";
import type { AgentSpec, EndCause, MediaEvent } from "../protocol.ts";
import { AgentSpeech } from "./agent-speech.ts";
import { CallerUtterances } from "./caller-utterances.ts";
import { DtmfTurn } from "./dtmf-turn.ts";
import { isEchoOfAgent } from "./echo-guard.ts";
import { defaultFarewellOptions, Farewell } from "./farewell.ts";
import type { Playout, PlayoutNews, PlayoutSink } from "./playout.ts";
import { Replies } from "./replies.ts";
import { SilencePolicy } from "./silence-policy.ts";
import { type TurnOptions, turnOptions } from "./turn-options.ts";
import { type TurnInput, type TurnOrder, TurnTaking } from "./turn-taking.ts";
import { TurnTimer } from "./turn-timer.ts";

/** A call event without its call: the shell adds whose it is. */
export type ConversationNews = MediaEvent extends infer Event
  ? Event extends { readonly callId: string }
    ? Omit<Event, "callId">
    : never
  : never;

/** What a conversation has done for it. None of these may call back into the conversation before they return. */
export interface ConversationPorts {
  readonly leg: CallLeg;
  readonly ai: AiSession;
  readonly playout: Playout;
  /** Where the playout's bytes, marks and clears go, and what was heard of them. */
  readonly playoutSink: PlayoutSink;
  report(news: ConversationNews): void;
  /** Runs a customer's tool; the answer comes back through `toolFinished`. */
  runTool(toolCallId: string, name: string, argumentsJson: string): void;
  /** The call is over for this reason; `closed` follows. */
  end(cause: EndCause, detail: string): void;
  count(kind: string): void;
  makeId(kind: IdKind): string;
}

/** How far apart partial transcripts of the agent's heard words are reported. */
const agentPartialMs = 200;
const agentTextKept = 600;
/** A goodbye that did not begin to sound by then never will. */
const goodbyeBeginsMs = 4_000;
const goodbyeText = "I have not heard anything, so I will hang up now. Goodbye.";
const durationWarningText = "We are almost out of time, so this call will end in a moment.";

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
  readonly #farewell: Farewell;
  readonly #silence: SilencePolicy;
  readonly #keys: DtmfTurn;
  readonly #replies = new Replies();
  /** Inputs that came while orders were being performed; brought one by one after them. */
  readonly #inputs: (TurnInput | { type: "timeout" })[] = [];
  readonly #runningTools = new Set<string>();
  /** Items brought back after a false interruption: what the model was told is missing, by item. */
  readonly #restored = new Map<string, string>();
  #performing = false;
  #greeted = false;
  #firstKeyAt: number | undefined;
  #heardAtYieldMs: number | undefined;
  #audibleItemId: string | undefined;
  #partialAt = 0;
  #partialText = "";
  #recentAgentText = "";

  constructor(agent: AgentSpec, ports: ConversationPorts, now: number) {
    this.#agent = agent;
    this.#ports = ports;
    this.#startedAt = now;
    const { ai, leg, playout, makeId } = ports;
    const detection = ai.capabilities.endsTurns ? (agent.turn.detection ?? "local") : "local";
    // Only a provider whose own ears cut the turns gives words before a turn is committed.
    const facts = { language: agent.language, wordsExpected: ai.capabilities.ears && detection === "provider" };
    this.#turnOptions = turnOptions({ ...agent.turn, detection }, facts);
    this.#turn = new TurnTaking(this.#turnOptions);
    this.#speech = new AgentSpeech(ai, leg, playout);
    this.#utterances = new CallerUtterances(now, () => makeId("utterance"));
    this.#timer = new TurnTimer(now, () => makeId("turn"));
    this.#farewell = new Farewell({ ...defaultFarewellOptions, maxDurationMs: agent.maxDurationMs }, now);
    this.#silence = new SilencePolicy(this.#turnOptions);
    this.#keys = new DtmfTurn({ interDigitTimeoutMs: this.#turnOptions.dtmfTimeoutMs });
  }

  /** True while the agent's voice is at the caller's ear. */
  get agentAudible(): boolean {
    return this.#turn.state === "agent-speaking";
  }

  /** The caller began to speak, by our own ears. */
  callerSpeechStarted(onsetAt: number, now: number): void {
    this.#utterances.speechStarted(onsetAt);
    this.#silence.handle({ type: "caller-active" }, now);
    this.#ports.ai.order({ type: "caller-speech-started" });
    this.#input({ type: "caller-speech-started", onsetAtMs: onsetAt }, now);
  }

  /** The caller fell silent, by our own ears. */
  callerSpeechStopped(lastVoicedAt: number, now: number): void {
    this.#utterances.speechStopped(lastVoicedAt);
    this.#silence.handle({ type: "caller-active" }, now);
    this.#input({ type: "caller-speech-stopped", lastVoicedAtMs: lastVoicedAt }, now);
  }

  /** The caller pressed a key. */
  digit(digit: string, now: number): void {
    this.#ports.report({ type: "dtmf", digit, atMs: this.#since(now) });
    this.#silence.handle({ type: "caller-active" }, now);
    this.#firstKeyAt ??= now;
    this.#input({ type: "dtmf-barge-in" }, now);
    for (const order of this.#keys.handle({ type: "digit", digit }, now)) this.#keysEntered(order.digits, now);
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
  }

  aiEvent(event: AiEvent, now: number): void {
    switch (event.type) {
      case "ready":
        this.#greet(now);
        break;
      case "turn-started":
        this.#input({ type: "provider-turn-started" }, now);
        break;
      case "turn-ended":
        this.#input({ type: "provider-turn-ended" }, now);
        break;
      case "response-started":
        this.#replies.started(event.responseId);
        break;
      case "agent-text":
        this.#ports.playout.addText(event.itemId, event.delta, event.words);
        break;
      case "item-done":
        this.#speech.endItem(event.itemId, now);
        break;
      case "response-done":
        this.#ports.playout.endResponse(event.responseId, event.status === "completed");
        if (this.#replies.done(event.responseId) && event.status !== "cancelled" && !event.toolsPending) {
          this.#input({ type: "response-failed" }, now);
        }
        break;
      case "caller-transcript":
        this.#callerTranscript(event.itemId, event.text, event.final, now);
        break;
      case "tool-call":
        this.#toolCall(event.toolCallId, event.name, event.argumentsJson, now);
        break;
      case "hang-up":
        this.#farewell.leave("agent-hung-up", now);
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
        if (event.fatal) this.#ports.end("provider-failed", `${event.kind}: ${event.message}`);
        break;
      case "ignored":
        break;
    }
  }

  /** A customer's tool answered (or failed: then `output` says so to the model). */
  toolFinished(toolCallId: string, name: string, ok: boolean, output: string, durationMs: number, now: number): void {
    if (!this.#runningTools.delete(toolCallId)) return;
    this.#ports.report({ type: "tool-ended", toolCallId, name, ok, output, durationMs, atMs: this.#since(now) });
    // While the caller speaks, his turn will bring the next reply and it will know this result.
    const respond =
      this.#turn.state !== "caller-speaking" && this.#turn.state !== "endpointing" && !this.#farewell.leaving;
    this.#ports.ai.order({ type: "tool-result", toolCallId, output, respond });
    if (respond && this.#runningTools.size === 0) this.#expectReply("tool-result", true, now);
  }

  /** The operator's words. */
  say(text: string, now: number): void {
    this.#say(text, "say", now);
  }

  /** The operator's keys, to the far end. */
  sendDtmf(digits: string, now: number): void {
    if (this.#ports.leg.sendDtmf(digits)) return;
    this.#ports.report({
      type: "call-error",
      kind: "dtmf-not-sent",
      message: "this carrier's media stream cannot send keys",
      fatal: false,
      atMs: this.#since(now),
    });
  }

  /** Hang up once what is being said was played. */
  leave(cause: EndCause, now: number): void {
    this.#farewell.leave(cause, now);
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    const { playout, playoutSink } = this.#ports;
    playout.tick(now, playoutSink);
    for (const news of playout.takeNews()) this.#playoutNews(news);
    if (this.#turn.deadline !== undefined && this.#turn.deadline <= now) this.#input({ type: "timeout" }, now);
    if (this.#keys.deadline !== undefined && this.#keys.deadline <= now) {
      for (const order of this.#keys.handle({ type: "timeout" }, now)) this.#keysEntered(order.digits, now);
    }
    const quiet = playout.idle && this.#replies.quiet(now) && this.#runningTools.size === 0;
    if (quiet && this.#replies.takeFinished()) this.#input({ type: "playout-done" }, now);
    this.#minuteSilence(quiet, now);
    this.#agentPartial(now);
    const farewell = this.#farewell.tick({ quiet }, now);
    if (farewell.type === "warn") this.#say(durationWarningText, "duration-warning", now);
    if (farewell.type === "end") this.#ports.end(farewell.cause, "");
  }

  /** The call is over: what was under way is reported as it stands. */
  closed(now: number): void {
    const { playout, playoutSink } = this.#ports;
    playout.interrupt(now, playoutSink);
    playout.discardKept();
    for (const news of playout.takeNews()) this.#playoutNews(news);
    this.#reportTurn(this.#timer.abandon());
  }

  #greet(now: number): void {
    if (this.#greeted) return;
    this.#greeted = true;
    const { firstMessage } = this.#agent;
    // An empty first message means that the caller speaks first.
    if (firstMessage === "") return;
    if (firstMessage !== undefined) this.#say(firstMessage, "greeting", now);
    else {
      this.#expectReply("greeting", this.#turnOptions.greetingInterruptible, now);
      this.#ports.ai.order({ type: "respond", reason: "greeting" });
    }
  }

  #say(text: string, reason: RespondReason, now: number): void {
    const interruptible =
      reason === "greeting" ? this.#turnOptions.greetingInterruptible : this.#turnOptions.interruptible;
    this.#expectReply(reason, interruptible, now);
    this.#ports.ai.order({ type: "say", text, reason });
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
        this.#replies.asked(now);
        this.#reportTurn(this.#timer.decided("caller-turn", this.#utterances.lastVoicedAt, now));
        ai.order({ type: "respond", reason: "caller-turn" });
        break;
      case "cancel-response":
        this.#replies.cancelled();
        ai.order({ type: "cancel-response" });
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
        for (const item of playout.restore(now)) this.#restored.set(item.itemId, item.remainderText);
        this.#replies.resumed();
        break;
      case "discard-interrupted":
        playout.discardKept();
        break;
      case "interruption":
        if (order.outcome !== "yielded") ai.order({ type: "discard-turn" });
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
        this.#replies.cancelled();
        ai.order({ type: "cancel-response" });
        this.#ports.count("reply-timeout");
        this.#ports.report({
          type: "call-error",
          kind: "reply-timeout",
          message: "the agent did not answer in time",
          fatal: false,
          atMs: this.#since(now),
        });
        break;
    }
  }

  /** The caller takes the floor: silence first, then the model is told, as one step. */
  #yield(now: number): void {
    const { ai, playout, playoutSink } = this.#ports;
    const items = playout.interrupt(now, playoutSink);
    this.#heardAtYieldMs = items[0]?.heardMs;
    this.#replies.cancelled();
    ai.order({ type: "cancel-response" });
    for (const { itemId, heardMs, receivedMs, heardText } of items) {
      ai.order({ type: "truncate", itemId, heardMs, receivedMs, heardText });
    }
    this.#reportTurn(this.#timer.abandon());
  }

  #callerTranscript(itemId: string, text: string, final: boolean, now: number): void {
    const late = this.#utterances.isCommitted(itemId);
    // The network returns our own voice; its words are not the caller's.
    if (text !== "" && isEchoOfAgent(text, this.#recentAgentText)) {
      this.#ports.count("echo-transcript");
      if (final) this.#utterances.final(itemId, "", now);
      return;
    }
    if (!final) {
      const utteranceId = this.#utterances.utteranceId(itemId);
      this.#ports.report({ type: "transcript-partial", role: "caller", utteranceId, text, atMs: this.#since(now) });
    } else {
      const utterance = this.#utterances.final(itemId, text, now);
      if (utterance) this.#ports.report({ type: "utterance", utterance });
    }
    this.#input({ type: "words", text, final, late }, now);
  }

  #keysEntered(digits: string, now: number): void {
    this.#ports.report({ type: "utterance", utterance: this.#utterances.keys(digits, this.#firstKeyAt ?? now, now) });
    this.#firstKeyAt = undefined;
    this.#ports.ai.order({ type: "add-text", role: "caller", text: `[keys] ${digits}` });
    this.#input({ type: "dtmf-turn" }, now);
  }

  #toolCall(toolCallId: string, name: string, argumentsJson: string, now: number): void {
    this.#runningTools.add(toolCallId);
    this.#ports.report({ type: "tool-started", toolCallId, name, argumentsJson, atMs: this.#since(now) });
    this.#ports.runTool(toolCallId, name, argumentsJson);
  }

  #playoutNews(news: PlayoutNews): void {
    switch (news.type) {
      case "item-started":
        this.#audibleItemId = news.itemId;
        this.#partialText = "";
        this.#farewell.speechBegan();
        this.#reportTurn(this.#timer.firstFrameOnWire(news.atMs));
        break;
      case "item-heard": {
        this.#recentAgentText = `${this.#recentAgentText} ${news.text}`.slice(-agentTextKept);
        if (news.itemId === this.#audibleItemId) this.#audibleItemId = undefined;
        if (!news.interrupted) this.#ports.ai.order({ type: "heard", itemId: news.itemId, heardText: news.text });
        const restored = this.#restored.get(news.itemId);
        this.#restored.delete(news.itemId);
        // The model was told this item ends early; now the rest was heard after all.
        if (restored && !news.interrupted) this.#ports.ai.order({ type: "add-text", role: "agent", text: restored });
        if (news.text === "") break;
        this.#ports.report({
          type: "utterance",
          utterance: {
            utteranceId: this.#ports.makeId("utterance"),
            role: "agent",
            text: news.text,
            startMs: this.#since(news.startMs),
            endMs: this.#since(news.endMs),
            interrupted: news.interrupted,
            via: "speech",
          },
        });
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

  #minuteSilence(quiet: boolean, now: number): void {
    const silent = quiet && this.#turn.state === "listening" && !this.#farewell.leaving;
    this.#silence.handle({ type: silent ? "quiet" : "busy" }, now);
    for (const order of this.#silence.handle({ type: "timeout" }, now)) {
      if (order.type === "nudge") this.#say(this.#turnOptions.nudgeText, "nudge", now);
      else {
        this.#farewell.leave("caller-silent", now);
        this.#farewell.expectSpeech(goodbyeBeginsMs, now);
        this.#say(goodbyeText, "goodbye", now);
      }
    }
  }

  #agentPartial(now: number): void {
    if (this.#audibleItemId === undefined || now - this.#partialAt < agentPartialMs) return;
    this.#partialAt = now;
    const item = this.#ports.playout.item(this.#audibleItemId);
    if (!item || item.heardText === this.#partialText) return;
    this.#partialText = item.heardText;
    this.#ports.report({
      type: "transcript-partial",
      role: "agent",
      utteranceId: this.#audibleItemId,
      text: item.heardText,
      atMs: this.#since(now),
    });
  }

  #reportTurn(turn: ReturnType<TurnTimer["abandon"]>): void {
    if (turn) this.#ports.report({ type: "turn", turn });
  }

  #since(at: number): number {
    return Math.max(0, Math.round((at - this.#startedAt) * 10) / 10);
  }
}
