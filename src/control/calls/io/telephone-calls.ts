import type { CallId } from "../../../kit/ids.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import type { CallBridges } from "./call-bridges.ts";
import type { TelephoneCall } from "./telephone-call.ts";

/** Every call over the exchange by its dialog, and which of them talk with each other. */
export class TelephoneCalls {
  readonly #bySession = new Map<SessionId, TelephoneCall>();
  readonly #byCallId = new Map<CallId, TelephoneCall>();
  readonly #peers = new Map<TelephoneCall, TelephoneCall>();
  readonly #bridges: Pick<CallBridges, "of">;

  constructor(bridges: Pick<CallBridges, "of">) {
    this.#bridges = bridges;
  }

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

  /** The other telephone of the conversation, as long as the two talk. */
  peerOf(call: TelephoneCall): TelephoneCall | undefined {
    const peer = this.#peers.get(call);
    const bridge = call.callId && this.#bridges.of(call.callId);
    return bridge && bridge.partner.callId === peer?.callId ? peer : undefined;
  }

  /** The call is over. */
  forget(call: TelephoneCall): void {
    const peer = this.#peers.get(call);
    if (peer) this.#peers.delete(peer);
    this.#peers.delete(call);
    if (call.callId) this.#byCallId.delete(call.callId);
  }
}
