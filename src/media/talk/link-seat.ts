import { frameBytes } from "../../codecs/format.ts";
import { LinkFrames, linkFormat } from "./link-frames.ts";
import type { RoomParty, RoomRateHz } from "./room.ts";
import { FromRoom, ToRoom } from "./room-codec.ts";

/*
 * A frame between two media processes is one UDP datagram; numbers are big-endian, samples as in memory:
 *
 *   0               16      20                                660
 *   | token         | seq   | 320 samples, L16 at 16 kHz      |
 */

/** Bytes of the secret that tells a link's own packets from anybody else's. */
export const linkTokenBytes = 16;
const headerBytes = linkTokenBytes + 4;
/** Length of a link's packet. */
export const linkPacketBytes = headerBytes + frameBytes(linkFormat);

/**
 * The other side of a room that is in two media processes, as a member of this one's: says what is said there, and takes
 * there what is said here. A core; allocates nothing for a frame.
 */
export class LinkSeat implements RoomParty {
  readonly frames = new LinkFrames();
  readonly #send: (packet: Uint8Array) => void;
  readonly #toRoom = new ToRoom(linkFormat);
  readonly #fromRoom = new FromRoom(linkFormat);
  readonly #frame = new Uint8Array(frameBytes(linkFormat));
  readonly #packet = Buffer.alloc(linkPacketBytes);
  #seq = 0;
  /** Nothing was sent in the tick before. */
  #quiet = true;

  /** `send` is to be done with the packet when it returns. */
  constructor(token: Uint8Array, send: (packet: Uint8Array) => void) {
    if (token.length !== linkTokenBytes) throw new Error(`A link's token has ${linkTokenBytes} bytes`);
    this.#packet.set(token);
    this.#send = send;
  }

  /** A packet came; false: it is none of this link's. */
  packet(bytes: Uint8Array): boolean {
    if (bytes.length !== linkPacketBytes) return false;
    for (let i = 0; i < linkTokenBytes; i++) if (bytes[i] !== this.#packet[i]) return false;
    let seq = 0;
    for (let i = linkTokenBytes; i < headerBytes; i++) seq = (seq << 8) | bytes[i]!;
    this.frames.push(seq >>> 0, bytes, headerBytes);
    return true;
  }

  setRate(rateHz: RoomRateHz): void {
    this.#toRoom.setRate(rateHz);
    this.#fromRoom.setRate(rateHz);
  }

  speak(frame: Int16Array): boolean {
    if (!this.frames.take(this.#frame)) return false;
    this.#toRoom.convert(this.#frame, frame);
    return true;
  }

  hear(frame: Int16Array | undefined): void {
    // Silence is not sent; one frame of it empties the filters.
    if (frame === undefined && this.#quiet) return;
    this.#quiet = frame === undefined;
    this.#packet.set(this.#fromRoom.convert(frame), headerBytes);
    this.#packet.writeUInt32BE(this.#seq, linkTokenBytes);
    this.#seq = (this.#seq + 1) >>> 0;
    this.#send(this.#packet);
  }
}
