import { type AudioFormat, bytesPerMs } from "../../../codecs/format.ts";

/** How much audio is kept, in ms. */
export interface UtteranceBufferOptions {
  readonly preRollMs: number;
  readonly maxUtteranceMs: number;
}

/** First size of an utterance's buffer; it doubles up to the maximum. */
const firstSizeMs = 4_000;

/** Cuts the caller's audio into utterances: a pre-roll ring while nobody speaks, a growing buffer while somebody does. */
export class UtteranceBuffer {
  readonly #maxBytes: number;
  readonly #firstBytes: number;
  /** Uint8Array, the last preRollMs before the onset; `#ringEnd` is where the next byte goes. */
  readonly #ring: Uint8Array;
  #ringEnd = 0;
  #ringFilled = 0;
  #open: Uint8Array | undefined;
  #length = 0;

  constructor(format: AudioFormat, options: UtteranceBufferOptions) {
    const perMs = bytesPerMs(format);
    this.#ring = new Uint8Array(options.preRollMs * perMs);
    this.#maxBytes = Math.max(options.maxUtteranceMs * perMs, this.#ring.length);
    this.#firstBytes = Math.min(this.#maxBytes, Math.max(firstSizeMs * perMs, this.#ring.length));
  }

  /** True from the onset to `take` or `discard`. */
  get speaking(): boolean {
    return this.#open !== undefined;
  }

  /** Adds caller audio; the view is copied. */
  push(frame: Uint8Array): void {
    if (this.#open) this.#append(frame);
    else this.#remember(frame);
  }

  /** The caller began to speak: the utterance begins with the pre-roll. Goes on when one is open already. */
  begin(): void {
    if (this.#open) return;
    this.#open = new Uint8Array(this.#firstBytes);
    this.#length = 0;
    const start = this.#ringFilled < this.#ring.length ? 0 : this.#ringEnd;
    if (start > 0) this.#append(this.#ring.subarray(start));
    this.#append(this.#ring.subarray(0, start > 0 ? start : this.#ringFilled));
    this.#forget();
  }

  /** The utterance so far, which is the receiver's from now on; undefined when nobody spoke. */
  take(): Uint8Array | undefined {
    const utterance = this.#open?.subarray(0, this.#length);
    this.#open = undefined;
    return utterance;
  }

  /** What was said was no turn: only its end is kept, as the pre-roll of what may follow. */
  discard(): void {
    const dropped = this.take();
    if (dropped) this.#remember(dropped);
  }

  #append(bytes: Uint8Array): void {
    let buffer = this.#open;
    if (!buffer) return;
    const kept = bytes.length > this.#maxBytes ? bytes.subarray(bytes.length - this.#maxBytes) : bytes;
    if (this.#length + kept.length > buffer.length && buffer.length < this.#maxBytes) {
      const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(buffer.length * 2, this.#length + kept.length)));
      larger.set(buffer.subarray(0, this.#length));
      this.#open = larger;
      buffer = larger;
    }
    if (this.#length + kept.length > buffer.length) {
      // A quarter at once, so that a monologue is not moved on every frame. Whole samples stay whole: sizes are even.
      const cut = Math.min(this.#length, Math.max(kept.length, (buffer.length >> 3) * 2));
      buffer.copyWithin(0, cut, this.#length);
      this.#length -= cut;
    }
    buffer.set(kept, this.#length);
    this.#length += kept.length;
  }

  #remember(bytes: Uint8Array): void {
    const ring = this.#ring;
    const kept = bytes.length > ring.length ? bytes.subarray(bytes.length - ring.length) : bytes;
    const untilEnd = Math.min(kept.length, ring.length - this.#ringEnd);
    ring.set(kept.subarray(0, untilEnd), this.#ringEnd);
    ring.set(kept.subarray(untilEnd), 0);
    if (ring.length > 0) this.#ringEnd = (this.#ringEnd + kept.length) % ring.length;
    this.#ringFilled = Math.min(ring.length, this.#ringFilled + kept.length);
  }

  #forget(): void {
    this.#ringEnd = 0;
    this.#ringFilled = 0;
  }
}
