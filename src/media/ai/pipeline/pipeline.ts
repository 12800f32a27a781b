import type { AudioFormat } from "../../../codecs/format.ts";
import { ClauseSplitter } from "../clauses.ts";
import type { AiErrorKind, AiEvent, AiOrder, AiUsage } from "../session.ts";
import { EarsLine, type Understanding } from "./ears-line.ts";
import { History } from "./history.ts";
import type { PipelineOptions } from "./options.ts";
import type { MindPiece, MindRequest } from "./parts.ts";
import type { PartName, PipelineInput, PipelineOrder } from "./protocol.ts";
import { fallbackFor, type Reply, type WantedReply } from "./reply.ts";
import { SpeechLine } from "./speech-line.ts";
import { ToolLedger } from "./tool-ledger.ts";

/** What the core must know of the call and its parts. */
export interface PipelineSetup {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly deaf: boolean;
  readonly answersUnclear: boolean;
  readonly request: Omit<MindRequest, "history" | "reason">;
}

/**
 * The pipeline's core: ears → mind → voice, one reply at a time. Caller audio comes in through `pushCallerAudio`,
 * everything else through `handle`; what has to be done comes back as orders. After a fatal error it only stays silent.
 */
export class Pipeline {
  readonly #setup: PipelineSetup;
  readonly #options: PipelineOptions;
  readonly #history: History;
  readonly #ears: EarsLine;
  readonly #speech: SpeechLine;
  readonly #tools = new ToolLedger();
  readonly #queue: WantedReply[] = [];
  readonly #failures: Record<PartName, number> = { ears: 0, mind: 0, voice: 0 };
  #reply: Reply | undefined;
  #out: PipelineOrder[] = [];
  #nextId = 1;
  /** What the mind is to answer next; taken back when a reply was called off before it was heard. */
  #answering: Understanding = "nothing";
  /** Results came that the mind has not seen. */
  #freshResults = false;
  #toolRounds = 0;
  #fillerAt: number | undefined;
  #fillerUsed = false;
  #dead = false;

  constructor(setup: PipelineSetup, options: PipelineOptions) {
    this.#setup = setup;
    this.#options = options;
    this.#history = new History(options);
    this.#ears = new EarsLine(setup.inbound, setup.deaf, this.#history, options);
    this.#speech = new SpeechLine(setup.outbound, options);
  }

  /** Caller audio in the ears' format; the view is copied. */
  pushCallerAudio(frame: Uint8Array): void {
    this.#ears.pushAudio(frame);
  }

  /** When `timeout` is wanted, in monotonic ms. */
  get deadline(): number | undefined {
    if (this.#dead) return undefined;
    return earliest(earliest(this.#fillerAt, this.#mindDeadline), earliest(this.#ears.deadline, this.#speech.deadline));
  }

  /** Handles one input at `now` (monotonic ms). */
  handle(input: PipelineInput | { readonly type: "timeout" }, now: number): readonly PipelineOrder[] {
    if (this.#dead) return [];
    this.#out = [];
    this.#take(input, now);
    this.#goOn(now);
    return this.#out;
  }

  #take(input: PipelineInput | { readonly type: "timeout" }, now: number): void {
    switch (input.type) {
      case "start":
        this.#tell({ type: "ready" });
        break;
      case "order":
        this.#takeOrder(input.order, now);
        break;
      case "transcribed":
        if (!this.#ears.transcribed(input.utterance, input.text, this.#out)) break;
        this.#failures.ears = 0;
        if (input.usage) this.#tell({ type: "usage", usage: input.usage });
        break;
      case "mind-piece":
        if (this.#reply && input.question === this.#reply.question) this.#takePiece(this.#reply, input.piece, now);
        break;
      case "mind-done":
        if (this.#reply && input.question === this.#reply.question) {
          this.#failures.mind = 0;
          this.#endText(this.#reply, now);
        }
        break;
      case "speech-piece":
        this.#takeSpeech(input.speech, input.piece, now);
        break;
      case "speech-done":
        if (this.#speech.done(input.speech, now, this.#out)) this.#failures.voice = 0;
        break;
      case "failed":
        this.#fail(input.part, input.number, input.kind, input.message, now);
        break;
      case "timeout":
        this.#timeout(now);
        break;
    }
  }

  #takeOrder(order: AiOrder, now: number): void {
    switch (order.type) {
      case "caller-speech-started":
        this.#ears.speechStarted();
        break;
      case "commit-turn":
        if (this.#ears.commit(now, this.#out) === "overflow") {
          this.#tellError("overflow", "ears: too many utterances at once", false);
        }
        break;
      case "discard-turn":
        this.#ears.discard();
        break;
      case "respond":
        this.#want({ reason: order.reason });
        break;
      case "say":
        this.#want({ reason: order.reason, text: order.text });
        break;
      case "cancel-response":
        this.#cancel();
        break;
      case "truncate":
      case "heard":
        this.#history.settleItem(order.itemId, order.heardText);
        break;
      case "add-text":
        this.#history.addText(order.role, order.text);
        if (order.role === "caller") this.#ears.wordsAdded();
        break;
      case "tool-result":
        this.#takeToolResult(order.toolCallId, order.output, order.respond);
        break;
    }
  }

  #takeToolResult(toolCallId: string, output: string, respond: boolean): void {
    const settled = this.#tools.settle(toolCallId);
    if (settled === "unknown") {
      this.#tell({ type: "ignored", name: "tool-result" });
      return;
    }
    this.#history.settleToolCall(toolCallId, output);
    this.#freshResults = true;
    // The results of one reply go to the mind together; the last one tells whether it is to speak now.
    if (settled === "last" && respond) this.#want({ reason: "tool-result" });
  }

  #want(wanted: WantedReply): void {
    if (this.#queue.length < this.#options.maxQueuedReplies) this.#queue.push(wanted);
    else this.#tellError("overflow", "too many replies asked for at once", false);
  }

  /** Ends the reply that is complete and begins the next ones. */
  #goOn(now: number): void {
    while (!this.#dead) {
      const reply = this.#reply;
      if (reply) {
        if (!reply.textDone || !this.#speech.idle) return;
        this.#endReply(reply, reply.status);
        continue;
      }
      const next = this.#queue[0];
      // A question waits for the words it is about.
      if (!next || (next.text === undefined && this.#ears.busy)) return;
      this.#queue.shift();
      this.#begin(next, now);
    }
  }

  #begin(wanted: WantedReply, now: number): void {
    const reply: Reply = {
      responseId: `response_${this.#nextId++}`,
      wanted,
      splitter: new ClauseSplitter({ language: this.#setup.request.language }),
      question: undefined,
      askedAt: now,
      firstPieceSeen: false,
      textDone: false,
      itemId: undefined,
      chars: 0,
      toolCalls: 0,
      tookResults: false,
      hangUp: false,
      audible: false,
      status: "completed",
      fallbackSpoken: false,
      voiceFailed: false,
      speechCharacters: 0,
    };
    this.#reply = reply;
    this.#tell({ type: "response-started", responseId: reply.responseId, reason: wanted.reason });
    if (wanted.text !== undefined) {
      this.#addText(reply, wanted.text, now);
      this.#endText(reply, now);
    } else {
      this.#ask(reply, now);
    }
  }

  #ask(reply: Reply, now: number): void {
    const { reason } = reply.wanted;
    const understanding = this.#ears.takeUnderstanding();
    if (understanding !== "nothing" && this.#answering !== "words") this.#answering = understanding;
    if (reason === "caller-turn") {
      this.#toolRounds = 0;
      this.#fillerUsed = false;
      this.#fillerAt = undefined;
      if (!this.#hasSomethingToAnswer(reply, now)) {
        reply.textDone = true;
        return;
      }
    }
    if (reason === "tool-result") {
      this.#toolRounds += 1;
      // A reply to the caller has told these results already.
      if (!this.#freshResults) {
        reply.textDone = true;
        return;
      }
    }
    const history = this.#history.snapshot();
    if (this.#answering === "unclear" && this.#setup.answersUnclear) history.push({ role: "caller", text: "" });
    reply.tookResults = this.#freshResults;
    this.#freshResults = false;
    reply.question = this.#nextId++;
    if (reason === "caller-turn" || reason === "tool-result") this.#armFiller(now);
    const tools = this.#toolRounds >= this.#options.maxToolRounds ? [] : this.#setup.request.tools;
    const request = { ...this.#setup.request, tools, history, reason };
    this.#out.push({ type: "ask-mind", question: reply.question, request });
  }

  /** Noise and silence get no answer, unless the mind wants to say so or there are results to tell. */
  #hasSomethingToAnswer(reply: Reply, now: number): boolean {
    switch (this.#answering) {
      case "words":
        return true;
      case "unclear":
        return this.#setup.answersUnclear || this.#freshResults;
      case "nothing":
        return this.#freshResults;
      case "failed":
        reply.status = "failed";
        this.#speakFallback(reply, now);
        return false;
    }
  }

  #takePiece(reply: Reply, piece: MindPiece, now: number): void {
    reply.firstPieceSeen = true;
    switch (piece.type) {
      case "text":
        this.#addText(reply, piece.delta, now);
        break;
      case "tool-call":
        this.#takeToolCall(reply, piece.toolCallId, piece.name, piece.argumentsJson);
        break;
      case "hang-up":
        reply.hangUp = true;
        break;
      case "usage":
        this.#tell({ type: "usage", usage: piece.usage });
        break;
    }
  }

  #takeToolCall(reply: Reply, givenId: string, name: string, argumentsJson: string): void {
    if (reply.toolCalls >= this.#options.maxToolCallsPerReply) {
      this.#tell({ type: "ignored", name: "tool-call" });
      return;
    }
    reply.toolCalls += 1;
    const { responseId } = reply;
    const toolCallId = this.#tools.add(responseId, givenId);
    this.#history.addToolCall(responseId, toolCallId, name, argumentsJson);
    this.#tell({ type: "tool-call", toolCallId, responseId, name, argumentsJson });
  }

  #addText(reply: Reply, delta: string, now: number): void {
    if (reply.textDone) return;
    reply.chars += delta.length;
    for (const clause of reply.splitter.push(delta)) this.#speak(reply, clause, now);
    if (reply.splitter.hasText) this.#fillerAt = undefined;
    if (reply.chars <= this.#options.maxReplyChars) return;
    reply.status = "incomplete";
    this.#abortMind(reply);
    this.#endText(reply, now);
  }

  #speak(reply: Reply, clause: string, now: number): void {
    this.#fillerAt = undefined;
    if (reply.itemId === undefined) {
      reply.itemId = this.#newItemId();
      if (!reply.wanted.aside) this.#history.beginItem(reply.itemId);
    }
    this.#history.addSpoken(reply.itemId, clause);
    reply.speechCharacters += clause.length;
    this.#speech.add(reply.responseId, reply.itemId, clause, now, this.#out);
  }

  /** Speaks a sentence of ours in an item of its own; the model is not told that it said it. */
  #speakAside(reply: Reply, text: string, now: number): void {
    if (text === "") return;
    const itemId = this.#newItemId();
    reply.speechCharacters += text.length;
    this.#speech.add(reply.responseId, itemId, text, now, this.#out);
    this.#speech.endItem(itemId, this.#out);
  }

  #speakFallback(reply: Reply, now: number): void {
    if (reply.fallbackSpoken) return;
    reply.fallbackSpoken = true;
    this.#speakAside(reply, fallbackFor(reply.wanted.reason, this.#options), now);
  }

  #takeSpeech(speech: number, piece: Parameters<SpeechLine["piece"]>[1], now: number): void {
    const before = this.#out.length;
    const taken = this.#speech.piece(speech, piece, now, this.#out);
    if (this.#reply && this.#out.length > before) this.#reply.audible = true;
    if (taken === "overflow") this.#fail("voice", speech, "overflow", "a clause without end", now);
  }

  #endText(reply: Reply, now: number): void {
    if (reply.textDone) return;
    for (const clause of reply.splitter.flush()) this.#speak(reply, clause, now);
    this.#closeText(reply);
  }

  #closeText(reply: Reply): void {
    reply.textDone = true;
    reply.question = undefined;
    if (reply.itemId !== undefined) this.#speech.endItem(reply.itemId, this.#out);
  }

  #endReply(reply: Reply, status: "completed" | "failed" | "incomplete" | "cancelled"): void {
    this.#reply = undefined;
    if (status !== "cancelled") this.#answering = "nothing";
    const { responseId, speechCharacters } = reply;
    const usage: Partial<AiUsage> = { speechCharacters };
    if (speechCharacters > 0) this.#tell({ type: "usage", usage });
    if (reply.hangUp && status === "completed") this.#tell({ type: "hang-up" });
    const followUp = this.#queue.some((wanted) => wanted.reason === "tool-result" && !wanted.aside);
    const toolsPending = status !== "cancelled" && reply.toolCalls > 0 && (this.#tools.awaits(responseId) || followUp);
    this.#tell({ type: "response-done", responseId, status, toolsPending });
  }

  /** The caller takes the floor. Utterances stay with the ears: what the caller said is never dropped. */
  #cancel(): void {
    this.#queue.length = 0;
    this.#fillerAt = undefined;
    const reply = this.#reply;
    if (reply) {
      this.#abortMind(reply);
      this.#speech.cancel(this.#out);
    }
    this.#history.withholdOpenItems();
    if (!reply) return;
    // What was not answered out loud is still to be answered.
    if (reply.audible) this.#answering = "nothing";
    else this.#freshResults ||= reply.tookResults;
    this.#endReply(reply, "cancelled");
  }

  #abortMind(reply: Reply): void {
    if (reply.question !== undefined) this.#out.push({ type: "abort", part: "mind", number: reply.question });
    reply.question = undefined;
  }

  #fail(part: PartName, number: number, kind: AiErrorKind, message: string, now: number): void {
    const reply = this.#reply;
    if (part === "ears") {
      if (!this.#ears.failed(number, this.#out)) return;
    } else if (part === "mind") {
      if (!reply || reply.question !== number) return;
    } else if (!reply || !this.#speech.has(number)) return;
    // Several clauses may fail together; that is one failure.
    if (part !== "voice" || !reply?.voiceFailed) this.#failures[part] += 1;
    const fatal = this.#failures[part] >= this.#options.maxFailures;
    if (part !== "ears" && reply) this.#breakReply(reply, part, fatal, now);
    if (fatal) this.#die();
    this.#tellError(kind, `${part}: ${message}`, fatal);
  }

  /** A reply's mind or voice failed: what is spoken stays, the rest is replaced by the fallback, once. */
  #breakReply(reply: Reply, part: PartName, fatal: boolean, now: number): void {
    reply.status = "failed";
    this.#fillerAt = undefined;
    if (part === "voice") {
      reply.voiceFailed = true;
      this.#abortMind(reply);
      this.#speech.cancel(this.#out);
      this.#history.withholdOpenItems();
    }
    this.#closeText(reply);
    if (!fatal) this.#speakFallback(reply, now);
  }

  #die(): void {
    const reply = this.#reply;
    if (reply) {
      this.#abortMind(reply);
      this.#speech.cancel(this.#out);
      this.#endReply(reply, "failed");
    }
    this.#queue.length = 0;
    this.#dead = true;
  }

  #timeout(now: number): void {
    const utterance = this.#ears.overdue(now);
    if (utterance !== undefined) this.#giveUp("ears", utterance, now);
    const speech = this.#speech.overdue(now);
    if (speech !== undefined) this.#giveUp("voice", speech, now);
    const question = this.#reply?.question;
    if (question !== undefined && (this.#mindDeadline ?? now + 1) <= now) this.#giveUp("mind", question, now);
    if (this.#fillerAt !== undefined && this.#fillerAt <= now) this.#speakFiller(now);
  }

  #giveUp(part: PartName, number: number, now: number): void {
    this.#out.push({ type: "abort", part, number });
    this.#fail(part, number, "timeout", "no answer in time", now);
  }

  get #mindDeadline(): number | undefined {
    const reply = this.#reply;
    if (reply?.question === undefined) return undefined;
    const { answerTimeoutMs, firstPieceTimeoutMs } = this.#options;
    return reply.askedAt + (reply.firstPieceSeen ? answerTimeoutMs : firstPieceTimeoutMs);
  }

  #armFiller(now: number): void {
    if (this.#options.filler !== "" && !this.#fillerUsed) this.#fillerAt ??= now + this.#options.fillerAfterMs;
  }

  #speakFiller(now: number): void {
    this.#fillerAt = undefined;
    this.#fillerUsed = true;
    const { filler } = this.#options;
    if (this.#reply) this.#speakAside(this.#reply, filler, now);
    else if (this.#tools.busy) this.#want({ reason: "tool-result", text: filler, aside: true });
  }

  #newItemId(): string {
    return `item_${this.#nextId++}`;
  }

  #tell(event: AiEvent): void {
    this.#out.push({ type: "event", event });
  }

  #tellError(kind: AiErrorKind, message: string, fatal: boolean): void {
    this.#tell({ type: "error", kind, message, fatal });
  }
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}
