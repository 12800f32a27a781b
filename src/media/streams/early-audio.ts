/** Keys kept beside the audio; a caller presses a handful before anybody listens. */
const maxKeys = 32;

/** Where kept audio and keys go, in the order they came. */
export interface EarlyAudioSink {
  audio(payload: Uint8Array): void;
  dtmf(digit: string): void;
}

/**
 * What the caller said and pressed before the call was set up: the last `capacityBytes` of audio, so that first words
 * are not lost, and the keys in their places between.
 */
export class EarlyAudio {
  readonly #ring: Uint8Array;
  /** Bytes ever pushed; the ring holds the last of them. */
  #pushedBytes = 0;
  /** Keys with the number of audio bytes that came before each. */
  readonly #keys: { readonly digit: string; readonly afterBytes: number }[] = [];

  constructor(capacityBytes: number) {
    this.#ring = new Uint8Array(capacityBytes);
  }

  /** Keeps audio bytes, over the oldest when the ring is full. */
  push(payload: Uint8Array): void {
    const size = this.#ring.length;
    const kept = payload.length > size ? payload.subarray(payload.length - size) : payload;
    const at = (this.#pushedBytes + payload.length - kept.length) % size;
    const untilEnd = Math.min(kept.length, size - at);
    this.#ring.set(untilEnd === kept.length ? kept : kept.subarray(0, untilEnd), at);
    if (untilEnd < kept.length) this.#ring.set(kept.subarray(untilEnd), 0);
    this.#pushedBytes += payload.length;
  }

  /** Keeps a key, the oldest being dropped when there are absurdly many. */
  pushKey(digit: string): void {
    if (this.#keys.length === maxKeys) this.#keys.shift();
    this.#keys.push({ digit, afterBytes: this.#pushedBytes });
  }

  /** Audio bytes that did not fit. */
  get droppedBytes(): number {
    return Math.max(0, this.#pushedBytes - this.#ring.length);
  }

  /** Hands everything on in order; views are valid during the call. To be used once. */
  replay(sink: EarlyAudioSink): void {
    let at = this.droppedBytes;
    for (const key of this.#keys) {
      at = this.#replayAudio(at, key.afterBytes, sink);
      sink.dtmf(key.digit);
    }
    this.#replayAudio(at, this.#pushedBytes, sink);
  }

  #replayAudio(from: number, to: number, sink: EarlyAudioSink): number {
    let at = from;
    while (at < to) {
      const start = at % this.#ring.length;
      const length = Math.min(to - at, this.#ring.length - start);
      sink.audio(this.#ring.subarray(start, start + length));
      at += length;
    }
    return at;
  }
}
