import type { Machine } from "../../kit/machine.ts";
import { respond, type SipRequest, type SipResponse } from "../message.ts";
import { patienceMs, type ServerInput, type ServerOrder, type SipTimers } from "./types.ts";

/** `accepted` is RFC 6026 §7.1: after a 2xx repeated INVITEs are absorbed and ACKs pass to the transaction user. */
export type InviteServerState = "proceeding" | "completed" | "confirmed" | "accepted" | "terminated";

/** Server side of an INVITE (RFC 3261 §17.2.1, RFC 6026 §8.7). The 2xx is repeated by the transaction user, not here. */
export class InviteServerTransaction implements Machine<ServerInput, ServerOrder> {
  readonly request: SipRequest;
  readonly #timers: SipTimers;
  readonly #isReliable: boolean;
  #state: InviteServerState = "proceeding";
  #last: SipResponse | undefined;
  /** When to send a 100, then timer G. */
  #repeatAt: number | undefined;
  #repeatMs: number;
  /** Timer H, I or L. */
  #endAt: number | undefined;

  constructor(request: SipRequest, isReliable: boolean, timers: SipTimers, now: number) {
    this.request = request;
    this.#isReliable = isReliable;
    this.#timers = timers;
    this.#repeatMs = timers.t1Ms;
    this.#repeatAt = now + timers.tryingMs;
  }

  get state(): InviteServerState {
    return this.#state;
  }

  get deadline(): number | undefined {
    if (this.#repeatAt === undefined) return this.#endAt;
    return this.#endAt === undefined ? this.#repeatAt : Math.min(this.#repeatAt, this.#endAt);
  }

  handle(input: ServerInput | { type: "timeout" }, now: number): readonly ServerOrder[] {
    switch (input.type) {
      case "repeated":
        if (this.#state === "proceeding" && this.#last === undefined) return this.#trying();
        return this.#state === "proceeding" || this.#state === "completed" ? this.#sendLast() : [];
      case "respond":
        return this.#respond(input.response, now);
      case "ack":
        if (this.#state !== "completed") return [];
        // Timer I: further ACKs are absorbed where they may come again.
        if (this.#isReliable) this.#terminate();
        else this.#wait("confirmed", now + this.#timers.t4Ms);
        return [];
      case "transport-error":
        return this.#fail("transport");
      case "timeout":
        return this.#timeout(now);
    }
  }

  #respond(response: SipResponse, now: number): readonly ServerOrder[] {
    if (this.#state === "accepted") {
      // Repetitions of the 2xx by the transaction user; nothing else may follow it.
      return response.status >= 200 && response.status < 300 ? [{ type: "send", response }] : [];
    }
    if (this.#state !== "proceeding") return [];
    this.#last = response;
    this.#repeatAt = undefined;
    if (response.status >= 300) {
      this.#wait("completed", now + patienceMs(this.#timers));
      if (!this.#isReliable) this.#repeatAt = now + this.#repeatMs;
    } else if (response.status >= 200) {
      this.#wait("accepted", now + patienceMs(this.#timers));
    }
    return [{ type: "send", response }];
  }

  #timeout(now: number): readonly ServerOrder[] {
    if (this.#endAt !== undefined && now >= this.#endAt) {
      if (this.#state === "completed") return this.#fail("timeout");
      this.#terminate();
      return [];
    }
    if (this.#repeatAt === undefined || now < this.#repeatAt) return [];
    if (this.#state === "proceeding") return this.#trying();
    this.#repeatMs = Math.min(this.#repeatMs * 2, this.#timers.t2Ms);
    this.#repeatAt = now + this.#repeatMs;
    return this.#sendLast();
  }

  #trying(): readonly ServerOrder[] {
    this.#repeatAt = undefined;
    this.#last = respond(this.request, 100);
    return this.#sendLast();
  }

  #sendLast(): readonly ServerOrder[] {
    return this.#last === undefined ? [] : [{ type: "send", response: this.#last }];
  }

  #fail(fault: "timeout" | "transport"): readonly ServerOrder[] {
    const isOpen = this.#state === "proceeding" || this.#state === "completed";
    // A 2xx that was lost on its way is repeated by the transaction user, perhaps on another way (RFC 6026 §8.7).
    if (this.#state === "accepted") return [];
    this.#terminate();
    return isOpen ? [{ type: "failed", fault }] : [];
  }

  #wait(state: "completed" | "confirmed" | "accepted", endAt: number): void {
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
