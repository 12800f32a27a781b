import type { Machine } from "../../kit/machine.ts";
import type { SipRequest, SipResponse } from "../message.ts";
import { makeAckForFailure } from "./ack.ts";
import { type ClientInput, type ClientOrder, patienceMs, type SipTimers } from "./types.ts";

/** `accepted` is RFC 6026 §7.2: after a 2xx it waits for more of them, from other forks or repeated. */
export type InviteClientState = "calling" | "proceeding" | "completed" | "accepted" | "terminated";

/** Client side of an INVITE (RFC 3261 §17.1.1, RFC 6026 §8.4). */
export class InviteClientTransaction implements Machine<ClientInput, ClientOrder> {
  readonly request: SipRequest;
  readonly #timers: SipTimers;
  readonly #isReliable: boolean;
  #state: InviteClientState = "calling";
  /** Timer A. */
  #repeatAt: number | undefined;
  #repeatMs: number;
  /** Timer B, D or M; after a CANCEL the end of our patience (RFC 3261 §9.1). */
  #endAt: number | undefined;
  #isCancelWanted = false;
  #ack: SipRequest | undefined;

  constructor(request: SipRequest, isReliable: boolean, timers: SipTimers) {
    this.request = request;
    this.#isReliable = isReliable;
    this.#timers = timers;
    this.#repeatMs = timers.t1Ms;
  }

  get state(): InviteClientState {
    return this.#state;
  }

  get deadline(): number | undefined {
    if (this.#repeatAt === undefined) return this.#endAt;
    return this.#endAt === undefined ? this.#repeatAt : Math.min(this.#repeatAt, this.#endAt);
  }

  handle(input: ClientInput | { type: "timeout" }, now: number): readonly ClientOrder[] {
    switch (input.type) {
      case "start":
        this.#endAt = now + patienceMs(this.#timers);
        if (!this.#isReliable) this.#repeatAt = now + this.#repeatMs;
        return [{ type: "send", request: this.request }];
      case "response":
        return this.#respond(input.response, now);
      case "cancel":
        return this.#cancel(now);
      case "transport-error":
        return this.#fail("transport");
      case "timeout":
        return this.#timeout(now);
    }
  }

  #respond(response: SipResponse, now: number): readonly ClientOrder[] {
    const isOpen = this.#state === "calling" || this.#state === "proceeding";
    const { status } = response;
    if (status < 200) {
      if (!isOpen) return [];
      const wasCalling = this.#state === "calling";
      this.#state = "proceeding";
      this.#repeatAt = undefined;
      const orders: ClientOrder[] = [{ type: "response", response }];
      if (wasCalling) this.#endAt = undefined;
      if (wasCalling && this.#isCancelWanted) orders.push(...this.#cancelNow(now));
      return orders;
    }
    if (status < 300) {
      if (!isOpen && this.#state !== "accepted") return [];
      if (isOpen) this.#wait("accepted", now + patienceMs(this.#timers));
      return [{ type: "response", response }];
    }
    if (this.#state === "completed") return [{ type: "send", request: this.#ack! }];
    if (!isOpen) return [];
    this.#ack = makeAckForFailure(this.request, response);
    // Timer D: 32 s at least where the final response may come again, none elsewhere.
    if (this.#isReliable) this.#terminate();
    else this.#wait("completed", now + patienceMs(this.#timers));
    return [
      { type: "send", request: this.#ack },
      { type: "response", response },
    ];
  }

  #cancel(now: number): readonly ClientOrder[] {
    if (this.#isCancelWanted) return [];
    this.#isCancelWanted = true;
    // Before a provisional response the CANCEL might overtake the INVITE (RFC 3261 §9.1).
    return this.#state === "proceeding" ? this.#cancelNow(now) : [];
  }

  #cancelNow(now: number): readonly ClientOrder[] {
    this.#endAt = now + patienceMs(this.#timers);
    return [{ type: "cancel-now" }];
  }

  #timeout(now: number): readonly ClientOrder[] {
    if (this.#endAt !== undefined && now >= this.#endAt) {
      if (this.#state === "calling" || this.#state === "proceeding") return this.#fail("timeout");
      this.#terminate();
      return [];
    }
    if (this.#repeatAt === undefined || now < this.#repeatAt) return [];
    this.#repeatMs *= 2;
    this.#repeatAt = now + this.#repeatMs;
    return [{ type: "send", request: this.request }];
  }

  #fail(fault: "timeout" | "transport"): readonly ClientOrder[] {
    const isOpen = this.#state === "calling" || this.#state === "proceeding";
    // What could not be sent behind a 2xx was sent by the layer above, and is its concern.
    if (this.#state === "accepted") return [];
    this.#terminate();
    return isOpen ? [{ type: "failed", fault }] : [];
  }

  #wait(state: "accepted" | "completed", endAt: number): void {
    this.#state = state;
    this.#repeatAt = undefined;
    this.#endAt = endAt;
  }

  #terminate(): void {
    this.#state = "terminated";
    this.#repeatAt = undefined;
    this.#endAt = undefined;
  }
}
