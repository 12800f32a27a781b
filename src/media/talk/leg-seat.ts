import { bytesPerMs, frameBytes, frameMs } from "../../codecs/format.ts";
import type { CallLeg } from "../leg.ts";
import { FrameQueue } from "../rtp/frame-queue.ts";
import type { RoomParty, RoomRateHz } from "./room.ts";
import { FromRoom, ToRoom } from "./room-codec.ts";

/** Audio of a leg that may wait for its tick. */
const maxWaitingMs = 240;
/** A leg without a clock of ours, which buffers, gets and gives this much before the first frame, so that no jitter is heard. */
const cushionMs = 60;
/** A frame that waited for so many ticks without need is left out; of several the first is earlier, as many times as they are. */
const needlessTicks = 100;

/** A telephone's place in a room: its leg's audio in, what it is to hear out, each converted once. */
export class LegSeat implements RoomParty {
  readonly #leg: CallLeg;
  readonly #sent: (payload: Uint8Array) => void;
  #toRoom: ToRoom;
  #fromRoom: FromRoom;
  #queue: FrameQueue;
  #frame: Uint8Array;
  readonly #cushionFrames: number;
  /** Frames come with our own ticks, or the cushion is filled. */
  #flows = false;
  #least = Number.POSITIVE_INFINITY;
  #ticks = 0;
  /** The telephone was sent its cushion; nothing was sent in the tick before. */
  #begun = false;
  #quiet = true;

  /** `sent` is told what went out to the leg. */
  constructor(leg: CallLeg, sent: (payload: Uint8Array) => void) {
    this.#leg = leg;
    this.#sent = sent;
    this.#toRoom = new ToRoom(leg.inbound);
    this.#fromRoom = new FromRoom(leg.outbound);
    this.#queue = new FrameQueue(maxWaitingMs * bytesPerMs(leg.inbound));
    this.#frame = new Uint8Array(frameBytes(leg.inbound));
    this.#cushionFrames = leg.capabilities.marks ? cushionMs / frameMs : 0;
  }

  /** Audio from the leg, any length. */
  audio(payload: Uint8Array): void {
    if (payload.length > this.#queue.room) {
      // A burst after a stall: the newest is what the others are waiting for.
      const kept = this.#cushionFrames * this.#frame.length;
      while (this.#queue.length > kept) this.#queue.take(this.#frame, this.#frame.length);
    }
    this.#queue.push(payload);
  }

  setRate(rateHz: RoomRateHz): void {
    const leg = this.#leg;
    const { inbound } = leg;
    leg.setRate?.(rateHz);
    if (leg.inbound !== inbound) {
      this.#toRoom = new ToRoom(leg.inbound);
      this.#fromRoom = new FromRoom(leg.outbound);
      this.#queue = new FrameQueue(maxWaitingMs * bytesPerMs(leg.inbound));
      this.#frame = new Uint8Array(frameBytes(leg.inbound));
    }
    this.#toRoom.setRate(rateHz);
    this.#fromRoom.setRate(rateHz);
  }

  speak(frame: Int16Array): boolean {
    const waiting = Math.floor(this.#queue.length / this.#frame.length);
    if (waiting === 0 || (!this.#flows && waiting < this.#cushionFrames)) {
      this.#flows = this.#cushionFrames === 0;
      return false;
    }
    this.#flows = true;
    this.#catchUp(waiting);
    this.#queue.take(this.#frame, this.#frame.length);
    this.#toRoom.convert(this.#frame, frame);
    return true;
  }

  hear(frame: Int16Array | undefined): void {
    // An RTP leg makes silence of its own; one frame more empties the filters.
    if (frame === undefined && this.#quiet && this.#cushionFrames === 0) return;
    this.#quiet = frame === undefined;
    if (!this.#begun) {
      this.#begun = true;
      for (let i = 0; i < this.#cushionFrames; i++) this.#send(undefined);
    }
    this.#send(frame);
  }

  #send(frame: Int16Array | undefined): void {
    const bytes = this.#fromRoom.convert(frame);
    if (this.#leg.sendAudio(bytes)) this.#sent(bytes);
  }

  /** Leaves a frame out when more waited than is needed all the time: a clock ahead of ours, or a stall that is over. */
  #catchUp(waiting: number): void {
    this.#least = Math.min(this.#least, waiting);
    this.#ticks++;
    const needless = this.#least - this.#cushionFrames - 1;
    if (this.#ticks * Math.max(1, needless) < needlessTicks) return;
    if (needless > 0) this.#queue.take(this.#frame, this.#frame.length);
    this.#ticks = 0;
    this.#least = Number.POSITIVE_INFINITY;
  }
}
