/** Bytes of μ-law a millisecond takes. */
const bytesPerMs = 8;
const silence = 0xff;

interface Mark {
  readonly name: string;
  /** Bytes queued before it, since the call began. */
  readonly position: number;
}

/**
 * The carrier's end of a stream: plays what came in order at real speed from a buffer without limit, and gives marks
 * back once all before them was played or was dropped by a clear (Twilio Media Streams, outbound messages).
 */
export class PhonePlayout {
  readonly #chunks: Uint8Array[] = [];
  #chunkOffset = 0;
  #queuedBytes = 0;
  #playedBytes = 0;
  #maxBufferedBytes = 0;
  #marks: Mark[] = [];

  /** Audio that waits to be played, in ms. */
  get bufferedMs(): number {
    return (this.#queuedBytes - this.#playedBytes) / bytesPerMs;
  }

  /** The most that ever waited, in ms. */
  get maxBufferedMs(): number {
    return this.#maxBufferedBytes / bytesPerMs;
  }

  /** Queues μ-law bytes of any length; they are kept, not copied. */
  push(audio: Uint8Array): void {
    if (audio.length === 0) return;
    this.#chunks.push(audio);
    this.#queuedBytes += audio.length;
    this.#maxBufferedBytes = Math.max(this.#maxBufferedBytes, this.#queuedBytes - this.#playedBytes);
  }

  /** Queues a mark behind all audio so far. */
  mark(name: string): void {
    this.#marks.push({ name, position: this.#queuedBytes });
  }

  /** Plays the next `out.length` bytes, silence where there is nothing; returns how many were audio. */
  pull(out: Uint8Array): number {
    let filled = 0;
    while (filled < out.length) {
      const chunk = this.#chunks[0];
      if (!chunk) break;
      const taken = Math.min(out.length - filled, chunk.length - this.#chunkOffset);
      out.set(chunk.subarray(this.#chunkOffset, this.#chunkOffset + taken), filled);
      filled += taken;
      this.#chunkOffset += taken;
      if (this.#chunkOffset === chunk.length) {
        this.#chunks.shift();
        this.#chunkOffset = 0;
      }
    }
    this.#playedBytes += filled;
    out.fill(silence, filled);
    return filled;
  }

  /** Names of the marks that everything before was played of, in order; each once. */
  takePlayedMarks(): readonly string[] {
    const first = this.#marks[0];
    if (!first || first.position > this.#playedBytes) return [];
    const played = this.#marks.filter((mark) => mark.position <= this.#playedBytes);
    this.#marks = this.#marks.slice(played.length);
    return played.map((mark) => mark.name);
  }

  /** Drops what waits; returns the names of all marks that waited with it. */
  clear(): readonly string[] {
    this.#chunks.length = 0;
    this.#chunkOffset = 0;
    this.#playedBytes = this.#queuedBytes;
    return this.takePlayedMarks();
  }
}
