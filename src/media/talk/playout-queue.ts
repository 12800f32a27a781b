import type { PlayoutItem } from "./playout-item.ts";

/** A run of bytes in the order of play: of an item, or of silence (`item` undefined: only the length counts). */
export interface Stretch {
  readonly item: PlayoutItem | undefined;
  from: number;
  to: number;
}

/** What the queue tells its owner while bytes go through. */
export interface QueueListener {
  /** The first byte of an item was sent. */
  itemSent(item: PlayoutItem, now: number): void;
  /** All bytes of an item so far were heard. */
  itemHeard(item: PlayoutItem): void;
}

/**
 * The order of play, with two places in it: everything before the head was heard, everything before the sent cursor is
 * on its way to the caller's ear. The bytes themselves stay in their items.
 */
export class PlayoutQueue {
  readonly #silence: number;
  readonly #listener: QueueListener;
  #stretches: Stretch[] = [];
  /** Place of the next byte to send: a stretch and an offset in its item's bytes. */
  #sentIndex = 0;
  #sentOffset = 0;
  #unheardBytes = 0;
  #unsentBytes = 0;

  constructor(silenceByte: number, listener: QueueListener) {
    this.#silence = silenceByte;
    this.#listener = listener;
  }

  get unheardBytes(): number {
    return this.#unheardBytes;
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /** The item whose bytes are last in the order. */
  get lastItem(): PlayoutItem | undefined {
    return this.#stretches[this.#stretches.length - 1]?.item;
  }

  /** The item of the next byte to send. */
  get nextItem(): PlayoutItem | undefined {
    return this.#stretches[this.#sentIndex]?.item;
  }

  /** Puts the last `count` bytes an item received at the end. */
  add(item: PlayoutItem, count: number): void {
    if (count === 0) return;
    const last = this.#stretches[this.#stretches.length - 1];
    const from = item.receivedBytes - count;
    if (last?.item === item && last.to === from) last.to += count;
    else this.#insert(this.#stretches.length, { item, from, to: from + count });
    this.#unheardBytes += count;
    this.#unsentBytes += count;
  }

  /** Puts silence at the end. */
  addSilence(count: number): void {
    this.#insert(this.#stretches.length, { item: undefined, from: 0, to: count });
    this.#unheardBytes += count;
    this.#unsentBytes += count;
  }

  /** Fills `target` with the next bytes to send; true when an item that is complete ended in them. */
  send(target: Uint8Array, now: number): boolean {
    let itemEnded = false;
    let at = 0;
    while (at < target.length) {
      const stretch = this.#stretches[this.#sentIndex];
      if (!stretch) throw new Error("playout queue: sent more than it holds");
      const count = Math.min(target.length - at, stretch.to - this.#sentOffset);
      this.#copy(stretch, this.#sentOffset, target, at, count);
      if (stretch.item?.startedAtMs === undefined && stretch.item) this.#listener.itemSent(stretch.item, now);
      at += count;
      this.#sentOffset += count;
      if (this.#sentOffset === stretch.to) {
        if (stretch.item?.ended && stretch.to === stretch.item.receivedBytes) itemEnded = true;
        if (this.#sentIndex < this.#stretches.length - 1) this.#seekSent(this.#sentIndex + 1);
      }
    }
    this.#unsentBytes -= target.length;
    return itemEnded;
  }

  /** Fills `target` with the next bytes that were heard, the last of them at `untilMs`. */
  hear(target: Uint8Array, untilMs: number): void {
    let at = 0;
    while (at < target.length) {
      const stretch = this.#stretches[0];
      if (!stretch) throw new Error("playout queue: heard more than was sent");
      const count = Math.min(target.length - at, stretch.to - stretch.from);
      this.#copy(stretch, stretch.from, target, at, count);
      at += count;
      stretch.from += count;
      if (stretch.item) this.#heard(stretch.item, count, untilMs);
      // The last stretch stays while it may still grow, so that the sent cursor keeps its place.
      if (stretch.from === stretch.to && this.#stretches.length > 1) this.#dropHead();
    }
    this.#unheardBytes -= target.length;
  }

  /** What was sent and not heard is to be sent again. Silence that only filled a frame is not. */
  rewind(): void {
    this.#stretches = this.#stretches.filter((stretch) => stretch.item && stretch.from < stretch.to);
    this.#unheardBytes = this.#stretches.reduce((sum, stretch) => sum + stretch.to - stretch.from, 0);
    this.#unsentBytes = this.#unheardBytes;
    this.#seekSent(0);
  }

  /** Empties the queue and hands over what was not heard, in order. */
  takeRest(): Stretch[] {
    this.rewind();
    const rest = this.#stretches;
    this.#stretches = [];
    this.rewind();
    return rest;
  }

  /** Puts a rest before everything that was not sent yet. */
  putNext(rest: readonly Stretch[]): void {
    if (this.#unheardBytes === 0) this.rewind();
    const current = this.#stretches[this.#sentIndex];
    let index = this.#sentIndex;
    if (current && this.#sentOffset > current.from) {
      index += 1;
      if (this.#sentOffset < current.to) {
        this.#stretches.splice(index, 0, { item: current.item, from: this.#sentOffset, to: current.to });
        current.to = this.#sentOffset;
      }
    }
    this.#stretches.splice(index, 0, ...rest);
    for (const stretch of rest) {
      this.#unheardBytes += stretch.to - stretch.from;
      this.#unsentBytes += stretch.to - stretch.from;
    }
    if (index < this.#stretches.length) this.#seekSent(index);
  }

  #insert(index: number, stretch: Stretch): void {
    this.#stretches.splice(index, 0, stretch);
    const previous = this.#stretches[index - 1];
    if (index === 0) this.#seekSent(0);
    // The cursor waited at the end of what was last.
    else if (this.#sentIndex === index - 1 && previous && this.#sentOffset === previous.to) this.#seekSent(index);
    const head = this.#stretches[0];
    if (index > 0 && head && head.from === head.to) this.#dropHead();
  }

  #seekSent(index: number): void {
    this.#sentIndex = index;
    this.#sentOffset = this.#stretches[index]?.from ?? 0;
  }

  #dropHead(): void {
    this.#stretches.shift();
    if (this.#sentIndex > 0) this.#sentIndex -= 1;
    else this.#seekSent(0);
  }

  #heard(item: PlayoutItem, count: number, untilMs: number): void {
    item.heardBytes += count;
    item.heardUntilMs = untilMs;
    item.free(item.heardBytes);
    if (item.heardBytes === item.receivedBytes) this.#listener.itemHeard(item);
  }

  #copy(stretch: Stretch, from: number, target: Uint8Array, at: number, count: number): void {
    if (stretch.item) stretch.item.read(from, target, at, count);
    else target.fill(this.#silence, at, at + count);
  }
}
