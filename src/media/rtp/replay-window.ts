/** Packets behind the newest that are still taken; more than a jitter buffer holds (RFC 3711 §3.3.2 asks for 64). */
const windowPackets = 128;

/** Remembers which of the last 128 indices were seen (RFC 3711 §3.3.2). */
export class ReplayWindow {
  /** Highest index accepted, −1 before the first. */
  highest = -1;
  /** Float64Array: the index seen last with each remainder. */
  readonly #seen = new Float64Array(windowPackets).fill(-1);

  /** True: seen before, or too old to know. */
  replayed(index: number): boolean {
    return index <= this.highest - windowPackets || this.#seen[index % windowPackets] === index;
  }

  /** Only for packets that were authentic. */
  accept(index: number): void {
    this.#seen[index % windowPackets] = index;
    if (index > this.highest) this.highest = index;
  }
}
