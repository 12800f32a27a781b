const noAudio = new Uint8Array(0);
/** A header longer than this is none. */
const maxHeaderBytes = 4096;

/**
 * Takes a RIFF header off a stream that should be bare PCM (quirk of some compatible speech servers): as sound it is a
 * click at the start of each sentence. Bytes without a header go through untouched.
 */
export class WavHeaderFilter {
  /** Bytes held until it is known whether they are a header; undefined when that is decided. */
  #held: Uint8Array | undefined = noAudio;

  /** The audio in the bytes so far that was not given before. */
  push(bytes: Uint8Array): Uint8Array {
    if (!this.#held) return bytes;
    const seen = new Uint8Array(this.#held.length + bytes.length);
    seen.set(this.#held);
    seen.set(bytes, this.#held.length);
    const start = audioStart(seen);
    if (start === undefined && seen.length < maxHeaderBytes) {
      this.#held = seen;
      return noAudio;
    }
    this.#held = undefined;
    return seen.subarray(start ?? 0);
  }
}

/** Where the audio begins: 0 without a header; undefined when more bytes are needed. */
function audioStart(bytes: Uint8Array): number | undefined {
  for (const [at, letter] of [0x52, 0x49, 0x46, 0x46].entries()) {
    if (at >= bytes.length) return undefined;
    if (bytes[at] !== letter) return 0;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length; ) {
    // "data" as a big-endian number.
    if (view.getUint32(at) === 0x64617461) return at + 8;
    const size = view.getUint32(at + 4, true);
    at += 8 + size + (size & 1);
  }
  return undefined;
}
