import { SeqExtender, type SeqNo } from "../../src/media/rtp/wrap.ts";
import { findMark, markBytes, markedFrame, markedPhone } from "./frame-mark.ts";

const frameMs = 20;
/** A minute and a half. */
const maxFrames = 4500;

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

/** Moments by number, in memory taken beforehand: all phones growing at once would be a stall of the bench's own. */
class Moments {
  /** One more than the highest number. */
  length = 0;
  #at = new Float64Array(maxFrames).fill(Number.NaN);

  set(number: number, at: number): void {
    if (number >= this.#at.length) {
      const longer = new Float64Array(2 * number).fill(Number.NaN);
      longer.set(this.#at);
      this.#at = longer;
    }
    this.#at[number] = at;
    this.length = Math.max(this.length, number + 1);
  }

  /** NaN: nothing happened under this number. */
  get(number: number): number {
    return this.#at[number] ?? Number.NaN;
  }

  has(number: number): boolean {
    return !Number.isNaN(this.get(number));
  }
}

/** Measures what one phone hears, packet by packet: nothing is worked out before `figures`. Times in ms. */
export class StreamMeter {
  readonly #phone: number;
  readonly #seqs = new SeqExtender();
  /** Arrival by unwrapped number less the first one's. */
  readonly #arrivedAt = new Moments();
  /** Of frames, by their number: when they went out, and when they came back. */
  readonly #sentAt = new Moments();
  readonly #backAt = new Moments();
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
    this.#sentAt.set(frame, now);
  }

  /** A packet came. */
  arrived(seq: SeqNo, now: number): void {
    const extended = this.#seqs.extend(seq);
    this.#firstSeq ??= extended;
    const place = extended - this.#firstSeq;
    // Before the first one: it overtook others at the very beginning, which is not measured.
    if (place < 0) return;
    if (this.#arrivedAt.has(place)) {
      this.#duplicates.push(now);
      return;
    }
    this.#arrivedAt.set(place, now);
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
    if (markedPhone(this.#joined, at) !== this.#phone || !this.#sentAt.has(frame)) this.#foreign.push(now);
    else if (!this.#backAt.has(frame)) this.#backAt.set(frame, now);
  }

  /** What became of the packets that came, and the frames that were sent, from `from` to `to`. */
  figures(from: number, to: number): StreamFigures {
    const inside = (at: number): boolean => at >= from && at < to;
    const offsets: number[] = [];
    let first = -1;
    let last = -1;
    for (let place = 0; place <= this.#lastSeq; place++) {
      const at = this.#arrivedAt.get(place);
      if (!inside(at)) continue;
      if (first < 0) first = place;
      last = place;
      offsets.push(at - place * frameMs);
    }
    const earliest = offsets.reduce((least, offset) => Math.min(least, offset), Number.POSITIVE_INFINITY);
    const frames: number[] = [];
    for (let frame = 0; frame < this.#sentAt.length; frame++) if (inside(this.#sentAt.get(frame))) frames.push(frame);
    const back = frames.filter((frame) => this.#backAt.has(frame));
    return {
      arrived: offsets.length,
      lost: first < 0 ? 0 : last - first + 1 - offsets.length,
      duplicates: this.#duplicates.filter(inside).length,
      latenessMs: offsets.map((offset) => offset - earliest),
      framesSent: frames.length,
      framesBack: back.length,
      turnaroundMs: back.map((frame) => this.#backAt.get(frame) - this.#sentAt.get(frame)),
      foreignFrames: this.#foreign.filter(inside).length,
    };
  }
}
