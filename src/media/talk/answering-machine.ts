import type { Machine } from "../../kit/machine.ts";
import type { AnsweredBy } from "../protocol.ts";
import { AnswerCadence } from "./answer-cadence.ts";
import { type AnswerTone, AnswerTones } from "./answer-tones.ts";
import { weighAnswerWords } from "./answer-words.ts";
import { type AnsweringMachineOptions, defaultAnsweringMachineOptions } from "./answering-machine-options.ts";

/** What a judgement rests on. */
export type AnswerReason =
  | "nothing-said"
  | "still-talking"
  | "short-greeting"
  | "long-greeting"
  | "talks-over"
  | "words"
  | "beep"
  | "fax"
  | "network-tones";

/** A judgement of who answered; `atMs` counts from the answer. After the final one there is no other. */
export interface AnswerVerdict {
  readonly kind: AnsweredBy;
  /** 0 to 1. */
  readonly confidence: number;
  readonly atMs: number;
  readonly isFinal: boolean;
  readonly reason: AnswerReason;
}

export type AnswerInput =
  /** Our voice activity detector, which knows speech from noise but is later than the energy. */
  | { readonly type: "speech-started" }
  | { readonly type: "speech-stopped" }
  /** Words of the far end, as far as recognised. Private. */
  | { readonly type: "words"; readonly text: string };

export type AnswerOrder =
  | { readonly type: "verdict"; readonly verdict: AnswerVerdict }
  /** The machine's beep has ended. */
  | { readonly type: "beep"; readonly atMs: number }
  /** The machine's greeting is over: speak now. Comes again with the beep, when that was later than the silence before it. */
  | { readonly type: "message-now"; readonly atMs: number; readonly reason: "beep" | "silence" | "limit" };

interface Estimate {
  readonly kind: AnsweredBy;
  readonly confidence: number;
  readonly isFinal: boolean;
  readonly reason: AnswerReason;
}

/** A line that sends nothing for so long is silent: the audio's clock follows the wall's. */
const missingMs = 100;
/** Verdicts that are not final; a line that alternates is not reported for ever. */
const maxVerdicts = 8;
const frameMs = 20;
const silentFrame = new Int16Array(160);
const nothing: readonly AnswerOrder[] = [];

/**
 * Tells who answered an outgoing call while the answerer speaks. A person says "hello?" and waits; a machine talks on, and
 * beeps. First verdict within 0.8 s, corrected as more is heard; after a machine it waits for the end of the greeting.
 * `frame` wants every 20 ms of the caller; `handle` the rest.
 */
export class AnsweringMachine implements Machine<AnswerInput, AnswerOrder> {
  readonly #options: AnsweringMachineOptions;
  readonly #answeredAt: number;
  readonly #cadence = new AnswerCadence();
  readonly #tones = new AnswerTones();
  #orders: AnswerOrder[] = [];
  #words: "human" | "machine" | undefined;
  #tone: AnswerTone | undefined;
  /** The detector hears speech now, and has heard some. */
  #speaking = false;
  #confirmed = false;
  /** Our own voice was heard there, and how long the far end has talked over it. */
  #agentHeard = false;
  #overAgentMs = 0;
  #last: Estimate | undefined;
  #verdicts = 0;
  /** When it was told to speak for want of a beep, which may come yet; and that no more is to be told. */
  #toldAtMs: number | undefined;
  #over = false;

  /** `answeredAt`: monotonic ms of the answer. */
  constructor(answeredAt: number, options: Partial<AnsweringMachineOptions> = {}) {
    this.#options = { ...defaultAnsweringMachineOptions, ...options };
    this.#answeredAt = answeredAt;
  }

  /** Nothing more will be told. */
  get done(): boolean {
    return this.#last?.isFinal === true && (!this.#awaitsEnd || this.#over);
  }

  /** Silence of the far end up to now, in ms. */
  get silenceMs(): number {
    return this.#cadence.silenceMs;
  }

  /** When the audio that did not come counts as silence. */
  get deadline(): number | undefined {
    return this.done ? undefined : this.#answeredAt + this.#cadence.nowMs + missingMs;
  }

  /** One frame of the far end (Int16Array, mono, 8 kHz, 160 samples); `agentAudible`: our own voice may come back in it. */
  frame(pcm: Int16Array, agentAudible: boolean): readonly AnswerOrder[] {
    if (this.done) return nothing;
    if (this.#orders.length > 0) this.#orders = [];
    this.#hear(pcm, agentAudible);
    return this.#orders;
  }

  handle(input: AnswerInput | { type: "timeout" }, now: number): readonly AnswerOrder[] {
    if (this.done) return nothing;
    if (this.#orders.length > 0) this.#orders = [];
    switch (input.type) {
      case "speech-started":
        this.#speaking = true;
        this.#confirmed = true;
        break;
      case "speech-stopped":
        this.#speaking = false;
        break;
      case "words":
        this.#words ??= weighAnswerWords(input.text);
        this.#judge();
        break;
      case "timeout":
        while (!this.done && this.#answeredAt + this.#cadence.nowMs + missingMs <= now) this.#hear(silentFrame, false);
        break;
    }
    return this.#orders;
  }

  #hear(pcm: Int16Array, agentAudible: boolean): void {
    this.#agentHeard ||= agentAudible;
    const tone = this.#tones.frame(pcm, this.#cadence.onsetMs !== undefined);
    this.#tone ??= tone;
    this.#cadence.frame(pcm, this.#tones.tonal || (agentAudible && !this.#speaking));
    if (agentAudible && this.#cadence.silenceMs === 0) this.#overAgentMs += frameMs;
    this.#judge();
    if (this.#awaitsEnd && !this.#over) this.#lookForEnd(tone === "beep");
  }

  /** A machine that takes messages: neither a fax nor the network. */
  get #awaitsEnd(): boolean {
    return (
      this.#last?.kind === "machine" && this.#last.isFinal && this.#tone !== "fax" && this.#tone !== "network-tones"
    );
  }

  #lookForEnd(beep: boolean): void {
    const atMs = this.#cadence.nowMs;
    const toldAtMs = this.#toldAtMs;
    this.#over = beep || (toldAtMs !== undefined && atMs - toldAtMs >= this.#options.lateBeepMs);
    if (beep) this.#orders.push({ type: "beep", atMs });
    const reason = beep ? "beep" : toldAtMs === undefined ? this.#overdue(atMs) : undefined;
    if (reason === undefined) return;
    this.#toldAtMs = atMs;
    this.#orders.push({ type: "message-now", atMs, reason });
  }

  #overdue(atMs: number): "silence" | "limit" | undefined {
    const { greetingOverMs, messageByMs } = this.#options;
    if (this.#cadence.silenceMs >= greetingOverMs) return "silence";
    return atMs >= messageByMs ? "limit" : undefined;
  }

  #judge(): void {
    const last = this.#last;
    if (last?.isFinal) return;
    const { firstVerdictMs, decideWithinMs } = this.#options;
    const atMs = this.#cadence.nowMs;
    const out = atMs >= decideWithinMs;
    const estimate = this.#estimate(out);
    const isFinal = estimate.isFinal || out;
    if (!isFinal) {
      if (this.#verdicts >= maxVerdicts) return;
      if (last === undefined ? estimate.kind === "unknown" && atMs < firstVerdictMs : last.kind === estimate.kind)
        return;
    }
    this.#verdicts++;
    this.#last = { ...estimate, isFinal };
    this.#orders.push({ type: "verdict", verdict: { ...this.#last, atMs } });
  }

  /** `out`: there is no more time. */
  #estimate(out: boolean): Estimate {
    if (this.#tone) return certain("machine", this.#tone === "beep" ? 0.97 : 0.99, this.#tone);
    if (this.#words) return certain(this.#words, 0.95, "words");
    const { leastSpeechMs, helloMs, machineMs, surelyMachineMs, moreOverAgentMs, overAgentMs, settledMs } =
      this.#options;
    const { talkMs, silenceMs } = this.#cadence;
    if (talkMs < leastSpeechMs) return guess("unknown", 0.2, "nothing-said");
    if (this.#overAgentMs >= overAgentMs) return certain("machine", 0.85, "talks-over");
    const moreMs = this.#agentHeard ? moreOverAgentMs : 0;
    const surely = (talkMs - machineMs) / (surelyMachineMs - machineMs);
    if (talkMs >= surelyMachineMs + moreMs) return certain("machine", 0.95, "long-greeting");
    if (talkMs >= machineMs + moreMs) return guess("machine", 0.6 + 0.3 * Math.min(1, surely), "long-greeting");
    const goesOn = !this.#agentHeard && talkMs >= helloMs && silenceMs < settledMs / 4;
    if (out && goesOn) return guess("machine", 0.55, "still-talking");
    const longer = this.#longer(talkMs);
    if (silenceMs < this.#pauseAfter(longer)) {
      // Who was greeted and says something is in a conversation.
      const answers = this.#agentHeard && this.#last?.kind === "human";
      return answers ? guess("human", 0.6, "short-greeting") : guess("unknown", 0.3, "still-talking");
    }
    const settled = Math.min(1, silenceMs / (settledMs * (1 + longer)));
    const confidence = 0.6 + 0.35 * settled - 0.1 * longer;
    return settled === 1
      ? certain("human", confidence, "short-greeting")
      : guess("human", confidence, "short-greeting");
  }

  /** Where between a "hello" (0) and the longest greeting of a person (1) so much speech lies. */
  #longer(talkMs: number): number {
    const { helloMs, longestHumanMs } = this.#options;
    return Math.max(0, Math.min(1, (talkMs - helloMs) / (longestHumanMs - helloMs)));
  }

  /** The pause that makes it a person's who waits for an answer. */
  #pauseAfter(longer: number): number {
    const { helloPauseMs, longestPauseMs, unconfirmedPauseMs } = this.#options;
    const pauseMs = helloPauseMs + longer * (longestPauseMs - helloPauseMs);
    return this.#confirmed ? pauseMs : Math.max(pauseMs, unconfirmedPauseMs);
  }
}

function certain(kind: AnsweredBy, confidence: number, reason: AnswerReason): Estimate {
  return { kind, confidence, isFinal: true, reason };
}

function guess(kind: AnsweredBy, confidence: number, reason: AnswerReason): Estimate {
  return { kind, confidence, isFinal: false, reason };
}
