/**
 * Finds the payload in a carrier's `media` message without parsing it:
 *
 *     {"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"20","payload":"…"},"streamSid":"MZ…"}
 *
 * Members may come in any order and others may be there, but only compact JSON of plain ASCII strings is read. Whatever
 * else it meets, it leaves to the general parser by saying false; it never accepts what that parser reads differently.
 */
export class MediaScan {
  /** The payload is `data[payloadFrom, payloadTo)`, base64 not checked. */
  payloadFrom = 0;
  payloadTo = 0;
  #at = 0;
  #sawEvent = false;
  #sawMedia = false;
  #sawTrack = false;

  /** True when `data` is a `media` message with a payload of the inbound track, or of no named track. */
  scan(data: Uint8Array): boolean {
    this.#at = 0;
    this.payloadFrom = 0;
    this.#sawEvent = false;
    this.#sawMedia = false;
    this.#sawTrack = false;
    return (
      this.#members(data, false) && this.#at === data.length && this.#sawEvent && this.#sawMedia && this.payloadFrom > 0
    );
  }

  /** Reads `{"key":"text",…}`; at the top, the member `media` may hold such an object in turn. */
  #members(data: Uint8Array, inMedia: boolean): boolean {
    if (data[this.#at++] !== brace) return false;
    for (;;) {
      const keyFrom = this.#at + 1;
      if (!this.#text(data)) return false;
      const keyTo = this.#at - 1;
      if (data[this.#at++] !== colon) return false;
      if (inMedia) {
        if (!this.#mediaMember(data, keyFrom, keyTo)) return false;
      } else if (!this.#topMember(data, keyFrom, keyTo)) return false;
      const next = data[this.#at++];
      if (next === closingBrace) return true;
      if (next !== comma) return false;
    }
  }

  /** A repeated member is left to the parser, which takes the last. */
  #topMember(data: Uint8Array, keyFrom: number, keyTo: number): boolean {
    if (equals(data, keyFrom, keyTo, names.media)) {
      if (this.#sawMedia) return false;
      this.#sawMedia = true;
      return this.#members(data, true);
    }
    const isEvent = equals(data, keyFrom, keyTo, names.event);
    const from = this.#at + 1;
    if (!this.#text(data)) return false;
    if (!isEvent) return true;
    if (this.#sawEvent) return false;
    this.#sawEvent = true;
    return equals(data, from, this.#at - 1, names.media);
  }

  #mediaMember(data: Uint8Array, keyFrom: number, keyTo: number): boolean {
    const from = this.#at + 1;
    if (equals(data, keyFrom, keyTo, names.payload)) {
      if (this.payloadFrom > 0 || data[this.#at] !== quote) return false;
      // The base64 decoder looks at every character in between.
      const to = data.indexOf(quote, from);
      if (to < 0) return false;
      this.payloadFrom = from;
      this.payloadTo = to;
      this.#at = to + 1;
      return true;
    }
    const isTrack = equals(data, keyFrom, keyTo, names.track);
    if (!this.#text(data)) return false;
    if (!isTrack) return true;
    if (this.#sawTrack) return false;
    this.#sawTrack = true;
    return equals(data, from, this.#at - 1, names.inbound);
  }

  /** Steps over a string of printable ASCII without escapes. */
  #text(data: Uint8Array): boolean {
    let at = this.#at;
    if (data[at++] !== quote) return false;
    for (; at < data.length; at++) {
      const byte = data[at]!;
      if (byte === quote) {
        this.#at = at + 1;
        return true;
      }
      if (byte < 0x20 || byte > 0x7e || byte === backslash) return false;
    }
    return false;
  }
}

const brace = 0x7b;
const closingBrace = 0x7d;
const quote = 0x22;
const colon = 0x3a;
const comma = 0x2c;
const backslash = 0x5c;

const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const names = {
  event: ascii("event"),
  media: ascii("media"),
  track: ascii("track"),
  inbound: ascii("inbound"),
  payload: ascii("payload"),
};

function equals(data: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false;
  for (let at = 0; at < name.length; at++) {
    if (data[from + at] !== name[at]) return false;
  }
  return true;
}
