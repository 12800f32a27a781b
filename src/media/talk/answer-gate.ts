import type { AnsweringMachinePlan, EndCause } from "../protocol.ts";
import { AnsweringMachine, type AnswerOrder, type AnswerVerdict } from "./answering-machine.ts";
import type { ConversationNews } from "./conversation-ports.ts";

/** What the gate has the agent do. Times are monotonic ms. */
export interface GatedAgent {
  /** Answers nobody until told; `onlyUnheard`: false, and no change, when something of it was heard already. */
  holdBack(onlyUnheard: boolean, now: number): boolean;
  /** Greets; what the far end said until `lastVoicedAt` was its turn. */
  begin(lastVoicedAt: number, now: number): void;
  /** Says this, or what it says first, and ends the call when it was played. */
  leaveMessage(text: string | undefined, now: number): void;
}

export interface AnswerGatePorts {
  readonly agent: GatedAgent;
  report(news: ConversationNews): void;
  end(cause: EndCause, detail: string): void;
}

/** Shorter, the first verdict would not be out; longer, a person would hang up. */
const shortestDecisionMs = 1000;
const longestDecisionMs = 10_000;

/**
 * Stands between an outgoing call and its agent until it is known who answered. A person is greeted as soon as he falls
 * silent; a machine is left a message, hung up on, or talked to, as the plan says. Nobody knows: it is a person.
 */
export class AnswerGate {
  readonly #plan: AnsweringMachinePlan;
  readonly #ports: AnswerGatePorts;
  readonly #answeredAt: number;
  readonly #detector: AnsweringMachine;
  #open = false;
  #words: string | undefined;
  /** Nothing is left to be decided. */
  #done = false;

  /** Holds the agent back from `now`, the moment of the answer. */
  constructor(plan: AnsweringMachinePlan, ports: AnswerGatePorts, now: number) {
    this.#plan = plan;
    this.#ports = ports;
    this.#answeredAt = now;
    const decideWithinMs = Math.min(longestDecisionMs, Math.max(shortestDecisionMs, plan.decideWithinMs));
    this.#detector = new AnsweringMachine(now, { decideWithinMs });
    ports.agent.holdBack(false, now);
  }

  /** 20 ms of the far end: Int16Array, mono, 8 kHz, 160 samples. */
  frame(pcm: Int16Array, now: number, agentAudible: boolean): void {
    if (!this.#done) this.#perform(this.#detector.frame(pcm, agentAudible), now);
  }

  /** News of the voice activity detector, after the conversation has had it. */
  speech(type: "speech-started" | "speech-stopped", now: number): void {
    if (!this.#done) this.#perform(this.#detector.handle({ type }, now), now);
  }

  /** What the conversation tells the world, for the far end's words; they are looked at with the next tick. */
  told(news: ConversationNews): void {
    if (this.#done) return;
    const text =
      news.type === "utterance" && news.utterance.role === "caller" && news.utterance.via === "speech"
        ? news.utterance.text
        : news.type === "transcript-partial" && news.role === "caller"
          ? news.text
          : undefined;
    if (text !== undefined) this.#words = text;
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    if (this.#done) return;
    const text = this.#words;
    this.#words = undefined;
    if (text !== undefined) this.#perform(this.#detector.handle({ type: "words", text }, now), now);
    const { deadline } = this.#detector;
    if (!this.#done && deadline !== undefined && deadline <= now) {
      this.#perform(this.#detector.handle({ type: "timeout" }, now), now);
    }
  }

  #perform(orders: readonly AnswerOrder[], now: number): void {
    for (const order of orders) {
      if (this.#done) return;
      if (order.type === "verdict") this.#judged(order.verdict, now);
      else if (order.type === "message-now") this.#ports.agent.leaveMessage(this.#plan.message, now);
    }
    if (this.#detector.done) this.#done = true;
  }

  #judged(verdict: AnswerVerdict, now: number): void {
    const { kind, confidence, isFinal, reason } = verdict;
    const atMs = Math.max(0, Math.round(now - this.#answeredAt));
    this.#ports.report({ type: "answered-by", kind, confidence: Math.round(confidence * 100) / 100, atMs, isFinal });
    if (kind === "machine") {
      if (isFinal) this.#machine(reason === "fax" || reason === "network-tones", now);
    } else if (kind === "human" || isFinal) this.#letIn(now);
    // He only drew breath: as long as the greeting cannot be heard yet, it waits.
    else if (this.#open) this.#open = !this.#ports.agent.holdBack(true, now);
  }

  #machine(deaf: boolean, now: number): void {
    const { onMachine } = this.#plan;
    if (onMachine === "continue") {
      this.#letIn(now);
      this.#done = true;
    } else if (onMachine === "hang-up" || deaf) {
      this.#done = true;
      this.#ports.end("machine-answered", "");
    } else {
      // A greeting that was begun for a person is no message.
      this.#open = false;
      this.#ports.agent.holdBack(false, now);
    }
  }

  #letIn(now: number): void {
    if (this.#open) return;
    this.#open = true;
    this.#ports.agent.begin(now - this.#detector.silenceMs, now);
  }
}
