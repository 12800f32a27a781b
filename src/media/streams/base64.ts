/** Value of each base64 character (RFC 4648 §4), 0xFF for every other byte. */
const sextets = new Uint8Array(256).fill(0xff);
for (const [value, character] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) {
  sextets[character.charCodeAt(0)] = value;
}

const padding = 0x3d;

/** Bytes that `length` base64 characters hold at most. */
export function decodedBytes(length: number): number {
  return Math.floor((length * 3) / 4);
}

/**
 * Decodes the base64 characters `source[from, to)` into `target` and returns how many bytes that gave, or -1 when they are
 * not base64. Padding may be missing. `target` holds at least `decodedBytes(to - from)`.
 *
 * Departs from Node's own decoder, which skips what is not base64: nonsense must be seen and counted. For 160 bytes of
 * audio it is also the faster of the two, and needs no string.
 */
export function decodeBase64(source: Uint8Array, from: number, to: number, target: Uint8Array): number {
  let end = to;
  if ((to - from) % 4 === 0 && end > from && source[end - 1] === padding) {
    end--;
    if (source[end - 1] === padding) end--;
  }
  const tail = (end - from) % 4;
  const whole = end - tail;
  if (tail === 1) return -1;
  let out = 0;
  let at = from;
  // Every value of a valid character is below 64, so one comparison of the four checks them all.
  for (; at < whole; at += 4) {
    const a = sextets[source[at]!]!;
    const b = sextets[source[at + 1]!]!;
    const c = sextets[source[at + 2]!]!;
    const d = sextets[source[at + 3]!]!;
    if ((a | b | c | d) > 63) return -1;
    target[out] = (a << 2) | (b >> 4);
    target[out + 1] = (b << 4) | (c >> 2);
    target[out + 2] = (c << 6) | d;
    out += 3;
  }
  if (tail >= 2) {
    const a = sextets[source[at]!]!;
    const b = sextets[source[at + 1]!]!;
    const c = tail === 3 ? sextets[source[at + 2]!]! : 0;
    if ((a | b | c) > 63) return -1;
    target[out++] = (a << 2) | (b >> 4);
    if (tail === 3) target[out++] = (b << 4) | (c >> 2);
  }
  return out;
}
