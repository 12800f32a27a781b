import type { CallId } from "../../../kit/ids.ts";
import type { RoomHearing } from "../../../media/protocol.ts";
import type { LiveCall } from "./live-call.ts";
import type { LiveCalls } from "./live-calls.ts";

interface Bridge {
  readonly partner: LiveCall;
  readonly roomId: string;
}

/** Pairs of calls that talk with each other in a room: its audio carries no keys, so these are passed on here. */
export class CallBridges {
  readonly #live: LiveCalls;
  readonly #bridges = new Map<CallId, Bridge>();

  constructor(live: LiveCalls) {
    this.#live = live;
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
    one.watchers.add({ pressed: (digits) => this.#press(other.callId, digits), ended: over });
    other.watchers.add({ pressed: (digits) => this.#press(one.callId, digits), ended: over });
  }

  #press(callId: CallId, digits: string): void {
    if (this.#bridges.has(callId)) this.#live.send(callId, { type: "send-dtmf", callId, digits });
  }

  /** What the one a call talks with hears from now on: music while the call's telephone holds it, and then the room again. */
  partnerHears(callId: CallId, hears: RoomHearing): void {
    const bridge = this.#bridges.get(callId);
    if (bridge?.partner.machine.state !== "in-progress") return;
    const { partner, roomId } = bridge;
    this.#live.send(partner.callId, { type: "join-room", callId: partner.callId, roomId, hears, agent: "none" });
  }
}
