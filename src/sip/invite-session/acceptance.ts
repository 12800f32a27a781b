import { cseqOf, type SipRequest, type SipResponse } from "../message.ts";
import type { ServerKey } from "../transaction/key.ts";
import { patienceMs } from "../transaction/types.ts";
import type { SessionContext } from "./context.ts";

export interface AcceptanceUser {
  onAck(ack: SipRequest, now: number): void;
  /** No ACK came for 64 × T1. */
  onGivenUp(now: number): void;
}

/** A 2xx of ours to an INVITE, repeated over any transport until its ACK is there (RFC 3261 §13.3.1.4). */
export class Acceptance {
  readonly #context: SessionContext;
  readonly #key: ServerKey;
  readonly #response: SipResponse;
  readonly #user: AcceptanceUser;
  readonly #seq: number;
  #intervalMs: number;

  constructor(context: SessionContext, key: ServerKey, response: SipResponse, user: AcceptanceUser, now: number) {
    this.#context = context;
    this.#key = key;
    this.#response = response;
    this.#user = user;
    this.#seq = cseqOf(response).seq;
    const { timers } = context.options;
    this.#intervalMs = timers.t1Ms;
    context.acceptances.set(this.#seq, this);
    context.deadlines.set(this.#name("end"), now + patienceMs(timers), (at) => {
      this.#stop();
      user.onGivenUp(at);
    });
    this.#send(now);
  }

  onAck(ack: SipRequest, now: number): void {
    this.#stop();
    this.#user.onAck(ack, now);
  }

  #send(now: number): void {
    const { wire, deadlines, options } = this.#context;
    wire.respond(this.#key, this.#response);
    deadlines.set(this.#name("repeat"), now + this.#intervalMs, (at) => {
      this.#intervalMs = Math.min(this.#intervalMs * 2, options.timers.t2Ms);
      this.#send(at);
    });
  }

  #stop(): void {
    const { acceptances, deadlines } = this.#context;
    acceptances.delete(this.#seq);
    deadlines.clear(this.#name("repeat"));
    deadlines.clear(this.#name("end"));
  }

  #name(what: string): string {
    return `2xx-${what}-${this.#seq}`;
  }
}
