import type { TimedWord } from "../ai/session.ts";
import { heardChars, type WordEnd } from "./heard-text.ts";

/** Chunks kept for the next item, so that a call in conversation allocates nothing. */
const maxSpareChunks = 8;
const maxTextChars = 65_536;
const maxWords = 16_384;

/** Audio memory of one call, in chunks of one size; given back when heard, taken again by what is said next. */
export class ChunkPool {
  readonly chunkBytes: number;
  readonly #spare: Uint8Array[] = [];

  constructor(chunkBytes: number) {
    this.chunkBytes = chunkBytes;
  }

  take(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(this.chunkBytes);
  }

  give(chunk: Uint8Array): void {
    if (this.#spare.length < maxSpareChunks) this.#spare.push(chunk);
  }
}

/** What an item is known by, and how its length in bytes becomes time. */
export interface PlayoutItemOptions {
  readonly itemId: string;
  readonly responseId: string;
  readonly pool: ChunkPool;
  readonly bytesPerMs: number;
  /** Bytes of a sample; halves of one are held until the other half comes. */
  readonly sampleBytes: 1 | 2;
}

/** One item of agent speech: the audio that may still be needed, the words it carries, and how much of it was heard. */
export class PlayoutItem {
  readonly itemId: string;
  readonly responseId: string;
  receivedBytes = 0;
  heardBytes = 0;
  /** Monotonic ms of its first frame on the wire. */
  startedAtMs: number | undefined;
  /** Monotonic ms of the end of what was heard. */
  heardUntilMs = 0;
  /** No more audio will come. */
  ended = false;
  /** It ended by itself: its text is no longer than its audio. */
  complete = false;
  /** Heard to its end, or cut off for good. */
  done = false;
  readonly #pool: ChunkPool;
  readonly #bytesPerMs: number;
  readonly #sampleBytes: 1 | 2;
  readonly #chunks: Uint8Array[] = [];
  /** Offset in the item of the first byte of the first chunk. */
  #base = 0;
  /** First byte of a sample whose second has not come; −1: none. */
  #half = -1;
  #text = "";
  #textCursor = 0;
  readonly #words: WordEnd[] = [];

  constructor(options: PlayoutItemOptions) {
    this.itemId = options.itemId;
    this.responseId = options.responseId;
    this.#pool = options.pool;
    this.#bytesPerMs = options.bytesPerMs;
    this.#sampleBytes = options.sampleBytes;
  }

  get receivedMs(): number {
    return this.receivedBytes / this.#bytesPerMs;
  }

  get heardMs(): number {
    return this.heardBytes / this.#bytesPerMs;
  }

  /** Text of what was heard so far. */
  get heardText(): string {
    return this.#text.slice(0, this.#charsHeardAt(this.heardMs)).trim();
  }

  /** Text of what was received and not heard yet. */
  get unheardText(): string {
    return this.#text.slice(this.#charsHeardAt(this.heardMs), this.#charsHeardAt(this.receivedMs)).trim();
  }

  /** Copies audio in; returns how many bytes of whole samples were added. */
  append(audio: Uint8Array): number {
    const before = this.receivedBytes;
    let from = 0;
    if (this.#sampleBytes === 2) {
      if (this.#half >= 0 && audio.length > 0) {
        this.#appendByte(this.#half);
        this.#appendByte(audio[0] ?? 0);
        this.#half = -1;
        from = 1;
      }
      if ((audio.length - from) % 2 === 1) this.#half = audio[audio.length - 1] ?? 0;
    }
    const end = this.#half >= 0 ? audio.length - 1 : audio.length;
    while (from < end) {
      const at = this.#room();
      const chunk = this.#chunks[this.#chunks.length - 1] as Uint8Array;
      const count = Math.min(end - from, chunk.length - at);
      // One view a chunk, not a frame; `set` copies without a loop in JavaScript.
      chunk.set(from === 0 && count === audio.length ? audio : audio.subarray(from, from + count), at);
      this.receivedBytes += count;
      from += count;
    }
    return this.receivedBytes - before;
  }

  /** Copies `count` bytes from `offset` of the item into `target` at `at`. */
  read(offset: number, target: Uint8Array, at: number, count: number): void {
    const { chunkBytes } = this.#pool;
    let from = offset - this.#base;
    let to = at;
    const end = at + count;
    while (to < end) {
      const chunk = this.#chunks[Math.floor(from / chunkBytes)];
      if (!chunk) throw new Error("playout item: read of bytes it does not hold");
      let inChunk = from % chunkBytes;
      const run = Math.min(end - to, chunkBytes - inChunk);
      for (let left = run; left > 0; left--) target[to++] = chunk[inChunk++] as number;
      from += run;
    }
  }

  /** Gives back what lies before `offset`. */
  free(offset: number): void {
    while (this.#chunks.length > 0 && offset - this.#base >= this.#pool.chunkBytes) {
      this.#pool.give(this.#chunks.shift() as Uint8Array);
      this.#base += this.#pool.chunkBytes;
    }
  }

  /** Gives everything back; nothing of it will be read again. */
  release(): void {
    for (const chunk of this.#chunks) this.#pool.give(chunk);
    this.#chunks.length = 0;
    this.#half = -1;
  }

  addText(delta: string, words: readonly TimedWord[] | undefined): void {
    if (this.#text.length + delta.length > maxTextChars) return;
    this.#text += delta;
    if (!words || this.#words.length + words.length > maxWords) return;
    for (const word of words) {
      const found = this.#text.indexOf(word.text, this.#textCursor);
      if (found >= 0) this.#textCursor = found + word.text.length;
      this.#words.push({ endMs: word.endMs, endChar: this.#textCursor });
    }
  }

  /** Where the next byte goes in the last chunk; takes a chunk when there is no room. */
  #room(): number {
    const { chunkBytes } = this.#pool;
    const used = this.receivedBytes - this.#base - Math.max(0, this.#chunks.length - 1) * chunkBytes;
    if (this.#chunks.length > 0 && used < chunkBytes) return used;
    // All of it was heard and given back: the next chunk begins here.
    if (this.#chunks.length === 0) this.#base = this.receivedBytes;
    this.#chunks.push(this.#pool.take());
    return 0;
  }

  #appendByte(byte: number): void {
    const at = this.#room();
    (this.#chunks[this.#chunks.length - 1] as Uint8Array)[at] = byte;
    this.receivedBytes += 1;
  }

  #charsHeardAt(heardMs: number): number {
    return heardChars(this.#text, this.#words, { heardMs, receivedMs: this.receivedMs, complete: this.complete });
  }
}
