import { SeqExtender, type SeqNo } from "../../src/media/rtp/wrap.ts";
import { findMark, markBytes, markedFrame, markedPhone } from "./frame-mark.ts";

const frameMs = 20;

/** What became of one call's packets while it was measured. */
export interface StreamFigures {
  /** Packets that came, duplicates left out. */
  readonly arrived: number;
  /** Sequence numbers that never came. */
  readonly lost: number;
  readonly duplicates: number;
  /** ms each packet came after its place in a grid of 20 ms through the call's earliest one. */
  readonly latenessMs: readonly number[];
  /** Frames sent, of them those that came back, and how long that took. */
  readonly framesSent: number;
  readonly framesBack: number;
  readonly turnaroundMs: readonly number[];
  /** Marks of other calls. */
  readonly foreignFrames: number;
}

/** Measures what one phone hears, packet by packet: nothing is worked out before `figures`. Times in ms. */
export class StreamMeter {
  readonly #phone: number;
  readonly #seqs = new SeqExtender();
  /** Arrival by unwrapped number less the first one's. */
  readonly #arrivedAt: (number | undefined)[] = [];
  readonly #sentAt: number[] = [];
  readonly #backAt: (number | undefined)[] = [];
  /** The end of the payload before, for a mark on the border of two packets. */
  readonly #joined = new Uint8Array(4096);
  #keptBytes = 0;
  #firstSeq: number | undefined;
  #lastSeq = -1;
  #duplicates: number[] = [];
  #foreign: number[] = [];

  /** `phone`: its number in the marks. */
  constructor(phone: number) {
    this.#phone = phone;
  }

  /** Frame `frame` went out; frames are counted from 0 on. */
  sent(frame: number, now: number): void {
    this.#sentAt[frame] = now;
  }

  /** A packet came. */
  arrived(seq: SeqNo, now: number): void {
    const extended = this.#seqs.extend(seq);
    this.#firstSeq ??= extended;
    const place = extended - this.#firstSeq;
    // Before the first one: it overtook others at the very beginning, which is not measured.
    if (place < 0) return;
    if (this.#arrivedAt[place] !== undefined) {
      this.#duplicates.push(now);
      return;
    }
    this.#arrivedAt[place] = now;
    this.#lastSeq = Math.max(this.#lastSeq, place);
  }

  /** The packet's G.711 payload, in the order of numbers: marks in it are looked for. */
  heard(bytes: Uint8Array, start: number, end: number, now: number): void {
    const joined = this.#joined;
    let length = this.#keptBytes;
    for (let i = start; i < end && length < joined.length; i++) joined[length++] = bytes[i]!;
    let unread = 0;
    for (let at = findMark(joined, 0, length); at >= 0; at = findMark(joined, unread, length)) {
      this.#mark(at, now);
      unread = at + markBytes;
    }
    const kept = Math.max(unread, length - markBytes + 1);
    joined.copyWithin(0, kept, length);
    this.#keptBytes = Math.max(0, length - kept);
  }

  #mark(at: number, now: number): void {
    const frame = markedFrame(this.#joined, at);
    if (markedPhone(this.#joined, at) !== this.#phone || this.#sentAt[frame] === undefined) this.#foreign.push(now);
    else this.#backAt[frame] ??= now;
  }

  /** What became of the packets that came, and the frames that were sent, from `from` to `to`. */
  figures(from: number, to: number): StreamFigures {
    const inside = (at: number | undefined): at is number => at !== undefined && at >= from && at < to;
    const offsets: number[] = [];
    let first = -1;
    let last = -1;
    for (let place = 0; place <= this.#lastSeq; place++) {
      const at = this.#arrivedAt[place];
      if (!inside(at)) continue;
      if (first < 0) first = place;
      last = place;
      offsets.push(at - place * frameMs);
    }
    const earliest = offsets.reduce((least, offset) => Math.min(least, offset), Number.POSITIVE_INFINITY);
    const frames = [...this.#sentAt.keys()].filter((frame) => inside(this.#sentAt[frame]));
    const back = frames.filter((frame) => this.#backAt[frame] !== undefined);
    return {
      arrived: offsets.length,
      lost: first < 0 ? 0 : last - first + 1 - offsets.length,
      duplicates: this.#duplicates.filter(inside).length,
      latenessMs: offsets.map((offset) => offset - earliest),
      framesSent: frames.length,
      framesBack: back.length,
      turnaroundMs: back.map((frame) => this.#backAt[frame]! - this.#sentAt[frame]!),
      foreignFrames: this.#foreign.filter(inside).length,
    };
  }
}
