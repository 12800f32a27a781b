import type { CallId } from "../../../kit/ids.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import type { TelephoneCall } from "./telephone-call.ts";

/** Every call over the exchange by its dialog, and which of them talk with each other. */
export class TelephoneCalls {
  readonly #bySession = new Map<SessionId, TelephoneCall>();
  readonly #byCallId = new Map<CallId, TelephoneCall>();
  readonly #peers = new Map<TelephoneCall, TelephoneCall>();

  /** The call has this dialog now. */
  enter(session: SessionId, call: TelephoneCall): void {
    this.#bySession.set(session, call);
  }

  /** The call has this dialog no more. */
  leave(session: SessionId, call: TelephoneCall): void {
    if (this.#bySession.get(session) === call) this.#bySession.delete(session);
  }

  bySession(session: SessionId): TelephoneCall | undefined {
    return this.#bySession.get(session);
  }

  /** The call has its record. */
  name(callId: CallId, call: TelephoneCall): void {
    this.#byCallId.set(callId, call);
  }

  byCallId(callId: CallId): TelephoneCall | undefined {
    return this.#byCallId.get(callId);
  }

  /** Two calls are one conversation of their telephones. */
  join(one: TelephoneCall, other: TelephoneCall): void {
    this.#peers.set(one, other);
    this.#peers.set(other, one);
  }

  peerOf(call: TelephoneCall): TelephoneCall | undefined {
    return this.#peers.get(call);
  }

  /** The call is over. */
  forget(call: TelephoneCall): void {
    const peer = this.#peers.get(call);
    if (peer) this.#peers.delete(peer);
    this.#peers.delete(call);
    if (call.callId) this.#byCallId.delete(call.callId);
  }
}
