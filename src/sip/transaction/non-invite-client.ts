import type { Machine } from "../../kit/machine.ts";
import type { SipRequest, SipResponse } from "../message.ts";
import { type ClientInput, type ClientOrder, patienceMs, type SipTimers } from "./types.ts";

export type NonInviteClientState = "trying" | "proceeding" | "completed" | "terminated";

/** Client side of any request but INVITE and ACK (RFC 3261 §17.1.2). */
export class NonInviteClientTransaction implements Machine<ClientInput, ClientOrder> {
  readonly request: SipRequest;
  readonly #timers: SipTimers;
  readonly #isReliable: boolean;
  #state: NonInviteClientState = "trying";
  /** Timer E. */
  #repeatAt: number | undefined;
  #repeatMs: number;
  /** Timer F or K. */
  #endAt: number | undefined;

  constructor(request: SipRequest, isReliable: boolean, timers: SipTimers) {
    this.request = request;
    this.#isReliable = isReliable;
    this.#timers = timers;
    this.#repeatMs = timers.t1Ms;
  }

  get state(): NonInviteClientState {
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
      case "transport-error":
        return this.#fail("transport");
      case "cancel":
        // Only an INVITE can be cancelled (RFC 3261 §9.1).
        return [];
      case "timeout":
        return this.#timeout(now);
    }
  }

  #respond(response: SipResponse, now: number): readonly ClientOrder[] {
    if (this.#state !== "trying" && this.#state !== "proceeding") return [];
    if (response.status < 200) {
      this.#state = "proceeding";
    } else if (this.#isReliable) {
      this.#terminate();
    } else {
      this.#state = "completed";
      this.#repeatAt = undefined;
      this.#endAt = now + this.#timers.t4Ms;
    }
    return [{ type: "response", response }];
  }

  #timeout(now: number): readonly ClientOrder[] {
    if (this.#endAt !== undefined && now >= this.#endAt) return this.#fail("timeout");
    if (this.#repeatAt === undefined || now < this.#repeatAt) return [];
    const { t2Ms } = this.#timers;
    this.#repeatMs = this.#state === "proceeding" ? t2Ms : Math.min(this.#repeatMs * 2, t2Ms);
    this.#repeatAt = now + this.#repeatMs;
    return [{ type: "send", request: this.request }];
  }

  #fail(fault: "timeout" | "transport"): readonly ClientOrder[] {
    const isOpen = this.#state === "trying" || this.#state === "proceeding";
    this.#terminate();
    return isOpen ? [{ type: "failed", fault }] : [];
  }

  #terminate(): void {
    this.#state = "terminated";
    this.#repeatAt = undefined;
    this.#endAt = undefined;
  }
}
