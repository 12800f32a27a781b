import type { AgentTranscript } from "./agent-transcript.ts";
import type { CallerUtterances } from "./caller-utterances.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import type { ReplyDesk } from "./reply-desk.ts";
import { type TurnInput, type TurnOrder, type TurnState, TurnTaking } from "./turn-taking.ts";

/** What the orders of the turn-taking act upon. */
export interface TurnDriven {
  readonly desk: ReplyDesk;
  readonly utterances: CallerUtterances;
  readonly transcript: AgentTranscript;
  /** False: nobody is answered. */
  readonly agentTalks: () => boolean;
}

/** Drives the turn-taking of a conversation: brings it one input at a time, and does what it orders before the next. */
export class TurnDriver {
  readonly #parts: ConversationParts;
  readonly #driven: TurnDriven;
  readonly #turn: TurnTaking;
  /** Inputs that came while orders were being performed; brought one by one after them. */
  readonly #inputs: TurnInput[] = [];
  #performing = false;
  #heardAtYieldMs: number | undefined;

  constructor(parts: ConversationParts, driven: TurnDriven) {
    this.#parts = parts;
    this.#driven = driven;
    this.#turn = new TurnTaking(parts.options);
  }

  get state(): TurnState {
    return this.#turn.state;
  }

  /** What was cut off is kept until the words of the caller's turn tell whether it was one. */
  get holding(): boolean {
    return this.#turn.holding;
  }

  get deadline(): number | undefined {
    return this.#turn.deadline;
  }

  input(input: TurnInput, now: number): void {
    this.#inputs.push(input);
    if (this.#performing) return;
    this.#performing = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      for (const order of this.#turn.handle(next, now)) this.#perform(order, now);
    }
    this.#performing = false;
  }

  /** The call is over, and with it whatever was being said. */
  close(now: number): void {
    const { playout, playoutSink } = this.#parts.ports;
    const [cut] = playout.interrupt(now, playoutSink);
    playout.discardKept();
    if (this.#turn.state === "overlapping") this.#heardAtYieldMs = cut?.heardMs;
    this.input({ type: "call-ended" }, now);
  }

  #perform(order: TurnOrder, now: number): void {
    const { ports, report, replies } = this.#parts;
    const { ai, playout, playoutSink } = ports;
    const { desk, utterances, transcript, agentTalks } = this.#driven;
    switch (order.type) {
      case "commit-turn":
        utterances.committed(now);
        ai.order({ type: "commit-turn" });
        break;
      case "respond":
        desk.answerTurn(agentTalks(), utterances.lastVoicedAt, now);
        break;
      case "cancel-response":
        desk.callOff();
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
        transcript.restored(playout.restore(now));
        replies.resumed();
        break;
      case "discard-interrupted":
        playout.discardKept();
        break;
      case "interruption":
        this.#interrupted(order, now);
        break;
      case "turn-done":
        break;
      case "reply-timeout":
        desk.callOff();
        ports.count("reply-timeout");
        report.trouble("reply-timeout", "the agent did not answer in time", now);
        break;
    }
  }

  /** The caller takes the floor: silence first, then the model is told, as one step. */
  #yield(now: number): void {
    const { playout, playoutSink } = this.#parts.ports;
    const items = playout.interrupt(now, playoutSink);
    this.#heardAtYieldMs = items[0]?.heardMs;
    this.#driven.desk.callOff();
    this.#driven.transcript.interrupted(items);
  }

  #interrupted(order: Extract<TurnOrder, { type: "interruption" }>, now: number): void {
    const { ports, report, callerTookFloor } = this.#parts;
    const { outcome, onsetAtMs, pausedAtMs, decidedAtMs } = order;
    if (outcome === "yielded") callerTookFloor(now);
    else {
      this.#driven.utterances.discarded();
      ports.ai.order({ type: "discard-turn" });
    }
    const interruption = {
      onsetAtMs: report.since(onsetAtMs),
      silencedAtMs: report.since(pausedAtMs),
      decidedAtMs: report.since(decidedAtMs),
      outcome,
      heardMs: outcome === "yielded" ? this.#heardAtYieldMs : undefined,
    };
    report.tell({ type: "interruption", interruption });
  }
}
