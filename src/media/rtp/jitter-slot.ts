/** One place of the jitter buffer's ring; owns its bytes and is filled again and again. */
export class JitterSlot {
  /** The payload; valid until the slot is filled again. */
  payload: Uint8Array = new Uint8Array(0);
  /** Unwrapped sequence number that stood here last, and whether it is still to be played. */
  seq = Number.NaN;
  waiting = false;
  /** Unwrapped timestamp, in clock-rate units. */
  timestamp = 0;
  /** Length in clock-rate units. */
  durationTicks = 0;
  payloadType = 0;
  /** Comfort noise: nothing needs to follow. */
  pauses = false;
  #bytes = this.payload;

  fill(bytes: Uint8Array, start: number, end: number): void {
    const sizeBytes = end - start;
    // Payloads of a call mostly have one length: then nothing is made here.
    if (this.#bytes.length < sizeBytes) this.#bytes = new Uint8Array(Math.ceil(sizeBytes / 64) * 64);
    if (this.payload.length !== sizeBytes || this.payload.buffer !== this.#bytes.buffer) {
      this.payload = this.#bytes.subarray(0, sizeBytes);
    }
    const { payload } = this;
    for (let i = 0; i < sizeBytes; i++) payload[i] = bytes[start + i]!;
  }
}
