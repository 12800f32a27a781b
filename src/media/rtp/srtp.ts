import { read32, rtpHeaderBytes, write32 } from "./packet.ts";
import { ReplayWindow } from "./replay-window.ts";
import { CounterModeCipher, GcmCipher, type PacketCipher, writeRollover } from "./srtp-ciphers.ts";
import { deriveSessionKeys, type SrtpKeys, srtpShapes } from "./srtp-keys.ts";

/*
 * SRTP:   header | encrypted payload | tag                                    (RFC 3711 §3.1, RFC 7714 §8)
 * SRTCP:  8 bytes | encrypted rest | E and 31-bit index | tag                 (RFC 3711 §3.4)
 *         8 bytes | encrypted rest | tag | E and 31-bit index   for AES-GCM   (RFC 7714 §9)
 */

/** Bytes a packet may grow by: keep this much room after what is to be protected. */
export const srtpRoomBytes = 20;
const indexBytes = 4;
const rtcpHeaderBytes = 8;
/** Indices are used once; then the keys are spent (RFC 3711 §9.2). */
const maxRtpIndex = 2 ** 48 - 1;
const maxRtcpIndex = 2 ** 31 - 1;
/** Sources a peer may send from with one key. */
const maxSources = 16;
const noTrailer = new Uint8Array(0);

/** What is wrong with a packet that came in; or, the last, with one that should go out. */
export type SrtpFault = "too-short" | "bad-header" | "replayed" | "not-authentic" | "too-many-sources" | "keys-spent";

/** Totals of one direction. */
export interface SrtpCounters {
  authenticationFailures: number;
  replays: number;
}

function cipherOf(keys: SrtpKeys, what: "rtp" | "rtcp"): PacketCipher {
  const { aead, rtpTagBytes, rtcpTagBytes } = srtpShapes[keys.suite];
  const session = deriveSessionKeys(keys, what);
  return aead ? new GcmCipher(session) : new CounterModeCipher(session, what === "rtp" ? rtpTagBytes : rtcpTagBytes);
}

/** Where the payload begins: after CSRCs and the extension, which stay readable; −1 when the packet ends before. */
function payloadStart(bytes: Uint8Array, size: number): number {
  if (size < rtpHeaderBytes || bytes[0]! >> 6 !== 2) return -1;
  let start = rtpHeaderBytes + (bytes[0]! & 0x0f) * 4;
  if ((bytes[0]! & 0x10) !== 0) {
    if (start + 4 > size) return -1;
    start += 4 + ((bytes[start + 2]! << 8) | bytes[start + 3]!) * 4;
  }
  return start > size ? -1 : start;
}

/** Protects what one leg sends, from one SSRC. */
export class SrtpSender {
  readonly #rtp: PacketCipher;
  readonly #rtcp: PacketCipher;
  readonly #aead: boolean;
  readonly #trailer = new Uint8Array(indexBytes);
  #rtpIndex = -1;
  #rtcpIndex = 0;

  constructor(keys: SrtpKeys) {
    this.#rtp = cipherOf(keys, "rtp");
    this.#rtcp = cipherOf(keys, "rtcp");
    this.#aead = srtpShapes[keys.suite].aead;
  }

  /** Protects an RTP packet of `size` bytes in place, its numbers one after the other; returns the new size. */
  protect(bytes: Uint8Array, size: number): number | SrtpFault {
    const start = payloadStart(bytes, size);
    if (start < 0) return "bad-header";
    const seq = (bytes[2]! << 8) | bytes[3]!;
    const index = this.#rtpIndex < 0 ? seq : nearestIndex(this.#rtpIndex, seq);
    // The same index twice would give the key stream away (RFC 3711 §9.1).
    if (index <= this.#rtpIndex || index > maxRtpIndex) return "keys-spent";
    this.#rtpIndex = index;
    if (!this.#aead) writeRollover(this.#trailer, index);
    this.#rtp.seal(bytes, start, size, read32(bytes, 8), index, this.#aead ? noTrailer : this.#trailer);
    return size + this.#rtp.tagBytes;
  }

  /** Protects an RTCP compound of `size` bytes in place; returns the new size. */
  protectRtcp(bytes: Uint8Array, size: number): number | SrtpFault {
    if (size < rtcpHeaderBytes) return "too-short";
    const index = this.#rtcpIndex + 1;
    if (index > maxRtcpIndex) return "keys-spent";
    this.#rtcpIndex = index;
    write32(this.#trailer, 0, (0x80000000 | index) >>> 0);
    const ssrc = read32(bytes, 4);
    if (this.#aead) {
      this.#rtcp.seal(bytes, rtcpHeaderBytes, size, ssrc, index, this.#trailer);
      bytes.set(this.#trailer, size + this.#rtcp.tagBytes);
    } else {
      // The tag is taken over the index too and stands after it: make room, then move it.
      this.#rtcp.seal(bytes, rtcpHeaderBytes, size, ssrc, index, this.#trailer);
      bytes.copyWithin(size + indexBytes, size, size + this.#rtcp.tagBytes);
      bytes.set(this.#trailer, size);
    }
    return size + indexBytes + this.#rtcp.tagBytes;
  }
}

/** Opens what one leg receives; keeps a rollover counter and a replay window for each SSRC. */
export class SrtpReceiver {
  readonly counters: SrtpCounters = { authenticationFailures: 0, replays: 0 };
  readonly #rtp: PacketCipher;
  readonly #rtcp: PacketCipher;
  readonly #aead: boolean;
  readonly #trailer = new Uint8Array(indexBytes);
  readonly #tag = new Uint8Array(16);
  readonly #rtpWindows = new Map<number, ReplayWindow>();
  readonly #rtcpWindows = new Map<number, ReplayWindow>();

  constructor(keys: SrtpKeys) {
    this.#rtp = cipherOf(keys, "rtp");
    this.#rtcp = cipherOf(keys, "rtcp");
    this.#aead = srtpShapes[keys.suite].aead;
  }

  /** Opens an RTP packet of `size` bytes in place; returns its plain size. */
  unprotect(bytes: Uint8Array, size: number): number | SrtpFault {
    const end = size - this.#rtp.tagBytes;
    const start = payloadStart(bytes, end);
    if (start < 0) return end < rtpHeaderBytes ? "too-short" : "bad-header";
    const ssrc = read32(bytes, 8);
    const seq = (bytes[2]! << 8) | bytes[3]!;
    const window = this.#rtpWindows.get(ssrc);
    const index = window ? nearestIndex(window.highest, seq) : seq;
    if (index < 0) return this.#replayed();
    if (window?.replayed(index)) return this.#replayed();
    if (!this.#aead) writeRollover(this.#trailer, index);
    if (!this.#rtp.open(bytes, start, end, ssrc, index, this.#aead ? noTrailer : this.#trailer)) return this.#forged();
    return accept(this.#rtpWindows, window, ssrc, index) ? end : "too-many-sources";
  }

  /** Opens an RTCP compound of `size` bytes in place; returns its plain size. */
  unprotectRtcp(bytes: Uint8Array, size: number): number | SrtpFault {
    const tagBytes = this.#rtcp.tagBytes;
    const end = size - indexBytes - tagBytes;
    if (end < rtcpHeaderBytes) return "too-short";
    const indexAt = this.#aead ? size - indexBytes : end;
    const word = read32(bytes, indexAt);
    // All suites here encrypt; a packet that says it is plain is refused.
    if (word < 0x80000000) return "bad-header";
    const index = word - 0x80000000;
    const ssrc = read32(bytes, 4);
    const window = this.#rtcpWindows.get(ssrc);
    if (window?.replayed(index)) return this.#replayed();
    write32(this.#trailer, 0, word);
    if (!this.#aead) {
      // The cipher wants the tag right after the packet; the index changes places with it.
      for (let i = 0; i < tagBytes; i++) this.#tag[i] = bytes[end + indexBytes + i]!;
      for (let i = 0; i < tagBytes; i++) bytes[end + i] = this.#tag[i]!;
    }
    if (!this.#rtcp.open(bytes, rtcpHeaderBytes, end, ssrc, index, this.#trailer)) return this.#forged();
    return accept(this.#rtcpWindows, window, ssrc, index) ? end : "too-many-sources";
  }

  #replayed(): SrtpFault {
    this.counters.replays++;
    return "replayed";
  }

  #forged(): SrtpFault {
    this.counters.authenticationFailures++;
    return "not-authentic";
  }
}

/** The index with the given low 16 bits that is nearest to the highest seen (RFC 3711 §3.3.1); may be negative. */
function nearestIndex(highest: number, seq: number): number {
  return highest + (((seq - highest) << 16) >> 16);
}

function accept(
  windows: Map<number, ReplayWindow>,
  known: ReplayWindow | undefined,
  ssrc: number,
  index: number,
): boolean {
  let window = known;
  if (window === undefined) {
    if (windows.size >= maxSources) return false;
    window = new ReplayWindow();
    windows.set(ssrc, window);
  }
  window.accept(index);
  return true;
}
