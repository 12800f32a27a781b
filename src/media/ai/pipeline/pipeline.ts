import type { AiErrorKind, AiOrder } from "../session.ts";
import { EarsLine } from "./ears-line.ts";
import { FillerClock } from "./filler.ts";
import { History } from "./history.ts";
import type { PipelineOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import type { SpeechPiece } from "./parts.ts";
import type { PartName, PipelineInput, PipelineOrder, PipelineSetup } from "./protocol.ts";
import { Questions } from "./questions.ts";
import { Reply, type ReplyDesk, type WantedReply } from "./reply.ts";
import { SpeechLine } from "./speech-line.ts";
import { ToolLedger } from "./tool-ledger.ts";

/**
 * The pipeline's core: ears → mind → voice, one reply at a time. Caller audio comes in through `pushCallerAudio`,
 * everything else through `handle`; what has to be done comes back as orders. After a fatal error it only stays silent.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #desk: ReplyDesk;
  readonly #ears: EarsLine;
  readonly #questions: Questions;
  readonly #queue: WantedReply[] = [];
  readonly #failures: Record<PartName, number> = { ears: 0, mind: 0, voice: 0 };
  #reply: Reply | undefined;
  #lastNumber = 0;
  #dead = false;

  constructor(setup: PipelineSetup, options: PipelineOptions) {
    this.#options = options;
    this.#desk = {
      options,
      language: setup.request.language,
      out: new Outbox(),
      history: new History(options),
      speech: new SpeechLine(setup.outbound, options),
      tools: new ToolLedger(),
      filler: new FillerClock(options),
      nextNumber: () => ++this.#lastNumber,
    };
    const { answersUnclear, request } = setup;
    const { maxToolRounds } = options;
    this.#questions = new Questions({ answersUnclear, maxToolRounds, request }, this.#desk.history);
    this.#ears = new EarsLine(setup.inbound, setup.deaf, this.#desk.history, options);
  }

  /** Caller audio in the ears' format; the view is copied. */
  pushCallerAudio(frame: Uint8Array): void {
    this.#ears.pushAudio(frame);
  }

  /** When `timeout` is wanted, in monotonic ms. */
  get deadline(): number | undefined {
    if (this.#dead) return undefined;
    const { filler, speech } = this.#desk;
    const times = [filler.deadline, speech.deadline, this.#ears.deadline, this.#reply?.deadline];
    const wanted = times.filter((time) => time !== undefined);
    return wanted.length > 0 ? Math.min(...wanted) : undefined;
  }

  /** Handles one input at `now` (monotonic ms). */
  handle(input: PipelineInput | { readonly type: "timeout" }, now: number): readonly PipelineOrder[] {
    if (this.#dead) return [];
    this.#take(input, now);
    this.#goOn(now);
    return this.#desk.out.take();
  }

  #take(input: PipelineInput | { readonly type: "timeout" }, now: number): void {
    const { out, speech } = this.#desk;
    const reply = this.#reply;
    switch (input.type) {
      case "start":
        out.tell({ type: "ready" });
        break;
      case "order":
        this.#takeOrder(input.order, now);
        break;
      case "transcribed":
        if (!this.#ears.transcribed(input.utterance, input.text, out)) break;
        this.#failures.ears = 0;
        if (input.usage) out.tell({ type: "usage", usage: input.usage });
        break;
      case "mind-piece":
        if (input.question === reply?.question) reply.take(input.piece, now);
        break;
      case "mind-done":
        if (input.question !== reply?.question) break;
        this.#failures.mind = 0;
        reply.endText(now);
        break;
      case "speech-piece":
        this.#takeSpeech(input.speech, input.piece, now);
        break;
      case "speech-done":
        if (speech.done(input.speech, now, out)) this.#failures.voice = 0;
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
    const { history, out } = this.#desk;
    switch (order.type) {
      case "caller-speech-started":
        this.#ears.speechStarted();
        break;
      case "commit-turn":
        if (this.#ears.commit(now, out) === "overflow") {
          out.tellError("overflow", "ears: too many utterances at once", false);
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
        history.settleItem(order.itemId, order.heardText);
        break;
      case "add-text":
        history.addText(order.role, order.text);
        if (order.role === "caller") this.#ears.wordsAdded();
        break;
      case "tool-result":
        this.#takeToolResult(order.toolCallId, order.output, order.respond);
        break;
    }
  }

  #takeToolResult(toolCallId: string, output: string, respond: boolean): void {
    const { history, out, tools } = this.#desk;
    const settled = tools.settle(toolCallId);
    if (settled === "unknown") {
      out.tell({ type: "ignored", name: "tool-result" });
      return;
    }
    history.settleToolCall(toolCallId, output);
    this.#questions.resultArrived();
    // The results of one reply go to the mind together; the last one tells whether it is to speak now.
    if (settled === "last" && respond) this.#want({ reason: "tool-result" });
  }

  #want(wanted: WantedReply): void {
    if (this.#queue.length < this.#options.maxQueuedReplies) this.#queue.push(wanted);
    else this.#desk.out.tellError("overflow", "too many replies asked for at once", false);
  }

  /** Ends the reply that is complete and begins the next ones. */
  #goOn(now: number): void {
    while (!this.#dead) {
      const reply = this.#reply;
      if (reply) {
        if (!reply.textDone || !this.#desk.speech.idle) return;
        if (reply.wanted.text === undefined) this.#questions.answered();
        this.#endReply(reply, undefined);
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
    const reply = new Reply(wanted, this.#desk);
    this.#reply = reply;
    if (wanted.text !== undefined) {
      reply.addText(wanted.text, now);
      reply.endText(now);
      return;
    }
    switch (this.#questions.judge(wanted.reason, this.#ears.takeUnderstanding())) {
      case "ask":
        this.#ask(reply, now);
        break;
      case "apologise":
        reply.fail(now);
        break;
      case "skip":
        reply.closeText();
        break;
    }
  }

  #ask(reply: Reply, now: number): void {
    const { reason } = reply.wanted;
    const { filler, out } = this.#desk;
    if (reason === "caller-turn") filler.newTurn();
    if (reason === "caller-turn" || reason === "tool-result") filler.start(now);
    out.push({ type: "ask-mind", question: reply.ask(now), request: this.#questions.ask(reason) });
  }

  #takeSpeech(speech: number, piece: SpeechPiece, now: number): void {
    switch (this.#desk.speech.piece(speech, piece, now, this.#desk.out)) {
      case "audible":
        this.#reply?.cameOut(this.#desk.speech.itemId);
        break;
      case "overflow":
        this.#desk.out.push({ type: "abort", part: "voice", number: speech });
        this.#fail("voice", speech, "overflow", "a clause without end", now);
        break;
      case "held":
      case "stale":
        break;
    }
  }

  #endReply(reply: Reply, cut: "cancelled" | "failed" | undefined): void {
    this.#reply = undefined;
    reply.end(
      cut,
      this.#queue.some((wanted) => wanted.reason === "tool-result" && !wanted.aside),
    );
  }

  /** The caller takes the floor. Utterances stay with the ears: what the caller said is never dropped. */
  #cancel(): void {
    const { filler, history, out, speech } = this.#desk;
    this.#queue.length = 0;
    filler.stop();
    const reply = this.#reply;
    reply?.abortMind();
    speech.cancel(out);
    history.withholdOpenItems();
    if (!reply) return;
    if (reply.audible) this.#questions.answered();
    else this.#questions.calledOff();
    this.#endReply(reply, "cancelled");
  }

  #fail(part: PartName, number: number, kind: AiErrorKind, message: string, now: number): void {
    const { out, speech } = this.#desk;
    const reply = this.#reply;
    if (part === "ears" && !this.#ears.failed(number, out)) return;
    if (part === "mind" && reply?.question !== number) return;
    if (part === "voice" && !speech.has(number)) return;
    if (part !== "voice" || !reply?.voiceFailed) this.#failures[part] += 1;
    const fatal = this.#failures[part] >= this.#options.maxFailures;
    if (fatal) this.#die();
    else if (part !== "ears" && reply) this.#breakReply(reply, part, now);
    out.tellError(kind, `${part}: ${message}`, fatal);
  }

  /** A reply's mind or voice failed: what came out stays, the rest is replaced by the fallback, once. */
  #breakReply(reply: Reply, part: "mind" | "voice", now: number): void {
    const { filler, history, out, speech } = this.#desk;
    filler.stop();
    if (part === "voice") {
      reply.voiceFailed = true;
      reply.abortMind();
      speech.cancel(out);
      history.withholdOpenItems();
    }
    reply.fail(now);
  }

  #die(): void {
    this.#dead = true;
    this.#queue.length = 0;
    const reply = this.#reply;
    if (!reply) return;
    reply.abortMind();
    this.#desk.speech.cancel(this.#desk.out);
    this.#endReply(reply, "failed");
  }

  #timeout(now: number): void {
    const { filler, speech, tools } = this.#desk;
    const utterance = this.#ears.overdue(now);
    if (utterance !== undefined) this.#giveUp("ears", utterance, now);
    const clause = speech.overdue(now);
    if (clause !== undefined) this.#giveUp("voice", clause, now);
    const reply = this.#reply;
    if (reply?.question !== undefined && (reply.deadline ?? now + 1) <= now) this.#giveUp("mind", reply.question, now);
    if (!filler.takeDue(now)) return;
    if (this.#reply) this.#reply.speakAside(this.#options.filler, now);
    else if (tools.busy) this.#want({ reason: "tool-result", text: this.#options.filler, aside: true });
  }

  #giveUp(part: PartName, number: number, now: number): void {
    this.#desk.out.push({ type: "abort", part, number });
    this.#fail(part, number, "timeout", "no answer in time", now);
  }
}
