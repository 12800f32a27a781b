const nothing = new Uint8Array(0);

/** One place of the jitter buffer's ring; its bytes are filled again and again. */
export class JitterSlot {
  /** The payload; valid until the slot is filled again. */
  payload: Uint8Array = nothing;
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
  #bytes: Uint8Array;
  #start: number;
  #roomBytes: number;

  /** Its place: `roomBytes` of `bytes` from `start` on, for payloads of the usual length. */
  constructor(bytes: Uint8Array, start: number, roomBytes: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#roomBytes = roomBytes;
  }

  fill(bytes: Uint8Array, start: number, end: number): void {
    const sizeBytes = end - start;
    // Payloads of a call mostly have one length: then nothing is made here.
    if (this.payload.length !== sizeBytes) this.payload = this.#place(sizeBytes);
    const { payload } = this;
    for (let i = 0; i < sizeBytes; i++) payload[i] = bytes[start + i]!;
  }

  #place(sizeBytes: number): Uint8Array {
    if (sizeBytes > this.#roomBytes) {
      this.#roomBytes = Math.ceil(sizeBytes / 64) * 64;
      this.#bytes = new Uint8Array(this.#roomBytes);
      this.#start = 0;
    }
    return this.#bytes.subarray(this.#start, this.#start + sizeBytes);
  }
}
