/** Cuts a run of bytes of any piece length into whole 20 ms frames, without copying when a piece already is one. */
export class Framer {
  readonly #frame: Uint8Array;
  #filled = 0;

  /** `frameBytes`: bytes of one frame. */
  constructor(frameBytes: number) {
    this.#frame = new Uint8Array(frameBytes);
  }

  /** Calls `emit` for each whole frame; the view is valid only during the call. The rest waits for the next piece. */
  push(bytes: Uint8Array, emit: (frame: Uint8Array) => void): void {
    const size = this.#frame.length;
    if (this.#filled === 0 && bytes.length === size) {
      emit(bytes);
      return;
    }
    let at = 0;
    while (at < bytes.length) {
      const take = Math.min(size - this.#filled, bytes.length - at);
      this.#frame.set(bytes.subarray(at, at + take), this.#filled);
      this.#filled += take;
      at += take;
      if (this.#filled === size) {
        this.#filled = 0;
        emit(this.#frame);
      }
    }
  }
}
