import { ClauseSplitter } from "../clauses.ts";
import type { RespondReason } from "../session.ts";
import type { FillerClock } from "./filler.ts";
import type { History } from "./history.ts";
import type { PipelineOptions } from "./options.ts";
import type { Outbox } from "./outbox.ts";
import type { MindPiece } from "./parts.ts";
import type { SpeechLine } from "./speech-line.ts";
import type { ToolLedger } from "./tool-ledger.ts";

/** A reply that was asked for: a question to the mind, or a text to be spoken as it stands. */
export interface WantedReply {
  readonly reason: RespondReason;
  readonly text?: string;
  /** Spoken, but not part of what the model is told it said (the filler). */
  readonly aside?: boolean;
}

/** What the replies of one call share. */
export interface ReplyDesk {
  readonly options: PipelineOptions;
  readonly language: string;
  readonly out: Outbox;
  readonly history: History;
  readonly speech: SpeechLine;
  readonly tools: ToolLedger;
  readonly filler: FillerClock;
  /** A number that was not used before in this call. */
  nextNumber(): number;
}

/** How a reply ended. */
export type ReplyStatus = "completed" | "failed" | "incomplete" | "cancelled";

/** The one reply in flight: turns the mind's pieces into clauses of an item, tool calls and news. */
export class Reply {
  readonly responseId: string;
  readonly wanted: WantedReply;
  /** Its voice failed already; several clauses may fail together. */
  voiceFailed = false;
  readonly #desk: ReplyDesk;
  readonly #splitter: ClauseSplitter;
  #question: number | undefined;
  #askedAt = 0;
  #firstPieceSeen = false;
  #textDone = false;
  #itemId: string | undefined;
  #audible = false;
  #chars = 0;
  #toolCalls = 0;
  #hangUp = false;
  #status: ReplyStatus = "completed";
  #fallbackSpoken = false;
  #speechCharacters = 0;

  constructor(wanted: WantedReply, desk: ReplyDesk) {
    this.wanted = wanted;
    this.#desk = desk;
    this.#splitter = new ClauseSplitter({ language: desk.language });
    this.responseId = `response_${desk.nextNumber()}`;
    desk.out.tell({ type: "response-started", responseId: this.responseId, reason: wanted.reason });
  }

  /** Number of the question the mind is working on; undefined when it is not asked, or has answered. */
  get question(): number | undefined {
    return this.#question;
  }

  /** Some of the answer came out; the filler does not count. */
  get audible(): boolean {
    return this.#audible;
  }

  /** Audio of an item came out. */
  cameOut(itemId: string): void {
    if (itemId === this.#itemId) this.#audible = true;
  }

  /** No more text will come. */
  get textDone(): boolean {
    return this.#textDone;
  }

  /** When the mind has taken too long, in monotonic ms. */
  get deadline(): number | undefined {
    if (this.#question === undefined) return undefined;
    const { answerTimeoutMs, firstPieceTimeoutMs } = this.#desk.options;
    return this.#askedAt + (this.#firstPieceSeen ? answerTimeoutMs : firstPieceTimeoutMs);
  }

  /** The mind is asked; gives the question's number. */
  ask(now: number): number {
    this.#question = this.#desk.nextNumber();
    this.#askedAt = now;
    return this.#question;
  }

  /** Takes a piece of the mind's answer. */
  take(piece: MindPiece, now: number): void {
    this.#firstPieceSeen = true;
    switch (piece.type) {
      case "text":
        this.addText(piece.delta, now);
        break;
      case "tool-call":
        this.#addToolCall(piece.toolCallId, piece.name, piece.argumentsJson);
        break;
      case "hang-up":
        this.#hangUp = true;
        break;
      case "usage":
        this.#desk.out.tell({ type: "usage", usage: piece.usage });
        break;
    }
  }

  /** Adds text to be spoken; complete clauses go to the voice. */
  addText(delta: string, now: number): void {
    if (this.#textDone) return;
    this.#chars += delta.length;
    for (const clause of this.#splitter.push(delta)) this.#speak(clause, now);
    if (this.#splitter.hasText) this.#desk.filler.stop();
    if (this.#chars <= this.#desk.options.maxReplyChars) return;
    this.#status = "incomplete";
    this.abortMind();
    this.endText(now);
  }

  /** The text is complete: its last clause goes to the voice. */
  endText(now: number): void {
    if (this.#textDone) return;
    for (const clause of this.#splitter.flush()) this.#speak(clause, now);
    this.closeText();
  }

  /** No further clause is spoken; what was begun and is no clause yet is dropped. */
  closeText(): void {
    this.#textDone = true;
    this.#question = undefined;
    if (this.#itemId !== undefined) this.#desk.speech.endItem(this.#itemId, this.#desk.out);
  }

  /** Speaks a sentence of ours in an item of its own; the model is not told that it said it. */
  speakAside(text: string, now: number): void {
    if (text === "") return;
    const itemId = this.#newItemId();
    this.#speechCharacters += text.length;
    this.#desk.speech.add(this.responseId, itemId, text, now, this.#desk.out);
    this.#desk.speech.endItem(itemId, this.#desk.out);
  }

  /** Something failed: apologises, once, where somebody waits for an answer. */
  fail(now: number): void {
    this.#status = "failed";
    this.closeText();
    if (this.#fallbackSpoken) return;
    this.#fallbackSpoken = true;
    const { fallback, greetingFallback } = this.#desk.options;
    const { reason } = this.wanted;
    if (reason === "greeting") this.speakAside(greetingFallback, now);
    if (reason === "caller-turn" || reason === "tool-result") this.speakAside(fallback, now);
  }

  abortMind(): void {
    if (this.#question !== undefined) this.#desk.out.push({ type: "abort", part: "mind", number: this.#question });
    this.#question = undefined;
  }

  /** Tells that the reply is over. `followUp`: a reply to its tools' results is wanted already. */
  end(cut: "cancelled" | "failed" | undefined, followUp: boolean): void {
    const { out, tools } = this.#desk;
    const status = cut ?? this.#status;
    const { responseId } = this;
    if (this.#speechCharacters > 0) out.tell({ type: "usage", usage: { speechCharacters: this.#speechCharacters } });
    if (this.#hangUp && status === "completed") out.tell({ type: "hang-up" });
    const toolsPending = cut === undefined && this.#toolCalls > 0 && (tools.awaits(responseId) || followUp);
    out.tell({ type: "response-done", responseId, status, toolsPending });
  }

  #speak(clause: string, now: number): void {
    const { history, speech, out, filler } = this.#desk;
    filler.stop();
    if (this.#itemId === undefined) {
      this.#itemId = this.#newItemId();
      if (!this.wanted.aside) history.beginItem(this.#itemId);
    }
    history.addSpoken(this.#itemId, clause);
    this.#speechCharacters += clause.length;
    speech.add(this.responseId, this.#itemId, clause, now, out);
  }

  #addToolCall(givenId: string, name: string, argumentsJson: string): void {
    const { history, out, tools, options } = this.#desk;
    if (this.#toolCalls >= options.maxToolCallsPerReply) {
      out.tell({ type: "ignored", name: "tool-call" });
      return;
    }
    this.#toolCalls += 1;
    const { responseId } = this;
    const toolCallId = tools.add(responseId, givenId);
    history.addToolCall(responseId, toolCallId, name, argumentsJson);
    out.tell({ type: "tool-call", toolCallId, responseId, name, argumentsJson });
  }

  #newItemId(): string {
    return `item_${this.#desk.nextNumber()}`;
  }
}
