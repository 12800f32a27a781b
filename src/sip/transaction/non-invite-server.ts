import type { Machine } from "../../kit/machine.ts";
import type { SipRequest, SipResponse } from "../message.ts";
import { patienceMs, type ServerInput, type ServerOrder, type SipTimers } from "./types.ts";

export type NonInviteServerState = "trying" | "proceeding" | "completed" | "terminated";

/** Server side of any request but INVITE and ACK (RFC 3261 §17.2.2). */
export class NonInviteServerTransaction implements Machine<ServerInput, ServerOrder> {
  readonly request: SipRequest;
  readonly #timers: SipTimers;
  readonly #isReliable: boolean;
  #state: NonInviteServerState = "trying";
  #last: SipResponse | undefined;
  /** Timer J; before the final response, when the client has given up by its timer F and nobody listens any more. */
  #endAt: number | undefined;

  constructor(request: SipRequest, isReliable: boolean, timers: SipTimers, now: number) {
    this.request = request;
    this.#isReliable = isReliable;
    this.#timers = timers;
    this.#endAt = now + patienceMs(timers);
  }

  get state(): NonInviteServerState {
    return this.#state;
  }

  get deadline(): number | undefined {
    return this.#endAt;
  }

  handle(input: ServerInput | { type: "timeout" }, now: number): readonly ServerOrder[] {
    switch (input.type) {
      case "repeated":
        return this.#last === undefined ? [] : [{ type: "send", response: this.#last }];
      case "respond":
        return this.#respond(input.response, now);
      case "ack":
        return [];
      case "transport-error":
        return this.#terminate("transport");
      case "timeout":
        return this.#endAt !== undefined && now >= this.#endAt ? this.#terminate("timeout") : [];
    }
  }

  #respond(response: SipResponse, now: number): readonly ServerOrder[] {
    if (this.#state !== "trying" && this.#state !== "proceeding") return [];
    this.#last = response;
    if (response.status < 200) this.#state = "proceeding";
    else if (this.#isReliable) this.#terminate("timeout");
    else {
      this.#state = "completed";
      this.#endAt = now + patienceMs(this.#timers);
    }
    return [{ type: "send", response }];
  }

  #terminate(fault: "timeout" | "transport"): readonly ServerOrder[] {
    const isOpen = this.#state !== "completed" && this.#state !== "terminated" && this.#last === undefined;
    this.#state = "terminated";
    this.#endAt = undefined;
    return isOpen || fault === "transport" ? [{ type: "failed", fault }] : [];
  }
}
