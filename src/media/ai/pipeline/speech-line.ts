import { type AudioFormat, bytesPerMs } from "../../../codecs/format.ts";
import type { TimedWord } from "../session.ts";
import type { Outbox } from "./outbox.ts";
import type { SpeechPiece } from "./parts.ts";
import { defaultMsPerChar, learnPace, WordSpreader } from "./word-times.ts";

/** Bounds of the voice's work, in ms. */
export interface SpeechLineOptions {
  readonly speechTimeoutMs: number;
  readonly maxClauseAudioMs: number;
}

/** One clause on its way through the voice. */
interface Clause {
  readonly speech: number;
  readonly responseId: string;
  readonly itemId: string;
  readonly text: string;
  state: "waiting" | "asked" | "spoken";
  /** Pieces that came before it was this clause's turn. */
  readonly held: SpeechPiece[];
  /** Made when the clause's turn comes; undefined also when the voice tells the times itself. */
  spreader: WordSpreader | undefined;
  started: boolean;
  audioBytes: number;
  receivedBytes: number;
  deadlineMs: number;
  endsItem: boolean;
}

/** Clauses that are with the voice at once: the next is made while one is still coming, so that there is no gap. */
const clausesAhead = 2;

/** Sends clauses to the voice and brings what it speaks out in order: audio in whole samples, words with their times. */
export class SpeechLine {
  readonly #options: SpeechLineOptions;
  readonly #bytesPerMs: number;
  readonly #sampleBytes: number;
  readonly #clauses: Clause[] = [];
  /** Items that were begun and not told as done, with their responses. */
  readonly #openItems = new Map<string, string>();
  #nextSpeech = 1;
  #msPerChar = defaultMsPerChar;
  #itemId = "";
  #itemAudioBytes = 0;
  #itemHasText = false;
  /** First half of a 16-bit sample that was split between two pieces. */
  #oddByte: number | undefined;

  constructor(outbound: AudioFormat, options: SpeechLineOptions) {
    this.#options = options;
    this.#bytesPerMs = bytesPerMs(outbound);
    this.#sampleBytes = outbound.encoding === "l16" ? 2 : 1;
  }

  /** True when nothing is to be spoken. */
  get idle(): boolean {
    return this.#clauses.length === 0;
  }

  /** The item whose audio came out last. */
  get itemId(): string {
    return this.#itemId;
  }

  /** When the voice has been silent for too long, in monotonic ms. */
  get deadline(): number | undefined {
    let deadline: number | undefined;
    for (const clause of this.#clauses) {
      if (clause.state === "asked") deadline = Math.min(deadline ?? clause.deadlineMs, clause.deadlineMs);
    }
    return deadline;
  }

  /** Adds a clause to an item. */
  add(responseId: string, itemId: string, text: string, now: number, out: Outbox): void {
    this.#openItems.set(itemId, responseId);
    this.#clauses.push({
      speech: this.#nextSpeech++,
      responseId,
      itemId,
      text,
      state: "waiting",
      held: [],
      spreader: undefined,
      started: false,
      audioBytes: 0,
      receivedBytes: 0,
      deadlineMs: 0,
      endsItem: false,
    });
    this.#askVoice(now, out);
  }

  /** No further clause will come for this item. */
  endItem(itemId: string, out: Outbox): void {
    const last = this.#clauses.findLast((clause) => clause.itemId === itemId);
    if (last) last.endsItem = true;
    else this.#tellItemDone(itemId, out);
  }

  /** A piece of speech came: brought out, held for its turn, called off already, or too much of it. */
  piece(speech: number, piece: SpeechPiece, now: number, out: Outbox): "audible" | "held" | "stale" | "overflow" {
    const clause = this.#find(speech);
    if (!clause) return "stale";
    clause.receivedBytes += piece.audio.length;
    if (clause.receivedBytes > this.#options.maxClauseAudioMs * this.#bytesPerMs) return "overflow";
    clause.deadlineMs = now + this.#options.speechTimeoutMs;
    if (clause === this.#clauses[0]) {
      this.#bringOut(clause, piece, out);
      return "audible";
    }
    clause.held.push(piece);
    return "held";
  }

  /** A clause was spoken to its end; false when it was called off. */
  done(speech: number, now: number, out: Outbox): boolean {
    const clause = this.#find(speech);
    if (!clause) return false;
    clause.state = "spoken";
    this.#advance(out);
    this.#askVoice(now, out);
    return true;
  }

  /** True when the voice's work of this number is still wanted. */
  has(speech: number): boolean {
    return this.#find(speech) !== undefined;
  }

  /** The clause whose voice has been silent for too long. */
  overdue(now: number): number | undefined {
    return this.#clauses.find((clause) => clause.state === "asked" && clause.deadlineMs <= now)?.speech;
  }

  /** Drops everything; items that were begun are told as done. */
  cancel(out: Outbox): void {
    for (const clause of this.#clauses) {
      if (clause.state === "asked") out.push({ type: "abort", part: "voice", number: clause.speech });
    }
    this.#clauses.length = 0;
    for (const itemId of [...this.#openItems.keys()]) this.#tellItemDone(itemId, out);
  }

  #tellItemDone(itemId: string, out: Outbox): void {
    const responseId = this.#openItems.get(itemId);
    if (responseId === undefined) return;
    this.#openItems.delete(itemId);
    out.tell({ type: "item-done", responseId, itemId });
  }

  #find(speech: number): Clause | undefined {
    return this.#clauses.find((clause) => clause.speech === speech && clause.state === "asked");
  }

  #askVoice(now: number, out: Outbox): void {
    for (let i = 0; i < clausesAhead; i += 1) {
      const clause = this.#clauses[i];
      if (clause?.state !== "waiting") continue;
      clause.state = "asked";
      clause.deadlineMs = now + this.#options.speechTimeoutMs;
      out.push({ type: "speak", speech: clause.speech, text: clause.text });
    }
  }

  /** Ends clauses at the head that are spoken, and brings out what the next ones have held back. */
  #advance(out: Outbox): void {
    for (let clause = this.#clauses[0]; clause?.state === "spoken"; clause = this.#clauses[0]) {
      this.#start(clause);
      const audioMs = clause.audioBytes / this.#bytesPerMs;
      if (clause.spreader) {
        this.#tell(clause, clause.spreader.finish(audioMs), out);
        this.#msPerChar = learnPace(this.#msPerChar, clause.text.length, audioMs);
      }
      if (clause.endsItem) this.#tellItemDone(clause.itemId, out);
      this.#clauses.shift();
      const next = this.#clauses[0];
      for (const piece of next?.held.splice(0) ?? []) this.#bringOut(next!, piece, out);
    }
  }

  #start(clause: Clause, words?: readonly TimedWord[]): void {
    if (clause.started) return;
    clause.started = true;
    this.#oddByte = undefined;
    if (clause.itemId !== this.#itemId) {
      this.#itemId = clause.itemId;
      this.#itemAudioBytes = 0;
      this.#itemHasText = false;
    }
    if (!words) clause.spreader = new WordSpreader(clause.text, this.#itemMs, this.#msPerChar);
  }

  get #itemMs(): number {
    return this.#itemAudioBytes / this.#bytesPerMs;
  }

  #bringOut(clause: Clause, piece: SpeechPiece, out: Outbox): void {
    this.#start(clause, piece.words);
    const clauseStartMs = (this.#itemAudioBytes - clause.audioBytes) / this.#bytesPerMs;
    const audio = this.#wholeSamples(piece.audio);
    const { responseId, itemId } = clause;
    if (audio.length > 0) {
      clause.audioBytes += audio.length;
      this.#itemAudioBytes += audio.length;
      out.push({ type: "agent-audio", responseId, itemId, audio });
    }
    if (clause.spreader) this.#tell(clause, clause.spreader.covered(clause.audioBytes / this.#bytesPerMs), out);
    else this.#tell(clause, placed(piece.words ?? [], clauseStartMs), out);
  }

  #tell(clause: Clause, words: readonly TimedWord[], out: Outbox): void {
    if (words.length === 0) return;
    const text = words.map((word) => word.text).join(" ");
    const delta = this.#itemHasText ? ` ${text}` : text;
    this.#itemHasText = true;
    const { responseId, itemId } = clause;
    out.tell({ type: "agent-text", responseId, itemId, delta, words });
  }

  /** The piece in whole samples: a split one is put together with its other half. */
  #wholeSamples(piece: Uint8Array): Uint8Array {
    if (this.#sampleBytes === 1 || (this.#oddByte === undefined && piece.length % 2 === 0)) return piece;
    const carried = this.#oddByte === undefined ? 0 : 1;
    const whole = (carried + piece.length) & ~1;
    const audio = new Uint8Array(whole);
    if (this.#oddByte !== undefined && whole > 0) audio[0] = this.#oddByte;
    audio.set(piece.subarray(0, Math.max(0, whole - carried)), carried > 0 && whole > 0 ? 1 : 0);
    const left = carried + piece.length - whole;
    if (left === 0) this.#oddByte = undefined;
    else if (piece.length > 0) this.#oddByte = piece[piece.length - 1];
    return audio;
  }
}

function placed(words: readonly TimedWord[], baseMs: number): TimedWord[] {
  return words.map((word) => ({
    text: word.text,
    startMs: Math.round(word.startMs + baseMs),
    endMs: Math.round(word.endMs + baseMs),
  }));
}
