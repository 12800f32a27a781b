import { rackField, rseqField } from "../headers/fields.ts";
import { cseqOf, type SipRequest, type SipResponse } from "../message.ts";
import { randomFraction } from "../tokens.ts";
import type { ServerKey } from "../transaction/key.ts";
import { patienceMs } from "../transaction/types.ts";
import type { SessionContext } from "./context.ts";

interface Queued {
  readonly response: SipResponse;
  readonly hasSdp: boolean;
}

/** Most provisional responses that wait for the one before to be acknowledged. */
const maxQueued = 8;

/** Sends provisional responses one after the other, each repeated until its PRACK (RFC 3262 §3). */
export class ReliableProvisionals {
  readonly #context: SessionContext;
  readonly #key: ServerKey;
  readonly #onGivenUp: (now: number) => void;
  readonly #queue: Queued[] = [];
  #rseq: number;
  #current: Queued | undefined;
  #intervalMs = 0;

  constructor(context: SessionContext, key: ServerKey, onGivenUp: (now: number) => void) {
    this.#context = context;
    this.#key = key;
    this.#onGivenUp = onGivenUp;
    // From 1 to 2^31 − 1, at random (RFC 3262 §3).
    this.#rseq = Math.floor(randomFraction(context.random) * 0x7fff_fff0);
  }

  /** True while a 2xx must wait, because SDP of ours is not acknowledged yet (RFC 3262 §3). */
  get holdsSdp(): boolean {
    return this.#current?.hasSdp === true || this.#queue.some(({ hasSdp }) => hasSdp);
  }

  /** Sends a response, its RSeq and Require still missing, when its turn comes. False: too many are waiting. */
  send(response: SipResponse, hasSdp: boolean, now: number): boolean {
    if (this.#queue.length >= maxQueued) return false;
    this.#queue.push({ response, hasSdp });
    this.#sendNext(now);
    return true;
  }

  /** Takes a PRACK; false when it acknowledges nothing that waits (RFC 3262 §3). */
  acknowledge(prack: SipRequest, inviteSeq: number, now: number): boolean {
    const rack = prack.headers.first(rackField);
    if (this.#current === undefined || rack === undefined || rack.rseq !== this.#rseq) return false;
    if (rack.cseq.seq !== inviteSeq || rack.cseq.method !== "INVITE") return false;
    this.stop();
    this.#sendNext(now);
    return true;
  }

  /** Stops repeating; what waits stays. */
  stop(): void {
    this.#current = undefined;
    this.#context.deadlines.clear("1xx-repeat");
    this.#context.deadlines.clear("1xx-end");
  }

  #sendNext(now: number): void {
    if (this.#current !== undefined) return;
    this.#current = this.#queue.shift();
    if (this.#current === undefined) return;
    const { headers } = this.#current.response;
    headers.add("Require", "100rel").put(rseqField, ++this.#rseq);
    const { deadlines, options } = this.#context;
    this.#intervalMs = options.timers.t1Ms;
    deadlines.set("1xx-end", now + patienceMs(options.timers), (at) => {
      this.stop();
      this.#onGivenUp(at);
    });
    this.#repeat(this.#current.response, now);
  }

  #repeat(response: SipResponse, now: number): void {
    this.#context.wire.respond(this.#key, response);
    this.#context.deadlines.set("1xx-repeat", now + this.#intervalMs, (at) => {
      this.#intervalMs *= 2;
      this.#repeat(response, at);
    });
  }
}

/** The RAck that acknowledges a reliable provisional response (RFC 3262 §7.2). */
export function rackFor(response: SipResponse, rseq: number): string {
  return rackField.write({ rseq, cseq: cseqOf(response) });
}
