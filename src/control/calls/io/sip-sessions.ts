import type { Hop } from "../../../sip/hop.ts";
import type { OutgoingCall, SessionCommand, SessionEvent, SessionOptions } from "../../../sip/invite-session/types.ts";
import type { SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";

/** Who looks after a session. */
export interface SessionHandler {
  event(event: SessionEvent): void;
}

/** The sessions of the exchange, each with the one who looks after it; that may change in mid-call. */
export class SipSessions {
  readonly endpoint: SipEndpoint;
  readonly #handlers = new Map<SessionId, SessionHandler>();

  constructor(endpoint: SipEndpoint) {
    this.endpoint = endpoint;
  }

  get size(): number {
    return this.#handlers.size;
  }

  /** Makes a call whose events go to `handler`. */
  call(
    call: OutgoingCall,
    parts: { readonly to?: Hop; readonly options?: SessionOptions },
    handler: (session: SessionId) => SessionHandler,
  ): SessionId {
    return this.endpoint.call(call, parts, (session) => this.#handlers.set(session, handler(session)));
  }

  /** Gives a session to somebody. */
  give(session: SessionId, handler: SessionHandler): void {
    this.#handlers.set(session, handler);
  }

  command(session: SessionId, command: SessionCommand): void {
    this.endpoint.command(session, command);
  }

  /** The session has news. */
  event(session: SessionId, event: SessionEvent): void {
    this.#handlers.get(session)?.event(event);
  }

  /** The session is forgotten. */
  closed(session: SessionId): void {
    this.#handlers.delete(session);
  }
}
