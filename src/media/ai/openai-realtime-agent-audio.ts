/** Where decoded agent audio goes; the view is valid only during the call. */
export type AgentAudioDoor = (responseId: string, itemId: string, audio: Uint8Array) => void;

/** Base64 characters decoded at a time: a multiple of 4, so no group is cut. */
const pieceCharacters = 32 * 1024;

/** Bytes that so many characters of base64 (RFC 4648 §4, without padding) hold; −1 for a length no base64 has. */
function decodedLength(characters: number): number {
  return characters % 4 === 1 ? -1 : Math.floor((characters * 3) / 4);
}

/** Length of base64 text without its padding (at most two `=`). */
function lengthWithoutPadding(base64: string): number {
  let length = base64.length;
  while (length > 0 && base64.length - length < 2 && base64.charCodeAt(length - 1) === 0x3d) length--;
  return length;
}

/**
 * Decodes the base64 of audio deltas into one buffer of its own and hands on whole samples. A delta may end in the middle
 * of a 16-bit sample: its last byte then waits for the next delta of the same item.
 */
export class AgentAudioDecoder {
  /** The waiting byte stands at 0; decoded bytes begin at 1. */
  readonly #buffer = Buffer.alloc(1 + decodedLength(pieceCharacters));
  readonly #sampleBytes: 1 | 2;
  #waitingItemId = "";

  constructor(sampleBytes: 1 | 2) {
    this.#sampleBytes = sampleBytes;
  }

  /** Decodes base64 text; false when it is none (what came before the fault was delivered). */
  decode(responseId: string, itemId: string, base64: string, door: AgentAudioDoor): boolean {
    const length = lengthWithoutPadding(base64);
    for (let position = 0; position < length; position += pieceCharacters) {
      const end = Math.min(length, position + pieceCharacters);
      // Node's decoder is ten times as fast as a loop of ours. It skips what is no base64, which the length gives away.
      const written = this.#buffer.write(
        end - position === base64.length ? base64 : base64.slice(position, end),
        1,
        "base64",
      );
      if (written !== decodedLength(end - position)) return false;
      this.#deliver(responseId, itemId, written, door);
    }
    return true;
  }

  #deliver(responseId: string, itemId: string, length: number, door: AgentAudioDoor): void {
    const from = this.#waitingItemId === itemId ? 0 : 1;
    this.#waitingItemId = "";
    const end = 1 + length;
    const whole = this.#sampleBytes === 1 ? end : end - ((end - from) & 1);
    if (whole > from) door(responseId, itemId, this.#buffer.subarray(from, whole));
    if (whole < end) {
      this.#buffer[0] = this.#buffer[whole]!;
      this.#waitingItemId = itemId;
    }
  }
}
