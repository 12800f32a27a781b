import type { CallId } from "../../../kit/ids.ts";
import type { RoomHearing } from "../../../media/protocol.ts";
import type { LiveCall, LiveCalls } from "./live-calls.ts";

interface Bridge {
  readonly partner: LiveCall;
  readonly roomId: string;
}

/** Pairs of calls that talk with each other in a room. */
export class CallBridges {
  readonly #live: LiveCalls;
  readonly #bridges = new Map<CallId, Bridge>();

  constructor(live: LiveCalls) {
    this.#live = live;
  }

  /** Bridges there are. */
  get size(): number {
    return this.#bridges.size / 2;
  }

  /** The two are in this room, until one of them is over. */
  add(one: LiveCall, other: LiveCall, roomId: string): void {
    const isThere = [one, other].every(({ callId }) => this.#live.get(callId) !== undefined);
    if (!isThere) return;
    const over = () => {
      for (const { callId } of [one, other]) this.#bridges.delete(callId);
    };
    this.#bridges.set(one.callId, { partner: other, roomId });
    this.#bridges.set(other.callId, { partner: one, roomId });
    for (const { watchers } of [one, other]) watchers.add({ ended: over });
  }

  /** What the one a call talks with hears from now on: music while the call's telephone holds it, and then the room again. */
  partnerHears(callId: CallId, hears: RoomHearing): void {
    const bridge = this.#bridges.get(callId);
    if (bridge?.partner.machine.state !== "in-progress") return;
    const { partner, roomId } = bridge;
    this.#live.send(partner.callId, { type: "join-room", callId: partner.callId, roomId, hears, agent: "none" });
  }
}
