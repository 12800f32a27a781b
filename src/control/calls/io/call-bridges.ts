import type { CallId } from "../../../kit/ids.ts";
import type { EndCause, RoomHearing } from "../../../media/protocol.ts";
import { partnerCause } from "../partner-cause.ts";
import type { CallWatcher, LiveCall } from "./live-call.ts";
import type { LiveCalls } from "./live-calls.ts";

/** Whom a call talks with, and where. */
export interface Bridge {
  readonly partner: LiveCall;
  readonly roomId: string;
}

interface Side extends Bridge {
  readonly watcher: CallWatcher;
}

/**
 * Pairs of calls that talk with each other in a room. The end of one is the end of the other, and keys, which the room's
 * audio does not carry, are passed on.
 */
export class CallBridges {
  readonly #live: LiveCalls;
  readonly #sides = new Map<CallId, Side>();

  constructor(live: LiveCalls) {
    this.#live = live;
  }

  /** The two are in this room, until one of them is over or they are parted. */
  add(one: LiveCall, other: LiveCall, roomId: string): void {
    const isThere = [one, other].every(({ callId }) => this.#live.get(callId) !== undefined);
    if (!isThere) return;
    this.#addSide(one, other, roomId);
    this.#addSide(other, one, roomId);
  }

  /** Whom a call talks with; undefined: nobody, or it is not of a pair. */
  of(callId: CallId): Bridge | undefined {
    return this.#sides.get(callId);
  }

  /** The two have nothing to do with each other any more, and both go on; what they were. */
  part(call: LiveCall): Bridge | undefined {
    const bridge = this.#sides.get(call.callId);
    if (!bridge) return undefined;
    for (const one of [call, bridge.partner]) {
      const side = this.#sides.get(one.callId);
      if (side) one.watchers.delete(side.watcher);
      this.#sides.delete(one.callId);
      one.bond = undefined;
    }
    return bridge;
  }

  /** What the one a call talks with hears from now on: music while the call's telephone holds it, and then the room again. */
  partnerHears(callId: CallId, hears: RoomHearing): void {
    const bridge = this.#sides.get(callId);
    if (bridge?.partner.machine.state !== "in-progress") return;
    const { partner, roomId } = bridge;
    this.#live.send(partner.callId, { type: "join-room", callId: partner.callId, roomId, hears, agent: "none" });
  }

  #addSide(call: LiveCall, partner: LiveCall, roomId: string): void {
    const { callId } = partner;
    const watcher: CallWatcher = {
      pressed: (digits) => void this.#live.send(callId, { type: "send-dtmf", callId, digits }),
      ended: (cause) => this.#ended(call, partner, cause),
    };
    call.bond = "bridge";
    call.watchers.add(watcher);
    this.#sides.set(call.callId, { partner, roomId, watcher });
  }

  #ended(call: LiveCall, partner: LiveCall, cause: EndCause): void {
    this.part(call);
    // One that is only called yet is the business of whoever calls it.
    if (partner.machine.state !== "in-progress") return;
    this.#live.hangUp(partner.callId, partnerCause(cause, partner.plan.direction));
  }
}
