import { JitterSlot } from "./jitter-slot.ts";

/** Packets held at most: 640 ms of 10 ms packets. */
const capacity = 64;
/** 20 ms of G.711 and of Opus at our bit rates; a longer payload makes its slot a place of its own. */
const slotBytes = 192;

/** The last 64 packet numbers, each with its slot: which of them came, and which still wait. Numbers are unwrapped. */
export class JitterRing {
  /** Slots waiting. */
  waiting = 0;
  /** Highest number that came, −1 before the first. */
  highest = -1;
  /** Side by side in one piece of memory, which costs less than 64. */
  readonly #bytes = new Uint8Array(capacity * slotBytes);
  readonly #slots = Array.from({ length: capacity }, (_, i) => new JitterSlot(this.#bytes, i * slotBytes, slotBytes));
  /** No waiting slot has a lower number. */
  #lowest = 0;

  /** The slot where a number stands or would stand. */
  slot(seq: number): JitterSlot {
    return this.#slots[((seq % capacity) + capacity) % capacity]!;
  }

  /** The number came, whether it still waits or not. */
  came(seq: number): boolean {
    return this.slot(seq).seq === seq;
  }

  /** Too far behind the highest to have a slot. */
  tooOld(seq: number): boolean {
    return this.highest - seq >= capacity;
  }

  /** The oldest waiting slot that would have to go for `seq` to have one. */
  inTheWayOf(seq: number): JitterSlot | undefined {
    const head = this.head();
    return head !== undefined && seq - head.seq >= capacity ? head : undefined;
  }

  /** Gives a number its slot; `waits`: until `release`. */
  place(seq: number, waits: boolean): JitterSlot {
    const slot = this.slot(seq);
    if (this.waiting === 0 || seq < this.#lowest) this.#lowest = seq;
    if (seq > this.highest) this.highest = seq;
    slot.seq = seq;
    slot.waiting = waits;
    if (waits) this.waiting++;
    return slot;
  }

  /** A waiting slot was played or given up. */
  release(slot: JitterSlot): void {
    slot.waiting = false;
    this.waiting--;
    if (slot.seq === this.#lowest) this.#lowest++;
  }

  /** The oldest waiting slot. */
  head(): JitterSlot | undefined {
    return this.waiting === 0 ? undefined : this.#from(this.#lowest);
  }

  /** The oldest waiting slot after `slot`. */
  after(slot: JitterSlot): JitterSlot | undefined {
    return this.#from(slot.seq + 1);
  }

  #from(start: number): JitterSlot | undefined {
    for (let seq = Math.max(start, this.highest - capacity + 1); seq <= this.highest; seq++) {
      const slot = this.slot(seq);
      if (slot.waiting && slot.seq === seq) return slot;
    }
    return undefined;
  }

  /** How many numbers from `start` up to before `end` never came; 64 at most. */
  missing(start: number, end: number): number {
    let missing = 0;
    for (let seq = Math.max(start, end - capacity); seq < end; seq++) if (!this.came(seq)) missing++;
    return missing;
  }

  /** The first number from `start` on that did not come. */
  firstMissing(start: number): number {
    let seq = start;
    while (this.came(seq)) seq++;
    return seq;
  }

  clear(): void {
    for (const slot of this.#slots) {
      slot.seq = Number.NaN;
      slot.waiting = false;
    }
    this.waiting = 0;
    this.#lowest = 0;
    this.highest = -1;
  }
}
