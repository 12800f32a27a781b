import type { AudioFormat } from "../../../codecs/format.ts";
import type { History } from "./history.ts";
import type { Outbox } from "./outbox.ts";
import { UtteranceBuffer } from "./utterance-buffer.ts";

/** How the caller's audio is cut and how long the ears may take. */
export interface EarsLineOptions {
  readonly preRollMs: number;
  readonly maxUtteranceMs: number;
  readonly transcribeTimeoutMs: number;
}

/** Utterances that may be with the ears at once; further ones are not understood. */
const maxUnderway = 4;

/** What became of the caller's utterances since the mind was asked last. */
export type Understanding = "words" | "unclear" | "failed" | "nothing";

/** The caller's side: cuts utterances, hands them to the ears, puts their words into the history in the order spoken. */
export class EarsLine {
  readonly #options: EarsLineOptions;
  readonly #history: History;
  readonly #deaf: boolean;
  readonly #buffer: UtteranceBuffer;
  /** When each utterance under way is given up, in monotonic ms. */
  readonly #underway = new Map<number, number>();
  /** Somebody spoke whom nobody can understand. */
  #unheard = false;
  #nextUtterance = 1;
  #understanding: Understanding = "nothing";

  constructor(inbound: AudioFormat, deaf: boolean, history: History, options: EarsLineOptions) {
    this.#options = options;
    this.#history = history;
    this.#deaf = deaf;
    this.#buffer = new UtteranceBuffer(inbound, options);
  }

  /** True while words are awaited. */
  get busy(): boolean {
    return this.#underway.size > 0;
  }

  /** When the oldest utterance is given up, in monotonic ms. */
  get deadline(): number | undefined {
    return this.#underway.values().next().value;
  }

  pushAudio(frame: Uint8Array): void {
    if (!this.#deaf) this.#buffer.push(frame);
  }

  speechStarted(): void {
    if (this.#deaf) this.#unheard = true;
    else this.#buffer.begin();
  }

  discard(): void {
    this.#unheard = false;
    this.#buffer.discard();
  }

  /** The turn is over: its audio goes to the ears. Nothing when nobody spoke; "overflow" when too much is under way. */
  commit(now: number, out: Outbox): "overflow" | undefined {
    const audio = this.#buffer.take();
    const unheard = this.#unheard;
    this.#unheard = false;
    if (!unheard && (!audio || audio.length === 0)) return undefined;
    const utterance = this.#nextUtterance++;
    if (!audio) {
      this.#tell(utterance, "", "unclear", out);
      return undefined;
    }
    if (this.#underway.size >= maxUnderway) {
      this.#tell(utterance, "", "failed", out);
      return "overflow";
    }
    this.#underway.set(utterance, now + this.#options.transcribeTimeoutMs);
    this.#history.beginUtterance(utterance);
    out.push({ type: "transcribe", utterance, audio });
    return undefined;
  }

  /** Words of an utterance; false when it was given up. */
  transcribed(utterance: number, text: string, out: Outbox): boolean {
    if (!this.#underway.delete(utterance)) return false;
    const words = text.trim();
    this.#history.settleUtterance(utterance, words);
    this.#tell(utterance, words, words === "" ? "unclear" : "words", out);
    return true;
  }

  /** The ears failed on an utterance; false when it was given up before. */
  failed(utterance: number, out: Outbox): boolean {
    if (!this.#underway.delete(utterance)) return false;
    this.#tell(utterance, "", "failed", out);
    return true;
  }

  /** An utterance whose time is over. */
  overdue(now: number): number | undefined {
    for (const [utterance, deadline] of this.#underway) if (deadline <= now) return utterance;
    return undefined;
  }

  /** The caller said something in another way (keys). */
  wordsAdded(): void {
    this.#understanding = "words";
  }

  /** What there is to answer; asking takes it. */
  takeUnderstanding(): Understanding {
    const understanding = this.#understanding;
    this.#understanding = "nothing";
    return understanding;
  }

  #tell(utterance: number, text: string, understanding: Understanding, out: Outbox): void {
    if (this.#understanding !== "words") this.#understanding = understanding;
    const itemId = `utterance_${utterance}`;
    out.tell({ type: "caller-transcript", itemId, text, final: true });
  }
}
