import type { RespondReason } from "../ai/session.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { type FirstWords, Opening } from "./opening.ts";

/** What the model is asked to say: the first words, texts, replies to the caller's turns; and what of it is called off. */
export class ReplyDesk {
  /** Who is greeted, and when. */
  readonly opening = new Opening();
  readonly #parts: ConversationParts;
  readonly #firstMessage: string | undefined;
  #message: string | undefined;
  /** The instruction that is in the model's history already. */
  #told: string | undefined;

  constructor(parts: ConversationParts, firstMessage: string | undefined) {
    this.#parts = parts;
    this.#firstMessage = firstMessage;
  }

  /** The model can be spoken to; comes again after a reconnect. */
  modelReady(now: number): void {
    this.#sayFirst(this.opening.modelReady(), now);
  }

  /** Somebody is there, and nothing that he said brings the greeting. */
  greetIfDue(now: number): void {
    if (this.opening.takeDue()) this.#greet(now);
  }

  /** A machine records: this is said, or what the agent says first. */
  leaveMessage(text: string | undefined, now: number): void {
    this.#message = text ?? (this.#firstMessage || undefined);
    this.#sayFirst(this.opening.leaveMessage(), now);
  }

  /** The same words may be an instruction once more. */
  forgetTold(): void {
    this.#told = undefined;
  }

  /** Has a text spoken, or, for an instruction, spoken about. */
  say(text: string, reason: RespondReason, interruptible: boolean, now: number): void {
    const { ai } = this.#parts.ports;
    this.expect(reason, interruptible, now);
    if (reason !== "instruction") {
      ai.order({ type: "say", text, reason });
      return;
    }
    // One that was called off and is asked for again is known already.
    if (text !== this.#told) ai.order({ type: "add-text", role: "system", text });
    this.#told = text;
    ai.order({ type: "respond", reason });
  }

  /** A reply without a turn of the caller was asked for. */
  expect(reason: RespondReason, interruptible: boolean, now: number): void {
    const { replies, report, timer, input } = this.#parts;
    replies.asked(now);
    report.turn(timer.decided(reason, undefined, now));
    input({ type: "reply-requested", reason, interruptible }, now);
  }

  /**
   * The caller's turn is over and gets the model's reply; or the first words; or, while nobody is to be answered, nothing.
   * `lastVoicedAt`: monotonic ms.
   */
  answerTurn(agentTalks: boolean, lastVoicedAt: number | undefined, now: number): void {
    const { replies, report, timer, input, ports } = this.#parts;
    const what = agentTalks ? this.opening.reply() : "none";
    if (what === "greeting" && this.#greet(now)) return;
    if (what === "none") {
      input({ type: "response-failed" }, now);
      return;
    }
    if (what === "message") {
      // Whatever the machine says, the message is what is awaited.
      input({ type: "reply-requested", reason: "greeting", interruptible: false }, now);
      return;
    }
    replies.asked(now);
    report.turn(timer.decided("caller-turn", lastVoicedAt, now));
    ports.ai.order({ type: "respond", reason: "caller-turn" });
  }

  /** Nothing that was asked for and is not heard yet is wanted any more. */
  callOff(): void {
    const { replies, report, timer, initiative, ports } = this.#parts;
    replies.cancelled();
    initiative.announcements.calledOff();
    ports.ai.order({ type: "cancel-response" });
    report.turn(timer.abandon());
  }

  #sayFirst(what: FirstWords, now: number): void {
    if (what === "greeting") this.#greet(now);
    else if (what === "message") this.#open(this.#message, false, now);
  }

  /** False when there is nothing to greet with: an empty first message means that the caller speaks first. */
  #greet(now: number): boolean {
    if (this.#firstMessage === "") return false;
    this.#open(this.#firstMessage, this.#parts.options.greetingInterruptible, now);
    return true;
  }

  /** The agent's first words: these, or what the model makes of the moment. */
  #open(text: string | undefined, interruptible: boolean, now: number): void {
    if (text !== undefined) this.say(text, "greeting", interruptible, now);
    else {
      this.expect("greeting", interruptible, now);
      this.#parts.ports.ai.order({ type: "respond", reason: "greeting" });
    }
  }
}
