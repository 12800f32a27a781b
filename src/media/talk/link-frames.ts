import { frameBytes, l16at16k } from "../../codecs/format.ts";

/** What a room's link carries: L16, mono, 16 kHz. */
export const linkFormat = l16at16k;

/** Frames kept; a power of two, so that places carry on when the sequence number wraps. */
const places = 4;
/** Frames that wait before the first is given out: what the ticks of two processes may differ by. */
const cushionFrames = 2;
/** A frame that waited for so many ticks without need is left out; of several the first is earlier, as many times as they are. */
const needlessTicks = 100;

/**
 * Frames of a link on their way into a room, one a tick in the order of their sequence numbers (unsigned 32-bit). What has
 * not come when its turn is there, or comes after it, is silence. A core; allocates nothing.
 */
export class LinkFrames {
  /** Frames that came after their turn, never came, and were left out to catch up. */
  readonly counters = { late: 0, lost: 0, leftOut: 0 };
  readonly #frames = Array.from({ length: places }, () => new Uint8Array(frameBytes(linkFormat)));
  readonly #isThere: boolean[] = new Array(places).fill(false);
  /** The frame whose turn is next, and the one behind the newest. */
  #next = 0;
  #end = 0;
  #begun = false;
  /** The cushion was there, and has not run out since. */
  #flows = false;
  #least = Number.POSITIVE_INFINITY;
  #ticks = 0;

  /** Takes the frame that stands in `packet` from `at` on. */
  push(seq: number, packet: Uint8Array, at: number): void {
    if (!this.#begun) {
      this.#begun = true;
      this.#next = seq;
      this.#end = seq;
    }
    const ahead = (seq - this.#next) | 0;
    if (ahead < 0) {
      this.counters.late++;
      return;
    }
    // A burst after a stall of ours: the newest is what the others are waiting for.
    if (ahead >= places) this.#skip(ahead + 1 - cushionFrames);
    const place = seq & (places - 1);
    const frame = this.#frames[place]!;
    for (let i = 0; i < frame.length; i++) frame[i] = packet[at + i]!;
    this.#isThere[place] = true;
    if (((seq - this.#end) | 0) >= 0) this.#end = (seq + 1) >>> 0;
  }

  /** Copies the frame of this tick to `out`; false: there is none. */
  take(out: Uint8Array): boolean {
    const waiting = (this.#end - this.#next) | 0;
    if (waiting <= 0 || (!this.#flows && waiting < cushionFrames)) {
      this.#flows = false;
      return false;
    }
    this.#flows = true;
    this.#catchUp(waiting);
    const place = this.#next & (places - 1);
    const isThere = this.#isThere[place]!;
    if (isThere) out.set(this.#frames[place]!);
    else this.counters.lost++;
    this.#isThere[place] = false;
    this.#next = (this.#next + 1) >>> 0;
    return isThere;
  }

  /** Leaves a frame out when more waited than is needed all the time: a stall that is over. */
  #catchUp(waiting: number): void {
    this.#least = Math.min(this.#least, waiting);
    this.#ticks++;
    const needless = this.#least - cushionFrames;
    if (this.#ticks * Math.max(1, needless) < needlessTicks) return;
    if (needless > 0) this.#skip(1);
    this.#ticks = 0;
    this.#least = Number.POSITIVE_INFINITY;
  }

  /** The turn of so many frames is over. */
  #skip(count: number): void {
    for (let i = 0; i < Math.min(count, places); i++) {
      const place = (this.#next + i) & (places - 1);
      if (this.#isThere[place]) this.counters.leftOut++;
      this.#isThere[place] = false;
    }
    this.#next = (this.#next + count) >>> 0;
  }
}
