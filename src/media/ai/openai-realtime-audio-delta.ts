/**
 * The hot path of a realtime session: one `response.output_audio.delta` message to audio bytes without JSON.parse and
 * without making an object. The scan reads a flat object of plain strings and integers, in any order of keys:
 *
 *     {"type":"response.output_audio.delta","event_id":"…","response_id":"…","item_id":"…",…,"delta":"<base64>"}
 *
 * Whatever else it meets (spaces, escapes, nesting, a doubled key) makes it give up, and the general parser decides. What it
 * accepts, JSON.parse reads the same way; the characters of the audio are checked when they are decoded.
 */

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const open = 0x7b;
const close = 0x7d;

/** Text of an id seen again and again: compared byte by byte, made a string only when it changes. */
class CachedId {
  text = "";

  read(source: Uint8Array, from: number, to: number): string {
    let same = this.text.length === to - from;
    for (let i = 0; same && i < this.text.length; i++) same = this.text.charCodeAt(i) === source[from + i];
    if (!same) {
      let made = "";
      for (let i = from; i < to; i++) made += String.fromCharCode(source[i]!);
      this.text = made;
    }
    return this.text;
  }
}

function equals(source: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (source[from + i] !== word.charCodeAt(i)) return false;
  return true;
}

const maxIdLength = 128;

/** Finds the parts of an audio delta inside a message. One per session; its fields hold what the last `scan` found. */
export class AudioDeltaScanner {
  responseId = "";
  itemId = "";
  /** Where the base64 text stands in the message, padding and all. */
  base64From = 0;
  base64To = 0;
  readonly #responseId = new CachedId();
  readonly #itemId = new CachedId();

  /** True when the message is an audio delta this scan can read; false leaves it to the general parser. */
  scan(message: Uint8Array): boolean {
    const end = message.length;
    if (end < 40 || message[0] !== open || message[end - 1] !== close) return false;
    let position = 1;
    let isDelta = false;
    let responseFrom = -1;
    let responseTo = 0;
    let itemFrom = -1;
    let itemTo = 0;
    let deltaFrom = -1;
    let deltaTo = 0;
    for (;;) {
      if (message[position] !== quote) return false;
      const keyFrom = position + 1;
      const keyTo = this.#stringEnd(message, keyFrom);
      if (keyTo < 0 || message[keyTo + 1] !== colon) return false;
      position = keyTo + 2;
      if (message[position] === quote) {
        const from = position + 1;
        const isAudio = equals(message, keyFrom, keyTo, "delta");
        const to = isAudio ? this.#audioEnd(message, from) : this.#stringEnd(message, from);
        if (to < 0) return false;
        if (isAudio) {
          if (deltaFrom >= 0) return false;
          deltaFrom = from;
          deltaTo = to;
        } else if (equals(message, keyFrom, keyTo, "type")) {
          if (isDelta || !this.#isAudioDelta(message, from, to)) return false;
          isDelta = true;
        } else if (equals(message, keyFrom, keyTo, "response_id")) {
          if (responseFrom >= 0) return false;
          responseFrom = from;
          responseTo = to;
        } else if (equals(message, keyFrom, keyTo, "item_id")) {
          if (itemFrom >= 0) return false;
          itemFrom = from;
          itemTo = to;
        }
        position = to + 1;
      } else {
        position = this.#integerEnd(message, position);
        if (position < 0) return false;
        // The four keys we use are strings; a number in their place is for the general parser to refuse.
        if (
          equals(message, keyFrom, keyTo, "delta") ||
          equals(message, keyFrom, keyTo, "type") ||
          equals(message, keyFrom, keyTo, "response_id") ||
          equals(message, keyFrom, keyTo, "item_id")
        ) {
          return false;
        }
      }
      if (message[position] === close) break;
      if (message[position] !== comma) return false;
      position++;
    }
    if (position !== end - 1 || !isDelta || deltaFrom < 0) return false;
    if (responseTo <= responseFrom || responseFrom < 0 || responseTo - responseFrom > maxIdLength) return false;
    if (itemTo <= itemFrom || itemFrom < 0 || itemTo - itemFrom > maxIdLength) return false;
    this.responseId = this.#responseId.read(message, responseFrom, responseTo);
    this.itemId = this.#itemId.read(message, itemFrom, itemTo);
    this.base64From = deltaFrom;
    this.base64To = deltaTo;
    return true;
  }

  #isAudioDelta(message: Uint8Array, from: number, to: number): boolean {
    return (
      equals(message, from, to, "response.output_audio.delta") || equals(message, from, to, "response.audio.delta")
    );
  }

  /** Index of the closing quote of the long value, found with native searches; its characters are checked when decoded. */
  #audioEnd(message: Uint8Array, from: number): number {
    const end = message.indexOf(quote, from);
    const escapeAt = message.indexOf(backslash, from);
    return escapeAt < 0 || escapeAt > end ? end : -1;
  }

  /** Index of the closing quote of a short string of printable ASCII without escapes, or −1. */
  #stringEnd(message: Uint8Array, from: number): number {
    const limit = Math.min(message.length, from + 512);
    for (let i = from; i < limit; i++) {
      const byte = message[i]!;
      if (byte === quote) return i;
      if (byte < 0x20 || byte > 0x7e || byte === backslash) return -1;
    }
    return -1;
  }

  /** Index after a non-negative integer as JSON writes it (no leading zero), or −1. */
  #integerEnd(message: Uint8Array, from: number): number {
    let i = from;
    while (message[i]! >= 0x30 && message[i]! <= 0x39 && i - from < 16) i++;
    if (i === from || (message[from] === 0x30 && i - from > 1)) return -1;
    return i;
  }
}
