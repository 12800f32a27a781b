import {
  type Cipher,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
} from "node:crypto";
import { write32 } from "./packet.ts";
import type { SessionKeys } from "./srtp-keys.ts";

/** What protects packets of one direction and kind. `index` is what counts packets: 48 bits for RTP, 31 for RTCP. */
export interface PacketCipher {
  /**
   * Encrypts `bytes` from `start` to `end` in place, and writes the tag at `tagAt`; `aadEnd`: bytes before it are
   * authenticated only. `trailer` follows the packet in what is authenticated.
   */
  seal(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number, trailer: Uint8Array): void;
  /** Checks the tag and decrypts in place; false, with the bytes as they were, when the tag is wrong. */
  open(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number, trailer: Uint8Array): boolean;
  readonly tagBytes: number;
}

const blockBytes = 16;
/** No datagram is longer. */
const maxBlocks = Math.ceil(1500 / blockBytes) + 1;

/**
 * AES in counter mode with HMAC-SHA1 (RFC 3711 §4.1.1, §4.2.1). One AES-ECB object lives as long as the call and turns
 * counter blocks into key stream: a cipher object a packet would cost three times as much.
 */
export class CounterModeCipher implements PacketCipher {
  readonly tagBytes: number;
  readonly #blocks: Cipher;
  readonly #authKey: KeyObject;
  readonly #salt: Uint8Array;
  /** Uint8Array: counter blocks, and views of its first blocks by number. */
  readonly #counters = new Uint8Array(maxBlocks * blockBytes);
  readonly #views: (Uint8Array | undefined)[] = new Array(maxBlocks + 1).fill(undefined);
  readonly #iv = new Uint8Array(blockBytes);

  constructor(keys: SessionKeys, tagBytes: number) {
    this.tagBytes = tagBytes;
    this.#blocks = createCipheriv("aes-128-ecb", keys.cipherKey, null).setAutoPadding(false);
    this.#authKey = createSecretKey(keys.authKey);
    this.#salt = keys.salt;
  }

  seal(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number, trailer: Uint8Array): void {
    this.#applyKeyStream(bytes, start, end, ssrc, index);
    // The trailer of SRTCP is part of the packet already; see `srtp.ts`.
    const tag = this.#tag(bytes, end, trailer);
    for (let i = 0; i < this.tagBytes; i++) bytes[end + i] = tag[i]!;
  }

  open(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number, trailer: Uint8Array): boolean {
    const tag = this.#tag(bytes, end, trailer);
    // No early end: how long it takes must not tell how much was right.
    let difference = 0;
    for (let i = 0; i < this.tagBytes; i++) difference |= tag[i]! ^ bytes[end + i]!;
    if (difference !== 0) return false;
    this.#applyKeyStream(bytes, start, end, ssrc, index);
    return true;
  }

  #tag(bytes: Uint8Array, end: number, trailer: Uint8Array): Uint8Array {
    return createHmac("sha1", this.#authKey).update(bytes.subarray(0, end)).update(trailer).digest();
  }

  #applyKeyStream(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number): void {
    const count = Math.ceil((end - start) / blockBytes);
    if (count === 0) return;
    const iv = this.#iv;
    iv.fill(0);
    iv.set(this.#salt);
    xor32(iv, 4, ssrc);
    xorIndex(iv, 8, index);
    const counters = this.#counters;
    for (let block = 0, at = 0; block < count; block++, at += blockBytes) {
      for (let i = 0; i < 14; i++) counters[at + i] = iv[i]!;
      counters[at + 14] = block >> 8;
      counters[at + 15] = block;
    }
    this.#views[count] ??= counters.subarray(0, count * blockBytes);
    const stream = this.#blocks.update(this.#views[count]!);
    for (let i = start; i < end; i++) bytes[i]! ^= stream[i - start]!;
  }
}

/** AES-GCM (RFC 7714 §8, §9). Node's cipher objects serve one nonce each, so one is made a packet. */
export class GcmCipher implements PacketCipher {
  readonly tagBytes = 16;
  readonly #key: KeyObject;
  readonly #salt: Uint8Array;
  readonly #iv = new Uint8Array(12);

  constructor(keys: SessionKeys) {
    this.#key = createSecretKey(keys.cipherKey);
    this.#salt = keys.salt;
  }

  seal(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number, trailer: Uint8Array): void {
    this.#setIv(ssrc, index);
    const cipher = createCipheriv("aes-128-gcm", this.#key, this.#iv);
    cipher.setAAD(associated(bytes, start, trailer));
    bytes.set(cipher.update(bytes.subarray(start, end)), start);
    cipher.final();
    bytes.set(cipher.getAuthTag(), end);
  }

  open(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number, trailer: Uint8Array): boolean {
    this.#setIv(ssrc, index);
    const cipher = createDecipheriv("aes-128-gcm", this.#key, this.#iv, { authTagLength: this.tagBytes });
    cipher.setAAD(associated(bytes, start, trailer));
    cipher.setAuthTag(bytes.subarray(end, end + this.tagBytes));
    const plain = cipher.update(bytes.subarray(start, end));
    try {
      cipher.final();
    } catch {
      return false;
    }
    bytes.set(plain, start);
    return true;
  }

  #setIv(ssrc: number, index: number): void {
    this.#iv.set(this.#salt);
    xor32(this.#iv, 2, ssrc);
    xorIndex(this.#iv, 6, index);
  }
}

/** SRTCP authenticates its index word too (RFC 7714 §9.3); SRTP has none. */
function associated(bytes: Uint8Array, start: number, trailer: Uint8Array): Uint8Array {
  if (trailer.length === 0) return bytes.subarray(0, start);
  const all = new Uint8Array(start + trailer.length);
  all.set(bytes.subarray(0, start));
  all.set(trailer, start);
  return all;
}

function xor32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at]! ^= value >>> 24;
  bytes[at + 1]! ^= value >>> 16;
  bytes[at + 2]! ^= value >>> 8;
  bytes[at + 3]! ^= value;
}

/** 48 bits. */
function xorIndex(bytes: Uint8Array, at: number, index: number): void {
  const high = Math.floor(index / 0x100000000);
  bytes[at]! ^= high >> 8;
  bytes[at + 1]! ^= high;
  xor32(bytes, at + 2, index >>> 0);
}

/** Writes the 32 bits that follow an RTP packet in what HMAC-SHA1 authenticates: the rollover counter. */
export function writeRollover(trailer: Uint8Array, index: number): void {
  write32(trailer, 0, Math.floor(index / 0x10000));
}
