import { bytesPerMs, frameBytes, silenceByte } from "../../codecs/format.ts";
import type { CallLeg, LegEvents } from "../leg.ts";
import { FrameQueue } from "../rtp/frame-queue.ts";
import type { RoomParty, RoomRateHz } from "./room.ts";
import { FromRoom, ToRoom } from "./room-codec.ts";

/** Audio the agent's playout may be ahead of the room: its lead, and what it sends without proof. */
const maxAheadMs = 2000;
/** Marks that may be out; a playout sets one every 100 ms. */
const maxMarksOut = 256;

/**
 * An agent's place in a room, in the shape of the leg it knows: what it sends waits here in order, is said frame by frame,
 * and its marks come back when they were passed, or cleared.
 */
export class AgentSeat implements RoomParty {
  readonly #leg: Pick<CallLeg, "inbound" | "outbound">;
  readonly #events: Pick<LegEvents, "audio" | "mark">;
  readonly #toRoom: ToRoom;
  readonly #fromRoom: FromRoom;
  readonly #queue: FrameQueue;
  readonly #frame: Uint8Array;
  /** Names of the marks that are out, and how many bytes are to be said before each. */
  readonly #marks: string[] = [];
  readonly #bytesToMark: number[] = [];

  /** `leg`: whose formats the agent speaks; `events`: the agent's ears. */
  constructor(leg: Pick<CallLeg, "inbound" | "outbound">, events: Pick<LegEvents, "audio" | "mark">) {
    this.#leg = leg;
    this.#events = events;
    this.#toRoom = new ToRoom(leg.outbound);
    this.#fromRoom = new FromRoom(leg.inbound);
    this.#queue = new FrameQueue(maxAheadMs * bytesPerMs(leg.outbound));
    this.#frame = new Uint8Array(frameBytes(leg.outbound));
  }

  /** The agent's audio; false when there is no room for it. */
  sendAudio(payload: Uint8Array): boolean {
    return this.#queue.push(payload);
  }

  /** The mark comes back, in a later tick, when all that was sent before it was said. */
  sendMark(name: string): void {
    if (this.#marks.length >= maxMarksOut) return;
    this.#marks.push(name);
    this.#bytesToMark.push(this.#queue.length);
  }

  /** Drops what was not said; its marks come back with the next tick, as a carrier's do. */
  clear(): void {
    this.#queue.clear();
    this.#bytesToMark.fill(0);
  }

  /** The agent leaves the room: what was not said is dropped, and every mark comes back now. */
  close(): void {
    this.clear();
    this.#tellMarks();
  }

  setRate(rateHz: RoomRateHz): void {
    this.#toRoom.setRate(rateHz);
    this.#fromRoom.setRate(rateHz);
  }

  speak(frame: Int16Array): boolean {
    const taken = this.#queue.take(this.#frame, this.#frame.length);
    for (let i = 0; i < this.#bytesToMark.length; i++) this.#bytesToMark[i] = this.#bytesToMark[i]! - taken;
    if (taken > 0) {
      this.#frame.fill(silenceByte(this.#leg.outbound), taken);
      this.#toRoom.convert(this.#frame, frame);
    }
    this.#tellMarks();
    return taken > 0;
  }

  hear(frame: Int16Array | undefined): void {
    this.#events.audio(this.#fromRoom.convert(frame));
  }

  #tellMarks(): void {
    while (this.#marks.length > 0 && this.#bytesToMark[0]! <= 0) {
      const name = this.#marks.shift()!;
      this.#bytesToMark.shift();
      this.#events.mark(name);
    }
  }
}
