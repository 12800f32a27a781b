/**
 * A mark in the bytes of a G.711 frame that tells which phone's and which frame it is. Its bytes survive a way through
 * PCM and back, and may stand anywhere in what comes back: an echo need not keep the borders of packets.
 *
 *   7E 71 | phone, 2 digits of 6 bits | frame, 4 digits of 6 bits      each digit C0 + value
 *
 * All of them are soft sounds, so that a voice with marks is still like itself one pitch period later.
 */

/** Length of a mark. */
export const markBytes = 8;
const first = 0x7e;
const second = 0x71;
const digitBits = 6;
const digitMask = 0x3f;
const digitBase = 0xc0;

/** Writes a mark at `at`. */
export function writeMark(bytes: Uint8Array, at: number, phone: number, frame: number): void {
  bytes[at] = first;
  bytes[at + 1] = second;
  for (let i = 0; i < 2; i++) bytes[at + 2 + i] = digitBase | ((phone >> (digitBits * i)) & digitMask);
  for (let i = 0; i < 4; i++) bytes[at + 4 + i] = digitBase | ((frame >> (digitBits * i)) & digitMask);
}

/** Position of the first mark between `from` and `end`, −1 without one; a mark must be there whole. */
export function findMark(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at + markBytes <= end; at++) {
    if (bytes[at] === first && bytes[at + 1] === second && isDigits(bytes, at + 2, at + markBytes)) return at;
  }
  return -1;
}

function isDigits(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if ((bytes[at]! & ~digitMask) !== digitBase) return false;
  return true;
}

/** The phone of the mark at `at`. */
export function markedPhone(bytes: Uint8Array, at: number): number {
  return (bytes[at + 2]! & digitMask) | ((bytes[at + 3]! & digitMask) << digitBits);
}

/** The frame of the mark at `at`. */
export function markedFrame(bytes: Uint8Array, at: number): number {
  let frame = 0;
  for (let i = 3; i >= 0; i--) frame = (frame << digitBits) | (bytes[at + 4 + i]! & digitMask);
  return frame;
}
