import { decodeBase64, decodedLength, withoutPadding } from "./openai-realtime-audio-delta.ts";

/** Where decoded agent audio goes; the view is valid only during the call. */
export type AgentAudioDoor = (responseId: string, itemId: string, audio: Uint8Array) => void;

/** Base64 characters decoded at a time: a multiple of 4, so no group is cut. */
const pieceCharacters = 32 * 1024;

/**
 * Decodes the base64 of audio deltas into one buffer of its own and hands on whole samples. A delta may end in the middle
 * of a 16-bit sample: its last byte then waits for the next delta of the same item.
 */
export class AgentAudioDecoder {
  /** The waiting byte stands at 0; decoded bytes begin at 1. */
  readonly #buffer = new Uint8Array(1 + decodedLength(pieceCharacters));
  readonly #sampleBytes: 1 | 2;
  #waitingItemId = "";

  constructor(sampleBytes: 1 | 2) {
    this.#sampleBytes = sampleBytes;
  }

  /** Decodes characters `from`–`to` of `source`, padding left out; false when they are not base64 (what came before the fault was delivered). */
  decode(
    responseId: string,
    itemId: string,
    source: Uint8Array,
    from: number,
    to: number,
    door: AgentAudioDoor,
  ): boolean {
    for (let position = from; position < to; position += pieceCharacters) {
      const length = decodeBase64(source, position, Math.min(to, position + pieceCharacters), this.#buffer, 1);
      if (length < 0) return false;
      this.#deliver(responseId, itemId, length, door);
    }
    return true;
  }

  /** The same for a delta that came through the general parser. */
  decodeText(responseId: string, itemId: string, base64: string, door: AgentAudioDoor): boolean {
    const source = new Uint8Array(base64.length);
    for (let i = 0; i < base64.length; i++) {
      const code = base64.charCodeAt(i);
      if (code > 0x7f) return false;
      source[i] = code;
    }
    return this.decode(responseId, itemId, source, 0, withoutPadding(source, 0, source.length), door);
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
